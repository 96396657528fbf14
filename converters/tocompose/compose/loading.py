"""The files that docker compose reads: their names, and what they extend and include."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, document_of, merge_all, read_file
from tocompose.compose.files import BASE_NAMES, OVERRIDE_NAMES, PROD_NAMES
from tocompose.compose.merge import merge_documents, without_tags
from tocompose.compose.relative_paths import rebase_document, rebase_service
from tocompose.compose.shapes import as_list, as_map, as_text, as_texts
from tocompose.limits import limit
from tocompose.notes import Note, note
from tocompose.project import Project, is_refused, normal_path, refused_files
from tocompose.readers.dotenv import compose_values
from tocompose.readers.reading import in_utf8
from tocompose.record import NamedTuple
from tocompose.source import Branch, Span
from tocompose.syntax.model_path import ModelPath


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
    held = compose_values(content)
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
    return next((path for path in named if is_compose(project.read(path) or b"", path)), "")


def is_compose(content: bytes, path: str) -> bool:
    """Whether a file is a compose file of today: a map with services."""
    if b"services" not in in_utf8(content):
        return False
    document = document_of(read_file(content, path))
    return isinstance(document.get("services"), Mapping) and "kind" not in document


def why_nothing(project: Project, path: str) -> str:
    """Why no service comes of a compose file: where its YAML breaks off, or that it has none."""
    content = project.read(path) or b""
    if is_refused(project, path):
        return note("TC024", file=path, problem=refused_files(project)[path]).message
    for yaml_note in read_file(content, path).notes:
        return f"{yaml_note.span or path}: {yaml_note.message}"
    return f"{path}: this compose file has no services"


class Loaded(NamedTuple):
    """Files read and put together: the document, the files with their places, and what could not be followed.

    `included_values` are the variables that the env files of an inclusion set for each file of it.
    """

    document: dict[str, Any]
    files: tuple[ComposeFile, ...]
    notes: tuple[Note, ...]
    included_values: Mapping[str, Mapping[str, str]]


def load_files(project: Project, paths: tuple[str, ...], shown: str = "") -> Loaded:
    """The files of those paths as docker compose puts them together, with what they include and extend.

    Relative paths are seen from the root of the project. `shown` stands in front of each path where places are told:
    the way to the project.
    """
    loader = _Loader(project, shown)
    document = merge_all([loader.read_document(path) for path in paths])
    # Not before: `!reset` of a later file reaches into maps, and a list of variables stays one until then.
    if loader.files:
        document = loader.follow_extends(document, loader.files[0], paths[0])
    # docker compose takes them from the folder of the first file.
    folder = posixpath.dirname(paths[0]) if paths else ""
    return Loaded(
        rebase_document(document, folder),
        tuple(loader.files),
        tuple(loader.notes),
        loader.included_values,
    )


class _Loader:
    """Reads each file once, and follows references inside the project."""

    def __init__(self, project: Project, shown: str) -> None:
        self.project = project
        self.shown = shown
        self.files: list[ComposeFile] = []
        self.notes: list[Note] = []
        self.included_values: dict[str, Mapping[str, str]] = {}
        self._open: list[str] = []
        self._values: Mapping[str, str] = {}

    def read_document(self, path: str, reference: Span | None = None) -> dict[str, Any]:
        """The file's content, with what it includes in front of it; `reference` is the place that names the file."""
        file = None if path in self._open else self._read_file(path)
        if file is None:
            self.notes.append(self._unfollowed(path, reference))
            return {}
        if file.path not in {known_file.path for known_file in self.files}:
            self.files.append(file)
        if self._values:
            self.included_values[file.path] = self._values
        document = document_of(file)
        self._open.append(path)
        span = _span_of_key(file, "include")
        included = self._read_included(document.pop("include", None), path, span)
        self._open.pop()
        if self._open:
            document = self.follow_extends(document, file, path)
        return merge_documents(included, document) if included else document

    def _read_file(self, path: str) -> ComposeFile | None:
        content = self.project.read(path)
        return None if content is None else read_file(content, self.shown + path)

    def _unfollowed(self, path: str, span: Span | None) -> Note:
        """What to say of a file that could not be read: that it is not there, where that can be seen."""
        inside = normal_path(path)
        # Not beside standard input, nor where a variable or an address says which file it is.
        is_seen = self.project.named != ("<stdin>",) and not {"$", ":"}.intersection(path)
        is_missing = is_seen and inside is not None and not self.project.exists(inside)
        return note("TC542" if is_missing else "TC705", span, path=_shown_path(path))

    def _read_included(
        self, inclusions: Any, path: str, span: Span | None
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for inclusion in as_list(inclusions):
            is_long = isinstance(inclusion, Mapping)
            names = as_texts(inclusion.get("path") if is_long else inclusion)
            folder = as_text(inclusion.get("project_directory")) if is_long else None
            if folder is None:
                folder = posixpath.dirname(names[0]) if names else ""
            outer_values = self._values
            env_files = as_texts(inclusion.get("env_file")) if is_long else ()
            env_files = env_files or (posixpath.join(folder, ".env"),)
            # What surrounds an inclusion has the say: https://docs.docker.com/reference/compose-file/include/
            self._values = {**self._env_values(path, env_files), **outer_values}
            documents = [
                self.read_document(_path_beside(path, name), span) for name in names
            ]
            self._values = outer_values
            included = rebase_document(merge_all(documents), folder)
            result = merge_documents(result, included)
        return result

    def _env_values(self, path: str, env_files: tuple[str, ...]) -> dict[str, str]:
        """What the env files of an inclusion set, a later one over an earlier one."""
        values: dict[str, str] = {}
        for name in env_files:
            values |= compose_values(self.project.read(_path_beside(path, name)) or b"")
        return values

    def follow_extends(
        self, document: dict[str, Any], file: ComposeFile, path: str
    ) -> dict[str, Any]:
        """The document with `extends` followed in each service."""
        services = as_map(document.get("services"))
        if not any("extends" in as_map(body) for body in services.values()):
            return document
        scope = _ExtensionScope(services, file, path)
        extended = {name: self._extend_service(scope, name, ()) for name in services}
        return {**document, "services": extended}

    def _extend_service(
        self, scope: _ExtensionScope, name: str, trail: tuple[str, ...]
    ) -> Any:
        body = scope.services.get(name)
        reference = body.get("extends") if isinstance(body, Mapping) else None
        if reference is None:
            return body
        own_body = {key: value for key, value in as_map(body).items() if key != "extends"}
        if f"{scope.path}:{name}" in trail:
            self.notes.append(_circle_note(name, reference, scope.file))
            return own_body
        if len(trail) >= limit("DEPTH"):
            self.notes.append(chain_note(trail[0], _span_of_key(scope.file, "services")))
            return body
        trail = (*trail, f"{scope.path}:{name}")
        parent = self._extended_service(scope, name, reference, trail)
        extended = merge_documents(
            {"services": {name: parent}}, {"services": {name: own_body}}
        )
        return as_map(extended["services"]).get(name)

    def _extended_service(
        self, scope: _ExtensionScope, name: str, reference: Any, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        """The service that `reference` names, as the file of the service that extends it sees its paths."""
        named = reference if isinstance(reference, Mapping) else {"service": reference}
        target = as_text(named.get("service")) or ""
        file_name = as_text(named.get("file"))
        parent_scope = scope if file_name is None else self._open_scope(scope, file_name)
        if parent_scope.services and target not in parent_scope.services:
            facts: dict[str, Any] = {"service": name, "kind": "service", "name": target}
            self.notes.append(note("TC744", _span_of_key(scope.file, "services"), **facts))
        parent = as_map(self._extend_service(parent_scope, target, trail))
        return rebase_service(parent, posixpath.dirname(file_name or ""))

    def _open_scope(self, scope: _ExtensionScope, file_name: str) -> _ExtensionScope:
        """The services of a file that is extended; what does not come from the set has no place in it."""
        path = _path_beside(scope.path, file_name)
        file = self._read_file(path)
        if file is None:
            span = _span_of_key(scope.file, "services")
            self.notes.append(self._unfollowed(path, span))
            return scope._replace(services={}, path=path)
        services = without_tags(as_map(document_of(file).get("services")))
        return _ExtensionScope(services, file, path)


class _ExtensionScope(NamedTuple):
    """Where a service that is extended is looked for: the services of a file."""

    services: Mapping[str, Any]
    file: ComposeFile
    path: str


def _circle_note(name: str, reference: Any, file: ComposeFile) -> Note:
    target = as_text(as_map(reference).get("service")) or as_text(reference) or ""
    facts: dict[str, Any] = {"service": name, "key": "extends", "value": target}
    facts["rule"] = "a service that does not extend this one in turn"
    subject = ModelPath.service(name, "extends")
    return note("TC771", _span_of_key(file, "services"), subject=subject, **facts)


def chain_note(first_key: str, span: Span | None = None) -> Note:
    """The note on a service whose `extends` leads through too many others; `first_key` is its file and its name."""
    return note("TC028", span, service=first_key.rpartition(":")[2], most=limit("DEPTH"))


def _span_of_key(file: ComposeFile, key: str) -> Span | None:
    roots = (root for root in file.roots if isinstance(root, Branch))
    children = (root.child(key) for root in roots)
    return next((child.span for child in children if child is not None), None)


def _shown_path(path: str) -> str:
    """The path, or the address that a remote part has, without the credentials in it."""
    return re.sub(r"(?<=:/)/?[^/@\s]*@", "/", path)


def _path_beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
