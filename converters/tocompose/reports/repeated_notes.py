"""Notes that say what another one says already: one speaks for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile

from tocompose.notes import Note, explanation
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.report import subject_of
from tocompose.source import Span, shown_place
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated, listed_names

_FEW_REPEATERS = 3
_MOST_LINES = 8
_NUMBER = regex(r"\d+")


class OtherSubject(NamedTuple):
    """Whom a note speaks for also, with the other places; what is said there may differ in numbers.

    Without a name it is what the note itself is about, lost at these places too. With `own_advice` what is to be done
    for it is said in other words: with its own name.
    """

    name: str
    places: str = ""
    spans: tuple[Span, ...] = ()
    has_other_numbers: bool = False
    own_advice: bool = False


def notes_spoken_for(notes: list[Note]) -> dict[Note, list[OtherSubject]]:
    """For a note that others repeat but for their name, whom it speaks for also: the replicas of one workload, or
    several services that lack the same Secret, each with its own places.

    It speaks for them; they are left with nobody. It does so too for many that differ in numbers, and says that. What
    is said of the same thing at several places is said at the first, with the others.
    """
    speaks_for = _repeated([note for note in notes if not note.span])
    placed_notes = [note for note in notes if note.span]
    for speaker, *repeaters in _alike_notes(placed_notes, _without_name):
        other_notes = [note for note in repeaters if note != speaker]
        speaks_for |= _spoken_for(speaker, other_notes, differ=False)
    return speaks_for | _differing_in_numbers(_not_in(speaks_for, placed_notes))


def _differing_in_numbers(notes: list[Note]) -> dict[Note, list[OtherSubject]]:
    """Of the many notes that differ in numbers alone and leave something to do, whom the first one speaks for."""
    speaks_for: dict[Note, list[OtherSubject]] = {}
    for speaker, *repeaters in _alike_notes(notes, _without_numbers):
        other_notes = _about_others(speaker, repeaters)
        if len(other_notes) > _FEW_REPEATERS and speaker.advice != NOTHING:
            speaks_for |= _spoken_for(speaker, other_notes, differ=True)
    return speaks_for


def spoken_for_by_name(notes: list[Note]) -> dict[Note, list[OtherSubject]]:
    """As `notes_spoken_for`; of the notes about one thing that differ in a name alone, the first speaks for all.

    Not where one speaks for other subjects: in one list, names of both kinds cannot be told apart.
    """
    speaks_for = notes_spoken_for(notes)
    by_topic: dict[tuple[str, ModelPath], list[Note]] = {}
    for note in notes:
        subjects = speaks_for.get(note)
        if (
            subjects != []
            and note.span
            and not any(subject.name for subject in subjects or ())
        ):
            by_topic.setdefault((note.code, note.subject), []).append(note)
    for speaker, *other_notes in by_topic.values():
        for note, name in _differing_in_a_name(speaker, other_notes):
            places = _told_places([note.span] if note.span else [], speaker.span)
            named_so = [
                OtherSubject(name, places, own_advice=note.advice != speaker.advice),
                *(subject._replace(name=name) for subject in speaks_for.get(note, [])),
            ]
            speaks_for[speaker] = _merged_subjects(
                [*speaks_for.get(speaker, []), *named_so]
            )
            speaks_for[note] = []
    return speaks_for


def _merged_subjects(subjects: Iterable[OtherSubject]) -> list[OtherSubject]:
    """The subjects, each named once, with all its places."""
    by_name: dict[str, OtherSubject] = {}
    for subject in subjects:
        present = by_name.get(subject.name)
        places = [present.places, subject.places] if present else [subject.places]
        joined_places = ", ".join(filter(None, places))
        by_name[subject.name] = subject._replace(places=joined_places)
    return list(by_name.values())


# So many words may be a name: that of a field, as in `Email - SMTP Secure`.
_MOST_NAME_WORDS = 4


def _differing_in_a_name(
    speaker: Note, other_notes: list[Note]
) -> Iterator[tuple[Note, str]]:
    """The notes that say what the speaker says of another name at one place of the sentence, with that name."""
    message_words = speaker.message.split()
    place_of_name: tuple[int, int] | None = None
    for note in other_notes:
        other_words = note.message.split()
        start = _common_length(message_words, other_words)
        end = _common_length(message_words[:start:-1], other_words[:start:-1])
        own_name = _name_of(message_words[start : len(message_words) - end])
        name = _name_of(other_words[start : len(other_words) - end])
        if not (name and own_name and place_of_name in (None, (start, end))):
            continue
        if note.advice.replace(name, own_name) == speaker.advice:
            place_of_name = (start, end)
            yield note, name


def _name_of(words: Sequence[str]) -> str:
    """Some words as a name; nothing where they are too many for one."""
    return " ".join(words).strip(",;:") if len(words) <= _MOST_NAME_WORDS else ""


def _common_length(words: Sequence[str], other_words: Sequence[str]) -> int:
    """How many words at the beginning are the same."""
    pairs = zip(words, other_words, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _repeated(notes: Iterable[Note]) -> dict[Note, list[OtherSubject]]:
    """The notes that another one before them repeats word for word."""
    repeats: dict[Note, list[OtherSubject]] = {}
    for speaker, *repeaters in _alike_notes(notes, _whole_message):
        repeats |= {note: [] for note in repeaters if note != speaker}
    return repeats


def _not_in(speaks_for: dict[Note, list[OtherSubject]], notes: list[Note]) -> list[Note]:
    return [note for note in notes if note not in speaks_for]


def _about_others(speaker: Note, repeaters: list[Note]) -> list[Note]:
    return [note for note in repeaters if subject_of(note) != subject_of(speaker)]


# The advice of a note that leaves nothing to do.
NOTHING = "Nothing to do."


def leaves_nothing(note: Note) -> bool:
    """Whether the advice of a note is that nothing is to be done, if only in most cases."""
    return "nothing to do" in note.advice.lower()


class SaidNote(NamedTuple):
    """A note that speaks: what it says for itself and for those that repeat it, and where it is true of itself."""

    note: Note
    text: str
    spans: tuple[Span, ...]


def said_once(notes: list[Note]) -> Iterator[SaidNote]:
    """The notes that speak, each with what it says for itself and for those that repeat it."""
    speaks_for = notes_spoken_for(notes)
    for note in notes:
        other_subjects = speaks_for.get(note)
        if other_subjects != []:
            yield _said_note(note, other_subjects or [])


def _said_note(note: Note, other_subjects: list[OtherSubject]) -> SaidNote:
    named_subjects = [subject for subject in other_subjects if subject.name]
    also = also_about(named_subjects) if named_subjects else ""
    own_spans = [note.span] if note.span else []
    for subject in other_subjects:
        own_spans += () if subject.name else subject.spans
    return SaidNote(note, f"{note.message}{also}", tuple(own_spans))


def also_about(other_subjects: Sequence[OtherSubject], most: int | None = None) -> str:
    """What is added to a message that holds for others too, or at other places; with `most` the first names alone."""
    own_places = "".join(
        f"; also at {subject.places}" for subject in other_subjects if not subject.name
    )
    names = _named_subjects(other_subjects, most)
    differ = " with other numbers" if other_subjects[0].has_other_numbers else ""
    same_for = f"; the same{differ} for {names}" if names else ""
    return f"{own_places}{same_for}"


def _named_subjects(subjects: Sequence[OtherSubject], most: int | None) -> str:
    """The names with their places; with `most` the first names alone."""
    named_subjects = [subject for subject in subjects if subject.name]
    if most is not None:
        return listed_names([subject.name for subject in named_subjects], most)
    return enumerated([_with_places(subject) for subject in named_subjects] or [""])


def _with_places(subject: OtherSubject) -> str:
    return f"{subject.name} ({subject.places})" if subject.places else subject.name


def _alike_notes(
    notes: Iterable[Note], plain: Callable[[Note], str]
) -> Iterable[list[Note]]:
    """The notes of one code whose messages are the same in their plain form.

    Where a note asks for a value, the variable that it names is its own: another one asks for another.
    """
    alike: dict[tuple[str, str, str], list[Note]] = {}
    for note in notes:
        is_of_value = explanation(note.code).get("todo") == "value"
        variable = note.advice if is_of_value else ""
        alike.setdefault((note.code, plain(note), variable), []).append(note)
    return alike.values()


def _whole_message(note: Note) -> str:
    return f"{subject_of(note)}: {note.message}"


def _without_name(note: Note) -> str:
    """The message without the name of what it is about, as a word of its own."""
    name = str(note.subject[1]) if len(note.subject) > 1 else ""
    return (
        re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", note.message)
        if name
        else note.message
    )


def _without_numbers(note: Note) -> str:
    return _NUMBER.sub("#", _without_name(note))


def _spoken_for(
    speaker: Note, repeaters: list[Note], differ: bool
) -> dict[Note, list[OtherSubject]]:
    """What a note says of those that repeat it, each named once with its places, and that these say nothing."""
    if not repeaters:
        return {}
    spans_by_name: dict[str, list[Span]] = {}
    for note in repeaters:
        spans = spans_by_name.setdefault(_spoken_name(note, speaker), [])
        if note.span and _is_elsewhere(note, speaker):
            spans.append(note.span)
    other_subjects = [
        OtherSubject(name, _told_places(spans, speaker.span), tuple(spans), differ)
        for name, spans in spans_by_name.items()
        if name or spans
    ]
    return {note: [] for note in repeaters} | (
        {speaker: other_subjects} if other_subjects else {}
    )


def _spoken_name(note: Note, speaker: Note) -> str:
    """The name of what a note is about, beside another; empty where both are about the same."""
    if subject_of(note) == subject_of(speaker):
        return ""
    is_alike = note.subject[:1] == speaker.subject[:1]
    return str(note.subject[1]) if is_alike else subject_of(note)


def _is_elsewhere(note: Note, speaker: Note) -> bool:
    """Whether a place is worth telling: another line; in the same one another column, where both are about the same."""
    is_same_line = _line_of(note.span) == _line_of(speaker.span)
    return not is_same_line or subject_of(note) == subject_of(speaker)


def _line_of(span: Span | None) -> tuple[str, int] | None:
    return (span.file, span.line) if span else None


def _told_places(spans: Sequence[Span], near: Span | None) -> str:
    """Where spans stand (`lines 3 and 5`, `run.sh:4`), of very many the first; the near file goes without saying."""
    columns = [
        f"column {span.column}" for span in spans if _line_of(span) == _line_of(near)
    ]
    lines_by_file: dict[str, dict[int, None]] = {}
    for span in spans:
        if _line_of(span) != _line_of(near):
            lines_by_file.setdefault(span.file, {})[span.line] = None
    near_file = near.file if near else ""
    told_lines = [
        _told_lines(file, list(lines), near_file) for file, lines in lines_by_file.items()
    ]
    return ", ".join([*columns, *told_lines])


def _told_lines(file: str, lines: list[int], near_file: str) -> str:
    if len(lines) == 1:
        return f"line {lines[0]}" if file == near_file else shown_place(file, lines[0])
    numbers = [str(line) for line in lines]
    if len(lines) > _MOST_LINES + 1:
        numbers[_MOST_LINES:] = [f"{len(lines) - _MOST_LINES} more"]
    where = "" if file == near_file else f" of {file}"
    return f"lines {enumerated(numbers)}{where}"
