"""`tocompose convert SOURCE…`: files, folders or standard input."""

from __future__ import annotations

import click

from tocompose.cli.conversion import run
from tocompose.cli.options import conversion_options, said
from tocompose.cli.sources import project_of
from tocompose.cli.wishes import importer_options, settings_for


@click.command("convert")
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@importer_options
@conversion_options
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], **_: object) -> None:
    """Files, folders or - (standard input) to compose files.

    The kind of source is found out; --from says it. Without -o one compose file goes to standard output and the
    notes go to standard error.

    \b
    Examples:
      tocompose convert run.sh > docker-compose.yml
      tocompose convert k8s/ -o deploy --fail-on lost
      cat run.sh | tocompose convert -
      tocompose convert . --from procfile -o . --diff
    """
    wanted = said(ctx)
    run(
        project_of(sources, wanted.allow_path),
        wanted,
        settings_for(ctx, wanted),
        ctx.params["source"],
    )
