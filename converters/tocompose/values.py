"""Small values: text that Compose interpolates, names, durations, byte counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))")
_NOT_IN_NAME = re.compile(r"[^a-z0-9_-]+")


def literal(text: str) -> str:
    """The text as Compose must read it to mean exactly `text`: each `$` doubled."""
    return text.replace("$", "$$")


def plain(text: str) -> str | None:
    """What Compose makes of the text without any variable; None when it holds one."""
    return None if any(True for _ in variables(text)) else text.replace("$$", "$")


def variables(text: str) -> Iterator[str]:
    """The names of the variables that Compose would replace in the text."""
    for match in _VARIABLE.finditer(text):
        name = match["braced"] or match["bare"]
        if name:
            yield name


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    """`text.split(separator, limit)` that leaves `${…}` whole."""
    parts: list[str] = []
    depth = start = index = 0
    while index < len(text):
        if text.startswith("${", index) and not _escaped(text, index):
            depth, index = depth + 1, index + 2
            continue
        if depth and text[index] == "}":
            depth -= 1
        elif not depth and text[index] == separator and limit != len(parts):
            parts.append(text[start:index])
            start = index + 1
        index += 1
    return [*parts, text[start:]]


def _escaped(text: str, index: int) -> bool:
    """Whether the dollar sign at `index` is the second of a `$$`."""
    run = 0
    while index - run - 1 >= 0 and text[index - run - 1] == "$":
        run += 1
    return run % 2 == 1


def identifier(text: str, fallback: str = "app") -> str:
    """A name that Compose accepts for projects, services and volumes: `[a-z0-9][a-z0-9_-]*`."""
    name = _NOT_IN_NAME.sub("-", text.lower()).strip("-_")
    return name or fallback


def variable_name(text: str) -> str:
    """A name for an environment variable: upper case letters, digits and `_`."""
    name = re.sub(r"[^A-Z0-9_]+", "_", text.upper()).strip("_") or "VALUE"
    return f"_{name}" if name[0].isdigit() else name


def unique(name: str, taken: set[str]) -> str:
    """The name, or the first of `name-2`, `name-3` … that is free; it is added to `taken`."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate)
    return candidate
