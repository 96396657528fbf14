"""The audit of what tocompose writes finds nothing that a note of the conversion has not said already."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import cases, inputs, outcome, said
from tocompose.audit import audit
from tocompose.notes import Note
from tocompose.project import Memory

# What the audit finds, and the notes of a conversion that say the same of the same service.
SAID = {
    "TC706": {"TC611", "TC612", "TC613", "TC614", "TC615", "TC616", "TC618"},
    "TC707": {"TC618", "TC621", "TC622"},
    "TC711": {"TC634"},
    "TC712": {"TC649"},
    "TC715": {"TC657", "TC658"},
    "TC720": {"TC605"},
    "TC734": {"TC675"},
}
# What is a matter of taste in the output, and why it stands.
EXCUSED = {
    "TC729": "a variable that the source takes from its surroundings has no value to write to .env",
    "TC749": "what stands behind Traefik is the source's, be it the template's stack or not",
    "TC747": "an image that is unknown or built is converted as it is",
}
# Without practices the output is what the source says, good or bad.
CASES = tuple(case for case in cases() if said(case).get("options", {}).get("practices", "all") == "all")


def service_of(item: Note) -> str:
    """The service that a note is about."""
    return item.subject.split(".")[1] if item.subject.startswith("services.") else ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_nothing_new_is_found(case: Path) -> None:
    result = outcome(case)
    written = {item.path: item.content for item in result.files}
    found = audit(Memory(inputs(case) | written, case.name))
    assert found is not None
    told = {(service_of(item), item.code) for item in result.notes}
    codes = {code for _, code in told}
    surprises = [
        item
        for item in found.notes
        if item.code not in EXCUSED
        and not {(service_of(item), code) for code in SAID.get(item.code, ())} & told
        and not (service_of(item) == "" and SAID.get(item.code, set()) & codes)
    ]
    assert surprises == []
