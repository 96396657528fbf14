"""Conditions in the table of images: on the tag of a reference, on the environment and the command of a service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.patterns import regex

# The programs of busybox, which every image on Alpine has.
ALPINE_TOOLS = ("sh", "wget", "nc")

_VERSION = regex(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?")
_NEWEST = (10**6, 0, 0)


def tag_version(tag: str) -> tuple[int, int, int]:
    """The version that the tag starts with; the newest for a tag without one."""
    match = _VERSION.match(tag)
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else _NEWEST


def conditions_hold(
    when: Iterable[str], environment: Mapping[str, str | None], command: str | None
) -> bool:
    """Whether the conditions on a service's environment and command hold."""
    return all(_condition_holds(condition, environment, command) for condition in when)


def _condition_holds(
    condition: str, environment: Mapping[str, str | None], command: str | None
) -> bool:
    if condition.startswith("!"):
        return not _condition_holds(condition[1:], environment, command)
    if condition.startswith("env."):
        name, equals, value = condition[4:].partition("=")
        if equals:
            return environment.get(name) == value
        return any(text for key, text in environment.items() if matches_glob(name, key))
    _, colon, text = condition.partition(":")
    return command is not None and (not colon or text in command)


def rows_for_tag(
    row: Mapping[str, Any], column: str, tag: str
) -> list[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """The rows whose conditions on the tag hold, each with its other conditions."""
    return [
        (
            row_part,
            tuple(
                condition
                for condition in str(row_part.get("when", "")).split()
                if not _about_tag(condition)
            ),
        )
        for row_part in row.get(column, ())
        if holds_for_tag(str(row_part.get("when", "")), tag)
    ]


def _about_tag(condition: str) -> bool:
    return not condition.lstrip("!").startswith(("env.", "command"))


def holds_for_tag(when: str, tag: str) -> bool:
    """Whether the conditions on the tag hold, whatever the others say."""
    return all(
        _tag_condition(condition, tag)
        for condition in when.split()
        if _about_tag(condition)
    )


def _tag_condition(condition: str, tag: str) -> bool:
    if condition.startswith("!"):
        return not has_tag_part(tag, condition[1:])
    match = re.fullmatch(r"([<>]=?)(.*)", condition)
    if match is None:
        return has_tag_part(tag, condition)
    bound = match[2].split(".")
    have, want = tag_version(tag)[: len(bound)], tuple(int(number) for number in bound)
    return {"<": have < want, "<=": have <= want, ">": have > want, ">=": have >= want}[
        match[1]
    ]


def has_tag_part(tag: str, prefix: str) -> bool:
    """Whether a part of the tag, between hyphens, starts so."""
    return any(tag_part.startswith(prefix) for tag_part in tag.split("-"))


def matches_glob(pattern: str, text: str) -> bool:
    """Whether the text matches a pattern with at most one star."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return (
        len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
    )


def tools_of_row(row: Mapping[str, Any], tag: str) -> tuple[str, ...] | None:
    """The programs of the image; None where the row is of its variant on Debian, and the tag of one on Alpine."""
    tool_rows = rows_for_tag(row, "tools", tag)
    tools = tuple(tool_rows[0][0]["has"]) if tool_rows else None
    if not has_tag_part(tag, "alpine"):
        return tools
    is_of_alpine = tools is None or set(ALPINE_TOOLS) <= set(tools)
    return (tools or ALPINE_TOOLS) if is_of_alpine else None
