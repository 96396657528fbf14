"""Summaries of a whole run: for programs, spreadsheets, code scanning, CI systems and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, TypeAlias

from tocompose.batch.discovery import line
from tocompose.batch.outcome import Outcome, Status

# Each reads the results as often as it needs, in the order of the repositories, without holding them all.
Outcomes: TypeAlias = Callable[[], Iterator[Outcome]]

# The module of each form, which has a function `write`, and the name of its file in the output folder.
FORMS = {
    "jsonl": "summary.jsonl",
    "csv": "summary.csv",
    "sarif": "summary.sarif",
    "junit": "junit.xml",
    "html": "dashboard.html",
}


def write_form(form: str, outcomes: Outcomes, file: IO[str]) -> None:
    """Writes one of `FORMS`."""
    import_module(f"{__name__}.{'dashboard' if form == 'html' else form}").write(
        outcomes, file
    )


def save(form: str, outcomes: Outcomes, path: Path) -> None:
    """Writes a form to a file; one of an earlier run is replaced, and only by a complete one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        write_form(form, outcomes, file)
    fresh.replace(path)


def report_form(path: str) -> str:
    """The form that a file's name asks for. Raises ValueError when it tells none."""
    endings = {
        ".jsonl": "jsonl",
        ".csv": "csv",
        ".sarif": "sarif",
        ".xml": "junit",
        ".html": "html",
    }
    form = endings.get(Path(path).suffix.lower())
    if form is None:
        raise ValueError(
            f"{path}: the name does not tell the form of the summary; end it with {', '.join(endings)}"
        )
    return form


def write_failed(outcomes: Iterable[Outcome], path: Path) -> None:
    """The list of what failed, for the next run's `--repos`; empty when nothing did."""
    lines = [
        line(item.repository.line) for item in outcomes if item.status is Status.FAILED
    ]
    text = "".join(f"{item}\n" for item in lines)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
