"""Texts with a grammar that docker compose cannot read: it refuses the whole file for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.shapes import as_list
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.command_words import is_open_command
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.mounts import (
    is_named_pipe,
    is_path,
    is_windows_path,
    mount_sections,
    parse_mount,
)

_VOLUME_NAME = regex(r"[\w.-]+")
_MOST_SECTIONS = 3


class UnreadableText(NamedTuple):
    """A text that is left out: its key, the entry of the list there or the whole, and the rule that it breaks."""

    key: str
    text: str
    rule: str


def unreadable_texts(body: Mapping[str, Any]) -> Iterator[UnreadableText]:
    """The texts of a service that docker compose cannot read."""
    for listed_text in as_list(body.get("volumes")):
        if isinstance(listed_text, str) and (rule := _broken_mount_rule(listed_text)):
            yield UnreadableText("volumes", listed_text, rule)
    for key in ("command", "entrypoint"):
        text = body.get(key)
        if isinstance(text, str) and is_open_command(text):
            yield UnreadableText(key, text, "a command whose quotes are closed")


def without_texts(
    body: dict[str, Any], texts: tuple[UnreadableText, ...]
) -> dict[str, Any]:
    """The service without these texts."""
    unreadable = {(text.key, text.text) for text in texts}
    readable: dict[str, Any] = {}
    for key, value in body.items():
        if isinstance(value, list):
            readable[key] = [
                listed_text
                for listed_text in value
                if not isinstance(listed_text, str) or (key, listed_text) not in unreadable
            ]
        elif not isinstance(value, str) or (key, value) not in unreadable:
            readable[key] = value
    return readable


def _broken_mount_rule(text: str) -> str:
    """The rule that a mount breaks; empty where compose reads it, or may read it once its variables are known."""
    sections = split_outside_variables(text, ":")
    if "" in sections:
        return "source:target:mode, none of them empty"
    if "$" in text:
        return ""
    if len(mount_sections(text)) > _MOST_SECTIONS:
        return "source:target:mode"
    if "\\" in text or is_named_pipe(text) or is_windows_path(text):
        return ""
    source = parse_mount(text).source
    if source is None or is_path(source) or _VOLUME_NAME.fullmatch(source):
        return ""
    return "a name of letters, digits, `_`, `.` and `-`, or a path that begins with / or ."
