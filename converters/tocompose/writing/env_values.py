"""The values of a `.env` file that are still missing, and how they are put in: in place, and all or nothing."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from tocompose.exporters.dotenv import missing_comment, optional_comment, quoted
from tocompose.exporters.existing import append_lines
from tocompose.knowledge.generators import make_secret
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.env_lines import OpenQuote, entries_by_name, filled_names, open_quote
from tocompose.writing.lock import alone

_MARKS = regex(r" \((required|secret|required, secret)\)$")


class MissingValue(NamedTuple):
    """A variable without a value: what `.env.example` says of it, and whether it is a secret."""

    name: str
    description: str
    is_secret: bool
    is_required: bool


def missing_values(folder: Path) -> tuple[MissingValue, ...]:
    """The variables that `.env` leaves empty, and those that `.env.example` requires and `.env` lacks."""
    text = _text_of(folder / ".env")
    set_names = filled_names(text)
    explained = {
        value.name: value for value in _explained(_text_of(folder / ".env.example"))
    }
    required = [value.name for value in explained.values() if value.is_required]
    names = dict.fromkeys((*entries_by_name(text), *required))
    return tuple(
        explained.get(name, MissingValue(name, "", False, False))
        for name in names
        if name not in set_names
    )


def refused_quote(folder: Path) -> OpenQuote | None:
    """The quote for which docker compose refuses the `.env` file of the folder."""
    return open_quote(_text_of(folder / ".env"))


def read_only_path(folder: Path) -> Path | None:
    """The `.env` file or the folder, where this user may not write to it."""
    env_file = (folder / ".env").resolve()
    paths = [path for path in (env_file, env_file.parent) if path.exists()]
    return next((path for path in paths if not os.access(path, os.W_OK)), None)


def _text_of(path: Path) -> str:
    """The text with its own line ends."""
    if not path.is_file():
        return ""
    return path.read_bytes().decode("utf-8", "surrogateescape")


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
) -> tuple[str, ...]:
    """Writes values into `.env`, each in the place of its empty line or at the end, and returns their names.

    Everything else stays, also a value that another run has set meanwhile. The comment that a value is missing goes;
    above those that were `generated` one says so.
    """
    # A link stays one: the file that it leads to is replaced.
    path = (folder / ".env").resolve()
    with alone(folder):
        text = _text_of(path)
        set_names = filled_names(text)
        unset = [name for name in values if name not in set_names]
        for name in unset:
            text = _with_value(text, name, values[name])
            comment = f"{generated_comment(name)}\n" if name in generated else ""
            text = text.replace(f"{missing_comment(name)}\n", comment, 1)
            text = text.replace(f"{optional_comment(name)}\n", comment, 1)
        _replace_file(path, text)
    return tuple(unset)


def generate_values(folder: Path, forms: Mapping[str, str]) -> None:
    """Puts the values that the source says to generate into `.env`, where they are not there yet: once, never anew."""
    missing = missing_values(folder) if forms else ()
    values = {
        value.name: make_secret(value.name, forms[value.name], value.description)
        for value in missing
        if value.name in forms
    }
    if values:
        set_values(folder, values, generated=values)


def generated_comment(name: str) -> str:
    """The line above a variable whose value tocompose has made."""
    return f"# {name} was generated. Keep it once the stack has run: its data and logins may depend on it."


def _with_value(text: str, name: str, value: str) -> str:
    entry = entries_by_name(text).get(name)
    if entry is None:
        return append_lines(text, [f"{name}={quoted(value)}"])
    value_end = entry.start("bare") if entry["quoted"] is None else entry.end("quoted")
    return text[: entry.end("sign")] + quoted(value) + text[value_end:]


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
