"""The jinja2 environment of the templates in `reports/templates/`."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any


def template_environment(*, autoescape: bool) -> Any:
    """A new environment; `autoescape` is for HTML, Markdown has filters of its own. A name that is not there raises."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tocompose.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )


def read_asset(name: str) -> str:
    """A script or style of `reports/templates/`."""
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """The hash by which a content security policy allows a script or style."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
