"""The lines of `.env` files as docker compose reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.record import NamedTuple

# An entry as compose-go reads it (dotenv/parser.go); a value in quotes may have several lines.
_ENTRY = regex(
    r"(?m)^\ufeff?[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z_0-9.-]*)[ \t]*(?P<sign>[=:])[ \t]*"
    r"(?:(?P<quoted>'(?P<single>(?:[^'\\]|\\[\s\S])*)'|\"(?P<double>(?:[^\"\\]|\\[\s\S])*)\")(?P<after>[^\n]*)"
    r"|(?P<bare>[^\n]*))"
)
# What may follow a quote that closes: a comment, or a name. Compose refuses other signs in a name.
_AFTER_QUOTE = regex(r"[ \t]*(?:#.*|[\w.\[\] \t-]*(?:[=:].*)?)\r?")


class OpenQuote(NamedTuple):
    """Where the value of a name starts with a quote that does not close."""

    name: str
    line: int
    column: int


def env_entries(text: str) -> Iterator[re.Match[str]]:
    """The entries that docker compose reads: the group `name`, the `sign` behind it, and `quoted` or `bare`."""
    return _ENTRY.finditer(text)


def entry_of_line(line: str) -> re.Match[str] | None:
    """The entry that a line of its own is, or would be without the `# ` that it begins with; None for other lines."""
    return _ENTRY.match(line.lstrip(" \t").removeprefix("# "))


def entries_by_name(text: str) -> dict[str, re.Match[str]]:
    """The entry of each name: of several, docker compose takes the last one."""
    return {entry["name"]: entry for entry in env_entries(text)}


def entry_text(entry: re.Match[str]) -> str:
    """The value of an entry as it stands, without its quotes, or without the comment behind a bare one."""
    if entry["quoted"] is not None:
        return entry["single"] or entry["double"] or ""
    return entry["bare"].partition(" #")[0].strip()


def filled_names(text: str) -> set[str]:
    """The names that have a value."""
    entries = entries_by_name(text).items()
    return {name for name, entry in entries if entry_text(entry).strip()}


def open_quote(text: str) -> OpenQuote | None:
    """The first quote for which docker compose refuses a `.env` file.

    It does not close, or it closes at a quote that was meant to open the value of a later line.
    """
    for entry in env_entries(text):
        is_open = (entry["bare"] or "").startswith(("'", '"'))
        if is_open or not _AFTER_QUOTE.fullmatch(entry["after"] or ""):
            start = entry.start("bare" if is_open else "quoted")
            line_start = text.rfind("\n", 0, start) + 1
            line = text.count("\n", 0, start) + 1
            return OpenQuote(entry["name"], line, start - line_start + 1)
    return None
