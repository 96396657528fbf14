"""The files of one repository that may be sources, and what stands in the way of seeing more."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tocompose.batch.walk import IgnoreRules, Listing, join_path, walk_folders
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.tables import load

MOST_FILES = 200_000
_SHOWN = 5


class RepositoryScan(NamedTuple):
    """The files of a repository, sorted; the repositories inside it; and notes on what was not looked at."""

    files: tuple[str, ...]
    notes: tuple[Note, ...]


class UnreadableError(Exception):
    """A repository whose own folder cannot be read; the text says why."""


def scan_repository(root: Path, exclude: Iterable[str] = ()) -> RepositoryScan:
    """The files below `root` that are neither ignored, pruned, excluded nor part of another repository.

    Raises UnreadableError when the folder itself cannot be read.
    """
    if not root.is_dir():
        raise UnreadableError(
            "it is not a folder" if root.exists() else "there is no such folder"
        )
    files: list[str] = []
    nested: list[str] = []
    outside: list[str] = []
    refused: dict[str, str] = {}
    for listing in walk_folders(str(root), IgnoreRules().with_patterns("", tuple(exclude))):
        if listing.refused:
            refused[listing.path] = listing.refused
        elif listing.git and listing.path:
            nested.append(listing.path)
            listing.folders.clear()
        else:
            files += [join_path(listing.path, name) for name in listing.files]
            _follow_links(root, listing, files, outside)
        if len(files) > MOST_FILES:
            break
    if "" in refused:
        raise UnreadableError(f"the folder cannot be read ({refused[''].lower()})")
    return RepositoryScan(
        tuple(sorted(files[:MOST_FILES])), _scan_notes(files, nested, refused, outside)
    )


def _follow_links(
    root: Path, listing: Listing, files: list[str], outside: list[str]
) -> None:
    """Links to files inside the repository count as files; links to folders do not, as what they lead to is seen."""
    inside = os.path.realpath(root) + os.sep
    for name in listing.links:
        path = join_path(listing.path, name)
        target = os.path.realpath(root / path)
        if not f"{target}{os.sep}".startswith(inside):
            outside.append(path)
        elif Path(target).is_file():
            files.append(path)


def _scan_notes(
    files: list[str], nested: list[str], refused: dict[str, str], outside: list[str]
) -> tuple[Note, ...]:
    scan_notes: list[Note] = []
    if len(files) > MOST_FILES:
        scan_notes.append(note("TC809", count=MOST_FILES))
    scan_notes += refusal_notes(refused)
    if outside:
        scan_notes.append(note("TC808", paths=list_few(outside)))
    if nested:
        scan_notes.append(note("TC817", paths=list_few(nested)))
    return tuple(scan_notes)


def refusal_notes(refused: Mapping[str, str]) -> Iterator[Note]:
    """A note for each reason of the operating system, with the paths that could not be read for it."""
    paths_by_reason: dict[str, list[str]] = {}
    for path, reason in refused.items():
        paths_by_reason.setdefault(reason.lower(), []).append(path)
    for reason, paths in paths_by_reason.items():
        yield note("TC806", paths=list_few(paths), problem=reason)


def list_few(paths: Iterable[str]) -> str:
    """The first paths of a list, and how many more there are."""
    all_paths = list(paths)
    hidden_count = f" and {len(all_paths) - _SHOWN} more" if len(all_paths) > _SHOWN else ""
    return ", ".join(all_paths[:_SHOWN]) + hidden_count


class RepositoryRules(NamedTuple):
    """The table as a whole; see its comments."""

    applications: frozenset[str]
    sources: tuple[str, ...]
    example_folders: frozenset[str]

    def is_source(self, name: str) -> bool:
        """Whether a file of that name may be a source."""
        return any(fnmatchcase(name, pattern) for pattern in self.sources)


@cache
def repository_rules() -> RepositoryRules:
    """The table."""
    from tocompose.importers import own

    table = load("batch")
    of_formats = [name for importer in own() for name in getattr(importer, "sources", ())]
    return RepositoryRules(
        applications=frozenset(table["applications"]),
        sources=(*table["sources"], *of_formats),
        example_folders=frozenset(table["asides"]),
    )
