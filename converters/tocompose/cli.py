"""The command line: parses, calls the pipeline, prints, exits; nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from tocompose import __version__
from tocompose.importers import Settings, SourceError
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory, Project

TOOLS = ("docker", "podman", "sudo", "$")


class Commands(click.Group):
    """The subcommands, and pasted docker commands with any options of their own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`docker` and `podman` take every word behind them untouched."""
        if args and args[0].rpartition("/")[2] in TOOLS:
            return super().resolve_command(ctx, ["docker", *args])
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--name", help="The name of the stack.")
@click.option("--practices", default="all", show_default=True, help="all, none, or a list such as all,-init.")
@click.option("-q", "--quiet", is_flag=True, help="No notes.")
@click.version_option(__version__)
@click.pass_context
def main(ctx: click.Context, name: str | None, practices: str, quiet: bool) -> None:
    """Turn what you already run into Docker Compose files.

    \b
    tocompose docker run -d --name web -p 8080:80 nginx
    tocompose convert run.sh
    """
    ctx.obj = {"name": name, "practices": practices, "quiet": quiet}


@main.command("docker", context_settings={"ignore_unknown_options": True, "help_option_names": []}, hidden=True)
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def docker(said: dict[str, object], argv: tuple[str, ...]) -> None:
    """A pasted docker run command, to a compose file on standard output."""
    settings = Settings(name=_text(said["name"]), options={"argv": argv})
    run(Memory({}), Options(source="docker_run", practices=str(said["practices"]), settings=settings), said)


@main.command("convert")
@click.argument("sources", nargs=-1, required=True)
@click.option("--from", "source", help="The format of the sources; found out when left out.")
@click.pass_obj
def convert_command(said: dict[str, object], sources: tuple[str, ...], source: str | None) -> None:
    """Files, folders or - (standard input) to a compose file on standard output."""
    settings = Settings(name=_text(said["name"]))
    options = Options(source=source, practices=str(said["practices"]), settings=settings)
    run(project_of(sources), options, said)


@main.command("prove", context_settings={"ignore_unknown_options": True})
@click.argument("sources", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--docker", default="", help="The docker client; the one on PATH when left out.")
@click.option("--compose", default="", help="docker compose; the one on PATH when left out.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def prove_command(said: dict[str, object], sources: tuple[str, ...], docker: str, compose: str, form: str) -> None:
    """Show that the compose file sends the engine what the docker commands send it.

    SOURCES are files, folders or -, or a pasted docker command. No real engine is contacted.
    """
    from tocompose.prove import ProofError, find_binaries
    from tocompose.prove.table import as_json, as_text
    from tocompose.proving import prove

    pasted = sources[0].rpartition("/")[2] in TOOLS
    settings = Settings(name=_text(said["name"]), options={"argv": sources} if pasted else {})
    options = Options(source="docker_run", practices=str(said["practices"]), settings=settings)
    try:
        clients = find_binaries(docker, compose)
        proof = prove(Memory({}) if pasted else project_of(sources), options, clients.docker, clients.compose)
    except (SourceError, ProofError) as problem:
        fail(str(problem))
    click.echo(as_json(proof) if form == "json" else as_text(proof), nl=False)
    raise SystemExit(0 if proof.holds else 1)


def project_of(sources: tuple[str, ...]) -> Project:
    """The files that the user named, as one project."""
    if sources == ("-",):
        return Memory({"<stdin>": sys.stdin.buffer.read()})
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            fail(f"{path}: no such file or folder")
    if len(paths) == 1 and paths[0].is_dir():
        return Folder(paths[0])
    root = paths[0].resolve().parent
    return Folder(root, tuple(path.resolve().relative_to(root).as_posix() for path in paths))


def run(project: Project, options: Options, said: dict[str, object]) -> None:
    """Converts and prints: the compose file to standard output, the notes to standard error."""
    try:
        result = convert(project, options)
    except SourceError as problem:
        fail(str(problem))
    show(result, bool(said["quiet"]))


def show(result: Result, quiet: bool) -> None:
    """The compose file on standard output, the notes on standard error."""
    click.echo(result.files[0].content.decode(), nl=False)
    if not quiet:
        for item in result.notes:
            click.echo(line(item), err=True)


def line(item: Note) -> str:
    """A note on one line."""
    place = f"{item.span}: " if item.span else ""
    return f"{place}{item.kind.value}: {item.message} [{item.code}]"


def fail(message: str) -> NoReturn:
    """Ends with exit code 2 and one message."""
    click.echo(f"tocompose: {message}", err=True)
    raise SystemExit(2)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
