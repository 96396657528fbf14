"""The objects of an engine in JSON, as its commands print them: sorted by kind, with what is not read and why.

https://docs.docker.com/reference/cli/docker/inspect/
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from tocompose.importers.engine.json_values import text_at
from tocompose.ledger import Cursor, Ledger
from tocompose.project import Project
from tocompose.readers.json import read_json_among_text
from tocompose.readers.reading import in_utf8
from tocompose.record import NamedTuple
from tocompose.repository import note_oddities
from tocompose.source import Branch, Child, Node


class ObjectKind(Enum):
    """What an object describes."""

    CONTAINER = "container"
    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    SERVICE = "service"
    CONFIG = "config"
    POD = "pod"
    LISTED = "listed"
    TASK = "task"
    UNKNOWN = "unknown"


# The keys by which an object is told, the most telling kind first.
_MARKS: tuple[tuple[ObjectKind, frozenset[str]], ...] = (
    (ObjectKind.CONTAINER, frozenset({"Config", "HostConfig", "Name"})),
    (ObjectKind.IMAGE, frozenset({"RootFS", "RepoTags"})),
    (ObjectKind.POD, frozenset({"InfraContainerID"})),
    (ObjectKind.POD, frozenset({"InfraContainerId"})),
    (ObjectKind.VOLUME, frozenset({"Mountpoint", "Name"})),
    (ObjectKind.NETWORK, frozenset({"IPAM", "Driver", "Name"})),
    (ObjectKind.NETWORK, frozenset({"subnets", "driver", "name"})),
    (ObjectKind.TASK, frozenset({"DesiredState", "ServiceID"})),
    (ObjectKind.LISTED, frozenset({"ImageID", "Command"})),
    (ObjectKind.LISTED, frozenset({"Image", "Command", "Names"})),
)
# What must stand in a file that is looked at: the same marks, of what becomes a service.
_CLAIMING_MARKS = (
    (b'"HostConfig"', b'"Config"', b'"Name"'),
    (b'"TaskTemplate"', b'"Spec"'),
    (b'"ImageID"', b'"Command"', b'"HostConfig"'),
    (b'"Command"', b'"Names"', b'"RunningFor"'),
)
_ENDINGS = (".json", ".jsonl", ".ndjson", ".txt", ".out", ".log")


class EngineObject(NamedTuple):
    """One object: its kind and where it stands."""

    kind: ObjectKind
    cursor: Cursor

    def text(self, *keys: str) -> str:
        """The text at a path below it; empty where nothing stands there."""
        return text_at(self.cursor, *keys)


def holds_objects(project: Project, path: str) -> bool:
    """Whether the file holds what becomes a service: containers, or services of a swarm."""
    is_named = path in project.named
    if not is_named and not path.endswith(_ENDINGS):
        return False
    content = project.read(path)
    if content is None:
        return False
    text = in_utf8(content)
    return any(all(mark in text for mark in marks) for marks in _CLAIMING_MARKS)


def read_objects(project: Project, ledger: Ledger) -> tuple[EngineObject, ...]:
    """Every object of the project's files, in their order; all their leaves are accounted for from now on."""
    objects: list[EngineObject] = []
    for path in project.files():
        if path not in project.named and not path.endswith(_ENDINGS):
            continue
        content = project.read(path)
        if content is not None and _may_hold_objects(in_utf8(content)):
            objects += _objects_of_file(content, path, ledger)
            # Another importer may have found it too long for a script.
            project.skipped.pop(path, None)
    return tuple(objects)


_MARKS_OF_FILES = (
    *(b'"HostConfig"', b'"RootFS"', b'"IPAM"', b'"Mountpoint"', b'"Spec"', b'"subnets"'),
    *(b'"InfraContainerI', b'"Names"', b'"ImageID"', b'"DesiredState"'),
)


def _may_hold_objects(content: bytes) -> bool:
    return any(mark in content for mark in _MARKS_OF_FILES)


def _objects_of_file(content: bytes, path: str, ledger: Ledger) -> Iterator[EngineObject]:
    documents = read_json_among_text(content, path)
    note_oddities(ledger, "engine", documents.oddities)
    for tree in documents.trees:
        yield from _sorted_objects(ledger.open(_without_root(tree)))


def _without_root(tree: Node) -> Branch:
    """The tree as a list: one object is a list of one."""
    if isinstance(tree, Branch) and tree.kind == "list":
        return tree
    return Branch("list", (Child(0, tree.span, tree),), tree.span)


def _sorted_objects(cursor: Cursor) -> Iterator[EngineObject]:
    for value_below in cursor:
        if value_below.kind == "list":
            # `docker inspect` of several calls, gathered by another tool.
            yield from _sorted_objects(value_below)
        else:
            yield EngineObject(_kind_of(value_below), value_below)


def _kind_of(cursor: Cursor) -> ObjectKind:
    keys = frozenset(cursor.keys())
    if cursor.at("Spec", "TaskTemplate"):
        return ObjectKind.SERVICE
    if cursor.at("Spec", "Data") or (cursor.at("Spec", "Name") and "Version" in keys):
        return ObjectKind.CONFIG
    return next((kind for kind, marks in _MARKS if marks <= keys), ObjectKind.UNKNOWN)
