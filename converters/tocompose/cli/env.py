"""`tocompose env DIR`: the values that a stack still lacks, asked for one by one and written to its `.env`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tocompose.cli.exit import EXIT_DIFFERS, fail
from tocompose.compose.servers import server_variables
from tocompose.knowledge.generators import generator_of, make_value
from tocompose.reports.escape import printable
from tocompose.writing.env_values import MissingValue, missing_values, set_values


@click.command("env")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option(
    "--generate",
    is_flag=True,
    help="Make the secrets that only this stack uses, in the form that their framework wants.",
)
def env_command(folder: str, generate: bool) -> None:
    """Ask for each value that .env lacks, and write it there.

    Secrets are not shown while you type. Values that .env has stay; an empty answer leaves a value out. Exit code 1
    means that required values are still missing.

    \b
    Examples:
      tocompose env deploy
      tocompose env deploy --generate
    """
    path = Path(folder)
    if not path.is_dir():
        fail(f"{folder}: no such folder")
    if not (path / ".env").exists() and not (path / ".env.example").exists():
        fail(
            f"{folder}: neither .env nor .env.example is here; name the folder of the compose files"
        )
    missing = missing_values(path)
    if not missing:
        click.echo(f"{path / '.env'}: nothing is missing", err=True)
        return
    generated = _generated(missing, path) if generate else {}
    values = dict(generated)
    if sys.stdin is not None and sys.stdin.isatty():
        values |= _asked([value for value in missing if value.name not in values])
    if values:
        set_values(path, values, generated)
    _tell(path, missing, values)


def _generated(missing: tuple[MissingValue, ...], folder: Path) -> dict[str, str]:
    """New values for what only this stack uses; the password of a server only where the server is a part of it."""
    of_servers = server_variables(folder)
    rows = {value.name: generator_of(value.name) for value in missing}
    return {
        name: make_value(row)
        for name, row in rows.items()
        if row is not None and (not row.get("of_server") or name in of_servers)
    }


def _asked(missing: list[MissingValue]) -> dict[str, str]:
    """The answers; a person who has enough ends with Ctrl-D."""
    values: dict[str, str] = {}
    for value in missing:
        about = printable(
            f"{value.name} ({value.description})" if value.description else value.name
        )
        try:
            answer = click.prompt(
                about, default="", show_default=False, hide_input=value.is_secret, err=True
            )
        except click.Abort:
            click.echo(err=True)
            break
        if answer:
            values[value.name] = answer
    return values


def _tell(path: Path, missing: tuple[MissingValue, ...], values: dict[str, str]) -> None:
    """Says which values were written, never what they are, and which are still missing."""
    if values:
        click.echo(f"{path / '.env'}: set {', '.join(values)}", err=True)
    left = [value for value in missing if value.name not in values]
    required = [value.name for value in left if value.is_required]
    optional = [value.name for value in left if not value.is_required]
    if optional:
        click.echo(f"still empty: {', '.join(optional)}", err=True)
    if required:
        click.echo(f"still missing: {', '.join(required)}", err=True)
        sys.exit(EXIT_DIFFERS)
