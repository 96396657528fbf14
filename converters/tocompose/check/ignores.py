"""Findings that the files say to leave alone: `# tocompose: ignore[TC712] reason` on an entry, or above it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from tocompose.compose.documents import ComposeFile
from tocompose.notes import Note, explanation, note
from tocompose.plugins import note_rows
from tocompose.record import NamedTuple
from tocompose.reports.explain import all_codes
from tocompose.rules.checklist import codes_by_name
from tocompose.rules.ignore_comments import Ignore, read_ignores
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import spelling_hint

UNUSED, UNREADABLE = "TC510", "TC511"


class IgnoredFinding(NamedTuple):
    """A finding that is left alone, with the place of what says so and the reason."""

    note: Note
    span: Span | None
    reason: str


class Sifted(NamedTuple):
    """The findings that stay, with one for each order that did nothing, and those that were left alone."""

    notes: tuple[Note, ...]
    ignored: tuple[IgnoredFinding, ...]


def sift(findings: Iterable[Note], files: Iterable[ComposeFile]) -> Sifted:
    """The findings that the comments of the files leave, and those that they do not."""
    ignores = [*chain.from_iterable(map(read_ignores, files))]
    orders = [(ignore, code) for ignore in ignores for code in ignore.codes]
    effective: set[tuple[Ignore, str]] = set()
    kept_notes: list[Note] = []
    ignored: list[IgnoredFinding] = []
    for finding in findings:
        matching = [order for order in orders if order[0].covers(finding, order[1])]
        effective.update(matching)
        if matching:
            comment = matching[0][0]
            ignored.append(IgnoredFinding(finding, comment.span, comment.reason))
        else:
            kept_notes.append(finding)
    kept_notes += [_note_on(*order) for order in orders if order not in effective]
    kept_notes += filter(None, map(_unreadable, ignores))
    return Sifted(tuple(kept_notes), tuple(ignored))


def _note_on(ignore: Ignore, code: str) -> Note:
    """The note on a code that nothing covered has, or that no rule has."""
    subject = ModelPath.of("files", ignore.span.file)
    if not is_code(code):
        problem = f"no rule is called {code}, or begins so"
        return note(UNREADABLE, ignore.span, subject=subject, what=problem)
    return note(UNUSED, ignore.span, subject=subject, rule=code)


def _unreadable(ignore: Ignore) -> Note | None:
    if ignore.codes:
        return None
    subject = ModelPath.of("files", ignore.span.file)
    return note(UNREADABLE, ignore.span, subject=subject, what="it names no rule")


def is_code(text: str) -> bool:
    """Whether findings have a code that is or begins with the text: `TC712`, `TC7`; or the text is an id: `Q-01`."""
    if re.fullmatch(r"TC\d{0,2}", text) or text in codes_by_name():
        return True
    if not text.startswith("TC"):
        return bool(text) and any(code.startswith(text) for code in note_rows())
    try:
        return re.fullmatch(r"TC\d{3}", text) is not None and bool(explanation(text))
    except KeyError:
        return False


class UnknownRule(ValueError):
    """A text that is neither the code of a rule nor the beginning of one; it says which may have been meant."""


def read_codes(texts: Iterable[str]) -> tuple[str, ...]:
    """The codes of rules and the beginnings of them in texts with commas, each once. Raises UnknownRule."""
    codes = [code.strip().upper() for text in texts for code in text.split(",")]
    starts = tuple(dict.fromkeys(code for code in codes if code))
    for code in starts:
        if not is_code(code):
            # To compare the names takes long where the text is long.
            names = (*all_codes(), *codes_by_name())
            hint = spelling_hint(code[:100], names)
            raise UnknownRule(f"there is no rule {code[:100]!r}{hint}")
    return starts
