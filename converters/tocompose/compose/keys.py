"""The keys of Compose files, as `mappings/compose_keys.yaml` describes them: read, merged, written, checked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from tocompose.record import record, record_fields
from tocompose.tables import TableError, load


def is_extension(key: str) -> bool:
    """Whether the key is the user's own, which docker compose does nothing with.

    https://docs.docker.com/reference/compose-file/extension/
    """
    return key.startswith("x-")


class Form(Enum):
    """What stands below a key; the table says more about each."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    ANY = "any"
    LIMIT = "limit"
    LIST = "list"
    TEXTS = "texts"
    PAIRS = "pairs"
    MAP = "map"
    SECTION = "section"
    NAMED = "named"
    NAMES = "names"
    SCALAR = "scalar"
    ENTRIES = "entries"
    # Forms with a grammar, or a place in the model, of their own.
    ARGUMENTS = "arguments"
    COMMAND = "command"
    COUNT = "count"
    DECIMAL = "decimal"
    DEVICES = "devices"
    EXPOSED = "exposed"
    HEALTH_TEST = "health_test"
    HOSTS = "hosts"
    MODE = "mode"
    MOUNTS = "mounts"
    PORTS = "ports"
    TMPFS = "tmpfs"
    TRUTH = "truth"
    VARIABLES = "variables"


class Merge(Enum):
    """How a later file changes what an earlier one says; PLAIN follows from the form."""

    PLAIN = "plain"
    CLEAR = "clear"
    DRIVER = "driver"
    HOSTS = "hosts"
    PAIRS = "pairs"
    REPLACE = "replace"
    UNION = "union"
    UNIQUE = "unique"


class Unit(Enum):
    """What a text is read as, where it is no plain text."""

    BYTES = "bytes"
    DURATION = "duration"


@record
class Key:
    """One key of a section; the head of the table explains each column."""

    name: str
    form: Form
    section: str = ""
    short: str = ""
    word: str = ""
    literal: bool = False
    lists: bool = False
    listed: Mapping[str, Any] | None = None
    field: str | None = None
    named_by: str = ""
    always: bool = False
    closes: bool = False
    sorted: bool = False
    merge: Merge = Merge.PLAIN
    unit: Unit | None = None
    order: int = 99


# Stands for a key that the specification does not have: `x-…`, or a mistake.
UNKNOWN = Key(name="", form=Form.ANY)
_CLOSED_SETS: Mapping[str, type[Enum]] = {"form": Form, "merge": Merge, "unit": Unit}


@cache
def section_keys(section: str) -> Mapping[str, Key]:
    """The keys that the maps of a section may have, in the order of the table.

    Raises TableError for a row with a column or a word that is none.
    """
    keys = {}
    for name, row in load("compose_keys")[section].items():
        try:
            keys[name] = _read_row(name, row)
        except (TypeError, ValueError) as error:
            raise TableError(
                f"mappings/compose_keys.yaml ({section}.{name}): {error}"
            ) from error
    return keys


def _read_row(name: str, row: Mapping[str, Any]) -> Key:
    columns: dict[str, Any] = {
        column: _CLOSED_SETS[column](value) if column in _CLOSED_SETS else value
        for column, value in row.items()
    }
    return Key(name=name, **columns)


@cache
def written_rank(section: str) -> Mapping[str, int]:
    """The place of each key in the written map; what has the same rank is sorted by name."""
    return {name: key.order for name, key in section_keys(section).items()}


def section_below(section: str, name: str) -> str:
    """The section of the map or maps below a key; empty where their keys are not fixed."""
    return section_keys(section).get(name, UNKNOWN).section if section else ""


@cache
def blank_fields(record_type: Any) -> Mapping[str, str]:
    """The fields without which no record of the type can be made, as empty texts."""
    return {
        name: "" for name, field in record_fields(record_type).items() if field.is_required
    }


@cache
def keeps_options(section: str, record_type: Any) -> bool:
    """Whether records of the type hold, as their options, the keys of the section for which they have no field."""
    own_key = any(key.field == "options" for key in section_keys(section).values())
    return "options" in record_type.__slots__ and not own_key
