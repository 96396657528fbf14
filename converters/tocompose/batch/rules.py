"""The table `mappings/batch.yaml`: what makes an application, and what may be a source."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from tocompose.tables import load


class Rules(NamedTuple):
    """The table as a whole; see its comments."""

    applications: frozenset[str]
    sources: tuple[str, ...]
    asides: frozenset[str]
    compose: tuple[str, ...]

    def is_source(self, name: str) -> bool:
        """Whether a file of that name may be a source."""
        return any(fnmatchcase(name, pattern) for pattern in self.sources)


@cache
def rules() -> Rules:
    """The table."""
    table = load("batch")
    return Rules(
        applications=frozenset(table["applications"]),
        sources=tuple(table["sources"]),
        asides=frozenset(table["asides"]),
        compose=tuple(table["compose"]),
    )
