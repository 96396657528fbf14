"""Walks a folder as a batch sees it: ignored and pruned folders left out, links never followed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from pathspec import GitIgnoreSpec

from tocompose.project import PRUNED, ignore_rules
from tocompose.record import NamedTuple

IGNORE_FILES = (".gitignore", ".tocomposeignore")
LARGEST_IGNORE_FILE = 1_000_000


class IgnoreRules(NamedTuple):
    """Patterns by the folder whose file holds them, the innermost last; folders are relative and end with `/`."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def with_patterns(self, folder: str, lines: Iterable[str]) -> IgnoreRules:
        """These patterns and those of an ignore file in `folder` (empty for the root)."""
        spec = _compile_patterns(tuple(lines))
        base = f"{folder}/" if folder else ""
        return IgnoreRules((*self.layers, (base, spec))) if spec is not None else self

    def ignores(self, path: str) -> bool:
        """Whether a path is ignored; a folder's path ends with `/`."""
        for base, spec in reversed(self.layers):
            if (
                path.startswith(base)
                and (is_ignored := spec.check_file(path[len(base) :]).include) is not None
            ):
                return is_ignored
        return False


def _compile_patterns(lines: tuple[str, ...]) -> GitIgnoreSpec | None:
    """The patterns of a file, None where there are none."""
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return None
    return ignore_rules(lines)


# What a killed run may have left of a bundle that it was writing.
STAGING = ".tocompose-"


class Listing(NamedTuple):
    """One folder by its path below the root: the folders to go on with (may be changed), the files, and the links.

    `refused` is what the operating system says when the folder cannot be read.
    """

    path: str
    folders: list[str]
    files: tuple[str, ...]
    links: tuple[str, ...]
    git: str = ""
    refused: str = ""


def walk_folders(root: str, ignores: IgnoreRules | None = None) -> Iterator[Listing]:
    """Every folder below `root`, parents first, in the order of the names; all lists sorted."""
    pending = [("", ignores or IgnoreRules())]
    while pending:
        path, ignore_rules = pending.pop()
        listing, inner_rules = _list_folder(root, path, ignore_rules)
        yield listing
        pending += [
            (join_path(path, name), inner_rules) for name in reversed(listing.folders)
        ]


def join_path(folder: str, name: str) -> str:
    """A name below a relative folder."""
    return f"{folder}/{name}" if folder else name


def _list_folder(root: str, path: str, ignores: IgnoreRules) -> tuple[Listing, IgnoreRules]:
    folder_path = Path(root, path)
    try:
        with os.scandir(folder_path) as dir_entries:
            sorted_entries = sorted(dir_entries, key=lambda dir_entry: dir_entry.name)
    except OSError as problem:
        refused = problem.strerror or type(problem).__name__
        return Listing(path, [], (), (), refused=refused), ignores
    names = {dir_entry.name for dir_entry in sorted_entries}
    for name in filter(names.__contains__, IGNORE_FILES):
        ignores = ignores.with_patterns(path, _read_patterns(folder_path / name))
    by_kind: dict[_EntryKind, list[str]] = {kind: [] for kind in _EntryKind}
    for dir_entry in sorted_entries:
        kind = _kind_of(dir_entry)
        slash = "/" if kind is _EntryKind.FOLDER else ""
        if not ignores.ignores(join_path(path, dir_entry.name) + slash):
            by_kind[kind].append(dir_entry.name)
    git = _git_kind(folder_path) if ".git" in names else ""
    listing = Listing(
        path,
        by_kind[_EntryKind.FOLDER],
        tuple(by_kind[_EntryKind.FILE]),
        tuple(by_kind[_EntryKind.LINK]),
        git,
    )
    return listing, ignores


class _EntryKind(Enum):
    FOLDER = "folder"
    PRUNED = "pruned"
    LINK = "link"
    FILE = "file"


def _kind_of(dir_entry: os.DirEntry[str]) -> _EntryKind:
    """What an entry of a folder counts as; a folder that is never looked into is pruned."""
    try:
        is_folder = dir_entry.is_dir(follow_symlinks=False)
    except OSError:
        is_folder = False
    if not is_folder:
        return _EntryKind.LINK if dir_entry.is_symlink() else _EntryKind.FILE
    name = dir_entry.name
    pruned = name in PRUNED or name.startswith(STAGING)
    return _EntryKind.PRUNED if pruned else _EntryKind.FOLDER


def _read_patterns(ignore_file: Path) -> list[str]:
    """The lines of an ignore file; none where it is a link, no file, or cannot be read: Git follows no link either."""
    try:
        if (
            ignore_file.is_symlink()
            or not ignore_file.is_file()
            or ignore_file.stat().st_size > LARGEST_IGNORE_FILE
        ):
            return []
        return ignore_file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def _git_kind(folder_path: Path) -> str:
    """`repository`, or `submodule` when `.git` is a file that leads into another repository's modules."""
    git_path = folder_path / ".git"
    try:
        in_modules = (
            git_path.is_file()
            and "/modules/" in git_path.read_text(encoding="utf-8", errors="replace")[:4096]
        )
    except OSError:
        return "repository"
    return "submodule" if in_modules else "repository"
