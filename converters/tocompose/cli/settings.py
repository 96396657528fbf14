"""The nearest file with settings; found without click, as a pasted command asks for it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tocompose.cli.ending import refuse_options


def nearest_settings(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The file with settings of the nearest folder that has one, up to the root of the repository, and what it says.

    Raises UsageError for a file that is not TOML.
    """
    for parent in (folder, *folder.parents):
        settings_file, project = parent / "tocompose.toml", parent / "pyproject.toml"
        if settings_file.is_file():
            return settings_file, _read_toml(settings_file)
        # Most projects say nothing about us: their files need not be understood.
        if project.is_file() and b"tocompose" in project.read_bytes():
            settings = _read_toml(project).get("tool", {}).get("tocompose")
            if settings is not None:
                return project, settings
        if (parent / ".git").exists():
            return None
    return None


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        refuse_options(f"{path}: {problem}")
