"""Which of several formats that one folder holds is converted: the order that `mappings/batch.yaml` documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, NamedTuple

from tocompose.importers import Importer, own, plugins
from tocompose.project import Project
from tocompose.tables import load


class Rank(NamedTuple):
    """One place in the order of formats: whom it is for, and why it stands there.

    `weak` evidence says how something could be started, not that it is meant to be: it never makes a failure.
    """

    importer: str
    but: tuple[str, ...]
    files: tuple[str, ...]
    place: str
    because: str
    weak: bool

    def fits(self, importer: str, files: Iterable[str]) -> bool:
        """Whether what an importer found belongs at this place."""
        if importer in self.but or not fnmatchcase(importer, self.importer):
            return False
        return any(
            _lies(path, self.place)
            for path in files
            if self._named(path.rpartition("/")[2])
        )

    def _named(self, name: str) -> bool:
        return not self.files or any(fnmatchcase(name, pattern) for pattern in self.files)


class Claim(NamedTuple):
    """An importer with the files that it would read, and its place in the order (the smaller goes first)."""

    importer: Importer
    files: tuple[str, ...]
    place: int

    @property
    def weak(self) -> bool:
        """Whether it only shows how something could be started."""
        return ranks()[self.place].weak


@cache
def ranks() -> tuple[Rank, ...]:
    """The order of formats, the one to take first."""
    return tuple(_rank(row) for row in load("batch")["ranks"])


def _rank(row: dict[str, Any]) -> Rank:
    return Rank(
        importer=str(row["importer"]),
        but=tuple(row.get("not", ())),
        files=tuple(row.get("files", ())),
        place=str(row.get("place", "")),
        because=str(row["because"]),
        weak=bool(row.get("weak")),
    )


def claims(project: Project) -> tuple[Claim, ...]:
    """Every importer that finds something to read in the project, the one to take first.

    Of files that the user named, docker_run asks nothing and takes all, so it comes last.
    """
    found = [*_claimed(own(), project)]
    # Asking for plugins reads the metadata of all packages: left out where none could go first.
    if all(item.place >= place("another", ("file",)) for item in found):
        found += _claimed(plugins(), project)
    return tuple(
        sorted(
            found,
            key=lambda item: (
                bool(project.named) and item.importer.name == "docker_run",
                item.place,
            ),
        )
    )


def _claimed(asked: Iterable[Importer], project: Project) -> Iterator[Claim]:
    for importer in asked:
        if files := importer.sniff(project):
            yield Claim(importer, files, place(importer.name, files))
        elif files := sniff_present(importer, project):
            yield present_claim(importer, files)


def present_claim(importer: Importer, files: tuple[str, ...]) -> Claim:
    """The claim of an importer on what runs as it stands, after all others that say how something runs."""
    return Claim(importer, files, place(f"{importer.name}, present", files))


def sniff_present(importer: Importer, project: Project) -> tuple[str, ...]:
    """The files that an importer reads where no other format is there: what runs as it stands."""
    sniff: Callable[[Project], tuple[str, ...]] | None = getattr(
        importer, "sniff_present", None
    )
    return sniff(project) if sniff else ()


def place(importer: str, files: Iterable[str]) -> int:
    """The number of the first rank that fits what an importer found."""
    every = tuple(files)
    return next(
        (number for number, rank in enumerate(ranks()) if rank.fits(importer, every)),
        len(ranks()) - 1,
    )


def _lies(path: str, wanted: str) -> bool:
    """Whether a file lies where a rank wants it: anywhere, outside of examples, or where a deployment is described."""
    if not wanted:
        return True
    folders = path.lower().split("/")[:-1]
    if not set(folders).isdisjoint(load("batch")["asides"]):
        return False
    return (
        wanted == "elsewhere" or len(folders) < 2 or folders[0] in load("batch")["deploys"]
    )
