"""What becomes of a file that a user already has: values and lines of theirs stay, what is missing is added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tocompose.ignores import ignore_rules
from tocompose.model import File
from tocompose.notes import Note, note

Combined: TypeAlias = tuple[bytes, tuple[Note, ...]]

_ENTRY = re.compile(
    r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(?P<quote>[\"']?)"
)
_OWN_ENTRY = re.compile(r"(?:# )?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")


def combine(file: File, before: bytes | None) -> Combined:
    """The content to write where `before` stands now, and what to tell about it."""
    if before is None or before == file.content:
        return file.content, ()
    combiner = _COMBINERS.get(file.path)
    if combiner is not None:
        return combiner(file, before)
    if file.secret and file.path.startswith("secrets/"):
        return before, (note("TC761", subject=f"files.{file.path}", path=file.path),)
    return file.content, ()


def names_in(text: str) -> set[str]:
    """The variables that a `.env` file sets, values of several lines in quotes skipped."""
    names: set[str] = set()
    index = 0
    while index < len(text):
        end = text.find("\n", index)
        end = len(text) if end < 0 else end
        match = _ENTRY.match(text, index, end)
        if match:
            names.add(match["name"])
            if match["quote"]:
                end = max(end, _line_end(text, _closing(text, match["quote"], match.end())))
        index = end + 1
    return names


def _closing(text: str, quote: str, index: int) -> int:
    """Where the quote closes; where it opened, when it never does."""
    start = index
    while index < len(text):
        if text[index] == "\\":
            index += 1
        elif text[index] == quote:
            return index
        index += 1
    return start


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """The entries of a `.env` file of ours: each name with its lines, comments first."""
    lines: list[str] = []
    for line in text.split("\n"):
        match = _OWN_ENTRY.match(line)
        lines = [*lines, line] if line else []
        if match and line:
            yield match["name"], lines
            lines = []


def _env(file: File, before: bytes) -> Combined:
    text = before.decode("utf-8", "surrogateescape")
    known = names_in(text)
    missing = [
        (name, lines)
        for name, lines in _entries(file.content.decode("utf-8", "surrogateescape"))
    ]
    missing = [
        (name, lines)
        for name, lines in missing
        if name not in known and not _mentioned(text, lines)
    ]
    added = _appended(text, [line for _, lines in missing for line in lines])
    names = ", ".join(name for name, _ in missing)
    told = f"{names} {'were' if len(missing) > 1 else 'was'}" if names else "nothing was"
    return added.encode("utf-8", "surrogateescape"), (
        note("TC760", subject=f"files.{file.path}", path=file.path, added=told),
    )


def _mentioned(text: str, lines: list[str]) -> bool:
    """Whether an entry without a value, which is a comment, is there already."""
    return lines[-1].startswith("#") and lines[-1] in text.splitlines()


def _ignored(file: File, before: bytes) -> Combined:
    text = before.decode("utf-8", "surrogateescape")
    spec = ignore_rules(text.splitlines())
    wanted = file.content.decode().splitlines()
    missing = [
        line
        for line in wanted
        if not spec.match_file(f"{line}x" if line.endswith("/") else line)
    ]
    said = (
        (
            note(
                "TC764",
                subject=f"files.{file.path}",
                path=file.path,
                lines=", ".join(missing),
            ),
        )
        if missing
        else ()
    )
    return _appended(text, missing).encode("utf-8", "surrogateescape"), said


def _appended(text: str, lines: list[str]) -> str:
    """The text with the lines at its end, in its own kind of line breaks."""
    if not lines:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    start = text if not text or text.endswith("\n") else text + newline
    return start + "".join(line + newline for line in lines)


_COMBINERS: dict[str, Callable[[File, bytes], Combined]] = {
    ".env": _env,
    ".env.example": _env,
    ".gitignore": _ignored,
}
# The files to which lines are added without being asked: nothing in them is changed.
ADDED_TO = frozenset(_COMBINERS)
