"""What a conversion lost, changed or assumed and leaves nothing to do about: an entry for each kind of decision."""

from __future__ import annotations

from collections.abc import Container, Sequence

from tocompose.notes import Kind, Note, explanation
from tocompose.record import NamedTuple
from tocompose.reports.repeated_notes import NOTHING, SaidNote, said_once
from tocompose.reports.report import Report, subject_of
from tocompose.reports.shared_advice import shared_advice
from tocompose.reports.values_to_set import said_by_values, values_to_set

# Losses too, where they leave nothing to do.
_DECISIONS = (Kind.LOST, Kind.CHANGED, Kind.ASSUMED)


class DecisionLine(NamedTuple):
    """What one note says: about what, where in the source, and what to do about this alone."""

    about: str
    place: str
    text: str
    advice: str


class DecisionEntry(NamedTuple):
    """The decisions of one code; the advice is what holds for all of them."""

    code: str
    title: str
    advice: str
    lines: tuple[DecisionLine, ...]


def decision_entries(report: Report, told: Container[Note]) -> list[DecisionEntry]:
    """The decisions that no other part of the report tells: those are `told`, or said by the values to set."""
    to_set = values_to_set(report)
    decided = [
        note
        for note in report.notes
        if note.kind in _DECISIONS and note not in told and not said_by_values(note, to_set)
    ]
    by_code: dict[str, list[SaidNote]] = {}
    for speaker in said_once(decided):
        by_code.setdefault(speaker.note.code, []).append(speaker)
    return [_entry_of(code, speakers) for code, speakers in by_code.items()]


def _entry_of(code: str, speakers: Sequence[SaidNote]) -> DecisionEntry:
    advice = shared_advice([speaker.note.advice for speaker in speakers])
    lines = map(_line_of, speakers, advice.own)
    to_do = "" if advice.shared == NOTHING else advice.shared
    return DecisionEntry(code, str(explanation(code)["title"]), to_do, tuple(lines))


def _line_of(speaker: SaidNote, advice: str) -> DecisionLine:
    note = speaker.note
    subject = subject_of(note)
    about = "" if note.message.startswith(subject) else subject
    return DecisionLine(about, str(note.span or ""), speaker.text, advice)
