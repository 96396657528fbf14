"""`tocompose docker run …`: a pasted command."""

from __future__ import annotations

import click

from tocompose.cli import asks_for_help
from tocompose.cli.conversion import convert_pasted
from tocompose.cli.options import read_options


@click.command(
    "docker", context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def docker_command(ctx: click.Context, argv: tuple[str, ...]) -> None:
    """Convert a docker run command (docker create, podman run).

    Options of tocompose go before the word docker.

    \b
    Examples:
      tocompose docker run -d --name web -p 8080:80 nginx
      tocompose -o deploy docker run -d --name db -e POSTGRES_PASSWORD=… postgres:16
    """
    if asks_for_help(argv):
        click.echo(ctx.get_help())
    else:
        convert_pasted(argv, read_options(ctx))
