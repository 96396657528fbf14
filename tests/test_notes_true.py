"""Every note is true of the files that were written: it names no service, variable or file that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tree
from golden import outcome
from tocompose.notes import Kind, Note
from tocompose.pipeline import Result

CASES = sorted(
    path.parent
    for path in (tree.ROOT / "fixtures").glob("*/*/case.toml")
    if path.parent.parent.name != "check"
)
_ASKED = re.compile(r"\b[Ss]et (?:the variable )?([A-Z][A-Z0-9_]{2,}) (?:in `?\.env|to )")
_WRITTEN = re.compile(
    r"(?<![\w/.-])(docker-compose(?:\.override|\.prod)?\.yml|\.env(?:\.example)?|secrets/[\w.-]+)(?![\w/-])"
)


def false_sayings(result: Result) -> list[str]:
    """What notes say of services, variables and files that are not among those written."""
    texts = "\n".join(file.content.decode("utf-8", "replace") for file in result.files)
    services = {service.name for service in result.stack.services}
    paths = {file.path for file in result.files}
    paths |= {path.rpartition("/")[0] for path in paths}
    return [
        f"{note.code} {problem}: {note.message}"
        for note in result.notes
        for problem in _problems(note, services, paths, texts)
    ]


def _problems(note: Note, services: set[str], paths: set[str], texts: str) -> list[str]:
    said = f"{note.message} {note.advice}"
    problems = []
    section, *names = (*note.subject, "", "")
    if section == "services" and names[0] and note.kind is not Kind.LOST:
        # A workload of several pods is as many services: store-0, store-1 …
        is_there = names[0] in services or f"{names[0]}-0" in services
        # A service of development stands in its file alone.
        is_there = is_there or f"\n  {names[0]}:\n" in texts
        problems += [] if is_there else [f"service {names[0]}"]
    if section == "settings" and names[0] and note.kind is not Kind.LOST:
        problems += [] if names[0] in texts else [f"variable {names[0]}"]
    problems += [f"variable {name}" for name in _ASKED.findall(said) if name not in texts]
    mentioned = _WRITTEN.findall(note.message) if note.kind is Kind.ADDED else []
    return problems + [f"file {path}" for path in mentioned if path not in paths]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_notes_of_a_fixture_are_true(case: Path) -> None:
    assert false_sayings(outcome(case)) == []
