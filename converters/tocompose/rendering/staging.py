"""A copy of what a renderer may read: the files of the folders that were looked at, and nothing else.

The program is handed the copy, so that what was checked is what it reads: whatever it would find beyond, by a link, a
key that it reads otherwise than we do, or a file that changes meanwhile, is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

# Folders of which no manifest is read.
_SKIPPED = frozenset({".git", "node_modules"})
_MOST_BYTES = 50_000_000


class CheckedFolder(NamedTuple):
    """A folder that holds a kustomization, the name of that file, and what it says."""

    path: Path
    name: str
    content: Mapping[str, Any]


def stage_folders(folders: tuple[CheckedFolder, ...], place: Path) -> Path:
    """Where the copies stand: the folders below it lie to each other as their originals do.

    Raises OSError where they hold too much.
    """
    common = Path(os.path.commonpath([folder.path for folder in folders]))
    room = _MOST_BYTES
    for folder in folders:
        copy = place / folder.path.relative_to(common)
        room = _copy_files(folder.path, copy, room)
    for folder in folders:
        copy = place / folder.path.relative_to(common)
        text = json.dumps(folder.content, default=str, ensure_ascii=False)
        (copy / folder.name).write_text(text, encoding="utf-8", errors="backslashreplace")
    return place


def staged_path(folders: tuple[CheckedFolder, ...], wanted: Path) -> str:
    """The path of a folder in the copy, from its top."""
    common = os.path.commonpath([folder.path for folder in folders])
    return os.path.relpath(wanted, common)


def _copy_files(folder: Path, copy: Path, room: int) -> int:
    """Copies the plain files below a folder that lie in it indeed; how many bytes there is still room for."""
    copy.mkdir(parents=True, exist_ok=True)
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        target = copy / Path(parent).relative_to(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name in sorted(names):
            source = Path(parent, name)
            if not source.resolve().is_relative_to(folder) or not source.is_file():
                continue
            room -= source.stat().st_size
            if room < 0:
                raise OSError(0, "its folders hold too much")
            (target / name).write_bytes(source.read_bytes())
    return room
