"""Finds the repositories below the folders that the user names, or reads them from a list."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tocompose.batch.outcome import BatchRepository
from tocompose.batch.scan import repository_rules
from tocompose.batch.walk import IgnoreRules, Listing, join_path, walk_folders
from tocompose.record import NamedTuple


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


def discover(roots: Iterable[str], search: Search) -> list[BatchRepository]:
    """The repositories below the roots, root by root and sorted within each; each folder once.

    A repository is a folder with `.git`; outside of any, a folder that directly holds a file that may be a source. A
    root that is a repository counts as one, with those inside it beside it. Raises DiscoveryError for a bad root.
    """
    root_names = list(roots)
    repositories = [
        repository
        for root in root_names
        for repository in _repositories_below(root, search, several=len(root_names) > 1)
    ]
    return _distinct_repositories(repositories)


def read_list(text: str, file: str) -> list[BatchRepository]:
    """The repositories that a list names, one a line; blank lines and those that start with `#` count for nothing.

    A line in double quotes is a JSON string, for names with line breaks. What follows `/./` in a path is the
    repository's name; without it a relative path is its own name, an absolute one is named after its folder.
    """
    repositories = []
    for number, line in enumerate(text.split("\n"), 1):
        path = _parse_list_line(line, f"{file}:{number}")
        if path:
            repositories.append(repository_at(path))
    return _distinct_repositories(repositories)


def repository_at(path: str) -> BatchRepository:
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
    return BatchRepository(Path(name).as_posix() if name else "repository", clean, path)


def list_entry(path: str) -> str:
    """A path as a line of a list."""
    plain = path.isprintable() and path == path.strip() and not path.startswith(("#", '"'))
    return path if plain else json.dumps(path)


def _parse_list_line(text: str, list_line: str) -> str:
    stripped = text.rstrip("\r")
    if not stripped.strip() or stripped.startswith("#"):
        return ""
    if not stripped.startswith('"'):
        return stripped.strip()
    try:
        return str(json.loads(stripped))
    except ValueError:
        raise DiscoveryError(
            f"{list_line}: a line that starts with a double quote must be a JSON string"
        ) from None


def _repositories_below(root: str, search: Search, several: bool) -> list[BatchRepository]:
    if not Path(root).is_dir():
        raise DiscoveryError(
            f"{root}: {'not a folder' if Path(root).exists() else 'no such folder'}"
        )
    paths = list(_repository_paths(root, search))
    return [
        _name_repository(root, path, several)
        for path in sorted(paths)
        if _is_included(path, root, search)
    ]


def _name_repository(root: str, path: str, several: bool) -> BatchRepository:
    """Named by its path below the root; below the root's own name where several roots could have the same paths."""
    if not path or several:
        real = Path(os.path.realpath(root))
        identity = (
            join_path(real.name or "repository", path)
            if path
            else real.name or "repository"
        )
        return BatchRepository(
            identity, str(Path(root, path)), f"{real.parent}/./{identity}"
        )
    return BatchRepository(
        path, str(Path(root, path)), f"{root.rstrip('/') or '/'}/./{path}"
    )


def _is_included(path: str, root: str, search: Search) -> bool:
    if not search.include:
        return True
    include_rules = IgnoreRules().with_patterns("", search.include)
    name = path or Path(os.path.realpath(root)).name
    return any(
        include_rules.ignores(f"{ancestor}/") for ancestor in (name, *_path_parents(name))
    )


def _path_parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _repository_paths(root: str, search: Search) -> Iterator[str]:
    """The paths of the repositories below the root, empty for the root itself; a folder that may not be read is one."""
    # The repositories that the walk is in, the outermost first.
    around: list[str] = []
    root_has_source = any_found = False
    for listing in walk_folders(root, IgnoreRules().with_patterns("", search.exclude)):
        _limit_walk(root, listing, search)
        while around and not _lies_below(listing.path, around[-1]):
            around.pop()
        if listing.git == "submodule" and around:
            listing.folders.clear()
        elif listing.git or not (around or _is_plain_folder(listing)):
            around.append(listing.path)
            any_found = True
            yield listing.path
        elif not listing.path:
            root_has_source = any(map(repository_rules().is_source, listing.files))
    if root_has_source and not any_found:
        yield ""


def _lies_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _is_plain_folder(listing: Listing) -> bool:
    """Whether a folder outside of any repository is none itself: the root is one only when it is an application."""
    if listing.refused:
        return False
    rules = repository_rules()
    if not rules.applications.isdisjoint(listing.files):
        return False
    return not listing.path or not any(map(rules.is_source, listing.files))


def _limit_walk(root: str, listing: Listing, search: Search) -> None:
    """Keeps the walk from going too deep and into folders to skip."""
    depth = listing.path.count("/") + 1 if listing.path else 0
    if search.max_depth is not None and depth >= search.max_depth:
        listing.folders.clear()
    if search.skip and listing.folders:
        base = Path(os.path.realpath(root), listing.path)
        listing.folders[:] = [
            name for name in listing.folders if str(base / name) not in search.skip
        ]


def _distinct_repositories(
    repositories: Iterable[BatchRepository],
) -> list[BatchRepository]:
    """Each folder once, under a name that no other has."""
    folders: set[str] = set()
    names: dict[str, int] = {}
    distinct = []
    for repository in repositories:
        real = os.path.realpath(repository.path)
        if real in folders:
            continue
        folders.add(real)
        same_name_count = names[repository.id] = names.get(repository.id, 0) + 1
        while same_name_count > 1 and f"{repository.id}-{same_name_count}" in names:
            same_name_count += 1
        name = (
            repository.id if same_name_count == 1 else f"{repository.id}-{same_name_count}"
        )
        names.setdefault(name, 1)
        distinct.append(repository._replace(id=name))
    return distinct
