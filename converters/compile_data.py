"""The build hook: tables as JSON and templates compiled, which would take a third of a short run."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
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


def _write_tables(source: Path, folder: Path) -> Iterator[Path]:
    for table in sorted(source.rglob("*.yaml")):
        relative = table.relative_to(source).with_suffix(".json")
        compiled = folder / "mappings" / relative
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_text(
            json.dumps(content(table.read_text(encoding="utf-8"))), encoding="utf-8"
        )
        yield compiled


def _write_templates(root: Path, folder: Path) -> list[Path]:
    module = root / "converters/tocompose/dockerfiles/rendering.py"
    spec = importlib.util.spec_from_file_location("rendering", module)
    assert spec and spec.loader
    rendering = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rendering)
    compiled = folder / rendering.COMPILED.relative_to(root / "converters" / "tocompose")
    environment = rendering.open_templates(rendering.TEMPLATES)
    environment.compile_templates(compiled, zip=None, ignore_errors=False)
    return sorted(compiled.glob("*.py"))


def content(text: str) -> Any:
    """A table as plain data; a stream of documents as a list of them, its head left out."""
    documents = [document for document in yaml.safe_load_all(text) if document is not None]
    return documents[0] if "\n---\n" not in text else documents
