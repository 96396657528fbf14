"""How much of a source is converted at most: what keeps a hostile or broken file from taking the machine.

Each limit is far above what real sources hold. `TOCOMPOSE_MAX_<NAME>` in the environment sets another number.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tocompose.record import NamedTuple


class Limit(NamedTuple):
    """The number that holds unless the environment says another, and what is counted."""

    number: int
    counted: str


LIMITS: Mapping[str, Limit] = {
    "FILE_BYTES": Limit(20_000_000, "bytes of one source file; a larger one is left out"),
    "SCRIPT_BYTES": Limit(
        1_000_000,
        "bytes of a script that is looked for docker commands; a larger one is left out",
    ),
    "DOCUMENTS": Limit(20_000, "YAML documents of one file; the rest is left out"),
    "DEPTH": Limit(
        100, "levels of nesting of a YAML or JSON document; a deeper one is left out"
    ),
    "ALIASED_VALUES": Limit(
        100_000,
        "values that YAML aliases may multiply into; a document with more is left out",
    ),
    "VALUES": Limit(
        1_000_000,
        "values of one YAML or JSON file; what goes beyond is left out",
    ),
    "NOTES": Limit(5_000, "notes of one code; one more says how many there are besides"),
    "MEMORY": Limit(4_000, "megabytes of memory that a command takes; it ends there"),
    "SERVICES": Limit(
        1_000, "services that one source becomes; what starts more is left out"
    ),
    "PODS": Limit(
        100,
        "pods of one StatefulSet, each of which becomes services of its own; the others are left out",
    ),
}


def limit(name: str) -> int:
    """The limit of that name, as the environment or the table has it."""
    text = os.environ.get(f"TOCOMPOSE_MAX_{name}", "")
    return int(text) if text.isascii() and text.isdigit() else LIMITS[name].number
