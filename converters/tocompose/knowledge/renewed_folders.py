"""Folders whose files a program makes again by itself: caches, logs and temporary files."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Mount, Service, Stack
from tocompose.tables import Row, load


def renewed_files(path: str) -> str:
    """What a folder of a container holds that nobody has to copy (`a cache`, `logs`); empty where it may hold data."""
    folder = path.rstrip("/")
    known = load("renewed_folders")
    if folder in known["data"]:
        return ""
    rows: dict[str, Row] = known["kinds"]
    return next((kind for kind, row in rows.items() if _is_of(folder, row)), "")


def renewed_volume(name: str, stack: Stack) -> str:
    """What a volume of the stack holds that nobody has to copy; empty where one of its mounts may hold data."""
    kinds = [
        renewed_files(mount.target) for service, mount in mounts_of_volume(name, stack)
    ]
    return kinds[0] if kinds and all(kinds) else ""


def mounts_of_volume(name: str, stack: Stack) -> Iterator[tuple[Service, Mount]]:
    """Where the services of the stack mount a volume."""
    for service in stack.services:
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source == name:
                yield service, mount


def _is_of(folder: str, row: Row) -> bool:
    name = folder.rpartition("/")[2].lower()
    if name in row["names"] or name.endswith(tuple(row["ends"])):
        return True
    return any(f"{folder}/".startswith(f"{parent}/") for parent in row["below"])
