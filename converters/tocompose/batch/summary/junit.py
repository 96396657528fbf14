"""JUnit XML: a suite for each repository; a loss is a failure, a repository that could not be converted an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import IO

from tocompose.batch.outcome import RepositoryOutcome, Status
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.record import NamedTuple
from tocompose.reports.junit import note_text, xml_attribute


class CaseResult(Enum):
    """How a test case ended; a value is also the name of its element."""

    PASSED = "passed"
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


class StackCase(NamedTuple):
    """A test case: a stack that was made, a loss, or why there is nothing."""

    result: CaseResult
    title: str
    note: Note | None = None


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A case for each stack that was made and for each loss; the other notes are left to the other summaries."""
    totals: Counter[CaseResult] = Counter()
    for outcome in outcomes():
        totals.update(case.result for case in _test_cases(outcome))
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(
        f'<testsuites name="tocompose batch" tests="{totals.total()}"'
        f' failures="{totals[CaseResult.FAILURE]}" errors="{totals[CaseResult.ERROR]}">\n'
    )
    for outcome in outcomes():
        file.writelines(f"{line}\n" for line in _suite_lines(outcome))
    file.write("</testsuites>\n")


def _test_cases(outcome: RepositoryOutcome) -> list[StackCase]:
    cases = [
        StackCase(CaseResult.PASSED, f"a stack from {stack.folder or 'the repository'}")
        for stack in outcome.stacks
    ]
    losses = [note for note in outcome.notes if note.kind is Kind.LOST]
    cases += [_case_of_loss(note, outcome.status) for note in losses]
    if outcome.status in (Status.PRESENT, Status.EMPTY):
        reasons = [note for note in outcome.notes if note.code in ("TC811", "TC812")]
        reason = reasons[0] if reasons else None
        cases.append(StackCase(CaseResult.SKIPPED, outcome.status.value, reason))
    return cases


def _case_of_loss(note: Note, status: Status) -> StackCase:
    is_error = status is Status.FAILED and note.code.startswith("TC8")
    result = CaseResult.ERROR if is_error else CaseResult.FAILURE
    file_position = f" ({note.span})" if note.span else ""
    return StackCase(result, f"{note.code} {note.message}{file_position}", note)


def _suite_lines(outcome: RepositoryOutcome) -> Iterator[str]:
    cases = _test_cases(outcome)
    counts = Counter(case.result for case in cases)
    name = xml_attribute(outcome.repository.id)
    yield (
        f'  <testsuite name={name} tests="{len(cases)}" failures="{counts[CaseResult.FAILURE]}"'
        f' errors="{counts[CaseResult.ERROR]}" skipped="{counts[CaseResult.SKIPPED]}">'
    )
    for case in cases:
        head = f"    <testcase classname={name} name={xml_attribute(case.title)}"
        if case.result is CaseResult.PASSED:
            yield f"{head}/>"
        else:
            yield f"{head}>{_result_element(case)}</testcase>"
    yield "  </testsuite>"


def _result_element(case: StackCase) -> str:
    text = xml_attribute(note_text(case.note) if case.note else "")
    shows_code = case.note and case.result is not CaseResult.SKIPPED
    code = f" type={xml_attribute(case.note.code)}" if case.note and shows_code else ""
    return f"<{case.result.value}{code} message={text}/>"
