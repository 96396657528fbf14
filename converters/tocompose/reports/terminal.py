"""Notes for a person at a terminal: losses first, by service, the source line quoted with the place underlined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple
from unicodedata import east_asian_width

from tocompose.folding import fold
from tocompose.notes import Kind, Note, explanation
from tocompose.reports.escape import printable
from tocompose.reports.masking import Quote
from tocompose.reports.report import Report, subject_of
from tocompose.source import Span

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


class Heard(NamedTuple):
    """What was said already: how often each code, and which advice; and for which others a note speaks `also`."""

    codes: dict[str, int]
    advice: set[str]
    also: dict[Note, list[str]]


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
    chosen = style or Style()
    if chosen.verbosity < 0:
        lines: Iterable[str] = (_one_line(item) for item in report.of_kind(Kind.LOST))
    else:
        lines = [*_body(report, chosen), *_summary(report, chosen)]
    return "".join(f"{line}\n" for line in lines)


def _one_line(item: Note) -> str:
    place = f"{printable(str(item.span))}: " if item.span else ""
    return f"{place}{item.kind.value}: {printable(item.message)} [{item.code}]"


def _body(report: Report, style: Style) -> Iterator[str]:
    for kind, found in groupby(report.notes, key=lambda item: item.kind):
        notes = list(found)
        if kind is Kind.INFO and not style.verbosity:
            continue
        yield style.paint(f"{len(notes)} {_HEADINGS[kind]}", f"1;{COLOURS[kind]}")
        if kind is Kind.ADDED and not style.verbosity:
            yield from _brief(notes, style)
            yield ""
            continue
        heard = Heard({}, set(), {} if style.verbosity else _shared(notes))
        notes = [item for item in notes if heard.also.get(item) != []]
        for subject in dict.fromkeys(subject_of(item) for item in notes):
            yield (
                f"  {style.paint(printable(subject), '1')}"
                if subject
                else "  the whole stack"
            )
            yield from _group(
                [item for item in notes if subject_of(item) == subject],
                report,
                style,
                heard,
            )
        yield ""


def _shared(notes: list[Note]) -> dict[Note, list[str]]:
    """For a note that others repeat but for their name, whom it speaks for also: the replicas of one workload, or
    several services that lack the same Secret, each with its own place.

    It speaks for them; they are left with nobody.
    """
    twins: dict[tuple[object, ...], list[Note]] = {}
    for item in notes:
        name = subject_of(item)
        if name and item.span:
            twins.setdefault((item.code, item.message.replace(name, "")), []).append(item)
    found: dict[Note, list[str]] = {}
    for first, *others in twins.values():
        others = [item for item in others if subject_of(item) != subject_of(first)]
        if others:
            found |= {item: [] for item in others} | {
                first: [_other(item, first) for item in others]
            }
    return found


def _other(item: Note, first: Note) -> str:
    """The subject of a note that another speaks for, with its line where that is another one."""
    span = item.span
    return (
        subject_of(item)
        if span is None or span == first.span
        else f"{subject_of(item)} {span.file}:{span.line}"
    )


def _brief(notes: list[Note], style: Style) -> Iterator[str]:
    """A line for each code: what was added to several services at once is said once, with their names."""
    for code in dict.fromkeys(item.code for item in notes):
        same = [item for item in notes if item.code == code]
        subjects = dict.fromkeys(subject_of(item) or "the stack" for item in same)
        if len(same) == 1:
            yield from _wrapped(_first_line(same[0], style), style, 2)
        else:
            text = f"{explanation(code)['title']}: {', '.join(subjects)}"
            yield from _wrapped(
                f"{printable(text)} {style.paint(f'[{code}]', '2')}", style, 2
            )


def _group(notes: list[Note], report: Report, style: Style, heard: Heard) -> Iterator[str]:
    """The notes on one subject; of many with the same code the first ones at length, of the others what is new."""
    before: Note | None = None
    for code in dict.fromkeys(item.code for item in notes):
        for item in (item for item in notes if item.code == code):
            times = heard.codes[code] = heard.codes.get(code, 0) + 1
            if style.verbosity > 0 or times <= _SHOWN_OF_A_CODE:
                again = before is not None and before.span == item.span
                alike = again and before is not None and before.code == code
                yield from _note(item, report, style, again, alike, heard)
            else:
                yield from _wrapped(
                    _first_line(item, style, heard.also.get(item)), style, 4
                )
                if item.advice and item.advice not in heard.advice:
                    yield from _wrapped(f"→ {printable(item.advice)}", style, 6)
            heard.advice.add(item.advice)
            before = item


def _first_line(item: Note, style: Style, also: Iterable[str] | None = None) -> str:
    placed = item.span and (item.kind is not Kind.ADDED or style.verbosity > 0)
    place = f"{printable(str(item.span))} " if placed else ""
    said = f"{item.message} (also {', '.join(also)})" if also else item.message
    return f"{place}{printable(said)} {style.paint(f'[{item.code}]', '2')}"


def _note(
    item: Note, report: Report, style: Style, again: bool, alike: bool, heard: Heard
) -> Iterator[str]:
    """A note at length; a place that was just quoted is not quoted `again`, nor the link of a note that is `alike`."""
    yield from _wrapped(_first_line(item, style, heard.also.get(item)), style, 4)
    quoted = item.kind not in (Kind.ADDED, Kind.INFO) or style.verbosity > 0
    if item.span and quoted and not again:
        yield from _quote(item.span, report, style, COLOURS[item.kind])
    if style.verbosity > 0:
        for span in item.related:
            yield f"      see also {printable(str(span))}"
    if item.advice and quoted and not (alike and item.kind is Kind.ADDED):
        yield from _wrapped(f"→ {printable(item.advice)}", style, 6)
    if item.url and style.verbosity > 0 and not alike:
        yield f"      {printable(item.url)}"


def _wrapped(text: str, style: Style, indent: int) -> list[str]:
    """Text in lines of the terminal's width; colour codes count for nothing, as they are only at the end."""
    room = max(style.width - indent, 30)
    pieces = fold(text, room) or [""]
    return [
        " " * (indent if index == 0 else indent + 2) + piece
        for index, piece in enumerate(pieces)
    ]


