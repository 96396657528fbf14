"""From a template and its facts to the Dockerfile and .dockerignore."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocompose.knowledge.versions import default_version, pinned_tool
from tocompose.model import File

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["words"] = lambda items: " ".join(items)
    found.globals |= {"default_version": default_version, "pinned_tool": pinned_tool}
    return found


def render(template: str, facts: Mapping[str, Any]) -> File:
    """The Dockerfile of a language's template."""
    text = _environment().get_template(f"{template}.j2").render(**facts).strip()
    return File(
        path="Dockerfile", content="\n".join(_spaced(text.splitlines())).encode() + b"\n"
    )


def _spaced(lines: list[str]) -> list[str]:
    """The lines with a blank one before each stage and the comment above it."""
    result: list[str] = []
    for line in lines:
        if line.startswith("FROM "):
            start = len(result)
            while start and result[start - 1].startswith("#"):
                start -= 1
            if start and result[start - 1]:
                result.insert(start, "")
        result.append(line)
    return result


def ignore(template: str, extra: tuple[str, ...] = ()) -> File:
    """The .dockerignore: version control, secrets, what the build makes itself."""
    text = (
        _environment()
        .get_template("dockerignore.j2")
        .render(language=template, extra=extra)
    )
    return File(path=".dockerignore", content=text.encode())
