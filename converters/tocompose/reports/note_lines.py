"""The notes of one kind for a terminal: by service, the source line quoted with the place underlined, or shorter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from unicodedata import east_asian_width

from tocompose.notes import Kind, Note, explanation
from tocompose.record import NamedTuple
from tocompose.reports.escape import printable
from tocompose.reports.masking import Quote
from tocompose.reports.repeated_notes import (
    NOTHING,
    OtherSubject,
    also_about,
    notes_spoken_for,
    spoken_for_by_name,
)
from tocompose.reports.report import Report, group_of, listed_subjects, subject_of
from tocompose.reports.values_to_set import names_asked_for, values_to_set
from tocompose.source import Span
from tocompose.wording import listed_names, wrap_text

COLOURS = {
    Kind.LOST: "31",
    Kind.CHANGED: "33",
    Kind.ASSUMED: "36",
    Kind.ADDED: "32",
    Kind.INFO: "34",
}
_SHOWN_OF_A_CODE = 3
# So many notes of a kind are all shown with their line of the source, of more the first of each code.
_FEW_NOTES = 4
# So many values are named in a line.
_MOST_NAMES = 8
# So many where a line speaks for all notes of a code.
_FEW_NAMES = 4
# What was added is said a line for each code, or of many in one line.
_SHOWN_CODES = 6
_DECISIONS = (Kind.CHANGED, Kind.ASSUMED)


class Detail(IntEnum):
    """How much is said of the notes of one kind, the most first; each step leaves out more than the one before."""

    QUOTED = 0
    WITHOUT_SOURCE = 1
    FIRST_OTHER_NAMES = 2
    NOTE_OF_A_CODE = 3
    LINE_OF_A_CODE = 4
    TITLES = 5


class Style(NamedTuple):
    """How the text is set: colours, its width in characters, and how much is said (-1 quiet, 0, 1 verbose).

    With `rows` it takes no more lines than these.
    """

    colour: bool = False
    width: int = 100
    verbosity: int = 0
    rows: int | None = None

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, when colours are on."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def lines_by_code(
    notes: list[Note], report: Report, style: Style, detail: Detail
) -> Iterator[str]:
    """A line for each code, with the names of the services that it is said of; or the titles alone."""
    by_code: dict[str, list[Note]] = {}
    for note in notes:
        by_code.setdefault(note.code, []).append(note)
    is_added = notes[0].kind is Kind.ADDED
    if detail is Detail.TITLES or (is_added and len(by_code) > _SHOWN_CODES):
        titles = map(_counted_title, by_code.values())
        shown = "; ".join(dict.fromkeys(titles))
        yield from _wrap_text(printable(shown), style, 2)
        return
    all_services = [service.name for service in report.stack.services]
    by_group: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        by_group.setdefault(group_of(note), []).append(note)
    for alike_notes in by_group.values():
        text = (
            _added_line(alike_notes, all_services, style)
            if is_added
            else _first_line(alike_notes[0], style, _counted_others(alike_notes))
        )
        yield from _wrap_text(text, style, 2)
        if detail is Detail.NOTE_OF_A_CODE and alike_notes[0].advice not in ("", NOTHING):
            yield from _wrap_text(f"→ {printable(alike_notes[0].advice)}", style, 4)


def _counted_title(alike_notes: list[Note]) -> str:
    """The title of a code; of what was not added how often it is said, and the code."""
    code = alike_notes[0].code
    title = str(explanation(code)["title"])
    if alike_notes[0].kind is Kind.ADDED:
        return title
    number = f" ({len(alike_notes)})" if len(alike_notes) > 1 else ""
    return f"{title}{number} [{code}]"


def _added_line(alike_notes: list[Note], all_services: list[str], style: Style) -> str:
    """What was added, or its title with the names of the services, or how many they are where they are all."""
    note = alike_notes[0]
    if len(alike_notes) == 1:
        return _first_line(note, style)
    names = {subject_of(note) for note in alike_notes}
    is_everywhere = len(names) > 2 and names == set(all_services)
    subjects = listed_subjects(note.subject for note in alike_notes)
    shown = f"all {len(names)} services" if is_everywhere else subjects
    text = f"{explanation(note.code)['title']}: {shown or 'the stack'}"
    return f"{printable(text)} {style.paint(f'[{note.code}]', '2')}"


def _counted_others(alike_notes: list[Note]) -> str:
    """How many notes of a code there are besides the first, what they are about, and whether they say the same."""
    first_note, *other_notes = alike_notes
    if not other_notes:
        return ""
    owner = first_note.subject[:2]
    is_elsewhere = any(note.subject[:2] != owner for note in other_notes)
    subjects = [note.subject for note in other_notes if is_elsewhere and note.subject[1:]]
    about = f" about {listed_subjects(subjects, _FEW_NAMES)}" if subjects else ""
    spoken_for = notes_spoken_for(alike_notes)
    if all(spoken_for.get(note) == [] for note in other_notes):
        times = f"{len(other_notes)} more time{'s' if len(other_notes) > 1 else ''}"
        return f"; the same {times}{about.replace(' about ', ', for ', 1)}"
    return f"; {_more_notes(len(other_notes))}{about}"


def _more_notes(number: int) -> str:
    return f"{number} more note{'s' if number > 1 else ''}"


def _first_line(note: Note, style: Style, also: str = "") -> str:
    placed = note.span and (note.kind is not Kind.ADDED or style.verbosity > 0)
    position = f"{printable(str(note.span))} " if placed else ""
    return (
        f"{position}{printable(note.message + also)} {style.paint(f'[{note.code}]', '2')}"
    )


class _AskedNote(NamedTuple):
    """A note that a line for many speaks for, with what a person must do something about."""

    note: Note
    names: tuple[str, ...] = ()


def _left_out(
    report: Report, notes: list[Note], also: Mapping[Note, Sequence[OtherSubject]]
) -> dict[str, list[_AskedNote]]:
    """The notes of each code that are not shown at length, with what they are about, those that they speak for too:
    those beyond the first that leave nothing to do, or that say what the end of the run asks for."""
    asked_names = values_to_set(report)
    by_code: dict[str, list[_AskedNote]] = {}
    for note in notes:
        if note.advice == NOTHING:
            by_code.setdefault(note.code, []).append(_AskedNote(note))
        elif note.kind in _DECISIONS and (names := _asked_of_person(note, asked_names)):
            if names == (subject_of(note),):
                spoken_for = also.get(note, ())
                names += tuple(subject.name for subject in spoken_for if subject.name)
            by_code.setdefault(note.code, []).append(_AskedNote(note, names))
    surplus = {
        code: asked_notes[1 if asked_notes[0].names else _SHOWN_OF_A_CODE :]
        for code, asked_notes in by_code.items()
    }
    return {code: hidden for code, hidden in surplus.items() if len(hidden) > 1}


def _asked_of_person(note: Note, asked_names: Sequence[str]) -> tuple[str, ...]:
    """What a person must do something about, where the end of the run names it: values, or data to copy."""
    todo = explanation(note.code).get("todo")
    if todo == "optional":
        return (str(note.subject[-1]),)
    if todo != "value":
        subject = subject_of(note)
        return (subject,) if todo and subject else ()
    is_value = note.subject[:1] == ("settings",)
    names = note.subject[1:2] if is_value else names_asked_for(note, asked_names)
    return tuple(dict.fromkeys(map(str, names)))


def _about_left_out(code: str, hidden: list[_AskedNote]) -> str:
    """One line for the notes of a code that are not shown, with what they are about."""
    title = explanation(code)["title"]
    names = dict.fromkeys(name for asked_note in hidden for name in asked_note.names)
    if not names:
        return f"{title}: {_more_notes(len(hidden))}, with nothing to do; -v shows them [{code}]"
    shown = listed_names(list(names), _MOST_NAMES)
    return f"{title}: also {shown}; -v shows them [{code}]"


class NoteWriter:
    """Writes the notes of one kind at length, by what they are about; what was said once is not said again."""

    def __init__(
        self,
        report: Report,
        style: Style,
        notes: list[Note],
        detail: Detail = Detail.QUOTED,
    ) -> None:
        self._report, self._style, self._detail = report, style, detail
        self._is_verbose = style.verbosity > 0
        self._also = {} if style.verbosity else spoken_for_by_name(notes)
        spoken = [note for note in notes if self._also.get(note) != []]
        self._left_out = {} if style.verbosity else _left_out(report, spoken, self._also)
        hidden = {
            asked_note.note for alike in self._left_out.values() for asked_note in alike
        }
        self._notes = [note for note in spoken if note not in hidden]
        self._quotes_all = self._is_verbose or len(self._notes) <= _FEW_NOTES
        self._times: Counter[str] = Counter()
        self._given_advice = {""}

    def lines(self) -> Iterator[str]:
        """The notes under a heading for each subject."""
        by_subject: dict[str, list[Note]] = {}
        for note in self._notes:
            by_subject.setdefault(subject_of(note), []).append(note)
        for subject, notes in by_subject.items():
            heading = self._style.paint(printable(subject), "1") or "whole stack"
            yield f"  {heading}"
            yield from self._subject_lines(notes)
        for code, hidden in self._left_out.items():
            yield from self._wrap(printable(_about_left_out(code, hidden)), 2)

    def _subject_lines(self, notes: list[Note]) -> Iterator[str]:
        """Of many notes with the same code the first ones at length, of the others what is new."""
        codes = list(dict.fromkeys(note.code for note in notes))
        previous_note: Note | None = None
        for note in sorted(notes, key=lambda note: codes.index(note.code)):
            self._times[note.code] += 1
            yield from self._wrap(_first_line(note, self._style, self._also_of(note)), 4)
            if self._is_verbose or self._times[note.code] <= _SHOWN_OF_A_CODE:
                yield from self._explain(note, previous_note)
            elif note.kind is Kind.LOST:
                yield from self._advise(note)
            previous_note = note

    def _also_of(self, note: Note) -> str:
        subjects = self._also.get(note)
        if not subjects:
            return ""
        is_short = self._detail >= Detail.FIRST_OTHER_NAMES
        return also_about(subjects, _MOST_NAMES if is_short else None)

    def _explain(self, note: Note, previous_note: Note | None) -> Iterator[str]:
        """What follows the first line: losses are explained whole, the rest by what there is to do, unless verbose."""
        if self._is_verbose or note.kind is Kind.LOST:
            yield from self._explain_whole(note, previous_note)
        elif note.kind in _DECISIONS and "todo" in explanation(note.code):
            yield from self._advise(note)

    def _explain_whole(self, note: Note, previous_note: Note | None) -> Iterator[str]:
        """Source, advice and link: a place that was just quoted is not quoted again, nor a link repeated."""
        quoted_span, told_code = _place(previous_note) if previous_note else (None, "")
        is_alike = (quoted_span, told_code) == _place(note)
        if self._is_quoted(note) and note.span and note.span != quoted_span:
            yield from _quote_lines(
                note.span, self._report, self._style, COLOURS[note.kind]
            )
        if self._is_verbose:
            yield from (f"      see also {printable(str(span))}" for span in note.related)
        if not (is_alike and note.kind is Kind.ADDED):
            yield from self._advise(note)
        if self._is_verbose and not is_alike:
            yield from self._link(note)

    def _is_quoted(self, note: Note) -> bool:
        is_first = self._quotes_all or self._times[note.code] == 1
        return is_first and self._detail < Detail.WITHOUT_SOURCE

    def _link(self, note: Note) -> list[str]:
        return [f"      {printable(note.url)}"] if note.url else []

    def _advise(self, note: Note) -> list[str]:
        """What to do: said once for all notes that say the same, unless verbose."""
        if note.advice in self._given_advice and (not note.advice or not self._is_verbose):
            return []
        self._given_advice.add(note.advice)
        likewise = _likewise(note.advice, self._also.get(note) or [])
        return self._wrap(f"→ {printable(note.advice)}{likewise}", 6)

    def _wrap(self, text: str, indent: int) -> list[str]:
        return _wrap_text(text, self._style, indent)


def _likewise(advice: str, other_subjects: Sequence[OtherSubject]) -> str:
    """What is to be done for those that a note speaks for also, where its advice names its own name or numbers."""
    if any(subject.own_advice for subject in other_subjects):
        return " Do the same for the others."
    differ = any(subject.has_other_numbers for subject in other_subjects)
    return " -v shows what to do for the others." if differ and "`" in advice else ""


def _place(note: Note) -> tuple[Span | None, str]:
    return note.span, note.code


def _wrap_text(text: str, style: Style, indent: int) -> list[str]:
    """Text in lines of the terminal's width; colour codes count for nothing, as they are only at the end."""
    room = max(style.width - indent, 30)
    text_lines = wrap_text(text, room) or [""]
    return [
        " " * (indent if index == 0 else indent + 2) + text_line
        for index, text_line in enumerate(text_lines)
    ]


