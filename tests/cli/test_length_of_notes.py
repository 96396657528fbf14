"""What a conversion to a folder says fits on a screen, or on two where there are many services; nothing goes unsaid."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from golden import cases, inputs, said
from oracles import NO_CORPUS, corpus
from tocompose.notes import explanation

SCREEN = 40
CASES = tuple(cases())
FOLDERS = (
    "docker-inspect",
    "ecs",
    "k8s/apps",
    "k8s/dekube",
    "k8s/roundtrip",
    "legacy-compose",
    "procfile",
    "quadlet",
    "render",
    "unraid",
)


def real_sources() -> Iterator[Path]:
    for name in FOLDERS:
        folder = corpus(name)
        yield from sorted(folder.iterdir()) if folder else ()


REAL_SOURCES = tuple(real_sources())


def said_of(tocompose, source: Path, *options: str) -> tuple[list[str], Path]:
    """The lines that a conversion says, and the folder that it writes to."""
    ran = tocompose("convert", str(source), "--no-render", "-o", "deploy", *options)
    return ran.err.splitlines(), Path("deploy")


def assert_short_and_whole(lines: list[str], folder: Path) -> None:
    report = json.loads((folder / "migration.json").read_text())
    screens = 1 if len(report["services"]) <= 5 else 2
    assert len(lines) <= screens * SCREEN, "\n".join(lines)
    words = " ".join(" ".join(lines).split())
    page = (folder / "MIGRATION.md").read_text()
    for kind, number in Counter(note["kind"] for note in report["notes"]).items():
        assert f"{number} {'for information' if kind == 'info' else kind}" in words
    for code, notes in by_code(report["notes"]).items():
        title = explanation(code)["title"]
        is_told = f"[{code}]" in words or (notes[0]["kind"] == "added" and title in words)
        assert is_told or notes[0]["kind"] == "info", code
        assert code in page or all(stands_with_its_value(note, folder) for note in notes)


def stands_with_its_value(note: dict[str, Any], folder: Path) -> bool:
    """Whether MIGRATION.md asks for the value that a note is about, which then goes without its code."""
    lines = (folder / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines}
    about = f"{note['message']} {note['advice']} {note['subject']}".replace(".", " ")
    asked_names = names & set(re.findall(r"\w+", about))
    page = (folder / "MIGRATION.md").read_text()
    return bool(asked_names) and all(name in page for name in asked_names)


def by_code(notes: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    of_code: dict[str, list[dict[str, Any]]] = {}
    for note in notes:
        of_code.setdefault(note["code"], []).append(note)
    return of_code


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_case_says_all_on_its_screens(case: Path, tocompose, tmp_path: Path) -> None:
    for name, content in inputs(case).items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    source = said(case).get("options", {}).get("source")
    options = ("--from", source) if source else ()
    assert_short_and_whole(*said_of(tocompose, tmp_path / "source", *options))


@pytest.mark.skipif(not REAL_SOURCES, reason=NO_CORPUS)
@pytest.mark.parametrize("source", REAL_SOURCES, ids=lambda path: path.name)
def test_a_real_source_says_all_on_its_screens(source: Path, tocompose) -> None:
    lines, folder = said_of(tocompose, source)
    # What holds nothing to convert ends with one line that says so.
    if folder.is_dir():
        assert_short_and_whole(lines, folder)


@pytest.mark.parametrize("services", [1, 5, 6, 60])
def test_notes_of_any_number_fit_on_the_screens(services: int, tocompose, tmp_path) -> None:
    """Each service brings a loss, a guess and a value to set of its own."""
    script = "".join(
        f"docker run -d --name s{n} --volumes-from gone{n} --storage-opt size={n}G -e KEY_{n} "
        f"--network net{n} -v /srv/{n}:/d{n}:idmap --runtime r{n} acme/s{n}\n"
        for n in range(services)
    )
    (tmp_path / "run.sh").write_text(script)
    assert_short_and_whole(*said_of(tocompose, tmp_path / "run.sh"))
