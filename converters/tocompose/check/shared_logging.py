"""Log settings that several services of a file need alike, written once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.compose.documents import ComposeFile
from tocompose.compose.edits import Edit, indented
from tocompose.compose.yaml_text import Alias, Anchored
from tocompose.source import Branch
from tocompose.syntax.names import unique_name


def share_logging(
    file: ComposeFile, text: str, changes: dict[str, dict[str, Any]]
) -> Iterator[Edit]:
    """The edit that writes log settings once which several services need alike; `changes` then name its anchor."""
    users = [keys for keys in changes.values() if "logging" in keys]
    if len(users) < 2 or any(keys["logging"] != users[0]["logging"] for keys in users):
        return
    anchor = _free_anchor(text)
    yield _write_anchor(file, anchor, users[0]["logging"])
    for keys in users:
        keys["logging"] = Alias(anchor)


def _free_anchor(text: str) -> str:
    """A name for the shared log settings that the file does not use yet."""
    names = ("logging", "logging-2", "logging-3")
    taken_anchors = {name for name in names if f"&{name}" in text or f"x-{name}:" in text}
    return unique_name("logging", taken_anchors)


def _write_anchor(file: ComposeFile, anchor: str, value: Any) -> Edit:
    first_lines = [
        child.span.line
        for root in file.roots
        if isinstance(root, Branch)
        for child in root.children
    ]
    start = min(first_lines) - 1
    content = {f"x-{anchor}": Anchored(anchor, value)}
    return Edit(start, start, (*indented(content, 0), ""))
