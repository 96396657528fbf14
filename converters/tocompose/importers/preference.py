"""Which of several formats that one folder holds is converted: the order that `mappings/batch.yaml` documents."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tocompose.importers import Importer, importers
from tocompose.project import Project
from tocompose.tables import load


class Claim(NamedTuple):
    """An importer with the files that it would read, and its place in the order (the smaller goes first)."""

    importer: Importer
    files: tuple[str, ...]
    place: int


def claims(project: Project) -> tuple[Claim, ...]:
    """Every importer that finds something to read in the project, the one to take first.

    Of files that the user named, docker_run asks nothing and takes all, so it comes last.
    """
    found = []
    for importer in importers():
        files = importer.sniff(project)
        if files:
            found.append(Claim(importer, files, place(importer.name, files)))
    return tuple(
        sorted(found, key=lambda item: (bool(project.named) and item.importer.name == "docker_run", item.place))
    )


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
