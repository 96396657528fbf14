"""Reports on everything that people really run: no form fails, all are valid, no secret shows, the time is bounded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from oracles import NO_CORPUS
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.pipeline import Options, convert
from tocompose.project import Folder
from tocompose.reports import FORMS, render
from tocompose.reports.json import report_schema
from tocompose.reports.report import report

CORPUS = os.environ.get("TOCOMPOSE_CORPUS", "")
pytestmark = pytest.mark.skipif(not CORPUS, reason=NO_CORPUS)
SARIF = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-2.1.0.json").read_text())


def _sources() -> Iterator[Path]:
    """Every third folder of each kind: enough to meet every shape, quick enough for each change."""
    for pattern in (
        "procfile/*",
        "k8s/apps/*",
        "k8s/roundtrip/*",
        "docker-run/docs-pairs/*",
    ):
        yield from sorted(Path(CORPUS).glob(pattern))[::3]


@pytest.mark.parametrize(
    "source", list(_sources()) if CORPUS else [Path("corpus")], ids=lambda path: path.name
)
def test_every_form_of_every_source(source: Path) -> None:
    project = Folder(source) if source.is_dir() else Folder(source.parent, (source.name,))
    try:
        result = convert(project, Options(layout=Layout(split=True)))
    except SourceError:
        return
    found = report(result, project)
    texts = {form: render(form, found) for form in FORMS}
    assert not list(
        jsonschema.Draft202012Validator(json.loads(report_schema())).iter_errors(
            json.loads(texts["json"])
        )
    )
    assert not list(
        jsonschema.Draft4Validator(SARIF).iter_errors(json.loads(texts["sarif"]))
    )
    # Passwords such as `postgres` or `password` are words that reports use anyway.
    secrets = {item.value for item in result.stack.settings if item.secret and item.value}
    for secret in sorted(item for item in secrets if len(item) > 7 and not item.isalpha()):
        assert [form for form, text in texts.items() if secret in text] == []
