"""`tocompose engine`: what runs on a Docker or podman engine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import click

from tocompose.cli.conversion import run_conversion
from tocompose.cli.exit import Finished, fail
from tocompose.cli.options import (
    TIMEOUT_OPTION,
    add_conversion_options,
    read_options,
)
from tocompose.cli.settings import ConversionOptions
from tocompose.engine_api import ContainerSelection, object_files, read_engine
from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.engine.grouping import StackGroup, group_stacks
from tocompose.notes import Note
from tocompose.project import Memory


@click.command("engine")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--host",
    metavar="ADDRESS",
    help="The engine's address (unix://, tcp://, ssh://); by default as the docker client finds it.",
)
@click.option("--context", metavar="NAME", help="A context of the docker client.")
@click.option(
    "-l",
    "--label",
    "labels",
    metavar="LABEL",
    multiple=True,
    help="Only containers with this label (NAME or NAME=VALUE).",
)
@click.option(
    "--project",
    "projects",
    metavar="NAME",
    multiple=True,
    help="Only containers of this Compose project.",
)
@click.option(
    "--state",
    "states",
    metavar="STATE",
    multiple=True,
    help="Only containers in this state (running, exited …).",
)
@click.option(
    "--one-stack",
    is_flag=True,
    help="Put all containers in one stack, connected or not.",
)
@TIMEOUT_OPTION
@add_conversion_options
@click.pass_context
def engine_command(
    ctx: click.Context, /, names: tuple[str, ...], one_stack: bool, **_: object
) -> None:
    """Convert the containers of a Docker or podman engine to compose files.

    Sends GET requests only. NAMEs are containers; without one all are read. Containers that networks, links or volumes
    tie together are one stack: with -o each stack gets a folder of its own.

    \b
    Examples:
      tocompose engine web db > docker-compose.yml
      tocompose engine -o stacks
      tocompose engine --host ssh://admin@example.org --project shop -o shop
    """
    fields = (field for field in ContainerSelection._fields if field != "names")
    request = ContainerSelection(
        names=names, **{field: ctx.params[field] for field in fields}
    )
    options = read_options(ctx)
    try:
        engine_objects = read_engine(request)
    except SourceError as problem:
        fail(str(problem))
    groups = group_stacks(engine_objects.objects)
    if one_stack or len(groups) == 1:
        groups = (StackGroup(groups[0].name, engine_objects.objects),)
    if len(groups) > 1 and options.output is None:
        fail(_many_stacks(groups))
    _convert_groups(groups, engine_objects.notes, options)


def _many_stacks(groups: Iterable[StackGroup]) -> str:
    names = [group.name for group in groups]
    listed = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return (
        f"the containers are {len(names)} stacks ({listed}): write each to a folder with -o DIR, "
        "name the containers of one, or put all into one with --one-stack"
    )


def _convert_groups(
    groups: tuple[StackGroup, ...], notes: tuple[Note, ...], options: ConversionOptions
) -> None:
    """Converts each stack; the exit code is the highest of all."""
    if len(groups) == 1:
        _convert_group(groups[0], notes, options)
    codes = [0]
    for group in groups:
        folder = Path(options.output or ".") / group.name
        click.echo(f"{group.name}:", err=True)
        with contextlib.suppress(SystemExit):
            try:
                _convert_group(group, notes, options._replace(output=str(folder)))
            except Finished as end:
                codes.append(end.code if isinstance(end.code, int) else 0)
                raise
    raise Finished(max(codes))


def _convert_group(
    group: StackGroup, notes: tuple[Note, ...], options: ConversionOptions
) -> None:
    project = Memory(object_files(group.objects), group.name)
    settings = ImportOptions(name=options.name or group.name, notes=notes)
    run_conversion(project, options, settings, "engine")