def _quote_lines(span: Span, report: Report, style: Style, colour: str) -> Iterator[str]:
    quote = report.quotes.quote(span)
    if quote is None or not quote.line.strip():
        return
    number = str(span.line)
    text, start, stop = _visible_part(quote, style.width - len(number) - 10)
    unmarked, marked = printable(text[:start]), printable(text[start:stop])
    bar = style.paint("│", "2")
    yield f"    {style.paint(number, '2')} {bar} {printable(text)}"
    mark = style.paint("^" * max(_column_count(marked), 1), colour)
    yield f"    {' ' * len(number)} {bar} {' ' * _column_count(unmarked)}{mark}"


def _visible_part(quote: Quote, room: int) -> Quote:
    """The part of a long line around what is underlined, without its indentation, and where that stands in it."""
    indent = len(quote.line) - len(quote.line.lstrip())
    line, start, stop = (
        quote.line[indent:].rstrip(),
        max(quote.start - indent, 0),
        max(quote.end - indent, 1),
    )
    if len(line) <= room:
        return Quote(line, start, min(stop, len(line) + 1))
    cut_at = max(0, min(start - room // 3, len(line) - room))
    head, tail = ("…" if cut_at else ""), ("…" if cut_at + room < len(line) else "")
    shift = len(head) - cut_at
    return Quote(
        f"{head}{line[cut_at : cut_at + room]}{tail}",
        start + shift,
        min(stop + shift, len(head) + room),
    )


def _column_count(text: str) -> int:
    """How many columns a terminal needs for the text."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
