"""Notes for a person at a terminal: losses first, in as much detail as the lines that there are allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.notes import Kind, Note
from tocompose.reports.escape import printable
from tocompose.reports.note_lines import COLOURS, Detail, NoteWriter, Style, lines_by_code
from tocompose.reports.report import KIND_HEADINGS, Report, has_unread_commands, place_of
from tocompose.wording import counted

_SCREEN_ROWS = 40
_SERVICES_OF_A_SCREEN = 5


def page_rows(report: Report) -> int:
    """How many lines a conversion may say in all: a screen for a few services, two for more."""
    is_small = len(report.stack.services) <= _SERVICES_OF_A_SCREEN
    return _SCREEN_ROWS if is_small else 2 * _SCREEN_ROWS


def render(report: Report, style: Style | None = None) -> str:
    """The notes as text, then one line that sums up; with `verbosity` -1 only the losses, a line each."""
    set_style = style or Style()
    if set_style.verbosity < 0:
        lines: Iterable[str] = (_one_line(note) for note in report.of_kind(Kind.LOST))
    else:
        page = _Page(report, set_style)
        lines = [*page.lines(), *_summary_lines(report, set_style, page.is_shortened)]
    return "".join(f"{line}\n" for line in lines)


def _one_line(note: Note) -> str:
    text = f"{place_of(note)}{note.kind.value}: {note.message} [{note.code}]"
    return printable(text)


# The lines below the notes: what was carried over, the numbers of notes, what explains one.
_SUMMARY_ROWS = 3
# What is shortened one after the other, what matters least first.
_STEPS = (
    (Detail.WITHOUT_SOURCE, (Kind.LOST,)),
    (Detail.FIRST_OTHER_NAMES, (Kind.ASSUMED, Kind.CHANGED, Kind.LOST)),
    (Detail.TITLES, (Kind.ADDED,)),
    (Detail.NOTE_OF_A_CODE, (Kind.ASSUMED, Kind.CHANGED)),
    (Detail.LINE_OF_A_CODE, (Kind.ASSUMED, Kind.CHANGED)),
    (Detail.NOTE_OF_A_CODE, (Kind.LOST,)),
    (Detail.LINE_OF_A_CODE, (Kind.LOST,)),
    (Detail.TITLES, (Kind.ASSUMED, Kind.CHANGED, Kind.LOST)),
)


class _Page:
    """The notes of every kind, each kind in so much detail that all together fit in the rows of the style."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report, self._style = report, style
        kinds = [kind for kind in Kind if kind is not Kind.INFO or style.verbosity]
        self._notes = {kind: notes for kind in kinds if (notes := report.of_kind(kind))}
        self._details = dict.fromkeys(self._notes, Detail.QUOTED)
        self._written: dict[tuple[Kind, Detail], list[str]] = {}
        if style.rows is not None and not style.verbosity:
            self._shorten(style.rows - _SUMMARY_ROWS)
            self._lengthen(style.rows - _SUMMARY_ROWS)

    @property
    def is_shortened(self) -> bool:
        """Whether something is said shorter for want of rows."""
        return any(self._details.values())

    def lines(self) -> Iterator[str]:
        """The notes of each kind under a heading, and an empty line after them."""
        for kind, detail in self._details.items():
            yield from self._lines_of(kind, detail)

    def _shorten(self, rows: int) -> None:
        for detail, kinds in _STEPS:
            for kind in kinds:
                if self._row_count() <= rows:
                    return
                if kind in self._notes and self._saves_rows(kind, detail):
                    self._details[kind] = detail

    def _saves_rows(self, kind: Kind, detail: Detail) -> bool:
        present_lines = self._lines_of(kind, self._details[kind])
        return len(self._lines_of(kind, detail)) < len(present_lines)

    def _lengthen(self, rows: int) -> None:
        """Gives the rows that are free again, a little to each kind, first to those that matter most."""
        for detail in reversed(Detail):
            for kind, present_detail in self._details.items():
                if detail < present_detail and self._has_room(kind, detail, rows):
                    self._details[kind] = detail

    def _has_room(self, kind: Kind, detail: Detail, rows: int) -> bool:
        present_lines = self._lines_of(kind, self._details[kind])
        growth = len(self._lines_of(kind, detail)) - len(present_lines)
        return self._row_count() + growth <= rows

    def _row_count(self) -> int:
        return sum(
            len(self._lines_of(kind, detail)) for kind, detail in self._details.items()
        )

    def _lines_of(self, kind: Kind, detail: Detail) -> list[str]:
        if (kind, detail) not in self._written:
            self._written[kind, detail] = list(self._write(kind, detail))
        return self._written[kind, detail]

    def _write(self, kind: Kind, detail: Detail) -> Iterator[str]:
        notes = list(self._notes[kind])
        style = self._style
        yield style.paint(f"{len(notes)} {KIND_HEADINGS[kind]}", f"1;{COLOURS[kind]}")
        is_added = kind is Kind.ADDED and not style.verbosity
        if is_added or detail >= Detail.NOTE_OF_A_CODE:
            yield from lines_by_code(notes, self._report, style, detail)
        else:
            yield from NoteWriter(self._report, style, notes, detail).lines()
        yield ""


def _summary_lines(report: Report, style: Style, is_shortened: bool) -> Iterator[str]:
    counts, kinds = report.values_by_fate(), report.kinds()
    values = counts["mapped"] + counts["noted"] + counts["ignored"] + counts["unread"]
    explained = counts["noted"] + counts["unread"]
    parts = {"left out on purpose": counts["ignored"], "explained in notes": explained}
    others = "".join(f", {number} {what}" for what, number in parts.items() if number)
    carried = f"{counted(values, 'value')}: {counts['mapped']} carried over{others}"
    if has_unread_commands(report):
        carried += " (an unreadable command counts as one)"
    kind_totals = [
        _paint_count(kind, kinds[kind.value], style)
        for kind in Kind
        if kinds[kind.value] and (kind is not Kind.INFO or style.verbosity)
    ]
    yield carried
    if kind_totals:
        number = sum(kinds.values())
        hint = _hidden_hint(kinds, style, is_shortened)
        yield f"{counted(number, 'note')}: {', '.join(kind_totals)}{hint}"
    first_note = next(iter(report.notes), None)
    if first_note is not None:
        yield f"tocompose explain {first_note.code} explains a note"


def _hidden_hint(kinds: Mapping[str, int], style: Style, is_shortened: bool) -> str:
    """What is said of the notes that are not shown at length."""
    if style.verbosity:
        return ""
    if kinds["info"]:
        return f", {kinds['info']} for information; -v shows all at length"
    return "; -v shows all at length" if kinds["added"] or is_shortened else ""


def _paint_count(kind: Kind, number: int, style: Style) -> str:
    shown_names = {Kind.INFO: "for information"}
    return style.paint(f"{number} {shown_names.get(kind, kind.value)}", COLOURS[kind])
