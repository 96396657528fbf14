"""What becomes of a file that a user already has: values and lines of theirs stay, what is missing is added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from tocompose.exporters.dotenv import REQUIRED_MARK
from tocompose.knowledge.placeholders import is_placeholder
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import password_spans
from tocompose.model import File
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.project import ignore_rules
from tocompose.readers.dotenv import compose_values
from tocompose.syntax.env_lines import entries_by_name
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

_ONE_PLACEHOLDER = ("is a placeholder", "it")
_COMPARE = "Compare .env with .env.example."
_CHECK = "Check that it names every variable of the compose files."
Combined: TypeAlias = tuple[bytes, tuple[Note, ...]]

_OWN_ENTRY = regex(r"(?:# )?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")


def combine(file: File, present: bytes | None) -> Combined:
    """The content to write where `present` stands now, and what to tell about it."""
    if present is None or present == file.content:
        return file.content, ()
    combiner = _COMBINERS.get(file.path)
    if combiner is not None:
        return combiner(file, present)
    if file.secret and file.path.startswith("secrets/"):
        return present, (
            note("TC761", subject=ModelPath.of("files", file.path), path=file.path),
        )
    return file.content, ()


def _commented_entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """The entries of a `.env` file of ours: each name with its lines, comments first."""
    lines: list[str] = []
    for line in text.split("\n"):
        match = _OWN_ENTRY.match(line)
        lines = [*lines, line] if line else []
        if match and line:
            yield match["name"], lines
            lines = []


def _combine_env(file: File, present: bytes) -> Combined:
    text = present.decode("utf-8", "surrogateescape")
    set_names = entries_by_name(text)
    missing = {
        name: lines
        for name, lines in _commented_entries(
            file.content.decode("utf-8", "surrogateescape")
        )
        if name not in set_names and not _is_mentioned(text, lines)
    }
    combined = append_lines(text, [line for lines in missing.values() for line in lines])
    verb = "were" if len(missing) > 1 else "was"
    added = f"{', '.join(missing)} {verb}" if missing else "nothing was"
    notes = tuple(_notes_on_env(file, present, added))
    return combined.encode("utf-8", "surrogateescape"), notes


def _notes_on_env(file: File, present: bytes, added: str) -> Iterator[Note]:
    """What is told of a file of values that was there: what was kept, and which of these values need a look."""
    subject = ModelPath.of("files", file.path)
    compare = _COMPARE if file.secret else _CHECK
    facts: dict[str, Any] = {"path": file.path, "added": added, "compare": compare}
    yield note("TC760", subject=subject, **facts)
    if changed := _changed_secrets(file, present):
        names = enumerated(changed)
        yield note("TC856", subject=subject, path=file.path, names=names)
    if starting := _starting_placeholders(file, present):
        names = enumerated(starting)
        are, them = ("are placeholders", "them") if starting[1:] else _ONE_PLACEHOLDER
        facts = {"path": file.path, "names": names, "are": are, "them": them}
        yield note("TC558", subject=subject, **facts)


def _starting_placeholders(file: File, present: bytes) -> list[str]:
    """The required variables of which the example that stays has a placeholder: with a copy of it the stack starts."""
    if file.secret:
        return []
    kept_values = compose_values(present)
    text = file.content.decode("utf-8", "surrogateescape")
    return [
        name
        for name, lines in _commented_entries(text)
        if lines[-1] == f'{name}=""'
        and any(REQUIRED_MARK in line for line in lines[:-1])
        and is_placeholder(name, kept_values.get(name, ""))
    ]


def _changed_secrets(file: File, present: bytes) -> list[str]:
    """The secrets whose value in the source is no longer the one in the `.env` file that stays."""
    if not file.secret:
        return []
    kept_values = compose_values(present)
    return [
        name
        for name, value in compose_values(file.content).items()
        if value
        and kept_values.get(name, value) not in ("", value)
        and (secret_name(name) or password_spans(value, name))
    ]


def _is_mentioned(text: str, lines: list[str]) -> bool:
    """Whether an entry without a value, which is a comment, is there already."""
    return lines[-1].startswith("#") and lines[-1] in text.splitlines()


def _combine_ignored(file: File, present: bytes) -> Combined:
    text = present.decode("utf-8", "surrogateescape")
    rules = ignore_rules(text.splitlines())
    missing = [
        line
        for line in file.content.decode().splitlines()
        if not rules.match_file(f"{line}x" if line.endswith("/") else line)
    ]
    combined = append_lines(text, missing).encode("utf-8", "surrogateescape")
    if not missing:
        return combined, ()
    lines = ", ".join(missing)
    return combined, (
        note(
            "TC764", subject=ModelPath.of("files", file.path), path=file.path, lines=lines
        ),
    )


def append_lines(text: str, lines: list[str]) -> str:
    """The text with the lines at its end, in its own kind of line breaks."""
    if not lines:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    start = text if not text or text.endswith("\n") else text + newline
    return start + "".join(line + newline for line in lines)


_COMBINERS: dict[str, Callable[[File, bytes], Combined]] = {
    ".env": _combine_env,
    ".env.example": _combine_env,
    ".gitignore": _combine_ignored,
    ".dockerignore": _combine_ignored,
}
# The files to which lines are added without being asked: nothing in them is changed.
ADDED_TO = frozenset(_COMBINERS)
