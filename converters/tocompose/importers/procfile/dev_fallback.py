"""A repository whose only Procfile is for development, as Rails makes it: what of that runs in production too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.procfile.defaults import default_web
from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.processes import StatedProcess
from tocompose.importers.procfile.sources import development_file
from tocompose.languages import find_language
from tocompose.repository import Repository
from tocompose.tables import load


def leave_development(
    repository: Repository, stated: tuple[StatedProcess, ...], language: str
) -> tuple[StatedProcess, ...]:
    """The processes without those that a developer alone starts; web runs what the platform would run by itself.

    What is left out here is read again for the dev override, where it belongs.
    """
    if repository.project.exists("Procfile") or repository.option("procfile"):
        return stated
    return tuple(_kept(repository, stated, language, development_file(repository.project)))


def _kept(
    repository: Repository, stated: tuple[StatedProcess, ...], language: str, path: str
) -> Iterator[StatedProcess]:
    for process in stated:
        if not process.cursor or process.cursor.span.file != path:
            yield process
        elif process.type == "web" and _has_default(repository, language):
            process.cursor.skip("the dev override runs it")
            yield default_web(repository, language)
        elif process.type != "web" and _is_of_development(process):
            process.cursor.skip("the dev override runs it")
        else:
            yield process


def _has_default(repository: Repository, language: str) -> bool:
    """Whether web is known without the file: by the image, or by what the buildpack would run."""
    is_image = repository.has_file("Dockerfile")
    return is_image or bool(
        language and find_language(language).default_command(repository)
    )


def _is_of_development(process: StatedProcess) -> bool:
    """Whether a process watches the source, or is a server that the stack has as a service of its own."""
    rows = load("development")
    program = find_program(process.text).name
    is_server = program in rows["servers"] or program in (*rows["tunnels"], "stripe")
    return is_server or re.search(rows["watches"], process.text) is not None
