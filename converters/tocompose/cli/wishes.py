"""Options that only some importers understand, such as the values of a Helm chart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tocompose.cli.said import ConversionOptions
from tocompose.importers import Settings

_F = TypeVar("_F", bound=Callable[..., Any])


def _complete_formats(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[str]:
    """The formats that a shell completes."""
    from tocompose.importers import importers

    return [
        importer.name for importer in importers() if importer.name.startswith(incomplete)
    ]


# What is meant for an importer alone.
IMPORTER_OPTIONS = (
    click.option(
        "--namespace",
        metavar="NAME",
        multiple=True,
        help="Kubernetes: only objects of that namespace.",
    ),
    click.option(
        "--values",
        metavar="FILE",
        multiple=True,
        help="Helm: a values file inside the source.",
    ),
    click.option(
        "--set",
        "set_",
        metavar="KEY=VALUE",
        multiple=True,
        help="Helm, ${KEY} in a template: one value.",
    ),
    click.option(
        "--option",
        metavar="NAME=VALUE",
        multiple=True,
        help="An option of the format (see formats).",
    ),
)
_IMPORTER_ONLY_OPTIONS = (
    click.option(
        "--from",
        "source",
        metavar="FORMAT",
        shell_complete=_complete_formats,
        help="The format (see formats).",
    ),
    *IMPORTER_OPTIONS[:-1],
    click.option(
        "--render/--no-render",
        default=True,
        help="Kubernetes: kustomize and helm may be run on the source.",
    ),
    IMPORTER_OPTIONS[-1],
)


def add_importer_options(function: _F) -> _F:
    """Adds the options that importers understand."""
    for option in reversed(_IMPORTER_ONLY_OPTIONS):
        function = option(function)
    return function


def import_options_for(ctx: click.Context, options: ConversionOptions) -> Settings:
    """The importers' settings for what the user said."""
    importer_options: dict[str, tuple[str, ...]] = {}
    for name, key in (("namespace", "namespace"), ("values", "values"), ("set_", "set")):
        if ctx.params[name]:
            importer_options[key] = tuple(ctx.params[name])
    for text in ctx.params["option"]:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.BadParameter(
                f"{text!r}: write NAME=VALUE", ctx, param_hint="--option"
            )
        importer_options[name] = (*importer_options.get(name, ()), value)
    return Settings(
        name=options.name, render=ctx.params["render"], options=importer_options
    )
