"""The names that docker compose looks for: the base of a folder, the override beside it, the production file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from tocompose.project import Project

# In the order in which docker compose looks for them (compose-go, cli.DefaultFileNames and DefaultOverrideFileNames).
BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    *("compose.override.yml", "compose.override.yaml"),
    *("docker-compose.override.yml", "docker-compose.override.yaml"),
)
PROD_NAMES = (
    *(
        "docker-compose.prod.yml",
        "docker-compose.prod.yaml",
        "compose.prod.yaml",
        "compose.prod.yml",
    ),
    *("docker-compose.production.yml", "docker-compose.production.yaml"),
    *("compose.production.yaml", "compose.production.yml"),
)


class Found(NamedTuple):
    """The names of the files of a folder: base, override (loaded with it) and production; empty where there is none.

    `listed` are the files that COMPOSE_FILE in `.env` names instead of the base and the override.
    """

    base: str
    override: str
    production: str
    listed: tuple[str, ...] = ()

    @property
    def loaded(self) -> tuple[str, ...]:
        """What `docker compose up` reads, in its order."""
        return self.listed or tuple(name for name in (self.base, self.override) if name)


def find(project: Project, folder: str = "") -> Found | None:
    """The files that `docker compose` would read in the folder, and the production file beside them."""

    def first(names: tuple[str, ...]) -> str:
        paths = (posixpath.join(folder, name) for name in names)
        return next((path for path in paths if project.exists(path)), "")

    if listed := _listed(project, folder):
        return Found(listed[0], next(iter(listed[1:]), ""), first(PROD_NAMES), listed)
    base = first(BASE_NAMES)
    return Found(base, first(OVERRIDE_NAMES), first(PROD_NAMES)) if base else None


def _listed(project: Project, folder: str) -> tuple[str, ...]:
    """The files that COMPOSE_FILE names in the `.env` of the folder, separated by COMPOSE_PATH_SEPARATOR.

    https://docs.docker.com/compose/how-tos/environment-variables/envvars/#compose_file
    """
    content = project.read(posixpath.join(folder, ".env")) or b""
    if b"COMPOSE_FILE" not in content:
        return ()
    from tocompose.readers.dotenv import read_dotenv
    from tocompose.source import Leaf

    held = {
        str(child.key): child.node.text
        for child in read_dotenv(content).tree.children
        if isinstance(child.node, Leaf)
    }
    parts = (
        held.get("COMPOSE_FILE", "")
        .strip()
        .split(held.get("COMPOSE_PATH_SEPARATOR") or ":")
    )
    return tuple(
        posixpath.normpath(posixpath.join(folder, part.strip()))
        for part in parts
        if part.strip()
    )


def compose_file(project: Project) -> str:
    """The compose file that the user named, or the base file of a folder; empty where there is none.

    For what is no source to convert from: a file counts by its content, whatever its name.
    """
    if not project.named:
        found = find(project)
        return found.base if found else ""
    named = (
        path
        for path in project.named
        if path.endswith((".yml", ".yaml", ".json")) or path == "<stdin>"
    )
    return next(
        (path for path in named if _is_compose(project.read(path) or b"", path)), ""
    )


def _is_compose(content: bytes, path: str) -> bool:
    if b"services" not in content:
        return False
    from tocompose.importers.compose.reading import document_of, read_file

    document = document_of(read_file(content, path))
    return isinstance(document.get("services"), Mapping) and "kind" not in document
