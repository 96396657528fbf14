"""The nearest file with settings; found without click, as a pasted command asks for it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tocompose.cli.ending import refuse


def nearest(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The file with settings of the nearest folder that has one, up to the root of the repository, and what it says.

    Raises UsageError for a file that is not TOML.
    """
    for place in (folder, *folder.parents):
        own, project = place / "tocompose.toml", place / "pyproject.toml"
        if own.is_file():
            return own, _read(own)
        # Most projects say nothing about us: their files need not be understood.
        if project.is_file() and b"tocompose" in project.read_bytes():
            settings = _read(project).get("tool", {}).get("tocompose")
            if settings is not None:
                return project, settings
        if (place / ".git").exists():
            return None
    return None


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        refuse(f"{path}: {problem}")
