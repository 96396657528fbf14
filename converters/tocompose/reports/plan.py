"""A plan as text, as JSON, and as an answers file to edit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.record import NamedTuple
from tocompose.reports.escape import printable
from tocompose.source import Span


class Decision(NamedTuple):
    """One decision; without `choices` any text is an answer."""

    id: str
    question: str
    answer: str
    choices: tuple[str, ...]
    evidence: str
    span: Span | None = None

    @property
    def is_assumption(self) -> bool:
        """Whether it asks to confirm a guess: nothing else can be put in its place."""
        return self.id.startswith("assumed.")

    @property
    def is_practice(self) -> bool:
        """Whether it is about a rule of good practice for the whole stack."""
        return self.id.startswith("practice.")


class PlanHeading(NamedTuple):
    """What is converted: the stack's name, its format, the source files, the services with their images."""

    name: str
    importer: str
    sources: tuple[str, ...]
    services: tuple[tuple[str, str], ...]


_HOW_TO_ANSWER = (
    "To answer: `tocompose plan SOURCE --as answers > answers.toml`, edit the file, and convert with",
    "`--answers answers.toml`. `--practices all,-ID` leaves out one practice.",
)


def as_text(heading: PlanHeading, decisions: Iterable[Decision]) -> str:
    """The plan for a person: what was found, then each decision with its answer and evidence."""
    return "".join(f"{line}\n" for line in _plan_lines(heading, list(decisions)))


def _plan_lines(heading: PlanHeading, decisions: list[Decision]) -> Iterator[str]:
    sources = ", ".join(printable(name) for name in heading.sources) or "the command"
    yield f"{printable(heading.name)}: {heading.importer} from {sources}"
    for name, image in heading.services:
        yield f"  {printable(name)}  {printable(image)}"
    yield ""
    yield from _answered_lines(
        [
            decision
            for decision in decisions
            if not (decision.is_assumption or decision.is_practice)
        ]
    )
    yield from _assumption_lines(
        [decision for decision in decisions if decision.is_assumption]
    )
    yield from ("", *_HOW_TO_ANSWER)
    yield from _practice_lines([decision for decision in decisions if decision.is_practice])


def _assumption_lines(assumed: list[Decision]) -> Iterator[str]:
    if assumed:
        yield ""
        yield "assumptions: answer yes to confirm one; to correct one, change the source or the output:"
    for decision in assumed:
        yield f"{printable(decision.id)}"
        yield f"  {printable(_placed_question(decision))}"


def _practice_lines(practices: list[Decision]) -> Iterator[str]:
    if practices:
        yield ""
        yield (
            "practices: each with how strongly it is recommended (must, should or may), and the lines of the"
            " checklist that ask for it (`tocompose explain M-01`):"
        )
        yield from _answered_lines(practices)


def _answered_lines(decisions: list[Decision]) -> Iterator[str]:
    width = max((len(decision.id) for decision in decisions), default=0)
    answers = max((len(decision.answer) for decision in decisions), default=0)
    for decision in decisions:
        name = f"{printable(decision.id):{width}}"
        answer = f"{printable(decision.answer or '?'):{answers}}"
        position = f" ({printable(str(decision.span))})" if decision.span else ""
        yield f"{name}  {answer}  {printable(_reason_of(decision))}{position}"


def _reason_of(decision: Decision) -> str:
    """The evidence; the short id of a practice does not say what it does, so its question stands before."""
    return (
        f"{decision.question.rstrip('?')}: {decision.evidence}"
        if decision.is_practice
        else decision.evidence
    )


def _placed_question(decision: Decision) -> str:
    return f"{decision.span}: {decision.question}" if decision.span else decision.question


def as_data(heading: PlanHeading, decisions: Iterable[Decision]) -> dict[str, Any]:
    """The plan in JSON's types."""
    return {
        "name": heading.name,
        "importer": heading.importer,
        "sources": list(heading.sources),
        "services": [{"name": name, "image": image} for name, image in heading.services],
        "decisions": [_decision_record(decision) for decision in decisions],
    }


def _decision_record(decision: Decision) -> dict[str, Any]:
    span = decision.span._asdict() if decision.span else None
    return {**decision._asdict(), "choices": list(decision.choices), "span": span}


def as_answers(decisions: Iterable[Decision]) -> str:
    """A TOML file with every decision and its default, for --answers; a value to be filled in is commented out."""
    lines = [
        "# Decisions of tocompose. Change what you want, delete the rest, and give the file to --answers."
    ]
    for decision in decisions:
        question, evidence = printable(decision.question), printable(decision.evidence)
        ended_question = question if question.endswith("?") else f"{question}."
        lines += ["", f"# {ended_question}", f"# Reason: {evidence.rstrip('.')}."]
        if len(decision.choices) > 1:
            lines.append(f"# Choices: {', '.join(decision.choices)}.")
        mark = "" if decision.answer else "# "
        answer = "yes" if decision.is_assumption else decision.answer
        lines.append(f"{mark}{_toml_key(decision.id)} = {_quote_toml(answer)}")
    return "\n".join(lines) + "\n"


def _toml_key(key: str) -> str:
    """The id as a TOML key: quoted whole, so that dots and other characters of names stay in it."""
    return _quote_toml(key)


def _quote_toml(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)
