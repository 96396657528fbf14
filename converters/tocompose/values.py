"""Small values: text that Compose interpolates, names, durations, byte counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocompose.patterns import regex

_VARIABLE = regex(
    r"\$(?:\$|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))"
)
_NOT_IN_NAME = regex(r"[^a-z0-9_-]+")


def whole(text: str) -> bool:
    """Whether the text is a whole number that any system can hold: up to 18 ASCII digits, which `int` always reads."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def literal(text: str) -> str:
    """The text as Compose must read it to mean exactly `text`: each `$` doubled."""
    return text.replace("$", "$$")


def plain(text: str) -> str | None:
    """What Compose makes of the text without any variable; None when it holds one."""
    return None if any(True for _ in variables(text)) else text.replace("$$", "$")


def asked(name: str, file: str = "") -> str:
    """The variable as Compose reads it where nothing starts without a value, and says in which file to set it."""
    return f"${{{name}:?set {name}{f' in {file}' if file else ''}}}"


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


def interpolated(text: str, known: Mapping[str, str]) -> str:
    """What Compose makes of the text when the variables have the `known` values; an unset one is empty.

    https://docs.docker.com/reference/compose-file/interpolation/
    """
    out: list[str] = []
    index = 0
    while index < len(text):
        match = _VARIABLE.match(text, index)
        if match is None:
            out.append(text[index])
            index += 1
        elif match["braced"]:
            found = closing(text, match.end())
            end = len(text) if found is None else found
            out.append(_resolved(match["braced"], text[match.end() : end], known))
            index = end + 1
        else:
            out.append(known.get(match["bare"], "") if match["bare"] else "$")
            index = match.end()
    return "".join(out)


def closing(text: str, index: int) -> int | None:
    """Where the brace of a variable closes that is open at `index`; None where it does not."""
    depth = 1
    for place in range(index, len(text)):
        if text.startswith("${", place):
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if not depth:
                return place
    return None


def _resolved(name: str, operation: str, known: Mapping[str, str]) -> str:
    colon = operation.startswith(":")
    operator, word = operation[colon : colon + 1], operation[colon + 1 :]
    value = known.get(name)
    given = bool(value) if colon else value is not None
    if operator == "+":
        return interpolated(word, known) if given else ""
    if operator == "-" and not given:
        return interpolated(word, known)
    return value or ""
