"""What stands below a key without a field, in the form that docker compose takes: older files had others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tocompose.compose.keys import UNKNOWN, Form, Key, section_keys
from tocompose.compose.shapes import as_file_mode, as_text, as_texts
from tocompose.model import NumberText
from tocompose.readers.yaml import integer
from tocompose.syntax.units import is_whole_number

# https://github.com/compose-spec/compose-go/blob/main/loader/interpolate.go, toBoolean
_FLAGS = {
    **dict.fromkeys(("true", "1", "t", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "f", "n", "no", "off"), False),
}


def flag_of(value: Any) -> bool | None:
    """Whether a switch is on, written as a truth value or as a text; None for a text that says neither."""
    return value if isinstance(value, bool) else _FLAGS.get(str(value).lower())


def as_docker_reads(key: Key, value: Any) -> Any:
    """What stands below a key without a field, in the form that docker compose takes; what is at fault as it is."""
    may_be_list = key.form in _LISTS or bool(key.short and key.form is Form.ENTRIES)
    if may_be_list and not isinstance(value, list | Mapping):
        return list(as_texts(value))
    if (reads := _READS.get(key.form)) is not None:
        return reads(key, value)
    return -1 if key.unit and value == "-1" else value


def section_as_docker_reads(key: Key, body: Mapping[str, Any]) -> dict[str, Any]:
    """The map below a key with rows, as docker compose reads it, without entries that say nothing."""
    keys = section_keys(key.section)
    return {
        name: as_docker_reads(keys.get(name, UNKNOWN), value)
        for name, value in body.items()
        if not says_nothing(keys.get(name, UNKNOWN), value)
    }


def _read_section(key: Key, value: Any) -> Any:
    return section_as_docker_reads(key, value) if isinstance(value, Mapping) else value


def _read_entries(key: Key, value: Any) -> Any:
    """The entries of a list, or those below names."""
    if isinstance(value, list):
        return [_read_entry(key, entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _read_entry(key, entry) for name, entry in value.items()}
    return value


def _read_entry(key: Key, entry: Any) -> Any:
    if isinstance(entry, Mapping) and key.section:
        return section_as_docker_reads(key, entry)
    return _truth_as_text(key, entry)


def _read_values(key: Key, value: Any) -> Any:
    """The values below names that the user chose."""
    if not isinstance(value, Mapping):
        return value
    return {name: _read_content(key, content) for name, content in value.items()}


def _read_content(key: Key, content: Any) -> Any:
    if isinstance(content, list):
        return list(as_texts(content))
    if key.section and not isinstance(content, Mapping):
        return _whole_number(key, content) if key.literal else unpadded(content)
    return _read_entry(key, content)


def _read_pairs(key: Key, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _truth_as_text(key, text) for name, text in value.items()}


def _read_flag(_: Key, value: Any) -> Any:
    flag = flag_of(value)
    return value if flag is None else flag


def _read_text(_: Key, value: Any) -> Any:
    return as_text(value) if isinstance(value, int | NumberText) else value


def _truth_as_text(_: Key, value: Any) -> Any:
    return as_text(value) if isinstance(value, bool) else value


def _whole_number(_: Key, value: Any) -> Any:
    """The number that a text is without its quotes: `"0440"` is 288 in YAML, as 0440 is."""
    number = integer(value) if isinstance(value, str) else None
    return value if number is None else number


def unpadded(value: Any) -> Any:
    """The number of a text with zeros before digits that are not octal; any other value as it is."""
    is_padded = isinstance(value, str) and value[:1] == "0" and is_whole_number(value)
    return int(value) if is_padded and integer(value) is None else value


# Rules go through what stands below these; one value, which docker compose refuses, counts as a list of it.
_LISTS = frozenset({Form.DEVICES, Form.HOSTS, Form.NAMES, Form.PAIRS, Form.VARIABLES})
_READS: Mapping[Form, Callable[[Key, Any], Any]] = {
    Form.COMMAND: _truth_as_text,
    Form.DEVICES: _read_entries,
    Form.ENTRIES: _read_entries,
    Form.FLAG: _read_flag,
    Form.HOSTS: _read_values,
    Form.INTEGER: _whole_number,
    Form.LIMIT: lambda _, value: unpadded(value),
    Form.LIST: lambda _, value: list(as_texts(value)),
    Form.MAP: _read_values,
    Form.MODE: lambda _, value: as_file_mode(value),
    Form.NAMES: _read_entries,
    Form.PAIRS: _read_pairs,
    Form.SECTION: _read_section,
    Form.TEXT: _read_text,
    Form.TEXTS: _truth_as_text,
}
# What docker compose takes nothing for; in the place of anything else it refuses the file.
_MAY_BE_EMPTY = frozenset({Form.COMMAND, Form.NAMED})


def says_nothing(key: Key, value: Any) -> bool:
    """Whether the key has no value, and needs one to say something."""
    return value is None and key.form not in _MAY_BE_EMPTY
