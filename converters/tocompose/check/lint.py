"""Several stacks checked in one run: which files make a stack, and what was found in all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.check.ignores import UNUSED, IgnoredFinding
from tocompose.check.score import Audit, Line
from tocompose.check.selection import RuleSelection
from tocompose.model import Stack
from tocompose.notes import Level, Note, in_order, note
from tocompose.record import NamedTuple
from tocompose.rules.checklist import is_named
from tocompose.source import Node, Span
from tocompose.syntax.model_path import ModelPath


class Lint(NamedTuple):
    """What was found in one or more stacks: the audit of each, and the findings that the selection shows."""

    audits: tuple[Audit, ...]
    notes: tuple[Note, ...]
    ignored: tuple[IgnoredFinding, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were read, each once."""
        return tuple(dict.fromkeys(path for audit in self.audits for path in audit.files))

    @property
    def trees(self) -> tuple[Node, ...]:
        """The trees of all files."""
        return tuple(tree for audit in self.audits for tree in audit.trees)

    @property
    def stack(self) -> Stack:
        """One stack of all, for reports."""
        first_stack = self.audits[0].stack
        if len(self.audits) == 1:
            return first_stack
        services = tuple(
            service for audit in self.audits for service in audit.stack.services
        )
        return Stack(name=first_stack.name, services=services)

    def as_dict(self) -> dict[str, Any]:
        """The score for programs: of all stacks together, and of each one where there are several."""
        documents = [audit.as_dict() for audit in self.audits]
        whole = (
            documents[0]
            if len(documents) == 1
            else {**_summed_up(self.audits).as_dict(), "stacks": documents}
        )
        levels = {level.value: 0 for level in Level}
        for finding in self.notes:
            levels[finding.kind.level.value] += 1
        ignored = [_ignored_record(ignored) for ignored in self.ignored]
        return {**whole, "levels": levels, "ignored": ignored}


def lint(
    audits: Iterable[Audit], selection: RuleSelection, settings: Span | None = None
) -> Lint:
    """What the audits found, as far as it is selected; `settings` is the file that the selection stands in, if any.

    An order of that file that leaves out nothing is a finding too.
    """
    all_audits = tuple(audits)
    notes: list[Note] = []
    ignored: list[IgnoredFinding] = []
    for audit in all_audits:
        ignored += (one for one in audit.ignored if selection.chooses(one.note.code))
        for finding in audit.notes:
            if selection.includes(finding.code):
                notes.append(finding)
            elif order := selection.ignored_by(finding.code):
                ignored.append(IgnoredFinding(finding, settings, f"ignore = {order}"))
    if settings is not None:
        notes += _idle_orders(all_audits, selection, settings)
    return Lint(all_audits, tuple(in_order(dict.fromkeys(notes))), tuple(ignored))


def _idle_orders(
    audits: tuple[Audit, ...], selection: RuleSelection, settings: Span
) -> Iterator[Note]:
    codes = {finding.code for audit in audits for finding in audit.notes}
    for order in selection.ignore:
        if not any(is_named(code, order) for code in codes):
            subject = ModelPath.of("settings", "ignore")
            yield note(UNUSED, settings, subject=subject, rule=order)


def _summed_up(audits: tuple[Audit, ...]) -> Audit:
    """One audit with the files, the findings and the scores of all."""
    by_name: dict[str, list[Line]] = {}
    for line in (line for audit in audits for line in audit.lines):
        by_name.setdefault(line.id, []).append(line)
    lines = tuple(map(_sum_of_lines, by_name.values()))
    files = tuple(path for audit in audits for path in audit.files)
    return audits[0]._replace(files=files, lines=lines)


def _sum_of_lines(lines: list[Line]) -> Line:
    codes = sorted({code for line in lines for code in line.codes})
    return lines[0]._replace(
        passed=sum(line.passed for line in lines),
        total=sum(line.total for line in lines),
        codes=tuple(codes),
        ignored=sum(line.ignored for line in lines),
    )


def _ignored_record(ignored: IgnoredFinding) -> dict[str, Any]:
    span = ignored.note.span
    return {
        "code": ignored.note.code,
        "subject": str(ignored.note.subject),
        "span": span._asdict() if span else None,
        "by": ignored.span._asdict() if ignored.span else None,
        "reason": ignored.reason,
    }
