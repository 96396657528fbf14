"""What the user may say about the import of a repository, checked against what the repository holds."""

from __future__ import annotations

import json

from tocompose.importers import Settings, SourceError
from tocompose.project import Project

MODES = ("auto", "never", "pack")


def check(project: Project, settings: Settings) -> None:
    """Raises SourceError for an option that asks for what there is not."""
    for mode in settings.options.get("dockerfile", ()):
        if mode not in MODES:
            raise SourceError(f"dockerfile={mode}: it is one of {', '.join(MODES)}")
    for path in settings.options.get("procfile", ()):
        if not project.exists(path):
            present = [
                name
                for name in project.files()
                if "/" not in name and name.startswith("Procfile")
            ]
            raise SourceError(
                f"procfile={path}: no such file; there is {', '.join(present) or 'no Procfile'}"
            )
    for name in settings.options.get("environment", ()):
        present = _environments(project)
        if name not in present:
            there = ", ".join(present) or "none"
            raise SourceError(
                f"environment={name}: app.json has no such environment; there is {there}"
            )


def _environments(project: Project) -> list[str]:
    try:
        data = json.loads(project.read("app.json") or b"{}")
    except (ValueError, RecursionError):
        return []
    found = data.get("environments") if isinstance(data, dict) else None
    return sorted(found) if isinstance(found, dict) else []
