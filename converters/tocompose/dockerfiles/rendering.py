"""Fills the templates of Dockerfiles, which the wheel holds compiled: to compile one takes longer than to fill it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
COMPILED = Path(__file__).parent / "compiled_templates"


def render_template(template: str, values: Mapping[str, Any]) -> str:
    """The text of a template that is filled with the values."""
    return _load_templates().get_template(template).render(**values)


def open_templates(folder: Path) -> Environment:
    """The templates as they are written, with all that they may call but the versions of tools."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["words"] = _join_words
    return environment


@cache
def _load_templates() -> Environment:
    from tocompose.knowledge.versions import default_version, pinned_tool

    environment = open_templates(TEMPLATES)
    if COMPILED.is_dir():
        from jinja2 import ModuleLoader

        environment.loader = ModuleLoader(COMPILED)
    environment.globals["default_version"] = default_version
    environment.globals["pinned_tool"] = pinned_tool
    return environment


def _join_words(texts: Iterable[str]) -> str:
    return " ".join(texts)
