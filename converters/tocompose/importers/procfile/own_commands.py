"""Commands that the image of the repository's own Dockerfile cannot start, because it is made for another one."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile import app_folders
from tocompose.importers.procfile.app import App
from tocompose.importers.procfile.image import swallowing_entrypoint
from tocompose.importers.procfile.named_files import named_programs
from tocompose.importers.procfile.processes import Process, kind_of, process_kinds
from tocompose.importers.procfile.stage_files import OwnImage
from tocompose.importers.procfile.stage_programs import lacks_of
from tocompose.languages.language import Library
from tocompose.readers.dockerfile import read_dockerfile
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath


def start_as_built(app: App, libraries: tuple[Library, ...]) -> tuple[Process, ...]:
    """The processes, those that cannot start in their image changed so that the stack does.

    The web process runs what the image starts by itself; what would run before all others runs on request only.
    Commands of heroku.yml are written for the image that it names, and stay.
    """
    if app.heroku.recipes:
        return app.processes
    repositories = {
        "": app.repository,
        **{
            folder: app_folders.folder_repository(app.repository, folder)
            for folder in app.folders
        },
    }
    own_images = {key: _own_image(part) for key, part in repositories.items()}
    return tuple(
        _start(repositories[process.image], own_image, process, libraries)
        if (own_image := own_images.get(process.image))
        else process
        for process in app.processes
    )


def _launchers(process: Process) -> Iterator[str]:
    """The programs of the PHP buildpack that start a web server, which no other image has."""
    for program in named_programs(process.text):
        name = program.name.rpartition("/")[2]
        if name.startswith("heroku-php-"):
            yield name


def is_told(process: Process) -> bool:
    """Whether a note has said that the process, which would run before the others, cannot start."""
    return "once" in process_kinds()[kind_of(process.type)] and "once" not in process.traits


def _own_image(repository: Repository) -> OwnImage | None:
    """The image of the Dockerfile at the root; None where there is none, or none with a stage."""
    if not repository.has_file("Dockerfile"):
        return None
    content = repository.project.read("Dockerfile") or b""
    stage = read_dockerfile(content, "Dockerfile").stage()
    return OwnImage("Dockerfile", stage) if stage else None


def _start(
    repository: Repository,
    own_image: OwnImage,
    process: Process,
    libraries: tuple[Library, ...],
) -> Process:
    is_once = bool(process.traits.get("once"))
    starts_itself = process.publishes and _has_command(repository, own_image)
    if not process.cursor or not (is_once or starts_itself):
        return process
    lacks = lacks_of(repository, own_image, process, libraries)
    things = [*_launchers(process), *(lack.thing for lack in lacks)]
    if not things:
        return process
    program = " and ".join(things)
    if is_once:
        process.cursor.annotate(
            "TC388",
            subject=ModelPath.service(process.service),
            name=process.type,
            file=own_image.file,
            program=program,
            service=process.service,
        )
        return process._replace(kind="task")
    process.cursor.note(
        "TC387",
        subject=ModelPath.service(process.service, "command"),
        name=process.type,
        file=own_image.file,
        program=program,
        command=own_image.command_text,
    )
    return process._replace(text="")


def _has_command(repository: Repository, own_image: OwnImage) -> bool:
    """Whether the image starts something by itself."""
    stage = own_image.stage
    return bool(stage.cmd or swallowing_entrypoint(repository, stage))
