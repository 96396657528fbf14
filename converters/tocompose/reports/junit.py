"""JUnit XML: a test suite a kind of note, for CI systems that show test results. A loss is a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from tocompose.notes import Kind, Note
from tocompose.reports.report import Report, subject_of

# XML 1.0 can hold no other characters, not even as entities (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """A suite for each kind with notes; a conversion without any has one case that passed."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    failures = len(report.of_kind(Kind.LOST))
    total = max(len(report.notes), 1)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="tocompose" tests="{total}" failures="{failures}" errors="0">'
    for kind in Kind:
        if notes := report.of_kind(kind):
            failed = len(notes) if kind is Kind.LOST else 0
            name = attribute(f"{report.stack.name}: {kind.value}")
            yield f'  <testsuite name={name} tests="{len(notes)}" failures="{failed}" errors="0" skipped="0">'
            for item in notes:
                yield from _case(item, report)
            yield "  </testsuite>"
    if not report.notes:
        name = attribute(report.stack.name)
        yield f'  <testsuite name={name} tests="1" failures="0" errors="0" skipped="0">'
        yield f'    <testcase classname={name} name="everything was carried over"/>'
        yield "  </testsuite>"
    yield "</testsuites>"


def _case(item: Note, report: Report) -> Iterator[str]:
    place = f"{item.span}" if item.span else ""
    about = subject_of(item) or report.stack.name
    name = attribute(f"{item.code} {item.message}" + (f" ({place})" if place else ""))
    where = (
        f" file={attribute(item.span.file)} line={attribute(str(item.span.line))}"
        if item.span
        else ""
    )
    yield f"    <testcase classname={attribute(f'{report.importer}.{about}')} name={name}{where}>"
    text = attribute(
        " ".join(part for part in (place, item.message, item.advice, item.url) if part)
    )
    if item.kind is Kind.LOST:
        yield f"      <failure type={attribute(item.code)} message={text}/>"
    else:
        yield f"      <properties><property name={attribute(item.kind.value)} value={text}/></properties>"
    yield "    </testcase>"


def attribute(text: str) -> str:
    """An attribute's value in quotes; what XML cannot hold is replaced."""
    return quoteattr(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
