"""What is said of a key that docker compose does not know: which one may be meant, and what is lost with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.compose.keys import section_keys
from tocompose.notes import Note, note
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load
from tocompose.wording import closest_name, listed_names

_LOOK_UP = "Look in the Compose Specification for an equivalent."
_MOST_NAMES = 5


def unknown_key(
    key: str, value: Any, section: str, subject: ModelPath, span: Span | None
) -> Note:
    """The note on a key of a section, such as `service`; of the whole file it is `top`."""
    kind = "compose file" if section == "top" else section
    facts: dict[str, Any] = {"kind": kind, "key": key, "content": _content_of(value)}
    return note("TC070", span, subject=subject, how=_how_to_correct(key, section), **facts)


def _how_to_correct(key: str, section: str) -> str:
    known_keys = section_keys(section) if section in load("compose_keys") else ()
    close = closest_name(key, known_keys)
    return f"Correct it in the source: did you mean {close}?" if close else _LOOK_UP


def _content_of(value: Any) -> str:
    """The names of what stands below the key, with a word in front; values may be secrets, so none is shown."""
    if not isinstance(value, Mapping) or not value:
        return ""
    return f" with {listed_names([*map(str, value)], _MOST_NAMES)}"
