"""The audit of what tocompose writes finds nothing that a note of the conversion has not said already."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpora import corpus_sources
from golden import cases, inputs, outcome, said
from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.rules import Context

# What the audit finds, and the notes of a conversion that say the same of the same service.
SAID = {
    "TC706": {"TC611", "TC612", "TC613", "TC614", "TC615", "TC616", "TC618"},
    "TC707": {"TC618", "TC621", "TC622"},
    "TC711": {"TC634"},
    "TC712": {"TC649"},
    "TC713": {"TC653"},
    "TC715": {"TC657", "TC658"},
    "TC720": {"TC605"},
    "TC734": {"TC675"},
    "TC738": {"TC652"},
    # A stack of databases alone keeps their ports in the base, on 127.0.0.1: there is no other way in.
    "TC748": {"TC644"},
}
# What is a matter of taste in the output, and why it stands.
EXCUSED = {
    "TC729": "a variable that the source takes from its surroundings has no value to write to .env",
    "TC749": "what stands behind Traefik is the source's, be it the template's stack or not",
    "TC747": "an image that is unknown or built is converted as it is",
}
# Without practices the output is what the source says, good or bad.
CASES = tuple(
    case
    for case in cases()
    if said(case).get("options", {}).get("practices", "all") == "all"
)


def service_of(item: Note) -> str:
    """The service that a note is about."""
    return item.subject.service_name or ""


# A compose file of the source would be audited in place of ours.
COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
CORPUS = tuple(corpus_sources())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_nothing_new_is_found(case: Path) -> None:
    assert surprises(inputs(case), outcome(case), case.name) == []


@pytest.mark.parametrize("source", CORPUS, ids=[name for name, _, _ in CORPUS])
def test_nothing_new_is_found_in_the_corpus(
    source: tuple[str, str, dict[str, bytes]],
) -> None:
    _, kind, files = source
    options = Options(source=kind, layout=Layout(split=True), context=Context(split=True))
    given = {
        name: content for name, content in files.items() if not COMPOSE.fullmatch(name)
    }
    assert surprises(given, convert(Memory(files, "app"), options), "app") == []


def surprises(files: dict[str, bytes], result: Result, name: str) -> list[Note]:
    """What the audit says of the output and no note of the conversion."""
    written = {item.path: item.content for item in result.files}
    found = audit(Memory(files | written, name))
    assert found is not None
    told = {(service_of(item), item.code) for item in result.notes}
    codes = {code for _, code in told}
    return [
        item
        for item in found.notes
        if item.code not in EXCUSED
        and not {(service_of(item), code) for code in SAID.get(item.code, ())} & told
        and not (service_of(item) == "" and SAID.get(item.code, set()) & codes)
    ]
