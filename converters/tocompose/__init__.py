"""Turns docker run scripts, Kubernetes manifests and Procfiles into Docker Compose files.

The public names are imported on first use: `import tocompose` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tocompose.exporters.bundle import Layout
    from tocompose.importers import Importer, SourceError
    from tocompose.model import Service, Stack
    from tocompose.notes import Kind, Note
    from tocompose.pipeline import Options, Result, convert
    from tocompose.project import Folder, Memory, Project
    from tocompose.rules import Practice, Rule
    from tocompose.writing import write

# Where each public name is defined.
_HOMES = {
    "Folder": "project",
    "Importer": "importers",
    "Kind": "notes",
    "Layout": "exporters.bundle",
    "Memory": "project",
    "Note": "notes",
    "Options": "pipeline",
    "Practice": "rules",
    "Project": "project",
    "Result": "pipeline",
    "Rule": "rules",
    "Service": "model",
    "SourceError": "importers",
    "Stack": "model",
    "convert": "pipeline",
    "write": "writing",
}

__all__ = [
    "Folder",
    "Importer",
    "Kind",
    "Layout",
    "Memory",
    "Note",
    "Options",
    "Practice",
    "Project",
    "Result",
    "Rule",
    "Service",
    "SourceError",
    "Stack",
    "convert",
    "write",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
