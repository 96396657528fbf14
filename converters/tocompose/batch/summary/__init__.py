"""Summaries of a whole run: for programs, spreadsheets, code scanning, CI systems and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, TypeAlias

from tocompose.batch.discovery import list_entry
from tocompose.batch.outcome import RepositoryOutcome, Status
from tocompose.reports import FORMS, form_by_ending

# Each reads the results as often as it needs, in the order of the repositories, without holding them all.
Outcomes: TypeAlias = Callable[[], Iterator[RepositoryOutcome]]

# The file of each form in the output folder; the module of its name has a function `write`.
SUMMARY_FILES = {name: form.summary for name, form in FORMS.items() if form.summary}


def write_summary(form: str, outcomes: Outcomes, file: IO[str]) -> None:
    """Writes one of `SUMMARY_FILES`."""
    import_module(f"{__name__}.{form}").write(outcomes, file)


def save_summary(form: str, outcomes: Outcomes, path: Path) -> None:
    """Writes a form to a file; one of an earlier run is replaced, and only by a complete one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_name(f".{path.name}.part")
    with partial_file.open(
        "w", encoding="utf-8", errors="backslashreplace", newline=""
    ) as file:
        write_summary(form, outcomes, file)
    partial_file.replace(path)


def form_of_summary(path: str) -> str:
    """The form that a file's name asks for. Raises ValueError when it tells none."""
    forms = form_by_ending(SUMMARY_FILES)
    form = forms.get(Path(path).suffix.lower())
    if form is None:
        raise ValueError(
            f"{path}: the name does not tell the form of the summary; end it with {', '.join(forms)}"
        )
    return form


def write_failed(outcomes: Iterable[RepositoryOutcome], path: Path) -> None:
    """The list of what failed, for the next run's `--repos`; empty when nothing did."""
    lines = [
        list_entry(outcome.repository.line)
        for outcome in outcomes
        if outcome.status is Status.FAILED
    ]
    text = "".join(f"{outcome}\n" for outcome in lines)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
