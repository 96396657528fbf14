"""`tocompose convert SOURCE…`: files, folders or standard input."""

from __future__ import annotations

import click

from tocompose.cli.conversion import run_conversion
from tocompose.cli.options import (
    add_conversion_options,
    add_importer_options,
    import_options_for,
    read_options,
)
from tocompose.cli.sources import open_sources


@click.command("convert")
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@add_importer_options
@add_conversion_options
@click.pass_context
def convert_command(ctx: click.Context, /, sources: tuple[str, ...], **_: object) -> None:
    """Convert files, folders or - (standard input) to compose files.

    The format is detected; override it with --from. Without -o one compose file goes to standard output and the
    notes go to standard error.

    \b
    Examples:
      tocompose convert run.sh > docker-compose.yml
      tocompose convert k8s/ -o deploy --fail-on lost
      cat run.sh | tocompose convert -
      tocompose convert . --from procfile -o . --diff

    \b
    Exit codes:
      0  done
      1  --fail-on found a note, or --diff or --check a change
      2  wrong usage, or a source that cannot be read; nothing is written
    """
    options = read_options(ctx)
    run_conversion(
        open_sources(sources, options.allow_path),
        options,
        import_options_for(ctx, options),
        ctx.params["source"],
    )
