"""`tocompose prove SOURCE…`: engine parity, shown as a table."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from tocompose.cli import is_docker_command
from tocompose.cli.exit import EXIT_DIFFERS, fail, with_option
from tocompose.cli.options import ChoiceType, read_options
from tocompose.cli.sources import open_sources
from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.docker_run.pasted import paste_options
from tocompose.importers.engine import RunningEngine
from tocompose.pipeline import Options, choose
from tocompose.project import Memory, Project
from tocompose.prove import ProofError, find_binaries
from tocompose.prove.conversion import prove_conversion
from tocompose.prove.table import as_json, as_text


@click.command("prove", context_settings={"ignore_unknown_options": True})
@click.argument("sources", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--docker",
    metavar="PROGRAM",
    default="",
    help="The docker client; by default the one on PATH.",
)
@click.option(
    "--compose",
    metavar="PROGRAM",
    default="",
    help="docker compose; by default the one on PATH.",
)
@click.option(
    "--format",
    "form",
    type=ChoiceType("text", "json"),
    default="text",
    help="How the proof is printed.",
)
@click.pass_context
def prove_command(
    ctx: click.Context, sources: tuple[str, ...], docker: str, compose: str, form: str
) -> None:
    """Compare the containers that docker compose creates with those of the source, field by field.

    SOURCES are files, folders or -, a pasted docker command, or the output of docker inspect. The real docker and
    docker compose send their requests to a recorder: nothing is started, and no engine is needed. For manifests a
    model of the kubelet stands in for docker. Exit code 1 means that there is a difference that no note declares.

    \b
    Examples:
      tocompose prove run.sh
      tocompose --practices none prove docker run -d --name web -p 8080:80 nginx
    """
    options = read_options(ctx)
    pasted = is_docker_command(sources[0])
    settings = ImportOptions(
        name=options.name, options=paste_options(sources) if pasted else {}
    )
    try:
        project = Memory({}) if pasted else open_sources(sources, options.allow_path)
        is_inspected = not pasted and bool(RunningEngine().sniff(project))
        pipeline_options = Options(
            source="engine" if is_inspected else "docker_run",
            practices=options.practices,
            settings=settings,
        )
        source_format = "" if pasted or is_inspected else choose(project, None).name
        if source_format == "kubernetes":
            _prove_manifests(project, pipeline_options, docker, compose, form)
        if source_format not in ("", "docker_run"):
            raise SourceError(
                f"this is a source of the format {source_format}: prove compares docker commands, the output "
                "of docker inspect and Kubernetes manifests"
            )
        clients = find_binaries(docker, compose)
        proof = prove_conversion(project, pipeline_options, clients.docker, clients.compose)
    except (SourceError, ProofError, ValueError) as problem:
        fail(with_option(problem))
    click.echo(as_json(proof) if form == "json" else as_text(proof), nl=False)
    sys.exit(0 if proof.holds else EXIT_DIFFERS)


def _prove_manifests(
    project: Project, options: Options, docker: str, compose: str, form: str
) -> NoReturn:
    """Prints the proof of manifests and ends."""
    from tocompose.prove.manifest_table import as_json, as_text
    from tocompose.prove.manifests import prove_manifests

    proof = prove_manifests(project, options, find_binaries(docker, compose).compose)
    click.echo(as_json(proof) if form == "json" else as_text(proof), nl=False)
    sys.exit(0 if proof.holds else EXIT_DIFFERS)
