"""The table `mappings/batch.yaml`: what makes an application, and what may be a source."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from tocompose.tables import load


class RepositoryRules(NamedTuple):
    """The table as a whole; see its comments."""

    applications: frozenset[str]
    sources: tuple[str, ...]
    example_folders: frozenset[str]
    compose_names: tuple[str, ...]

    def is_source(self, name: str) -> bool:
        """Whether a file of that name may be a source."""
        return any(fnmatchcase(name, pattern) for pattern in self.sources)


@cache
def repository_rules() -> RepositoryRules:
    """The table."""
    table = load("batch")
    return RepositoryRules(
        applications=frozenset(table["applications"]),
        sources=tuple(table["sources"]),
        example_folders=frozenset(table["asides"]),
        compose_names=tuple(table["compose"]),
    )
