"""Finds the repositories below the folders that the user names, or reads them from a list."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tocompose.batch.ignores import Ignores
from tocompose.batch.outcome import Repository
from tocompose.batch.rules import rules
from tocompose.batch.walk import Listing, join, walk


class Search(NamedTuple):
    """How repositories are looked for: patterns as in `.gitignore` on their path below the root, and how deep.

    `skip` are folders (real paths) that are never entered, such as the output's.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_depth: int | None = None
    skip: tuple[str, ...] = ()


class DiscoveryError(Exception):
    """A root or a list of repositories that cannot be used; the text says what is wrong."""


def discover(roots: Iterable[str], search: Search) -> list[Repository]:
    """The repositories below the roots, root by root and sorted within each; each folder once.

    A repository is a folder with `.git`; outside of any, a folder that directly holds a file that may be a source. A
    root that is a repository counts as one, with those inside it beside it. Raises DiscoveryError for a bad root.
    """
    named = list(roots)
    found = [
        item for root in named for item in _below(root, search, several=len(named) > 1)
    ]
    return _distinct(found)


def listed(text: str, file: str) -> list[Repository]:
    """The repositories that a list names, one a line; blank lines and those that start with `#` count for nothing.

    A line in double quotes is a JSON string, for names with line breaks. What follows `/./` in a path is the
    repository's name; without it a relative path is its own name, an absolute one is named after its folder.
    """
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        path = _unquoted(line, f"{file}:{number}")
        if path:
            found.append(named(path))
    return _distinct(found)


def named(path: str) -> Repository:
    """The repository at a path as a list names it."""
    _, mark, tail = path.rpartition("/./")
    clean = os.path.normpath(path)
    relative = not Path(clean).is_absolute() and not clean.startswith("..") and clean != "."
    name = (
        os.path.normpath(tail)
        if mark and tail
        else clean
        if relative
        else Path(os.path.realpath(clean)).name
    )
    return Repository(name or "repository", clean, path)


def line(path: str) -> str:
    """A path as a line of a list."""
    plain = path.isprintable() and path == path.strip() and not path.startswith(("#", '"'))
    return path if plain else json.dumps(path)


def _unquoted(text: str, place: str) -> str:
    stripped = text.rstrip("\r")
    if not stripped.strip() or stripped.startswith("#"):
        return ""
    if not stripped.startswith('"'):
        return stripped.strip()
    try:
        return str(json.loads(stripped))
    except ValueError:
        raise DiscoveryError(
            f"{place}: a line that starts with a double quote must be a JSON string"
        ) from None


def _below(root: str, search: Search, several: bool) -> list[Repository]:
    if not Path(root).is_dir():
        raise DiscoveryError(
            f"{root}: {'not a folder' if Path(root).exists() else 'no such folder'}"
        )
    paths = list(_paths(root, search))
    return [
        _repository(root, path, several)
        for path in sorted(paths)
        if _included(path, root, search)
    ]


def _repository(root: str, path: str, several: bool) -> Repository:
    """Named by its path below the root; below the root's own name where several roots could have the same paths."""
    if not path or several:
        real = Path(os.path.realpath(root))
        identity = (
            join(real.name or "repository", path) if path else real.name or "repository"
        )
        return Repository(identity, str(Path(root, path)), f"{real.parent}/./{identity}")
    return Repository(path, str(Path(root, path)), f"{root.rstrip('/') or '/'}/./{path}")


def _included(path: str, root: str, search: Search) -> bool:
    if not search.include:
        return True
    wanted = Ignores().below("", search.include)
    name = path or Path(os.path.realpath(root)).name
    return any(wanted.match(f"{part}/") for part in (name, *_parents(name)))


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _paths(root: str, search: Search) -> Iterator[str]:
    """The paths of the repositories below the root, empty for the root itself; a folder that may not be read is one."""
    above: list[str] = []
    spare = found = False
    for listing in walk(root, Ignores().below("", search.exclude)):
        _limit(root, listing, search)
        while above and above[-1] and not listing.path.startswith(f"{above[-1]}/"):
            above.pop()
        if listing.git == "submodule" and above:
            listing.folders.clear()
        elif listing.git or (not above and (listing.refused or _is_repository(listing))):
            above.append(listing.path)
            found = True
            yield listing.path
        elif not listing.path:
            spare = any(map(rules().is_source, listing.files))
    if spare and not found:
        yield ""


def _is_repository(listing: Listing) -> bool:
    """Whether a folder outside of any repository is one: the root only when it is an application."""
    if not listing.path:
        return any(name in rules().applications for name in listing.files)
    return any(
        rules().is_source(name) or name in rules().applications for name in listing.files
    )


def _limit(root: str, listing: Listing, search: Search) -> None:
    """Keeps the walk from going too deep and into folders to skip."""
    depth = listing.path.count("/") + 1 if listing.path else 0
    if search.max_depth is not None and depth >= search.max_depth:
        listing.folders.clear()
    if search.skip and listing.folders:
        base = Path(os.path.realpath(root), listing.path)
        listing.folders[:] = [
            name for name in listing.folders if str(base / name) not in search.skip
        ]


def _distinct(found: Iterable[Repository]) -> list[Repository]:
    """Each folder once, under a name that no other has."""
    folders: set[str] = set()
    names: dict[str, int] = {}
    kept = []
    for item in found:
        real = os.path.realpath(item.path)
        if real in folders:
            continue
        folders.add(real)
        count = names[item.id] = names.get(item.id, 0) + 1
        while count > 1 and f"{item.id}-{count}" in names:
            count += 1
        name = item.id if count == 1 else f"{item.id}-{count}"
        names.setdefault(name, 1)
        kept.append(item._replace(id=name))
    return kept
