"""What each image of an app is made for: the whole repository, or a folder of it, and the processes that run in it."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile import (
    app_folders,
    aptfiles,
    environment,
    image,
    language,
    ports,
    programs,
)
from tocompose.importers.procfile.app import App, AppEnvironment
from tocompose.importers.procfile.listening import configured_port
from tocompose.importers.procfile.own_commands import is_told
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.procfile.stage_programs import note_lacking
from tocompose.languages import language_rows, read_libraries
from tocompose.languages.language import DockerfileInput, Library
from tocompose.languages.node import inlined_names
from tocompose.record import NamedTuple
from tocompose.repository import Repository, map_at
from tocompose.syntax.interpolation import plain
from tocompose.syntax.model_path import ModelPath


class AppPart(NamedTuple):
    """What one image is made for: the repository, or a folder of it, its language and the processes that run in it."""

    repository: Repository
    language: str
    processes: tuple[Process, ...]


def choose_app_images(
    app: App, libraries: tuple[Library, ...], variables: AppEnvironment
) -> dict[str, image.Image]:
    """The images by their keys: heroku.yml's, the folders of processes, the empty one for the whole repository."""
    folders = app.folders
    remaining = tuple(process for process in app.processes if process.image not in folders)
    images: dict[str, image.Image] = {}
    if remaining:
        app_part = AppPart(app.repository, app.language, remaining)
        request = _image_request(app, app_part, libraries, variables)
        images |= image.choose_images(app.repository, app.heroku, request)
        if any(built_image.generated for built_image in images.values()):
            programs.note_missing(app.repository, remaining, app.language, request.source)
        _hold_against_stages(app.repository, images, remaining, libraries)
    for folder in folders:
        repository = app_folders.folder_repository(app.repository, folder)
        own_language = app_folders.folder_language(app.repository.project, folder)
        inside = tuple(process for process in app.processes if process.image == folder)
        app_part = AppPart(repository, own_language, inside)
        request = _image_request(app, app_part, read_libraries(repository), variables)
        images[folder] = image.folder_image(repository, folder, request)
        _hold_against_stages(repository, {folder: images[folder]}, inside, libraries)
        app.repository.add_note(
            "TC575",
            inside[0].span,
            subject=ModelPath.service(inside[0].service, "build"),
            names=", ".join(process.type for process in inside),
            folder=folder,
            language=language_rows()[own_language]["title"],
        )
    image.settle_dockerfiles(app.repository, images)
    return images


def _hold_against_stages(
    repository: Repository,
    images: dict[str, image.Image],
    processes: tuple[Process, ...],
    libraries: tuple[Library, ...],
) -> None:
    """Says of commands in images of the source's own Dockerfiles what these are certain to lack."""
    for process in processes:
        own_image = image.find_image(images, process).own_stage
        if own_image is not None and not is_told(process):
            note_lacking(repository, own_image, process, libraries)


def _image_request(
    app: App, app_part: AppPart, libraries: tuple[Library, ...], variables: AppEnvironment
) -> image.ImageRequest:
    source = _dockerfile_input(app, app_part, libraries, variables)
    values = {variable.name: variable.value for variable in variables.app_variables}
    inlined = inlined_names(app_part.repository, values)
    unset = frozenset(name for name in inlined if values[name] is None)
    return image.ImageRequest(
        app.name,
        app_part.language,
        app.repository.option("dockerfile") or "auto",
        source._replace(inlined=inlined, unset=unset),
        arguments={name: values[name] for name in inlined},
    )


def _dockerfile_input(
    app: App, app_part: AppPart, libraries: tuple[Library, ...], variables: AppEnvironment
) -> DockerfileInput:
    repository = app_part.repository
    ordered = sorted(app_part.processes, key=lambda process: not process.publishes)
    buildpacks = [
        language.find_buildpack(url) for url in language.buildpack_urls(app.buildpacks)
    ]
    scripts = map_at(repository.read_json("package.json"), "scripts")
    commands = tuple(process.text for process in ordered if process.text)
    asked_packages = aptfiles.asked_packages(repository, buildpacks, app.heroku)
    unknown_image = image.Image("", None)
    port = ports.choose_web_port(
        ordered[0],
        unknown_image,
        variables,
        app_part.language,
        configured_port(repository, ordered[0].text),
    )
    return DockerfileInput(
        repository=repository,
        commands=commands,
        web_arguments=_web_arguments(ordered[0].text),
        libraries=libraries,
        packages=programs.add_packages(
            repository, app_part.language, asked_packages, app_part.processes
        ),
        port=port.number,
        required=tuple(
            variable.name
            for variable in variables.app_variables
            if variable.value == environment.demand_value(variable.name)
        ),
        settings=plain_values(variables),
        node_first="heroku-postbuild" in scripts
        or any(row.get("language") == "node" for row in buildpacks),
        spoken=programs.spoken_languages(commands),
        data_files=tuple(
            _data_files(variables) if app_part.repository is app.repository else ()
        ),
        service=ordered[0].service,
    )


def _data_files(variables: AppEnvironment) -> Iterator[tuple[str, str, bool]]:
    """What the app writes on its own disk: a path, the folder of its volume, and whether a link leads there."""
    for database in variables.databases:
        yield database.path, database.folder, database.linked
    for upload in variables.uploads:
        if upload.folder and upload.is_placed:
            yield upload.folder, upload.folder, False


def _web_arguments(text: str) -> tuple[str, ...]:
    """The web command as an image's default: the shell's dollars as they are; none for a buildpack's own launcher."""
    if not text or "heroku-php-" in text:
        return ()
    return tuple(plain(argument) or "" for argument in convert_command(text).argv)


def plain_values(variables: AppEnvironment) -> dict[str, str]:
    """The variables whose values are known, with these."""
    values = {}
    for variable in variables.app_variables:
        if variable.setting and variable.setting.value:
            values[variable.name] = variable.setting.value
        if value := plain(variable.value or ""):
            values[variable.name] = value
    return values
