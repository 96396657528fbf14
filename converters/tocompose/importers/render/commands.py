"""The commands of a service, held against the repository that its image is built from."""

from __future__ import annotations

from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.programs import note_missing
from tocompose.importers.render.blueprint import Part, text_of
from tocompose.importers.render.versions import with_stated_versions
from tocompose.languages import language_rows
from tocompose.languages.language import DockerfileInput
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.tables import load

_COMMANDS = ("preDeployCommand", "startCommand")
_DIVIDER = regex(r"\s*(?:&&|;|\n)\s*")


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


def has_dated_default(repository: Repository, language: str, notes_before: int) -> bool:
    """Whether an image that was made just now has a default version, of a language whose default Render changes.

    https://render.com/docs/node-version#history-of-default-nodejs-versions
    """
    new_notes = repository.ledger.notes[notes_before:]
    is_default = any(new_note.code == "TC356" for new_note in new_notes)
    return is_default and language in load("render/plans")["dated_defaults"]


def note_default_version(repository: Repository, render_part: Part) -> None:
    """Says that a service whose image has the default version may run another one, unless its variables state it."""
    language = language_of(render_part)
    if language in with_stated_versions(repository, render_part).versions:
        return
    row = language_rows()[language]
    repository.add_note(
        "TC898",
        render_part.cursor.span,
        subject=render_part.path.child("build"),
        object=render_part.name,
        language=row["title"],
        file=row["version_file"],
    )


def build_steps(command: str) -> list[str]:
    """The steps of a build command, one after the other."""
    return [step for step in _DIVIDER.split(command.strip()) if step]


def unusual_steps(command: str) -> list[str]:
    """What a build command does that no Dockerfile of the language does anyway; all of it where it changes folders."""
    steps = build_steps(command)
    unusual = [step for step in steps if not _is_usual(step)]
    return steps if any(step.startswith("cd ") for step in unusual) else unusual


def _is_usual(step: str) -> bool:
    return any(
        regex(pattern).fullmatch(step.strip()) is not None
        for pattern in load("render/plans")["usual_builds"]
    )
