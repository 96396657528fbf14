"""The objects of an engine in JSON, as its commands print them: sorted by kind, with what is not read and why.

https://docs.docker.com/reference/cli/docker/inspect/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from tocompose.importers.engine.json_values import text_at
from tocompose.ledger import Cursor, Ledger
from tocompose.project import Project
from tocompose.readers.json import read_json
from tocompose.readers.reading import decode
from tocompose.source import Branch, Child


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
_VALUE = re.compile(r"[\[{]")


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
    return any(all(mark in content for mark in marks) for marks in _CLAIMING_MARKS)


def read_objects(project: Project, ledger: Ledger) -> tuple[EngineObject, ...]:
    """Every object of the project's files, in their order; all their leaves are accounted for from now on."""
    objects: list[EngineObject] = []
    for path in project.files():
        if path not in project.named and not path.endswith(_ENDINGS):
            continue
        content = project.read(path)
        if content is not None and _may_hold_objects(content):
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
    for fragment in _json_fragments(decode(content)):
        reading = read_json(fragment.encode(), path)
        cursor = ledger.open(_without_root(reading.tree))
        for oddity in reading.oddities:
            if oddity.kind in ("unclosed", "too-deep"):
                cursor.annotate("TC461", file=path, line=oddity.span.line)
        yield from _sorted_objects(cursor)


def _without_root(tree: Branch) -> Branch:
    """The tree as a list: one object is a list of one."""
    if tree.kind == "list":
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


# Brackets of surrounding text that are tried before the rest is left alone.
_MOST_ATTEMPTS = 1000
_OBJECT_START = re.compile(r'\{\s*"')


def _json_fragments(text: str) -> Iterator[str]:
    """Each JSON value of the text, behind blanks that keep its lines and columns.

    A shell prompt, a fence of Markdown and several values one after the other are common in what is pasted. Of a list
    that was cut off the whole objects are given, and the last one from its bracket on.
    """
    decoder = json.JSONDecoder()
    offset, failures = 0, 0
    while (match := _VALUE.search(text, offset)) and failures < _MOST_ATTEMPTS:
        start = match.start()
        try:
            value, offset = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            if _OBJECT_START.match(text, start):
                yield _blanks(text, start) + text[start:]
                return
            offset, failures = start + 1, failures + 1
            continue
        if isinstance(value, dict | list) and value:
            yield _blanks(text, start) + text[start:offset]


def _blanks(text: str, start: int) -> str:
    lines_before = text.count("\n", 0, start)
    return "\n" * lines_before + " " * (start - text.rfind("\n", 0, start) - 1)
