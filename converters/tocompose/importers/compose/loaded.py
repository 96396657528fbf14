"""The files of a source put together: version 1 with its services in their own section, and what it extends."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, document_of, merge_all, read_file
from tocompose.compose.loading import chain_note, load_files
from tocompose.compose.merge import merge_documents
from tocompose.compose.relative_paths import rebase_service
from tocompose.compose.shapes import as_map, as_text
from tocompose.importers.compose.versions import is_fig, is_version_one
from tocompose.limits import limit
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal


class LoadedSource(NamedTuple):
    """The document with a section `services`, its files, what could not be followed, and whether it is of version 1."""

    document: dict[str, Any]
    files: tuple[ComposeFile, ...]
    notes: tuple[Note, ...]
    is_version_one: bool


def load_source(project: Project, paths: tuple[str, ...]) -> LoadedSource:
    """The files of those paths as the Compose of their time would put them together."""
    files = [
        read_file(content, path)
        for path in paths
        if (content := project.read(path)) is not None
    ]
    if not any(is_version_one(document_of(file)) for file in files):
        loaded = load_files(project, paths)
        return LoadedSource(loaded.document, loaded.files, loaded.notes, False)
    loader = _VersionOneLoader(project)
    document = merge_all([loader.read(file) for file in files])
    services = {
        name: body
        for name, body in as_map(document.get("services")).items()
        if _says_what_runs(as_map(body))
    }
    read_files = (*files, *loader.files)
    return LoadedSource({"services": services}, read_files, tuple(loader.notes), True)


class _VersionOneLoader:
    """Reads files of version 1, and the services of others that they extend."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.files: list[ComposeFile] = []
        self.notes: list[Note] = []

    def read(self, file: ComposeFile) -> dict[str, Any]:
        """The document with its services in their section, each with what it extends."""
        services = _services_of(file)
        extended = {
            name: self._extended(services, file.path, name, ()) for name in services
        }
        return {"services": extended}

    def _extended(
        self, services: Mapping[str, Any], path: str, name: str, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        """The service over the one that it extends; links and shared volumes were not taken over."""
        body = as_map(services.get(name))
        reference = body.pop("extends", None)
        if reference is None or f"{path}:{name}" in trail:
            return body
        if len(trail) >= limit("DEPTH"):
            self.notes.append(chain_note(trail[0]))
            return body
        trail = (*trail, f"{path}:{name}")
        target = as_map(reference) or {"service": reference}
        parent_services, parent_path = services, path
        if file_name := as_text(target.get("file")):
            parent_path = posixpath.normpath(
                posixpath.join(posixpath.dirname(path), file_name)
            )
            parent_services = self._open(parent_path)
        parent_name = as_text(target.get("service")) or ""
        if parent_services and parent_name not in parent_services:
            self.notes.append(
                note("TC744", None, service=name, kind="service", name=parent_name)
            )
        parent = self._extended(parent_services, parent_path, parent_name, trail)
        for key in ("links", "volumes_from", "net", *_replaced_keys(body)):
            parent.pop(key, None)
        if folder := posixpath.dirname(file_name or ""):
            parent = rebase_service(parent, folder)
        merged = merge_documents({"services": {name: parent}}, {"services": {name: body}})
        return as_map(as_map(merged["services"]).get(name))

    def _open(self, path: str) -> Mapping[str, Any]:
        content = self._project.read(path)
        if content is None:
            self.notes.append(note("TC705", None, path=path))
            return {}
        file = read_file(content, path)
        self.files.append(file)
        return _services_of(file)


def _replaced_keys(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What an image or a build put out of force in the service that was extended: a service had one of them."""
    if "image" in body:
        return ("build", "dockerfile")
    return ("image",) if "build" in body else ()


def _says_what_runs(body: Mapping[str, Any]) -> bool:
    """Whether a service has an image or a build; others are templates that services extend."""
    return "image" in body or "build" in body


def _services_of(file: ComposeFile) -> dict[str, Any]:
    document = document_of(file)
    # A file that is extended may hold nothing but templates.
    services = as_map(document.get("services")) if "services" in document else document
    return {
        name: _with_plain_dollars(body) if is_fig(file.path) else body
        for name, body in services.items()
    }


def _with_plain_dollars(value: Any) -> Any:
    """The value with each `$` for the container: fig replaced no variables."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        return {key: _with_plain_dollars(value_below) for key, value_below in value.items()}
    if isinstance(value, list):
        return [_with_plain_dollars(value_below) for value_below in value]
    return value
