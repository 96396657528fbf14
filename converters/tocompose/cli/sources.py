"""The files that the user named, as one project."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from tocompose.cli.exit import fail
from tocompose.limits import limit
from tocompose.project import Folder, Memory, Project


def open_sources(sources: tuple[str, ...], allow: tuple[str, ...] = ()) -> Project:
    """A folder, the files named with their common folder as the root, or standard input for `-`.

    `allow` are files and folders elsewhere that the source may read.
    """
    allowed = allowed_paths(allow)
    if sources == ("-",):
        return Memory({"<stdin>": read_standard_input()})
    paths = _existing_paths(sources)
    if len(paths) == 1 and paths[0].is_dir():
        return Folder(paths[0], allowed=allowed)
    if not any(path.is_dir() or path.is_file() for path in paths):
        # Pipes, such as `<(ssh host cat run.sh)`: they can be read once, and lie in no source tree.
        return Memory({path.name: _read_pipe(path) for path in paths})
    root = _common_folder(paths, sources)
    named = [name for path in paths for name in _file_names(path.resolve(), root)]
    return Folder(root, tuple(dict.fromkeys(named)), allowed=allowed)


def _common_folder(paths: list[Path], sources: tuple[str, ...]) -> Path:
    """The folder that all of the paths lie in; ends where there is none."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.commonpath(folders)).resolve()
    except ValueError:
        # Windows: on two drives.
        fail(f"{', '.join(sources)} have no folder in common: convert each by itself")


def read_standard_input() -> bytes:
    """All that standard input holds."""
    if sys.stdin is None:
        fail("-: standard input is closed")
    return _read_bounded(sys.stdin.buffer)


def _existing_paths(sources: tuple[str, ...]) -> list[Path]:
    """The absolute paths of files and folders; ends when one is not there."""
    if "-" in sources:
        fail("- (standard input) cannot be combined with files")
    return [_existing_path(source, "") for source in sources]


def _existing_path(named: str, option: str) -> Path:
    path = Path(named).absolute()
    if not path.exists():
        fail(f"{option}{named}: no such file or folder")
    return path


def _read_pipe(path: Path) -> bytes:
    with path.open("rb") as stream:
        return _read_bounded(stream)


def _read_bounded(stream: BinaryIO) -> bytes:
    """All that a stream holds, or so much that it is known to be too large: `/dev/zero` has no end."""
    return stream.read(limit("FILE_BYTES") + 1)


def _file_names(path: Path, root: Path) -> list[str]:
    if not path.is_relative_to(root):
        fail(f"{path} is a link that leads out of {root}")
    base = path.relative_to(root).as_posix()
    return [f"{base}/{name}" for name in Folder(path).files()] if path.is_dir() else [base]


def allowed_paths(named: tuple[str, ...]) -> tuple[Path, ...]:
    """The files and folders of `--allow-path`; ends when one is not there."""
    return tuple(_existing_path(path, "--allow-path ") for path in named)
