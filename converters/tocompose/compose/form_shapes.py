"""What stands below a key of each form: what we read, and what alone docker compose reads.

https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tocompose.compose.current_form import flag_of, unpadded
from tocompose.compose.keys import Form
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import variable_names


def is_scalar(value: Any) -> bool:
    """Whether a value is one: no map, no list, and not missing."""
    return value is not None and not isinstance(value, Mapping | list)


def is_number(value: Any) -> bool:
    """Whether a value is a number, or a text that may be one."""
    return is_scalar(value) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return is_number(value) and integer(str(value)) is not None


def is_plain_integer(value: Any) -> bool:
    """Whether a value is a whole number, not the text of one."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_limit(value: Any) -> bool:
    """Whether a value is a number as docker compose reads limits: 08 is a float for it, in quotes it is 8."""
    return is_number(value) and unpadded(value) == value


def _is_flag(value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, bool)
    return flag_of(value) is not None or any(variable_names(value))


def _is_truth(value: Any) -> bool:
    return isinstance(value, Mapping) or _is_flag(value)


def is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def _is_port(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_map_or_list(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _is_scalar_or_list(value: Any) -> bool:
    return is_scalar(value) or isinstance(value, list)


def _is_text_or_list(value: Any) -> bool:
    return isinstance(value, str | list)


class Shape(NamedTuple):
    """What we read in a form and how a note says that; what alone docker compose reads, as a whole and in a list."""

    takes: Callable[[Any], bool]
    rule: str
    strictly: Callable[[Any], bool]
    line: Callable[[Any], bool] = is_scalar


_TEXT = Shape(is_scalar, "one value", is_text)
_NUMBER = Shape(is_number, "a number", is_number)
_TEXTS = Shape(_is_scalar_or_list, "a list", _is_list, is_text)
_PORTS = Shape(_is_scalar_or_list, "a list", _is_list, _is_port)
_COMMAND = Shape(_is_scalar_or_list, "a text or a list of texts", _is_text_or_list, is_text)
_MAP = Shape(_is_map, "a map of settings", _is_map)
_PAIRS = Shape(lambda value: value is not None, "a map or a list", _is_map_or_list, is_text)
SHAPES: Mapping[Form, Shape] = {
    Form.TEXT: _TEXT,
    Form.MODE: _TEXT,
    Form.NUMBER: _NUMBER,
    Form.DECIMAL: _NUMBER,
    Form.COUNT: _NUMBER,
    Form.INTEGER: Shape(_is_integer, "a whole number", is_plain_integer),
    Form.FLAG: Shape(_is_flag, "true or false", _is_flag),
    Form.TRUTH: Shape(_is_truth, "true or false", _is_truth),
    Form.LIMIT: Shape(is_number, "a whole number", is_limit),
    Form.LIST: _TEXTS,
    Form.TEXTS: _COMMAND,
    Form.TMPFS: _COMMAND,
    Form.COMMAND: _COMMAND,
    Form.HEALTH_TEST: _COMMAND,
    Form.EXPOSED: _PORTS,
    Form.PORTS: _PORTS,
    Form.MOUNTS: _TEXTS,
    Form.DEVICES: _TEXTS,
    Form.ENTRIES: _TEXTS,
    Form.PAIRS: _PAIRS,
    Form.VARIABLES: _PAIRS,
    Form.ARGUMENTS: _PAIRS,
    Form.HOSTS: _PAIRS,
    Form.SCALAR: Shape(is_scalar, "one value", is_scalar),
    Form.MAP: _MAP,
    Form.SECTION: _MAP,
    Form.NAMED: _MAP,
    Form.NAMES: Shape(
        _is_map_or_list, "a map or a list of names", _is_map_or_list, is_text
    ),
}
