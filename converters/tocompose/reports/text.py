"""Notes for a person at a terminal: losses first, by service, the source line quoted with the place underlined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import east_asian_width

from tocompose.notes import Kind, Note, explanation, families, registry
from tocompose.plugins import note_rows
from tocompose.reports.escape import printable
from tocompose.reports.masking import Quote
from tocompose.reports.report import Report, place_of, subject_of
from tocompose.source import Span
from tocompose.wording import wrap_text

if TYPE_CHECKING:
    from tocompose.reports.rule_examples import RuleExample

_HEADINGS = {
    Kind.LOST: "lost: Compose has no equivalent",
    Kind.CHANGED: "changed: carried over with a difference",
    Kind.ASSUMED: "assumed: a guess that you can change",
    Kind.ADDED: "added: good practice that the source did not state",
    Kind.INFO: "for your information",
}
COLOURS = {
    Kind.LOST: "31",
    Kind.CHANGED: "33",
    Kind.ASSUMED: "36",
    Kind.ADDED: "32",
    Kind.INFO: "34",
}
_SHOWN_OF_A_CODE = 3
# What was added is said a line for each code, or of many in one line.
_SHOWN_CODES = 6
_DECISIONS = (Kind.CHANGED, Kind.ASSUMED)
_NOTHING = "Nothing to do."


class Style(NamedTuple):
    """How the text is set: colours, its width in characters, and how much is said (-1 quiet, 0, 1 verbose)."""

    colour: bool = False
    width: int = 100
    verbosity: int = 0

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, when colours are on."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def render(report: Report, style: Style | None = None) -> str:
    """The notes as text, then one line that sums up; with `verbosity` -1 only the losses, a line each."""
    set_style = style or Style()
    if set_style.verbosity < 0:
        lines: Iterable[str] = (_one_line(note) for note in report.of_kind(Kind.LOST))
    else:
        lines = [*_note_lines(report, set_style), *_summary_lines(report, set_style)]
    return "".join(f"{line}\n" for line in lines)


def _one_line(note: Note) -> str:
    text = f"{place_of(note)}{note.kind.value}: {note.message} [{note.code}]"
    return printable(text)


def _note_lines(report: Report, style: Style) -> Iterator[str]:
    for kind, kind_notes in groupby(report.notes, key=lambda note: note.kind):
        notes = list(kind_notes)
        if kind is Kind.INFO and not style.verbosity:
            continue
        yield style.paint(f"{len(notes)} {_HEADINGS[kind]}", f"1;{COLOURS[kind]}")
        if kind is Kind.ADDED and not style.verbosity:
            yield from _lines_by_code(notes, style)
        else:
            yield from _NoteWriter(report, style, notes).lines()
        yield ""


def _notes_spoken_for(notes: list[Note]) -> dict[Note, list[str]]:
    """For a note that others repeat but for their name, whom it speaks for also: the replicas of one workload, or
    several services that lack the same Secret, each with its own place.

    It speaks for them; they are left with nobody. It does so too for many that differ in numbers, and says that.
    """
    speaks_for: dict[Note, list[str]] = {}
    for speaker, *repeaters in _alike_notes(notes, _without_name):
        speaks_for |= _spoken_for(speaker, repeaters, "")
    single_notes = [
        note for note in notes if note not in speaks_for and note.advice != _NOTHING
    ]
    for speaker, *repeaters in _alike_notes(single_notes, _without_numbers):
        if len(repeaters) > _FEW_REPEATERS:
            speaks_for |= _spoken_for(speaker, repeaters, "with other numbers ")
    return speaks_for


_FEW_REPEATERS = 3
_NUMBER = re.compile(r"\d+")


def _alike_notes(notes: list[Note], plain: Callable[[Note], str]) -> Iterable[list[Note]]:
    """The notes of one code whose messages are the same in their plain form."""
    alike: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        if subject_of(note) and note.span:
            alike.setdefault((note.code, plain(note)), []).append(note)
    return alike.values()


def _without_name(note: Note) -> str:
    return note.message.replace(subject_of(note), "")


def _without_numbers(note: Note) -> str:
    return _NUMBER.sub("#", _without_name(note))


def _spoken_for(
    speaker: Note, repeaters: list[Note], difference: str
) -> dict[Note, list[str]]:
    """What a note says of those that repeat it, and that these say nothing."""
    others = [note for note in repeaters if subject_of(note) != subject_of(speaker)]
    if not others:
        return {}
    subjects = [_spoken_subject(note, speaker) for note in others]
    subjects[0] = f"{difference}{subjects[0]}"
    return {note: [] for note in others} | {speaker: subjects}


def _spoken_subject(note: Note, speaker: Note) -> str:
    """The subject of a note that another speaks for, with its line where that is another one."""
    span, near = note.span, speaker.span
    if span is None or (near and (near.file, near.line) == (span.file, span.line)):
        return subject_of(note)
    if near and near.file == span.file:
        return f"{subject_of(note)} in line {span.line}"
    return f"{subject_of(note)} {span.file}:{span.line}"


def _lines_by_code(notes: list[Note], style: Style) -> Iterator[str]:
    """A line for each code: what was added to several services at once is said once, with their names."""
    codes = list(dict.fromkeys(note.code for note in notes))
    if len(codes) > _SHOWN_CODES:
        titles = dict.fromkeys(str(explanation(code)["title"]) for code in codes)
        shown = "; ".join(titles)
        yield from _wrap_text(printable(shown), style, 2)
        return
    for code in codes:
        alike_notes = [note for note in notes if note.code == code]
        subjects = dict.fromkeys(subject_of(note) or "the stack" for note in alike_notes)
        if len(alike_notes) == 1:
            yield from _wrap_text(_first_line(alike_notes[0], style), style, 2)
        else:
            text = f"{explanation(code)['title']}: {', '.join(subjects)}"
            yield from _wrap_text(
                f"{printable(text)} {style.paint(f'[{code}]', '2')}", style, 2
            )


def _first_line(note: Note, style: Style, also: Iterable[str] | None = None) -> str:
    placed = note.span and (note.kind is not Kind.ADDED or style.verbosity > 0)
    position = f"{printable(str(note.span))} " if placed else ""
    message = f"{note.message} (also {', '.join(also)})" if also else note.message
    return f"{position}{printable(message)} {style.paint(f'[{note.code}]', '2')}"


def _left_out(notes: list[Note]) -> Counter[str]:
    """How many notes of each code are not shown: those beyond the first ones that leave nothing to do."""
    counts = Counter(note.code for note in notes if note.advice == _NOTHING)
    surplus = {code: count - _SHOWN_OF_A_CODE for code, count in counts.items()}
    return Counter({code: count for code, count in surplus.items() if count > 1})


def _without_repeats(notes: list[Note], left_out: Counter[str]) -> Iterator[Note]:
    shown: Counter[str] = Counter()
    for note in notes:
        shown[note.code] += 1
        if note.code not in left_out or shown[note.code] <= _SHOWN_OF_A_CODE:
            yield note


class _NoteWriter:
    """Writes the notes of one kind at length, by what they are about; what was said once is not said again."""

    def __init__(self, report: Report, style: Style, notes: list[Note]) -> None:
        self._report, self._style = report, style
        self._is_verbose = style.verbosity > 0
        self._also = {} if style.verbosity else _notes_spoken_for(notes)
        spoken = [note for note in notes if self._also.get(note) != []]
        self._left_out = Counter[str]() if style.verbosity else _left_out(spoken)
        self._notes = list(_without_repeats(spoken, self._left_out))
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
        for code, count in self._left_out.items():
            title = explanation(code)["title"]
            yield f"  {title}: {count} more, with nothing to do; -v shows them [{code}]"

    def _subject_lines(self, notes: list[Note]) -> Iterator[str]:
        """Of many notes with the same code the first ones at length, of the others what is new."""
        codes = list(dict.fromkeys(note.code for note in notes))
        previous_note: Note | None = None
        for note in sorted(notes, key=lambda note: codes.index(note.code)):
            self._times[note.code] += 1
            yield from self._wrap(_first_line(note, self._style, self._also.get(note)), 4)
            if self._is_verbose or self._times[note.code] <= _SHOWN_OF_A_CODE:
                yield from self._explain(note, previous_note)
            elif note.kind is Kind.LOST and note.advice not in self._given_advice:
                yield from self._advise(note)
            self._given_advice.add(note.advice)
            previous_note = note

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
        if note.span and note.span != quoted_span:
            yield from _quote_lines(
                note.span, self._report, self._style, COLOURS[note.kind]
            )
        if self._is_verbose:
            yield from (f"      see also {printable(str(span))}" for span in note.related)
        if not (is_alike and note.kind is Kind.ADDED):
            yield from self._advise(note)
        if self._is_verbose and not is_alike:
            yield from self._link(note)

    def _link(self, note: Note) -> list[str]:
        return [f"      {printable(note.url)}"] if note.url else []

    def _advise(self, note: Note) -> list[str]:
        return self._wrap(f"→ {printable(note.advice)}", 6) if note.advice else []

    def _wrap(self, text: str, indent: int) -> list[str]:
        return _wrap_text(text, self._style, indent)


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


def _summary_lines(report: Report, style: Style) -> Iterator[str]:
    counts, kinds = report.values_by_fate(), report.kinds()
    values = counts["mapped"] + counts["noted"] + counts["ignored"] + counts["unread"]
    explained = counts["noted"] + counts["unread"]
    parts = {"left out on purpose": counts["ignored"], "explained in notes": explained}
    others = "".join(f", {number} {what}" for what, number in parts.items() if number)
    carried = f"{values} values: {counts['mapped']} carried over{others}"
    kind_totals = [
        _paint_count(kind, kinds[kind.value], style)
        for kind in Kind
        if kinds[kind.value] and (kind is not Kind.INFO or style.verbosity)
    ]
    yield carried
    if kind_totals:
        number = sum(kinds.values())
        counted = f"{number} note{'s' if number > 1 else ''}"
        yield f"{counted}: {', '.join(kind_totals)}{_hidden_hint(kinds, style)}"
    first_note = next(iter(report.notes), None)
    if first_note is not None:
        yield f"tocompose explain {first_note.code} explains a note"


def _hidden_hint(kinds: Mapping[str, int], style: Style) -> str:
    """What is said of the notes that are not shown at length."""
    if style.verbosity:
        return ""
    if kinds["info"]:
        return f", {kinds['info']} for information; -v shows all at length"
    return "; -v shows all at length" if kinds["added"] else ""


def _paint_count(kind: Kind, number: int, style: Style) -> str:
    shown_names = {Kind.INFO: "for information"}
    return style.paint(f"{number} {shown_names.get(kind, kind.value)}", COLOURS[kind])


_MEANING = {
    Kind.LOST: "Compose has no equivalent: nothing of it is in the output.",
    Kind.CHANGED: "It is in the output, with a difference.",
    Kind.ASSUMED: "The source does not say it: a guess that you can change.",
    Kind.ADDED: "Good practice that the source did not state; it can be switched off.",
    Kind.INFO: "Nothing to do.",
}


def explain_code(code: str, width: int = 88) -> str:
    """The long text of a code. Raises KeyError for a code that the registry does not name."""
    # Loaded here: nothing else that a run prints shows the examples of rules.
    from tocompose.reports.rule_examples import LEVEL_MEANINGS, rule_examples

    row = explanation(code)
    kind = Kind(row["kind"])
    example = rule_examples().get(code)
    paragraphs = [
        f"{code}: {row['title']} ({kind.level.value if example else kind.value})",
        open_facts(str(row["message"])),
        LEVEL_MEANINGS[kind.level] if example else _MEANING[kind],
    ]
    paragraphs.append(open_facts(str(row["why"])))
    if row.get("advice"):
        paragraphs.append(f"What to do: {open_facts(str(row['advice']))}")
    if row.get("url"):
        paragraphs.append(str(row["url"]))
    # Loaded here: no other text that a run prints is broken at hyphens too.
    from textwrap import fill

    filled = [fill(paragraph, width, break_long_words=False) for paragraph in paragraphs]
    if example is not None:
        filled += _example_blocks(example)
        filled.append(f"Leave it alone: # tocompose: ignore[{code}] the reason")
    return "\n\n".join(filled) + "\n"


def _example_blocks(example: RuleExample) -> Iterator[str]:
    """The files of the example, before and after."""
    for title, files in (("Before", example.before), ("After", example.after)):
        for name, text in example.shown_files(files):
            lines = "\n".join(f"    {line}" for line in text.rstrip("\n").split("\n"))
            yield f"{title}, {name}:\n\n{lines}"


def all_codes() -> Iterator[str]:
    """Every code of the registry, in order."""
    own_codes = sorted(code for family in families() for code in registry(family))
    yield from (*own_codes, *sorted(note_rows()))


def open_facts(text: str) -> str:
    """A message with its facts left open: `{name}` becomes `<name>`."""
    return re.sub(r"\{(\w+)[^{}]*\}", r"<\1>", text.replace("{{", "{").replace("}}", "}"))
