"""What docker compose reads: the files of a folder, with what they extend and include."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, NamedTuple

from tocompose.importers.compose.reading import ComposeFile, document_of, merged, read_file
from tocompose.importers.compose.shapes import many, mapping, text
from tocompose.merging import merge_documents, merge_services
from tocompose.notes import Note, note
from tocompose.project import Project


class Loaded(NamedTuple):
    """Files read and put together: the document, the files with their places, and what could not be followed."""

    document: dict[str, Any]
    files: tuple[ComposeFile, ...]
    notes: tuple[Note, ...]


def load(project: Project, paths: tuple[str, ...]) -> Loaded:
    """The files of those paths as docker compose puts them together, with what they include and extend."""
    loader = _Loader(project)
    document = merged([loader.document(path) for path in paths])
    return Loaded(
        loader.extended(document, paths[0] if paths else ""),
        tuple(loader.files),
        tuple(loader.notes),
    )


class _Loader:
    """Reads each file once, and follows references inside the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.files: list[ComposeFile] = []
        self.notes: list[Note] = []
        self._open: list[str] = []

    def document(self, path: str) -> dict[str, Any]:
        """The file's content, with what it includes in front of it."""
        content = self.project.read(path)
        if content is None or path in self._open:
            self.notes.append(note("TC705", None, path=path))
            return {}
        file = read_file(content, path)
        self.files.append(file)
        own = document_of(file)
        self._open.append(path)
        included = self._included(own, path)
        self._open.pop()
        own.pop("include", None)
        return merge_documents(included, own) if included else own

    def _included(self, own: Mapping[str, Any], path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for item in many(own.get("include")):
            names = many(item.get("path")) if isinstance(item, Mapping) else [item]
            for name in names:
                result = merge_documents(
                    result, self.document(self._beside(path, str(name)))
                )
        return result

    def _beside(self, path: str, name: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))

    def extended(self, document: dict[str, Any], path: str) -> dict[str, Any]:
        """The document with `extends` followed in each service."""
        services = mapping(document.get("services"))
        done = {name: self._service(services, name, path, ()) for name in services}
        return {**document, "services": done} if services else document

    def _service(
        self, services: Mapping[str, Any], name: str, path: str, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        body = mapping(services.get(name))
        reference = body.pop("extends", None)
        if reference is None or f"{path}:{name}" in trail:
            return body
        given = reference if isinstance(reference, Mapping) else {"service": reference}
        target, file = text(given.get("service")) or "", text(given.get("file"))
        trail = (*trail, f"{path}:{name}")
        if file is None:
            parent = self._service(services, target, path, trail)
        else:
            other = self._beside(path, file)
            parent = self._service(
                mapping(self._read(other).get("services")), target, other, trail
            )
        return merge_services(parent, body)

    def _read(self, path: str) -> dict[str, Any]:
        """A file whose services are extended; it is no part of the set, so its places are not asked for."""
        content = self.project.read(path)
        if content is None:
            self.notes.append(note("TC705", None, path=path))
            return {}
        return document_of(read_file(content, path))
