"""The files of one repository that may be sources, and what stands in the way of seeing more."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.ignores import Ignores
from tocompose.batch.walk import Listing, join, walk
from tocompose.notes import Note, note

MOST_FILES = 200_000
_SHOWN = 5


class Scan(NamedTuple):
    """The files of a repository, sorted; the repositories inside it; and notes on what was not looked at."""

    files: tuple[str, ...]
    notes: tuple[Note, ...]


class UnreadableError(Exception):
    """A repository whose own folder cannot be read; the text says why."""


def scan(root: Path, exclude: Iterable[str] = ()) -> Scan:
    """The files below `root` that are neither ignored, pruned, excluded nor part of another repository.

    Raises UnreadableError when the folder itself cannot be read.
    """
    if not root.is_dir():
        raise UnreadableError(
            "it is not a folder" if root.exists() else "there is no such folder"
        )
    files, nested, refused, outside = (
        list[str](),
        list[str](),
        dict[str, str](),
        list[str](),
    )
    for listing in walk(str(root), Ignores().below("", tuple(exclude))):
        if listing.refused:
            refused[listing.path] = listing.refused
        elif listing.git and listing.path:
            nested.append(listing.path)
            listing.folders.clear()
        else:
            files += [join(listing.path, name) for name in listing.files]
            _links(root, listing, files, outside)
        if len(files) > MOST_FILES:
            break
    if "" in refused:
        raise UnreadableError(f"the folder cannot be read ({refused[''].lower()})")
    return Scan(tuple(sorted(files[:MOST_FILES])), _notes(files, nested, refused, outside))


def _links(root: Path, listing: Listing, files: list[str], outside: list[str]) -> None:
    """Links to files inside the repository count as files; links to folders do not, as what they lead to is seen."""
    inside = os.path.realpath(root) + os.sep
    for name in listing.links:
        path = join(listing.path, name)
        target = os.path.realpath(root / path)
        if not f"{target}{os.sep}".startswith(inside):
            outside.append(path)
        elif Path(target).is_file():
            files.append(path)


def _notes(
    files: list[str], nested: list[str], refused: dict[str, str], outside: list[str]
) -> tuple[Note, ...]:
    found: list[Note] = []
    if len(files) > MOST_FILES:
        found.append(note("TC809", count=MOST_FILES))
    for problem in dict.fromkeys(refused.values()):
        paths = [path for path, said in refused.items() if said == problem]
        found.append(note("TC806", paths=few(paths), problem=problem.lower()))
    if outside:
        found.append(note("TC808", paths=few(outside)))
    if nested:
        found.append(note("TC817", paths=few(nested)))
    return tuple(found)


def few(paths: Iterable[str]) -> str:
    """The first paths of a list, and how many more there are."""
    every = list(paths)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
