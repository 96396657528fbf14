"""heroku.yml: images, their build arguments, commands and the release command.

https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.processes import Found
from tocompose.importers.procfile.repository import Repository, nothing
from tocompose.ledger import Cursor

NAMES = ("heroku.yml", "heroku.yaml")


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
    processes: tuple[Found, ...]
    buildpacks: tuple[Cursor, ...]

    @property
    def commands(self) -> bool:
        """Whether it names the processes: then the Procfile is not read, as on the platform."""
        return any(item.type != "release" for item in self.processes)


def read(repository: Repository) -> HerokuYml:
    """The repository's heroku.yml."""
    root = _root(repository)
    build, setup = root.at("build"), root.at("setup")
    return HerokuYml(
        root=root,
        recipes=tuple(_recipes(build.at("docker"))),
        config=build.at("config"),
        addons=setup.at("addons"),
        settings=setup.at("config"),
        processes=tuple(_processes(root)),
        buildpacks=(*build.at("languages"), *build.at("buildpacks")),
    )


def _root(repository: Repository) -> Cursor:
    from tocompose.readers.yaml import cursors

    for name in NAMES:
        content = repository.project.read(name)
        if content is not None:
            found = cursors(content, name, repository.ledger)
            for extra in found[1:]:
                extra.note("TC315", what="a second document", wanted="one document")
            if found and found[0].kind == "map":
                return found[0]
            if found:
                found[0].note("TC315", what="heroku.yml", wanted="a map with build and run")
    return nothing(repository.ledger)


def _recipes(docker: Cursor) -> Iterator[Recipe]:
    for entry in docker:
        if entry.kind == "leaf":
            yield Recipe(entry.key, entry, entry.at("target"))
        else:
            yield Recipe(entry.key, entry.at("dockerfile"), entry.at("target"))


def _processes(root: Cursor) -> Iterator[Found]:
    keys = root.at("build", "docker").keys()
    for entry in root.at("run"):
        found = _process(entry, entry.key, keys)
        if found is not None:
            yield found
    release = root.at("release")
    if release:
        found = _process(release, "release", keys)
        if found is not None:
            yield found


def _process(entry: Cursor, name: str, keys: tuple[str, ...]) -> Found | None:
    """A command: a string, a list of strings, or a map with `command` and `image`."""
    command = entry.at("command") if entry.kind == "map" else entry
    text = _text(command)
    if text is None or not text.strip():
        command.note("TC307", name=name) if command else entry.note("TC307", name=name)
        return None
    image = entry.at("image") if entry.kind == "map" else nothing(entry.ledger)
    return Found(name, command, text, _image(image, name, keys))


def _image(image: Cursor, name: str, keys: tuple[str, ...]) -> str:
    """The key of the image that a process runs in; empty for its own, or for one that is not built."""
    key = image.peek() or ""
    if key == name:
        image.skip("it is the image of that name anyway")
    elif key in keys:
        image.take(to=f"services.{name}.image")
        return key
    elif image:
        image.note("TC340", what=f"image {key}", name=key)
    return ""


def _text(command: Cursor) -> str | None:
    """The command line; the items of a list are words of one command, as in a Dockerfile's CMD behind `sh -c`."""
    if command.kind == "leaf":
        return command.peek()
    if command.kind == "list":
        return " ".join(item.peek() or "" for item in command)
    return None
