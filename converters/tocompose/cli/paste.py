"""`tocompose paste`: commands that are pasted into the terminal, where no shell reads them first."""

from __future__ import annotations

import sys

import click

from tocompose.cli.conversion import convert_text, run_conversion
from tocompose.cli.exit import fail
from tocompose.cli.options import add_conversion_options, read_options
from tocompose.cli.sources import read_standard_input
from tocompose.importers import ImportOptions
from tocompose.project import Memory
from tocompose.readers.text import decode


@click.command("paste")
@add_conversion_options
@click.pass_context
def paste_command(ctx: click.Context, /, **_: object) -> None:
    """Convert what you paste into the terminal.

    Paste one or more commands, or a whole manifest, and end the input. No shell reads it: <password>, & and quotes
    are kept as they are. At a terminal, tocompose without arguments does the same.

    \b
    Examples:
      tocompose paste > docker-compose.yml
      tocompose -o deploy paste
    """
    options = read_options(ctx)
    if sys.stdin is not None and sys.stdin.isatty():
        end_keys = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        click.echo(
            f"Paste docker run commands, a manifest or a Procfile, then press {end_keys} on an empty line.",
            err=True,
        )
    data = read_standard_input()
    text = decode(data)
    if text is None or not text.strip():
        fail(
            "nothing was pasted; paste a docker run command, or name a file: tocompose convert run.sh"
        )
    if _holds_docker_command(text):
        convert_text(text, options)
    run_conversion(Memory({"<stdin>": data}), options, ImportOptions(name=options.name))


def _holds_docker_command(text: str) -> bool:
    """Whether a docker command stands in a text that is no manifest."""
    from tocompose.importers.docker_run.shell.discovery import is_command_text

    return is_command_text(text)
