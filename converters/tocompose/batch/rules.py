"""The table `mappings/batch.yaml`: what makes an application, and which of several formats is taken."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from tocompose.tables import load


class Rank(NamedTuple):
    """One place in the order of formats: whom it is for, and why it stands there.

    `weak` evidence says how something could be started, not that it is meant to be: it never makes a failure.
    """

    importer: str
    but: tuple[str, ...]
    files: tuple[str, ...]
    because: str
    weak: bool

    def fits(self, importer: str, files: Iterable[str]) -> bool:
        """Whether what an importer found in an application belongs at this place."""
        if importer in self.but or not fnmatchcase(importer, self.importer):
            return False
        names = [path.rpartition("/")[2] for path in files]
        return not self.files or any(fnmatchcase(name, pattern) for name in names for pattern in self.files)


class Rules(NamedTuple):
    """The table as a whole; see its comments."""

    applications: frozenset[str]
    sources: tuple[str, ...]
    asides: frozenset[str]
    compose: tuple[str, ...]
    ranks: tuple[Rank, ...]

    def rank(self, importer: str, files: Iterable[str]) -> int:
        """The place of what an importer found; a smaller number is preferred."""
        names = tuple(files)
        fitting = (number for number, rank in enumerate(self.ranks) if rank.fits(importer, names))
        return next(fitting, len(self.ranks) - 1)

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
        ranks=tuple(_rank(row) for row in table["ranks"]),
    )


def _rank(row: dict[str, object]) -> Rank:
    return Rank(
        importer=str(row["importer"]),
        but=_words(row.get("not")),
        files=_words(row.get("files")),
        because=str(row["because"]),
        weak=bool(row.get("weak")),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
