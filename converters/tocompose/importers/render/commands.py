"""The commands of a service, held against the repository that its image is built from."""

from __future__ import annotations

from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.programs import note_missing
from tocompose.importers.render.blueprint import Part, text_of
from tocompose.languages import language_rows
from tocompose.languages.language import DockerfileInput

_COMMANDS = ("preDeployCommand", "startCommand")


def language_of(render_part: Part) -> str:
    """The language whose Dockerfile is written for a service."""
    return render_part.runtime if render_part.runtime in language_rows() else "node"


def note_missing_programs(render_part: Part, source: DockerfileInput) -> None:
    """Says of each command of a service what it runs that neither the written image nor the repository has."""
    kind = "web" if render_part.kind == "web" else "worker"
    processes = tuple(
        Process(render_part.name, render_part.name, cursor, text_of(cursor), kind)
        for cursor in map(render_part.cursor.at, _COMMANDS)
        if text_of(cursor)
    )
    note_missing(source.repository, processes, language_of(render_part), source)
