"""The reports on one fixture of each format, whole, as their readers see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import inputs, outcome
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
CASES = {"docker_run": "shop", "kubernetes": "ingress-nginx", "procfile": "web_stack"}


@pytest.mark.parametrize("form", ["markdown", "text", "sarif"])
@pytest.mark.parametrize("source", CASES)
def test_the_report_is_as_it_was(source: str, form: str, update_golden: bool) -> None:
    case = ROOT / "fixtures" / source / CASES[source]
    text = render(form, report(outcome(case), Memory(inputs(case), case.name)))
    path = (
        GOLDEN
        / source
        / {"markdown": "MIGRATION.md", "text": "notes.txt", "sarif": "notes.sarif"}[form]
    )
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
