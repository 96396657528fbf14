"""The build hook: tables as JSON and templates compiled, which would take a third of a short run."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledData(BuildHookInterface[Any]):
    """Adds `tocompose/mappings/**/<name>.json` for each YAML table, and a module for each template of a Dockerfile."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built; editable installs read the YAML and the templates themselves."""
        if version == "editable" or self.target_name != "wheel":
            return
        root, folder = Path(self.root), Path(tempfile.mkdtemp(prefix="compiled-"))
        written = [
            *_write_tables(root / "mappings", folder),
            *_write_templates(root, folder),
        ]
        for path in written:
            inside = f"tocompose/{path.relative_to(folder).as_posix()}"
            build_data["force_include"][str(path)] = inside


def _module_of(path: Path) -> Any:
    """A module that imports nothing of ours at its top, loaded without its package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write_tables(source: Path, folder: Path) -> Iterator[Path]:
    tables = _module_of(source.parent / "converters/tocompose/tables.py")
    for table in sorted(source.rglob("*.yaml")):
        relative = table.relative_to(source).with_suffix(".json")
        compiled = folder / "mappings" / relative
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_text(
            json.dumps(tables.plain_content(table.read_text(encoding="utf-8"))),
            encoding="utf-8",
        )
        yield compiled


def _write_templates(root: Path, folder: Path) -> list[Path]:
    rendering = _module_of(root / "converters/tocompose/dockerfiles/rendering.py")
    compiled = folder / rendering.COMPILED.relative_to(root / "converters" / "tocompose")
    environment = rendering.open_templates(rendering.TEMPLATES)
    environment.compile_templates(compiled, zip=None, ignore_errors=False)
    return sorted(compiled.glob("*.py"))
