"""From a template and its facts to the Dockerfile and .dockerignore."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    return found


def render(template: str, facts: Mapping[str, Any]) -> File:
    """The Dockerfile of a language's template."""
    text = _environment().get_template(f"{template}.j2").render(**facts).strip() + "\n"
    # A blank line before each stage, with the comment that belongs to it.
    text = re.sub(r"(?<=[^\n])\n((?:#.*\n)*FROM )", r"\n\n\1", text)
    return File(path="Dockerfile", content=text.encode())


def ignore(template: str, extra: tuple[str, ...] = ()) -> File:
    """The .dockerignore: version control, secrets, what the build makes itself."""
    text = _environment().get_template("dockerignore.j2").render(language=template, extra=extra)
    return File(path=".dockerignore", content=text.encode())
