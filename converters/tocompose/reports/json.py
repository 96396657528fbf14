"""`migration.json`: the whole report for programs, as `migration.schema.json` describes it."""

from __future__ import annotations

import json
from typing import Any

from tocompose.reports.document import report_document
from tocompose.reports.report import Report


def render(report: Report) -> str:
    """The report as one JSON document."""
    return dump_json(report_document(report), indent=2) + "\n"


def dump_json(value: Any, indent: int | None = None) -> str:
    """JSON text that can be encoded: what is not Unicode in a source (lone surrogates) stays an escape."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode()


def report_schema() -> str:
    """The JSON Schema of the report, as it is published with the package."""
    from importlib.resources import files

    return files(__package__).joinpath("migration.schema.json").read_text(encoding="utf-8")
