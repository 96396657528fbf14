"""SARIF 2.1.0 for GitHub code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and, for the limits,
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from tocompose import __version__
from tocompose.notes import Kind, Note, explanation
from tocompose.reports.explain import general
from tocompose.reports.json import dumps
from tocompose.reports.report import Report
from tocompose.source import Span

_LEVELS = {
    Kind.LOST: "error",
    Kind.CHANGED: "warning",
    Kind.ASSUMED: "warning",
    Kind.ADDED: "note",
    Kind.INFO: "note",
}
# GitHub refuses a run with more than 25,000 results and shows the first 100 locations of one.
MAX_RESULTS = 25_000
MAX_RELATED = 99
# GitHub cuts a message there.
MAX_MESSAGE = 1000


def render(report: Report) -> str:
    """One run; its results are the notes, the losses first, so that what a limit cuts off matters least."""
    shown = report.notes[:MAX_RESULTS]
    codes = list(dict.fromkeys(item.code for item in shown))
    place = _somewhere(report)
    results = [result(item, codes.index(item.code), item.span or place) for item in shown]
    return dumps(log(codes, results, len(report.notes), len(shown)), indent=2) + "\n"


def log(codes: list[str], results: list[Any], total: int, shown: int) -> dict[str, Any]:
    """A log of one run with the rules of the codes and the results, which are `shown` of a `total`."""
    driver = {
        "name": "tocompose",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"notes": total, "omitted": total - shown},
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    row = explanation(code)
    kind = Kind(row["kind"])
    rule = {
        "id": code,
        "name": "".join(
            word.capitalize() for word in str(row["title"]).split() if word.isalnum()
        )
        or code,
        "shortDescription": {"text": str(row["title"])},
        "fullDescription": {"text": general(str(row["why"]))},
        "help": {"text": general(str(row.get("advice") or row["why"]))},
        "defaultConfiguration": {"level": _LEVELS[kind]},
        "properties": {"tags": ["docker-compose", "migration", kind.value]},
    }
    return rule | ({"helpUri": str(row["url"])} if row.get("url") else {})


def result(item: Note, index: int, place: Span) -> dict[str, Any]:
    """A note as a result, shown at a place; `index` is that of its rule."""
    found: dict[str, Any] = {
        "ruleId": item.code,
        "ruleIndex": index,
        "level": _LEVELS[item.kind],
        "message": {"text": _cut(f"{item.message} {item.advice}".strip())},
        "locations": [_location(place, item.subject)],
        "partialFingerprints": {"note/v1": _fingerprint(item)},
        "properties": {"kind": item.kind.value},
    }
    if item.related:
        found["relatedLocations"] = [
            _location(span, "") for span in item.related[:MAX_RELATED]
        ]
    return found


def _somewhere(report: Report) -> Span:
    """The place of a note about the whole stack: GitHub shows no result without a file."""
    sources = report.sources()
    return Span(sources[0] if sources else "docker-compose.yml", 1, 1, 1, 1)


def _location(span: Span, subject: str) -> dict[str, Any]:
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


def _fingerprint(item: Note) -> str:
    """The same for the same note after lines were added above it."""
    parts = (item.code, item.subject, item.span.file if item.span else "", item.message)
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"
