"""A plan as text, as JSON, and as an answers file to edit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from tocompose.reports.escape import printable
from tocompose.source import Span


class Decision(Protocol):
    """The part of a decision that is shown."""

    @property
    def id(self) -> str:
        """The id by which it is answered; empty when only the source can change it."""

    @property
    def question(self) -> str:
        """What is decided."""

    @property
    def answer(self) -> str:
        """What is taken."""

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be answered; empty for any text."""

    @property
    def evidence(self) -> str:
        """Why it is taken."""

    @property
    def span(self) -> Span | None:
        """Where the evidence stands in the source."""


class Heading(NamedTuple):
    """What is converted: the stack's name, its format, the source files, the services with their images."""

    name: str
    importer: str
    sources: tuple[str, ...]
    services: tuple[tuple[str, str], ...]


def as_text(heading: Heading, decisions: Iterable[Decision]) -> str:
    """The plan for a person: what was found, then each decision with its answer and evidence."""
    return "".join(f"{line}\n" for line in _lines(heading, list(decisions)))


def _lines(heading: Heading, decisions: list[Decision]) -> Iterator[str]:
    sources = ", ".join(printable(name) for name in heading.sources) or "the command"
    yield f"{printable(heading.name)}: {heading.importer} from {sources}"
    for name, image in heading.services:
        yield f"  {printable(name)}  {printable(image)}"
    yield ""
    width = max((len(item.id) for item in decisions), default=0)
    answers = max((len(item.answer) for item in decisions if item.id), default=0)
    for item in decisions:
        if item.id:
            place = f" ({printable(str(item.span))})" if item.span else ""
            answer = item.answer or "?"
            yield f"{printable(item.id):{width}}  {printable(answer):{answers}}  {printable(_reason(item))}{place}"
    assumed = [item for item in decisions if not item.id]
    if assumed:
        yield ""
        yield "assumed, to be changed in the source or in the output:"
        yield from (f"  {printable(_placed(item))}" for item in assumed)


def _reason(item: Decision) -> str:
    """The evidence; the short id of a practice does not say what it does, so its question stands before."""
    return (
        f"{item.question.rstrip('?')}: {item.evidence}"
        if item.id.startswith("practice.")
        else item.evidence
    )


def _placed(item: Decision) -> str:
    return f"{item.span}: {item.question}" if item.span else item.question


def as_data(heading: Heading, decisions: Iterable[Decision]) -> dict[str, Any]:
    """The plan in JSON's types."""
    return {
        "name": heading.name,
        "importer": heading.importer,
        "sources": list(heading.sources),
        "services": [{"name": name, "image": image} for name, image in heading.services],
        "decisions": [_record(item) for item in decisions],
    }


def _record(item: Decision) -> dict[str, Any]:
    return {
        "id": item.id,
        "question": item.question,
        "answer": item.answer,
        "choices": list(item.choices),
        "evidence": item.evidence,
        "span": item.span._asdict() if item.span else None,
    }


def as_answers(decisions: Iterable[Decision]) -> str:
    """A TOML file with every decision and its default, for --answers; a value to be filled in is commented out."""
    lines = [
        "# Decisions of tocompose. Change what you want, delete the rest, and give the file to --answers."
    ]
    for item in decisions:
        if item.id:
            choices = f" One of {', '.join(item.choices)}." if item.choices else ""
            lines += [
                "",
                f"# {printable(item.question)} {printable(item.evidence)}.{choices}",
            ]
            mark = "" if item.answer else "# "
            lines.append(f"{mark}{_key(item.id)} = {_quoted(item.answer)}")
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    """The id as a TOML key: quoted whole, so that dots and other characters of names stay in it."""
    return _quoted(key)


def _quoted(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)