def _quote(span: Span, report: Report, style: Style, colour: str) -> Iterator[str]:
    quote = report.quotes.quote(span)
    if quote is None or not quote.line.strip():
        return
    number = str(span.line)
    text, start, end = _window(quote, style.width - len(number) - 10)
    before, marked = printable(text[:start]), printable(text[start:end])
    bar = style.paint("│", "2")
    yield f"    {style.paint(number, '2')} {bar} {printable(text)}"
    mark = style.paint("^" * max(_columns(marked), 1), colour)
    yield f"    {' ' * len(number)} {bar} {' ' * _columns(before)}{mark}"


def _window(quote: Quote, room: int) -> Quote:
    """The part of a long line around what is underlined, without its indentation, and where that stands in it."""
    indent = len(quote.line) - len(quote.line.lstrip())
    line, start, end = (
        quote.line[indent:].rstrip(),
        max(quote.start - indent, 0),
        max(quote.end - indent, 1),
    )
    if len(line) <= room:
        return Quote(line, start, min(end, len(line) + 1))
    left = max(0, min(start - room // 3, len(line) - room))
    head, tail = ("…" if left else ""), ("…" if left + room < len(line) else "")
    shift = len(head) - left
    return Quote(
        f"{head}{line[left : left + room]}{tail}",
        start + shift,
        min(end + shift, len(head) + room),
    )


def _columns(text: str) -> int:
    """How many columns a terminal needs for the text."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _summary(report: Report, style: Style) -> Iterator[str]:
    counts, kinds = report.counts(), report.kinds()
    values = counts["mapped"] + counts["noted"] + counts["ignored"] + counts["unread"]
    ignored = f" and {counts['ignored']} left out on purpose" if counts["ignored"] else ""
    carried = f"{values} values: {counts['mapped']} carried over{ignored}"
    said = [_painted(kind, kinds[kind.value], style) for kind in Kind if kinds[kind.value]]
    yield f"{carried}; {', '.join(said)}" if said else carried
    first = next(iter(report.notes), None)
    if first is not None:
        hidden = (kinds["info"] or kinds["added"]) and not style.verbosity
        more = "; -v shows every note at length" if hidden else ""
        yield f"tocompose explain {first.code} says more about a note{more}"


def _painted(kind: Kind, number: int, style: Style) -> str:
    words = {Kind.INFO: "for information"}
    return style.paint(f"{number} {words.get(kind, kind.value)}", COLOURS[kind])
