"""Which of several formats that one folder holds is converted: the order that `mappings/batch.yaml` documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tocompose.importers import Importer, own, plugins
from tocompose.project import Project
from tocompose.tables import load

# The last row of the table that stands before the one of other packages' importers.
_BEFORE_PLUGINS = 1


class Claim(NamedTuple):
    """An importer with the files that it would read, and its place in the order (the smaller goes first)."""

    importer: Importer
    files: tuple[str, ...]
    place: int


def claims(project: Project) -> tuple[Claim, ...]:
    """Every importer that finds something to read in the project, the one to take first.

    Of files that the user named, docker_run asks nothing and takes all, so it comes last.
    """
    found = [*_claimed(own(), project)]
    # Asking for plugins reads the metadata of all packages: left out where none could go first.
    if all(item.place > _BEFORE_PLUGINS for item in found):
        found += _claimed(plugins(), project)
    return tuple(
        sorted(found, key=lambda item: (bool(project.named) and item.importer.name == "docker_run", item.place))
    )


def _claimed(asked: Iterable[Importer], project: Project) -> Iterator[Claim]:
    for importer in asked:
        if files := importer.sniff(project):
            yield Claim(importer, files, place(importer.name, files))


def place(importer: str, files: Iterable[str]) -> int:
    """The first row of the table's `ranks` that fits what an importer found."""
    rows: list[dict[str, Any]] = load("batch")["ranks"]
    names = [path.rpartition("/")[2] for path in files]
    return next((number for number, row in enumerate(rows) if _fits(row, importer, names)), len(rows))


def _fits(row: dict[str, Any], importer: str, names: list[str]) -> bool:
    if importer in row.get("not", ()) or not fnmatchcase(importer, str(row["importer"])):
        return False
    patterns = row.get("files", ())
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
