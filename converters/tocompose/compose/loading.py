"""The files that docker compose reads: their names, and what they extend and include."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tocompose.compose.documents import ComposeFile, document_of, merge_all, read_file
from tocompose.compose.files import BASE_NAMES, OVERRIDE_NAMES, PROD_NAMES
from tocompose.compose.merge import merge_documents, merge_services
from tocompose.compose.shapes import as_list, as_map, as_text
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.readers.dotenv import read_dotenv
from tocompose.source import Leaf


class ComposeFiles(NamedTuple):
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


def find_compose_files(project: Project, folder: str = "") -> ComposeFiles | None:
    """The files that `docker compose` would read in the folder, and the production file beside them."""

    def first(names: tuple[str, ...]) -> str:
        paths = (posixpath.join(folder, name) for name in names)
        return next((path for path in paths if project.exists(path)), "")

    if listed := _listed_files(project, folder):
        return ComposeFiles(
            listed[0], next(iter(listed[1:]), ""), first(PROD_NAMES), listed
        )
    base = first(BASE_NAMES)
    return ComposeFiles(base, first(OVERRIDE_NAMES), first(PROD_NAMES)) if base else None


def _listed_files(project: Project, folder: str) -> tuple[str, ...]:
    """The files that COMPOSE_FILE names in the `.env` of the folder, separated by COMPOSE_PATH_SEPARATOR.

    https://docs.docker.com/compose/how-tos/environment-variables/envvars/#compose_file
    """
    content = project.read(posixpath.join(folder, ".env")) or b""
    if b"COMPOSE_FILE" not in content:
        return ()
    held = {
        str(child.key): child.node.text
        for child in read_dotenv(content).tree.children
        if isinstance(child.node, Leaf)
    }
    paths = (
        held.get("COMPOSE_FILE", "")
        .strip()
        .split(held.get("COMPOSE_PATH_SEPARATOR") or ":")
    )
    return tuple(
        posixpath.normpath(posixpath.join(folder, path.strip()))
        for path in paths
        if path.strip()
    )


def compose_file(project: Project) -> str:
    """The compose file that the user named, or the base file of a folder; empty where there is none.

    For what is no source to convert from: a file counts by its content, whatever its name.
    """
    if not project.named:
        files = find_compose_files(project)
        return files.base if files else ""
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
    document = document_of(read_file(content, path))
    return isinstance(document.get("services"), Mapping) and "kind" not in document


class Loaded(NamedTuple):
    """Files read and put together: the document, the files with their places, and what could not be followed."""

    document: dict[str, Any]
    files: tuple[ComposeFile, ...]
    notes: tuple[Note, ...]


def load_files(project: Project, paths: tuple[str, ...], shown: str = "") -> Loaded:
    """The files of those paths as docker compose puts them together, with what they include and extend.

    `shown` stands in front of each path where places are told: the way to the project.
    """
    loader = _Loader(project, shown)
    document = merge_all([loader.read_document(path) for path in paths])
    return Loaded(
        loader.follow_extends(document, paths[0] if paths else ""),
        tuple(loader.files),
        tuple(loader.notes),
    )


class _Loader:
    """Reads each file once, and follows references inside the project."""

    def __init__(self, project: Project, shown: str) -> None:
        self.project = project
        self.shown = shown
        self.files: list[ComposeFile] = []
        self.notes: list[Note] = []
        self._open: list[str] = []

    def read_document(self, path: str) -> dict[str, Any]:
        """The file's content, with what it includes in front of it."""
        file = None if path in self._open else self._read_file(path)
        if file is None:
            self.notes.append(note("TC705", None, path=_shown_path(path)))
            return {}
        self.files.append(file)
        document = document_of(file)
        self._open.append(path)
        included = self._read_included(document.pop("include", None), path)
        self._open.pop()
        return merge_documents(included, document) if included else document

    def _read_file(self, path: str) -> ComposeFile | None:
        content = self.project.read(path)
        return None if content is None else read_file(content, self.shown + path)

    def _read_included(self, inclusions: Any, path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for inclusion in as_list(inclusions):
            paths = inclusion.get("path") if isinstance(inclusion, Mapping) else inclusion
            for included_path in as_list(paths):
                included = self.read_document(_path_beside(path, str(included_path)))
                result = merge_documents(result, included)
        return result

    def follow_extends(self, document: dict[str, Any], path: str) -> dict[str, Any]:
        """The document with `extends` followed in each service."""
        services = as_map(document.get("services"))
        extended = {
            name: self._extend_service(services, name, path, ()) for name in services
        }
        return {**document, "services": extended} if services else document

    def _extend_service(
        self, services: Mapping[str, Any], name: str, path: str, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        body = as_map(services.get(name))
        reference = body.pop("extends", None)
        if reference is None or f"{path}:{name}" in trail:
            return body
        if not isinstance(reference, Mapping):
            reference = {"service": reference}
        target, file = (
            as_text(reference.get("service")) or "",
            as_text(reference.get("file")),
        )
        trail = (*trail, f"{path}:{name}")
        if file is not None:
            path = _path_beside(path, file)
            services = self._read_extended(path)
        parent = self._extend_service(services, target, path, trail)
        return merge_services(parent, body)

    def _read_extended(self, path: str) -> dict[str, Any]:
        """The services of a file that are extended; it is no part of the set, so its places are not asked for."""
        file = self._read_file(path)
        if file is None:
            self.notes.append(note("TC705", None, path=_shown_path(path)))
            return {}
        return as_map(document_of(file).get("services"))


def _shown_path(path: str) -> str:
    """The path, or the address that a remote part has, without the credentials in it."""
    return re.sub(r"(?<=:/)/?[^/@\s]*@", "/", path)


def _path_beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
