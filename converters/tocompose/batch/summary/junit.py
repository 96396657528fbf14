"""JUnit XML: a suite for each repository; a loss is a failure, a repository that could not be converted an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from tocompose.batch.outcome import Outcome, Status
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.reports.junit import attribute


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A case for each stack that was made and for each loss; the other notes are left to the other summaries."""
    tests = failures = errors = 0
    for outcome in outcomes():
        cases = _cases(outcome)
        tests += len(cases)
        failures += sum(kind == "failure" for kind, _, _ in cases)
        errors += sum(kind == "error" for kind, _, _ in cases)
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(
        f'<testsuites name="tocompose batch" tests="{tests}" failures="{failures}" errors="{errors}">\n'
    )
    for outcome in outcomes():
        file.writelines(f"{line}\n" for line in _suite(outcome))
    file.write("</testsuites>\n")


def _cases(outcome: Outcome) -> list[tuple[str, str, Note | None]]:
    """The kind of each case (passed, skipped, failure, error), its name, and the note."""
    failed = outcome.status is Status.FAILED
    found: list[tuple[str, str, Note | None]] = [
        ("passed", _stack(item.folder), None) for item in outcome.stacks
    ]
    for item in outcome.notes:
        if item.kind is Kind.LOST:
            kind = "error" if failed and item.code.startswith("TC8") else "failure"
            found.append(
                (
                    kind,
                    f"{item.code} {item.message}"
                    + (f" ({item.span})" if item.span else ""),
                    item,
                )
            )
    if outcome.status in (Status.PRESENT, Status.EMPTY):
        first = next(
            (item for item in outcome.notes if item.code in ("TC811", "TC812")), None
        )
        found.append(("skipped", outcome.status.value, first))
    return found


def _stack(folder: str) -> str:
    return f"a stack from {folder}" if folder else "a stack from the repository"


def _suite(outcome: Outcome) -> Iterator[str]:
    cases = _cases(outcome)
    counts = {
        kind: sum(case[0] == kind for case in cases)
        for kind in ("failure", "error", "skipped")
    }
    name = attribute(outcome.repository.id)
    yield (
        f'  <testsuite name={name} tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
        f' skipped="{counts["skipped"]}">'
    )
    for kind, title, item in cases:
        head = f"    <testcase classname={name} name={attribute(title)}"
        if kind == "passed":
            yield f"{head}/>"
            continue
        text = (
            " ".join(part for part in (item.message, item.advice, item.url) if part)
            if item
            else ""
        )
        code = f" type={attribute(item.code)}" if item and kind != "skipped" else ""
        yield f"{head}><{kind}{code} message={attribute(text)}/></testcase>"
    yield "  </testsuite>"
