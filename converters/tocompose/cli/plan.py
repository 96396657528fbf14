"""`tocompose plan SOURCE…`: what would be converted, and each decision."""

from __future__ import annotations

import json

import click

from tocompose.cli.conversion import options_for
from tocompose.cli.ending import fail
from tocompose.cli.options import Word, conversion_options, said
from tocompose.cli.sources import project_of
from tocompose.cli.wishes import importer_options, settings_for
from tocompose.importers import Settings, SourceError
from tocompose.project import Memory


@click.command("plan", context_settings={"ignore_unknown_options": True})
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@click.option(
    "--as",
    "shape",
    type=Word("text", "json", "answers"),
    default="text",
    help="text, json or answers.",
)
@importer_options
@conversion_options
@click.pass_context
def command(ctx: click.Context, /, sources: tuple[str, ...], **_: object) -> None:
    """What would be converted, what was detected, and each decision with its id, its default and the evidence.

    Nothing is written. `--as answers` prints a file that --answers takes back.

    \b
    Examples:
      tocompose plan k8s/
      tocompose plan run.sh --as answers > answers.toml
      tocompose convert run.sh --answers answers.toml -o deploy
    """
    from tocompose.decisions import plan
    from tocompose.reports.plan import Heading, as_answers, as_data, as_text
    from tocompose.reports.report import image_of

    wanted = said(ctx)
    pasted = _is_pasted(sources)
    settings = (
        Settings(name=wanted.name, options={"argv": sources})
        if pasted
        else settings_for(ctx, wanted)
    )
    source = "docker_run" if pasted else ctx.params["source"]
    try:
        project = Memory({}) if pasted else project_of(sources, wanted.allow_path)
        found = plan(project, options_for(project, wanted, settings, source))
    except (SourceError, ValueError) as problem:
        fail(str(problem))
    services = tuple((item.name, image_of(item)) for item in found.result.stack.services)
    files = sorted({leaf.span.file for leaf in found.result.ledger.leaves()})
    heading = Heading(
        found.result.stack.name, found.result.importer, tuple(files), services
    )
    shape = ctx.params["shape"]
    if shape == "json":
        text = json.dumps(as_data(heading, found.decisions), indent=2) + "\n"
    else:
        text = (
            as_answers(found.decisions)
            if shape == "answers"
            else as_text(heading, found.decisions)
        )
    click.echo(text, nl=False)


# What only matters when something is written. It is taken, so that `convert` in a command line can become `plan`.
for _option in command.params:
    if isinstance(_option, click.Option) and _option.name in {
        *(
            "output",
            "merge",
            "form",
            "report",
            "fail_on",
            "diff",
            "check",
            "force",
            "quiet",
            "verbose",
        )
    }:
        _option.hidden = True


def _is_pasted(sources: tuple[str, ...]) -> bool:
    from tocompose.cli import is_tool

    return is_tool(sources[0])
