"""Walks a folder as a batch sees it: ignored and pruned folders left out, links never followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.ignores import FILES, LARGEST, Ignores
from tocompose.project import PRUNED

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


def walk(root: str, ignores: Ignores | None = None) -> Iterator[Listing]:
    """Every folder below `root`, parents first, in the order of the names; all lists sorted."""
    pending = [("", ignores or Ignores())]
    while pending:
        path, above = pending.pop()
        listing, inside = _listing(root, path, above)
        yield listing
        pending += [(join(path, name), inside) for name in reversed(listing.folders)]


def join(folder: str, name: str) -> str:
    """A name below a relative folder."""
    return f"{folder}/{name}" if folder else name


def _listing(root: str, path: str, ignores: Ignores) -> tuple[Listing, Ignores]:
    place = Path(root, path)
    try:
        with os.scandir(place) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as problem:
        return Listing(
            path, [], (), (), refused=problem.strerror or type(problem).__name__
        ), ignores
    names = {entry.name for entry in found}
    for name in FILES:
        if name in names:
            ignores = ignores.below(path, _lines(place / name))
    folders, files, links = list[str](), list[str](), list[str]()
    for entry in found:
        kind = folders if _is_folder(entry) else links if entry.is_symlink() else files
        if kind is folders and (entry.name in PRUNED or entry.name.startswith(STAGING)):
            continue
        relative = join(path, entry.name)
        if not ignores.match(f"{relative}/" if kind is folders else relative):
            kind.append(entry.name)
    return Listing(
        path, folders, tuple(files), tuple(links), _git(place) if ".git" in names else ""
    ), ignores


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _lines(place: Path) -> list[str]:
    """The lines of an ignore file; none where it is a link, no file, or cannot be read: Git follows no link either."""
    try:
        if place.is_symlink() or not place.is_file() or place.stat().st_size > LARGEST:
            return []
        return place.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def _git(place: Path) -> str:
    """`repository`, or `submodule` when `.git` is a file that leads into another repository's modules."""
    dot = place / ".git"
    try:
        inner = (
            dot.is_file()
            and "/modules/" in dot.read_text(encoding="utf-8", errors="replace")[:4096]
        )
    except OSError:
        return "repository"
    return "submodule" if inner else "repository"
