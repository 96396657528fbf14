"""The columns of `images.yaml` and `servers.yaml` with their types; what they mean stands at the head of each table."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypedDict

from tocompose.knowledge.image_conditions import rows_for_tag
from tocompose.type_faults import first_type_fault

_Texts = list[str]
_Map = dict[str, str]


class _DataPart(TypedDict, total=False):
    path: str
    when: str
    declared: bool
    moved_by: str
    home: str
    set: _Map
    config: str


class _CheckPart(TypedDict, total=False):
    test: _Texts
    when: str
    start_period: str
    moved: _Texts
    follows: bool
    secure: bool


class _ToolPart(TypedDict, total=False):
    when: str
    has: _Texts


class _Kernel(TypedDict, total=False):
    set: str
    when: str
    unless: _Map


class _Files(TypedDict, total=False):
    names: _Texts
    form: str


class _Listen(TypedDict, total=False):
    port: str
    secure: str
    bind: str
    path: str
    tls: str
    advertised: str
    files: _Map


# `class` is a word of Python.
_NeededImageColumns = TypedDict(
    "_NeededImageColumns",
    {
        "id": str,
        "match": _Texts,
        "class": Literal["app", "data", "infra"],
        "kind": str,
        "confidence": Literal["high", "medium", "low"],
    },
)


class ImageRow(_NeededImageColumns, total=False):
    """A row of `images.yaml`."""

    only: str
    ports: _Texts
    data: list[_DataPart]
    listen: _Listen
    entrypoint: _Texts
    server: _Texts
    checks: list[_CheckPart]
    has_healthcheck: bool
    own_check: str
    interval: str
    timeout: str
    secrets: _Texts
    files: _Files
    tools: list[_ToolPart]
    init: Literal["wanted", "own"]
    caps: _Texts
    tmpfs: _Texts
    fixed_hostname: bool
    host: str
    scrapes: bool
    ships: bool
    lan: bool
    socket: bool
    setuid: bool
    tool: bool
    memory: str
    memory_from: str
    ends: str
    kernel: _Kernel
    grace: str
    user: str
    client_auth: str
    notes: str
    source: str


class ServerRow(TypedDict, total=False):
    """A row of `servers.yaml`."""

    title: str
    image: str
    environment: _Map
    password: str
    command: _Texts
    url: str
    addon: str
    family: str
    schemes: _Texts
    shared_schemes: _Texts
    scheme_ports: _Map
    plain_schemes: _Map
    jdbc: str
    numbered_databases: bool
    distinct_port: bool
    drivers: dict[str, _Texts]
    driver_schemes: dict[str, _Map]
    variables: _Texts
    shared_variables: _Texts
    sets: str
    processes: _Texts
    workers: _Texts
    files: _Map
    parts: dict[str, str | _Map]
    tls: dict[str, str | _Texts]
    clients: dict[str, dict[str, _Texts]]
    move: str
    journal: _Texts
    move_with_journal: str
    unmoved: str
    placeholders: str


SERVER_COLUMNS = frozenset(ServerRow.__optional_keys__)
# What a row needs beside one of its columns: a server that is added has a name, an address and a variable for it.
_NEEDED_BESIDE = {
    "variables": ("title", "url", "addon", "sets"),
    "addon": ("title", "url"),
}


def image_row_problem(row: Mapping[str, Any]) -> str | None:
    """What is wrong with a row for an image; None for one that holds what it should."""
    name = str(row.get("id", "a row without an id"))
    if (fault := first_type_fault(row, ImageRow, name)) is not None:
        return fault
    for column, needed in (("data", "path"), ("checks", "test"), ("tools", "has")):
        if any(needed not in row_part for row_part in row.get(column, ())):
            return f"{name}.{column} has a part without {needed}"
    return _pattern_problem(name, _patterns_of_image(row)) or _condition_problem(name, row)


def server_row_problem(kind: str, row: Any) -> str | None:
    """What is wrong with a row for a server, whatever is known about its image; None for a good one."""
    if (fault := first_type_fault(row, ServerRow, kind)) is not None:
        return fault
    if "image" not in row:
        return f"{kind} has no image"
    for column, needed in _NEEDED_BESIDE.items():
        missing = sorted(set(needed) - row.keys()) if column in row else []
        if missing:
            return f"{kind} has {column} but no {', '.join(missing)}"
    return _pattern_problem(kind, _patterns_of_server(row))


def _patterns_of_image(row: Mapping[str, Any]) -> Iterable[str]:
    files: Mapping[str, str] = row.get("listen", {}).get("files", {})
    return files.values()


def _patterns_of_server(row: Mapping[str, Any]) -> Iterator[str]:
    for column in ("variables", "shared_variables"):
        yield from row.get(column, ())
    yield from row.get("files", {}).values()
    variables = row.get("parts", {})
    yield from (variables[name] for name in ("prefixes", "engine") if name in variables)


def _pattern_problem(name: str, patterns: Iterable[str]) -> str | None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as problem:
            return f"{name}: {pattern!r} is no regular expression: {problem}"
    return None


def _condition_problem(name: str, row: Mapping[str, Any]) -> str | None:
    """What is wrong with a condition on the tag, such as a version without a number."""
    conditions = [{"when": row.get("only", "")}]
    for column in ("data", "checks", "tools"):
        conditions += row.get(column, ())
    try:
        rows_for_tag({"all": conditions}, "all", "1")
    except ValueError:
        return f"{name}: a condition compares versions, and its right side is none"
    return None
