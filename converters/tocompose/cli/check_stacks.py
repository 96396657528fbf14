"""The stacks that `check` is asked about: each file and folder is one, the files of `-f` are one together."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from tocompose.cli.exit import fail
from tocompose.cli.sources import allowed_paths, open_sources
from tocompose.compose.files import BASE_NAMES
from tocompose.compose.loading import find_compose_files
from tocompose.importers.compose.versions import version_one_files
from tocompose.project import Folder, Project
from tocompose.record import NamedTuple


class CheckedStack(NamedTuple):
    """The files of a stack in their project (those of the folder without any), and the way from the root to it."""

    project: Project
    paths: tuple[str, ...]
    shown: str = ""


class CheckedStacks(NamedTuple):
    """All stacks, and the project that they lie in."""

    project: Project
    stacks: tuple[CheckedStack, ...]


def open_stacks(
    sources: tuple[str, ...], joined: tuple[str, ...], allow: tuple[str, ...]
) -> CheckedStacks:
    """The stacks of the files and folders, and the one of the files that are joined; without any, of this folder."""
    stacks: list[CheckedStack] = []
    if joined:
        project = open_sources(joined, allow)
        stacks.append(CheckedStack(project, project.named))
    if "-" in sources and len(sources) + len(joined) > 1:
        fail("- (standard input) cannot be combined with files")
    for source in sources or (() if joined else (".",)):
        stacks += _stacks_of(source, allow)
    roots = list(_roots_of(stacks))
    if len(roots) < len(stacks):
        return CheckedStacks(stacks[0].project, tuple(stacks))
    root = _common_root(roots)
    pairs = zip(stacks, roots, strict=True)
    return CheckedStacks(
        Folder(root, allowed=allowed_paths(allow)),
        tuple(stack._replace(shown=_way_to(root, folder)) for stack, folder in pairs),
    )


def _roots_of(stacks: list[CheckedStack]) -> Iterator[Path]:
    for stack in stacks:
        if isinstance(stack.project, Folder):
            yield stack.project.root


def _stacks_of(source: str, allow: tuple[str, ...]) -> Iterator[CheckedStack]:
    """The stack of a file or folder; of a folder without a compose file those of the folders below."""
    project = open_sources((source,), allow)
    if project.named or find_compose_files(project) or version_one_files(project):
        yield CheckedStack(project, project.named)
        return
    folders = dict.fromkeys(
        posixpath.dirname(path)
        for path in project.files()
        if posixpath.basename(path) in BASE_NAMES
    )
    if not folders:
        fail(
            f"{project.name}: no compose file was found here (compose.yaml, docker-compose.yml)"
        )
    for folder in folders:
        yield CheckedStack(open_sources((str(Path(source, folder)),), allow), ())


def _common_root(roots: list[Path]) -> Path:
    """The folder that places are told from: this one, where all lies in it."""
    current = Path.cwd().resolve()
    if all(root.is_relative_to(current) for root in roots):
        return current
    try:
        return Path(os.path.commonpath(roots))
    except ValueError:
        # Windows: on two drives.
        fail(f"{', '.join(map(str, roots))} have no folder in common: check each by itself")


def _way_to(root: Path, folder: Path) -> str:
    path = folder.relative_to(root).as_posix()
    return "" if path == "." else f"{path}/"
