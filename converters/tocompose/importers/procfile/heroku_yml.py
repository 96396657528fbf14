"""heroku.yml: images, their build arguments, commands and the release command.

https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.importers.procfile.processes import StatedProcess
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.reading import read_lines
from tocompose.readers.yaml import yaml_cursors
from tocompose.record import NamedTuple
from tocompose.repository import Repository, nothing
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, is_shell

# A script that the first word names: `./migrate.sh`, `bin/setup`.
_SCRIPT = regex(r"\.{0,2}/|bin/|\S+\.(?:sh|bash|py|rb|js)$")
NAMES = ("heroku.yml", "heroku.yaml")
# One buildpack a line, as heroku-buildpack-multi and Dokku read it.
_LIST = ".buildpacks"


class Recipe(NamedTuple):
    """One entry of `build.docker`: an image by its process type, its Dockerfile and target (falsy where unsaid)."""

    key: str
    dockerfile: Cursor
    target: Cursor


class HerokuYml(NamedTuple):
    """What heroku.yml says; falsy cursors and empty tuples where it says nothing."""

    root: Cursor
    recipes: tuple[Recipe, ...]
    config: Cursor
    addons: Cursor
    settings: Cursor
    processes: tuple[StatedProcess, ...]
    buildpacks: tuple[Cursor, ...]

    @property
    def names_processes(self) -> bool:
        """Whether it names the processes: then the Procfile is not read, as on the platform."""
        return any(process.type != "release" for process in self.processes)

    def runner_of(self, key: str) -> str:
        """The service that an image is built for: the one of its name, or the first that says it runs in it."""
        if any(process.type == key for process in self.processes):
            return identifier(key)
        runners = (process.type for process in self.processes if process.image == key)
        return identifier(next((name for name in runners if name != "release"), key))


def read_heroku_yml(repository: Repository) -> HerokuYml:
    """The repository's heroku.yml."""
    root = _open_root(repository)
    build, setup = root.at("build"), root.at("setup")
    return HerokuYml(
        root=root,
        recipes=tuple(_read_recipes(build.at("docker"))),
        config=build.at("config"),
        addons=setup.at("addons"),
        settings=setup.at("config"),
        processes=tuple(_read_processes(root)),
        buildpacks=(
            *build.at("languages"),
            *build.at("buildpacks"),
            *repository.open(_LIST, read_lines, "lines"),
        ),
    )


def _open_root(repository: Repository) -> Cursor:
    for name in NAMES:
        content = repository.project.read(name)
        documents = (
            yaml_cursors(content, name, repository.ledger) if content is not None else []
        )
        for document in documents[1:]:
            document.note("TC315", what="a second document", wanted="one document")
        if documents and documents[0].kind == "map":
            return documents[0]
        if documents:
            problem = "a map with build and run"
            documents[0].note("TC315", what="heroku.yml", wanted=problem)
    return nothing(repository.ledger)


def _read_recipes(docker: Cursor) -> Iterator[Recipe]:
    for image in docker:
        if image.kind == "leaf":
            yield Recipe(image.key, image, image.at("target"))
        else:
            yield Recipe(image.key, image.at("dockerfile"), image.at("target"))


def _read_processes(root: Cursor) -> Iterator[StatedProcess]:
    keys = root.at("build", "docker").keys()
    stated = [(process_entry.key, process_entry) for process_entry in root.at("run")]
    if release := root.at("release"):
        stated.append(("release", release))
    for name, process_entry in stated:
        process = _read_process(process_entry, name, keys)
        if process is not None:
            yield process


def _read_process(
    process: Cursor, name: str, keys: tuple[str, ...]
) -> StatedProcess | None:
    """A command: a string, a list of strings, or a map with `command` and `image`."""
    command = process.at("command") if process.kind == "map" else process
    text = _command_line(command)
    if text is None or not text.strip():
        (command or process).note("TC307", name=name)
        return None
    if command.kind == "list" and _holds_commands(_list_words(command)):
        command.annotate("TC561", name=name, count=len(command))
    image = process.at("image") if process.kind == "map" else nothing(process.ledger)
    return StatedProcess(name, command, text, _settle_image(image, name, keys))


def _settle_image(image: Cursor, name: str, keys: tuple[str, ...]) -> str:
    """The key of the image that a process runs in; empty for its own, or for one that is not built."""
    key = image.peek() or ""
    if key == name:
        image.skip("it is the image of that name anyway")
    elif key in keys:
        image.take(to=ModelPath.service(identifier(name), "image"))
        return key
    elif image:
        image.note("TC340", what=f"image {key}", name=key)
    return ""


def _command_line(command: Cursor) -> str | None:
    """The command line: of a list of whole commands one after the other, of a list of words the command of these."""
    if command.kind == "leaf":
        return command.peek()
    if command.kind != "list":
        return None
    arguments = _list_words(command)
    if _holds_commands(arguments):
        return " && ".join(arguments)
    if arguments and is_shell(arguments[0]):
        return shlex.join(arguments)
    return " ".join(arguments)


def _list_words(command: Cursor) -> list[str]:
    return [argument.peek() or "" for argument in command]


def _holds_commands(texts: list[str]) -> bool:
    """Whether the items of a list are whole commands, and not words of one."""
    if len(texts) < 2 or any(text.startswith("-") for text in texts):
        return False
    has_arguments = any(" " in text.strip() for text in texts)
    return has_arguments or all(map(_SCRIPT.match, texts))
