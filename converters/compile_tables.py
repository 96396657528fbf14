"""The build hook that puts each table into the wheel as JSON too: reading YAML would be a third of a short run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledTables(BuildHookInterface[Any]):
    """Adds `tocompose/mappings/**/<name>.json` to the wheel, one for each YAML table."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built; editable installs read the YAML itself."""
        if version == "editable" or self.target_name != "wheel":
            return
        source, place = (
            Path(self.root) / "mappings",
            Path(tempfile.mkdtemp(prefix="tables-")),
        )
        for table in sorted(source.rglob("*.yaml")):
            relative = table.relative_to(source).with_suffix(".json")
            compiled = place / relative
            compiled.parent.mkdir(parents=True, exist_ok=True)
            compiled.write_text(
                json.dumps(content(table.read_text(encoding="utf-8"))), encoding="utf-8"
            )
            build_data["force_include"][str(compiled)] = (
                f"tocompose/mappings/{relative.as_posix()}"
            )


def content(text: str) -> Any:
    """A table as plain data; a stream of documents as a list of them, its head left out."""
    documents = [document for document in yaml.safe_load_all(text) if document is not None]
    return documents[0] if "\n---\n" not in text else documents
