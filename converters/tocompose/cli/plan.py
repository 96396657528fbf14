"""`tocompose plan SOURCE…`: what would be converted, and each decision."""

from __future__ import annotations

import json

import click

from tocompose.cli import is_docker_command
from tocompose.cli.conversion import pipeline_options_for
from tocompose.cli.exit import fail, with_option
from tocompose.cli.options import (
    ChoiceType,
    add_conversion_options,
    add_importer_options,
    import_options_for,
    read_options,
)
from tocompose.cli.sources import open_sources
from tocompose.decisions import plan
from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.docker_run.pasted import paste_options
from tocompose.project import Memory
from tocompose.reports.plan import as_answers, as_data, as_text


@click.command("plan", context_settings={"ignore_unknown_options": True})
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@click.option(
    "--as",
    "shape",
    type=ChoiceType("text", "json", "answers"),
    default="text",
    help="Output form.",
)
@add_importer_options
@add_conversion_options
@click.pass_context
def plan_command(ctx: click.Context, /, sources: tuple[str, ...], **_: object) -> None:
    """Show what would be converted, and each decision with its id, its default and the evidence.

    Nothing is written. `--as answers` prints a file that --answers takes back.

    \b
    Examples:
      tocompose plan k8s/
      tocompose plan run.sh --as answers > answers.toml
      tocompose convert run.sh --answers answers.toml -o deploy
    """
    options = read_options(ctx)
    pasted = _is_pasted_command(sources)
    settings = (
        ImportOptions(name=options.name, options=paste_options(sources))
        if pasted
        else import_options_for(ctx, options)
    )
    source = "docker_run" if pasted else ctx.params["source"]
    try:
        project = Memory({}) if pasted else open_sources(sources, options.allow_path)
        conversion_plan = plan(
            project, pipeline_options_for(project, options, settings, source)
        )
    except (SourceError, ValueError) as problem:
        fail(with_option(problem))
    heading = conversion_plan.heading
    shape = ctx.params["shape"]
    if shape == "json":
        text = json.dumps(as_data(heading, conversion_plan.decisions), indent=2) + "\n"
    else:
        text = (
            as_answers(conversion_plan.decisions)
            if shape == "answers"
            else as_text(heading, conversion_plan.decisions)
        )
    click.echo(text, nl=False)


# What only matters when something is written. It is taken, so that `convert` in a command line can become `plan`.
for _option in plan_command.params:
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


def _is_pasted_command(sources: tuple[str, ...]) -> bool:

    return is_docker_command(sources[0])
