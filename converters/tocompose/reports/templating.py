"""The jinja2 environment of the templates in `reports/templates/`."""

from __future__ import annotations

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
