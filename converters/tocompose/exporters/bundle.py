"""All files of a stack: one self-contained compose file, or the split set with what belongs beside it."""

from __future__ import annotations

from dataclasses import dataclass

from tocompose.exporters.compose import compose, paths
from tocompose.exporters.yaml_text import render
from tocompose.model import File, Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the files are laid out: `split` writes base, override and production files and `.env`, for a folder."""

    split: bool = False
    modern_names: bool = False


def bundle(stack: Stack, layout: Layout) -> tuple[tuple[File, ...], frozenset[str]]:
    """The files to write, the compose file first, and every model path that they hold."""
    document = compose(stack)
    text = render(document)
    name = "compose.yaml" if layout.modern_names else "docker-compose.yml"
    written = frozenset(paths(document)) | {f"settings.{item.name}" for item in stack.settings}
    files = (File(path=name, content=text.encode()), *stack.files)
    return files, written | {f"files.{item.path}" for item in stack.files}
