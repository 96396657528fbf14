"""SARIF 2.1.0 for GitHub code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and, for the limits,
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from tocompose import __version__
from tocompose.notes import Kind, Level, Note, explanation, open_facts
from tocompose.reports.explain import open_advice
from tocompose.reports.json import dump_json
from tocompose.reports.report import Report, message_with_advice
from tocompose.source import Span

# SARIF calls what is for information a note.
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}
# GitHub refuses a run with more than 25,000 results and shows the first 100 locations of one.
MAX_RESULTS = 25_000
MAX_RELATED = 99
# GitHub cuts a message there.
MAX_MESSAGE = 1000


def render(report: Report) -> str:
    """One run; its results are the notes, the losses first, so that what a limit cuts off matters least."""
    return sarif_text(report.notes, default_span(report))


def sarif_text(notes: Sequence[Note], elsewhere: Span) -> str:
    """The log of one run; a note without a place stands `elsewhere`."""
    shown = notes[:MAX_RESULTS]
    codes = list(dict.fromkeys(note.code for note in shown))
    results = [
        sarif_result(note, codes.index(note.code), note.span or elsewhere) for note in shown
    ]
    return dump_json(sarif_log(codes, results, len(notes), len(shown)), indent=2) + "\n"


def sarif_log(
    codes: list[str], results: list[Any], total: int, shown: int
) -> dict[str, Any]:
    """A log of one run with the rules of the codes and the results, which are `shown` of a `total`."""
    driver = {
        "name": "tocompose",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule_record(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"notes": total, "omitted": total - shown},
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [run]}


def _rule_record(code: str) -> dict[str, Any]:
    row = explanation(code)
    kind = Kind(row["kind"])
    rule = {
        "id": code,
        "name": "".join(
            title_word.capitalize()
            for title_word in str(row["title"]).split()
            if title_word.isalnum()
        )
        or code,
        "shortDescription": {"text": str(row["title"])},
        "fullDescription": {"text": open_facts(str(row["why"]))},
        "help": {"text": open_advice(row) or open_facts(str(row["why"]))},
        "defaultConfiguration": {"level": _LEVELS[kind.level]},
        "properties": {"tags": ["docker-compose", "migration", kind.value]},
    }
    return rule | ({"helpUri": str(row["url"])} if row.get("url") else {})


def sarif_result(note: Note, index: int, shown_span: Span) -> dict[str, Any]:
    """A note as a result, shown at a place; `index` is that of its rule."""
    sarif_result: dict[str, Any] = {
        "ruleId": note.code,
        "ruleIndex": index,
        "level": _LEVELS[note.kind.level],
        "message": {"text": _cut_message(message_with_advice(note))},
        "locations": [_location_record(shown_span, str(note.subject))],
        "partialFingerprints": {"note/v1": note_fingerprint(note)},
        "properties": {"kind": note.kind.value},
    }
    if note.related:
        # The schema wants each of them once.
        related_spans = tuple(dict.fromkeys(note.related))[:MAX_RELATED]
        sarif_result["relatedLocations"] = [
            _location_record(span, "") for span in related_spans
        ]
    return sarif_result


def default_span(report: Report) -> Span:
    """The place of a note about the whole stack: GitHub shows no result without a file."""
    sources = report.sources()
    return Span(sources[0] if sources else "docker-compose.yml", 1, 1, 1, 1)


def _location_record(span: Span, subject: str) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": max(span.end_line, span.line),
        "endColumn": span.end_column
        if span.end_line > span.line
        else max(span.end_column, span.column),
    }
    uri = quote(span.file.encode("utf-8", "surrogateescape"), safe="/")
    physical = {"artifactLocation": {"uri": uri}, "region": region}
    named = {"logicalLocations": [{"fullyQualifiedName": subject}]} if subject else {}
    return {"physicalLocation": physical, **named}


def note_fingerprint(note: Note) -> str:
    """The same for the same note after lines were added above it."""
    file = note.span.file if note.span else ""
    identity = (note.code, str(note.subject), file, note.message)
    return sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _cut_message(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"
