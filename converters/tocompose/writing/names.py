"""Names of files that a file system cannot hold beside each other, or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tocompose.patterns import regex

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = regex(r"(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:\..*)?", re.IGNORECASE)
_REFUSED_SIGN = regex(r'[<>:"|?*\\\x00-\x1f]')


def name_problem(folder: Path, paths: Iterable[str]) -> str | None:
    """Why files of these paths cannot all be written below the folder; None where they can.

    Two names that differ in case alone are one file on Windows and macOS: the second would replace the first unseen.
    """
    all_paths = list(dict.fromkeys(paths))
    if sys.platform == "win32":
        for path in all_paths:
            if any(map(is_refused_by_windows, path.split("/"))):
                return f"Windows has no file {path}: rename it in the source, or convert in WSL"
    by_folded: dict[str, str] = {}
    for path in all_paths:
        twin = by_folded.setdefault(path.casefold(), path)
        if twin != path and ignores_case(folder):
            return (
                f"{twin} and {path} would be one file here, because {folder} does not tell capital letters from small "
                "ones: rename one in the source, or write to another disk"
            )
    return None


def is_refused_by_windows(name: str) -> bool:
    """Whether Windows refuses a name of a file or folder, or takes it for another."""
    if name.endswith((".", " ")) or _REFUSED_SIGN.search(name):
        return True
    return _DEVICE.fullmatch(name) is not None


def ignores_case(folder: Path) -> bool:
    """Whether the file system of the folder takes names that differ in case for one; asks the nearest that exists."""
    existing = next(
        one for one in (folder.absolute(), *folder.absolute().parents) if one.exists()
    )
    swapped = existing.with_name(existing.name.swapcase())
    if swapped.name == existing.name:
        return sys.platform in ("win32", "darwin")
    return swapped.exists() and swapped.samefile(existing)
