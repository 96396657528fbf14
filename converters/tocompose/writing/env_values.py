"""The values of a `.env` file that are still missing, and how they are put in: in place, and all or nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tocompose.exporters.dotenv import missing_comment, quoted
from tocompose.knowledge.generators import make_secret
from tocompose.writing.lock import alone

_EMPTY = re.compile(
    r"(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:\"\"|'')?[ \t]*$", re.M
)
_SET = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*\S", re.M)
_MARKS = re.compile(r" \((required|secret|required, secret)\)$")


class MissingValue(NamedTuple):
    """A variable without a value: what `.env.example` says of it, and whether it is a secret."""

    name: str
    description: str
    is_secret: bool
    is_required: bool


def missing_values(folder: Path) -> tuple[MissingValue, ...]:
    """The variables that `.env` leaves empty, and those that `.env.example` requires and `.env` lacks."""
    env_text = _text_of(folder / ".env")
    set_names = {match[1] for match in _SET.finditer(env_text)} - _empty_names(env_text)
    explained = {
        value.name: value for value in _explained(_text_of(folder / ".env.example"))
    }
    empty = [name for name in _names_in_order(env_text) if name not in set_names]
    required = [value.name for value in explained.values() if value.is_required]
    names = dict.fromkeys([*empty, *(name for name in required if name not in set_names)])
    return tuple(
        explained.get(name, MissingValue(name, "", False, False)) for name in names
    )


def _text_of(path: Path) -> str:
    return (
        path.read_text(encoding="utf-8", errors="surrogateescape") if path.is_file() else ""
    )


def _empty_names(text: str) -> set[str]:
    return set(_names_in_order(text))


def _names_in_order(text: str) -> list[str]:
    return [match[1] for match in _EMPTY.finditer(text) if _starts_line(text, match)]


def _starts_line(text: str, match: re.Match[str]) -> bool:
    return match.start() == 0 or text[match.start() - 1] == "\n"


def _explained(text: str) -> Iterable[MissingValue]:
    """The variables of an `.env.example` file, each with the comment above it."""
    comment: list[str] = []
    for line in text.split("\n"):
        name, equals, _ = line.partition("=")
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif equals and name.isidentifier():
            description = " ".join(comment)
            marks = match[1] if (match := _MARKS.search(description)) else ""
            plain = _MARKS.sub("", description)
            yield MissingValue(name, plain, "secret" in marks, "required" in marks)
            comment = []
        else:
            comment = []


def set_values(
    folder: Path, values: Mapping[str, str], generated: Container[str] = ()
) -> None:
    """Writes values into `.env`, each in the place of its empty line or at the end; everything else stays.

    The comment above those that were `generated` says so.
    """
    path = folder / ".env"
    with alone(folder):
        text = _text_of(path)
        for name, value in values.items():
            text = _with_value(text, name, value)
            if name in generated:
                text = text.replace(missing_comment(name), generated_comment(name), 1)
        _replace_file(path, text)


def generate_values(folder: Path, forms: Mapping[str, str]) -> None:
    """Puts the values that the source says to generate into `.env`, where they are not there yet: once, never anew."""
    missing = {value.name for value in missing_values(folder)} if forms else set()
    values = {
        name: make_secret(name, form) for name, form in forms.items() if name in missing
    }
    if values:
        set_values(folder, values, generated=values)


def generated_comment(name: str) -> str:
    """The line above a variable whose value tocompose has made."""
    return f"# {name} was generated. Keep it: what was made with it needs the same value."


def _with_value(text: str, name: str, value: str) -> str:
    line = f"{name}={quoted(value)}"
    for match in _EMPTY.finditer(text):
        if match[1] == name and _starts_line(text, match):
            return text[: match.start()] + line + text[match.end() :]
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"


def _replace_file(path: Path, text: str) -> None:
    """Writes beside the file and puts that in its place: who reads it sees the old values or the new ones."""
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o600
    staged = path.with_name(f".env.{os.getpid()}.new")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(
            descriptor, "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:
            file.write(text)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
