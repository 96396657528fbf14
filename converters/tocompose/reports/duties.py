"""What a person must do before the first start, apart from all that needs nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tocompose.notes import Kind, Note, explanation, generated_forms
from tocompose.reports.report import Report, settings_of, subject_of
from tocompose.stack_texts import services_by_variable

# More names than these are a list of their own.
MOST_IN_A_SENTENCE = 8


class Duty(NamedTuple):
    """One thing to do: what it is about, where in the source, and how to do it. `notes` are those that say so."""

    text: str
    places: tuple[str, ...] = ()
    advice: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def code(self) -> str:
        """The code of the notes; empty for what no note says."""
        return self.notes[0].code if self.notes else ""


def values_to_set(report: Report) -> tuple[str, ...]:
    """The variables without which docker compose refuses to start, or a service would start with nothing."""
    needed = [name for name, is_needed in settings_of(report).items() if is_needed]
    asked = [str(note.subject[1]) for note in report.notes if _asks_for_setting(note)]
    unset = {setting.name for setting in report.stack.settings if setting.value is None}
    names = dict.fromkeys([*needed, *(name for name in asked if name in unset)])
    generated = generated_names(report)
    return tuple(name for name in names if name not in generated)


def generated_names(report: Report) -> frozenset[str]:
    """The variables whose values are made where the files are written to a folder."""
    has_env_file = any(file.path == ".env" for file in report.files)
    return frozenset(generated_forms(report.notes) if has_env_file else ())


def said_by_values(note: Note, names: Sequence[str]) -> bool:
    """Whether all that a note says is that one of these variables has to be set."""
    return _todo_of(note) == "value" and any(
        name in note.message or name in note.advice for name in names
    )


def _asks_for_setting(note: Note) -> bool:
    return _todo_of(note) == "value" and note.subject[:1] == ("settings",)


def _todo_of(note: Note) -> str:
    return str(explanation(note.code).get("todo", ""))


def duties(report: Report) -> tuple[Duty, ...]:
    """What a person must do, a line for each kind: values first, then data, then what was lost."""
    return (*_value_duties(report), *_note_duties(report))


def start_duties(report: Report) -> tuple[Duty, ...]:
    """What must be done before the first start besides setting values: data to copy, networks and files to make."""
    return tuple(duty for duty in _note_duties(report) if _todo_of(duty.notes[0]))


def counted_values(names: Sequence[str]) -> str:
    """How many values there are, as a sentence says it."""
    return f"{len(names)} values" if len(names) > 1 else "one value"


class ValueToSet(NamedTuple):
    """A value to set: its variable, the services that use it, and what it is."""

    name: str
    services: tuple[str, ...]
    meaning: str


def missing_values(report: Report) -> tuple[ValueToSet, ...]:
    """The values to set where they are too many for a sentence."""
    names = values_to_set(report)
    if len(names) <= MOST_IN_A_SENTENCE:
        return ()
    users = services_by_variable(report.stack)
    meanings = {setting.name: setting.description for setting in report.stack.settings}
    return tuple(
        ValueToSet(name, users.get(name, ()), meanings.get(name, "").rstrip("."))
        for name in names
    )


def _value_duties(report: Report) -> Iterator[Duty]:
    names = values_to_set(report)
    if not names:
        return
    is_sentence = len(names) <= MOST_IN_A_SENTENCE
    which = f": {', '.join(names)}" if is_sentence else " (listed below)"
    how = "`tocompose env .` in this folder asks for each."
    yield Duty(f"Set {counted_values(names)} in .env{which}", advice=how)


def _note_duties(report: Report) -> Iterator[Duty]:
    by_duty: dict[tuple[str, str], list[Note]] = {}
    names = values_to_set(report)
    for note in report.notes:
        if note.kind is Kind.LOST or _is_to_do(note, names):
            # Each piece of data has a command of its own.
            command = note.advice if _todo_of(note) == "data" else ""
            by_duty.setdefault((note.code, command), []).append(note)
    for notes in sorted(by_duty.values(), key=lambda alike: not _todo_of(alike[0])):
        yield _duty_of(notes)


def _is_to_do(note: Note, names: Sequence[str]) -> bool:
    """Whether a person must act on a note in another way than by setting one of these variables."""
    is_about_value = note.subject[:1] == ("settings",) or said_by_values(note, names)
    return bool(_todo_of(note)) and not is_about_value


def _duty_of(notes: list[Note]) -> Duty:
    """What notes of one code say, in one line; how to do it is said once."""
    places = dict.fromkeys(str(note.span) for note in notes if note.span)
    if len(notes) == 1:
        text = notes[0].message
    else:
        subjects = dict.fromkeys(subject_of(note) or "whole stack" for note in notes)
        text = f"{explanation(notes[0].code)['title']}: {', '.join(subjects)}"
    return Duty(text, tuple(places), notes[0].advice, tuple(notes))
