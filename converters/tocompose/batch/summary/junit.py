"""JUnit XML: a suite for each repository; a loss is a failure, a repository that could not be converted an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from tocompose.batch.outcome import RepositoryOutcome, Status
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.reports.junit import xml_attribute


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A case for each stack that was made and for each loss; the other notes are left to the other summaries."""
    tests = failures = errors = 0
    for outcome in outcomes():
        cases = _test_cases(outcome)
        tests += len(cases)
        failures += sum(kind == "failure" for kind, _, _ in cases)
        errors += sum(kind == "error" for kind, _, _ in cases)
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(
        f'<testsuites name="tocompose batch" tests="{tests}" failures="{failures}" errors="{errors}">\n'
    )
    for outcome in outcomes():
        file.writelines(f"{line}\n" for line in _suite_lines(outcome))
    file.write("</testsuites>\n")


def _test_cases(outcome: RepositoryOutcome) -> list[tuple[str, str, Note | None]]:
    """The kind of each case (passed, skipped, failure, error), its name, and the note."""
    failed = outcome.status is Status.FAILED
    test_cases: list[tuple[str, str, Note | None]] = [
        ("passed", _stack_title(note.folder), None) for note in outcome.stacks
    ]
    for note in outcome.notes:
        if note.kind is Kind.LOST:
            kind = "error" if failed and note.code.startswith("TC8") else "failure"
            test_cases.append(
                (
                    kind,
                    f"{note.code} {note.message}"
                    + (f" ({note.span})" if note.span else ""),
                    note,
                )
            )
    if outcome.status in (Status.PRESENT, Status.EMPTY):
        skip_note = next(
            (note for note in outcome.notes if note.code in ("TC811", "TC812")), None
        )
        test_cases.append(("skipped", outcome.status.value, skip_note))
    return test_cases


def _stack_title(folder: str) -> str:
    return f"a stack from {folder}" if folder else "a stack from the repository"


def _suite_lines(outcome: RepositoryOutcome) -> Iterator[str]:
    cases = _test_cases(outcome)
    counts = {
        kind: sum(case[0] == kind for case in cases)
        for kind in ("failure", "error", "skipped")
    }
    name = xml_attribute(outcome.repository.id)
    yield (
        f'  <testsuite name={name} tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
        f' skipped="{counts["skipped"]}">'
    )
    for kind, title, note in cases:
        head = f"    <testcase classname={name} name={xml_attribute(title)}"
        if kind == "passed":
            yield f"{head}/>"
            continue
        text = (
            " ".join(
                sentence for sentence in (note.message, note.advice, note.url) if sentence
            )
            if note
            else ""
        )
        code = f" type={xml_attribute(note.code)}" if note and kind != "skipped" else ""
        yield f"{head}><{kind}{code} message={xml_attribute(text)}/></testcase>"
    yield "  </testsuite>"
