"""A copy of what a renderer may read: the files of the folders that were looked at, and nothing else.

The program is handed the copy, so that what was checked is what it reads: whatever it would find beyond, by a link, a
key that it reads otherwise than we do, or a file that changes meanwhile, is not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tocompose.record import NamedTuple

# Folders of which no manifest is read.
_SKIPPED = frozenset({".git", "node_modules"})
_MOST_BYTES = 50_000_000
# What a file or folder counts for beside its bytes, so that links to many empty ones come to an end.
_ENTRY = 1024
CHART = "chart"


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
        room = _copy_files(_CopiedFolder(folder.path, copy, folder.path), room)
    for folder in folders:
        copy = place / folder.path.relative_to(common)
        text = json.dumps(folder.content, default=str, ensure_ascii=False)
        (copy / folder.name).write_text(text, encoding="utf-8", errors="backslashreplace")
    return place


def staged_path(folders: tuple[CheckedFolder, ...], wanted: Path) -> str:
    """The path of a folder in the copy, from its top."""
    common = os.path.commonpath([folder.path for folder in folders])
    return os.path.relpath(wanted, common)


def stage_chart(chart: Path, reach: Path, values: tuple[Path, ...], place: Path) -> Path:
    """Where the copy of a chart stands in a folder `chart`, and each file of values in one with its number.

    Links of the chart are followed as far as `reach`. Raises OSError where it holds too much.
    """
    room = _copy_files(_CopiedFolder(chart, place / CHART, reach), _MOST_BYTES)
    for number, file in enumerate(values):
        copy = place / staged_values(number, file)
        copy.parent.mkdir()
        room -= file.stat().st_size
        if room < 0:
            raise OSError(0, "its files of values hold too much")
        copy.write_bytes(file.read_bytes())
    return place


def staged_values(number: int, file: Path) -> str:
    """The path of a file of values in the copy, from its top."""
    return f"{number + 1}/{file.name}"


class _CopiedFolder(NamedTuple):
    """A folder, where its copy stands, how far its links are followed, and the folders that it lies in."""

    path: Path
    copy: Path
    reach: Path
    ancestors: frozenset[Path] = frozenset()


def _content(file: Path, folder: Path) -> bytes:
    """What stands in a file of the source. Raises OSError, with its name, where it may not be read."""
    try:
        return file.read_bytes()
    except PermissionError as problem:
        raise OSError(0, f"{file.name} in {folder.name} may not be read") from problem


def _copy_files(folder: _CopiedFolder, room: int) -> int:
    """Copies what lies in the folder indeed, or in reach of its links; how many bytes there is still room for."""
    folder.copy.mkdir(parents=True, exist_ok=True)
    ancestors = folder.ancestors | {folder.path.resolve()}
    for source in sorted(folder.path.iterdir()):
        target, real = folder.copy / source.name, source.resolve()
        if source.name in _SKIPPED or not real.is_relative_to(folder.reach):
            continue
        room -= _ENTRY + (real.stat().st_size if real.is_file() else 0)
        if room < 0:
            raise OSError(0, "its folders hold too much")
        if real.is_file():
            target.write_bytes(_content(real, folder.path))
        elif real.is_dir() and real not in ancestors:
            # By its real path: of one that leads over many links the system at times says that they are too many.
            room = _copy_files(_CopiedFolder(real, target, folder.reach, ancestors), room)
    return room
