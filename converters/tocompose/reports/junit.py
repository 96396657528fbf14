"""JUnit XML: a test suite a kind of note, for CI systems that show test results. A loss is a failure."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from tocompose.notes import Kind, Note
from tocompose.patterns import regex
from tocompose.reports.report import Report, message_with_advice, subject_of

# XML 1.0 can hold no other characters, not even as entities (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = regex(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """A suite for each kind with notes; a conversion without any has one case that passed."""
    return "\n".join(_xml_lines(report)) + "\n"


def _xml_lines(report: Report) -> Iterator[str]:
    failures = len(report.of_kind(Kind.LOST))
    total = max(len(report.notes), 1)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="tocompose" tests="{total}" failures="{failures}" errors="0">'
    for kind in Kind:
        if notes := report.of_kind(kind):
            failed = len(notes) if kind is Kind.LOST else 0
            name = xml_attribute(f"{report.stack.name}: {kind.value}")
            yield f'  <testsuite name={name} tests="{len(notes)}" failures="{failed}" errors="0" skipped="0">'
            for note in notes:
                yield from _test_case(note, report)
            yield "  </testsuite>"
    if not report.notes:
        name = xml_attribute(report.stack.name)
        yield f'  <testsuite name={name} tests="1" failures="0" errors="0" skipped="0">'
        yield f'    <testcase classname={name} name="everything was carried over"/>'
        yield "  </testsuite>"
    yield "</testsuites>"


def _test_case(note: Note, report: Report) -> Iterator[str]:
    note_place = f"{note.span}" if note.span else ""
    subject = subject_of(note) or report.stack.name
    name = xml_attribute(
        f"{note.code} {note.message}" + (f" ({note_place})" if note_place else "")
    )
    location = (
        f" file={xml_attribute(note.span.file)} line={xml_attribute(str(note.span.line))}"
        if note.span
        else ""
    )
    yield f"    <testcase classname={xml_attribute(f'{report.importer}.{subject}')} name={name}{location}>"
    text = xml_attribute(f"{note_place} {note_text(note)}".strip())
    if note.kind is Kind.LOST:
        yield f"      <failure type={xml_attribute(note.code)} message={text}/>"
    else:
        yield f"      <properties><property name={xml_attribute(note.kind.value)} value={text}/></properties>"
    yield "    </testcase>"


def note_text(note: Note) -> str:
    """What a note says, what to do, and where to read on, in a line."""
    return " ".join(text for text in (message_with_advice(note), note.url) if text)


def xml_attribute(text: str) -> str:
    """An attribute's value in quotes; what XML cannot hold is replaced."""
    return quoteattr(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
