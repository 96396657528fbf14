"""Whether a value that other packages made is of the type that it should have, and where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from tocompose.record import record_fields


def first_type_fault(value: object, expected: Any, name: str) -> str | None:
    """What is wrong with the value that is called so, in words; None for one of the expected type.

    Knows the types of our records and tables: classes, tuples, lists, maps, literals and unions of them, typed
    dictionaries, and functions, of which only that they can be called.
    """
    return next(_faults(value, expected, name), None)


def _faults(value: object, expected: Any, name: str) -> Iterator[str]:
    origin, arguments = get_origin(expected), get_args(expected)
    if expected is Any:
        return iter(())
    if origin in (Union, UnionType):
        return _faults_of_union(value, arguments, name)
    if origin is Literal:
        return _faults_of_literal(value, arguments, name)
    if is_typeddict(expected):
        return _faults_of_columns(value, expected, name)
    if not isinstance(value, origin or expected):
        return iter((f"{name} is {_type_name(value)}, not {_wanted_name(expected)}",))
    if origin is Callable:
        return iter(())
    if isinstance(value, Mapping):
        return _faults_of_mapping(value, arguments, name)
    if isinstance(value, tuple | list | frozenset):
        return _faults_of_parts(value, arguments, name)
    return _faults_of_record(value, name)


def _faults_of_union(value: object, kinds: tuple[Any, ...], name: str) -> Iterator[str]:
    by_kind = [
        first_type_fault(value, kind, name)
        for kind in kinds
        if not (value is not None and kind is NoneType)
    ]
    if None not in by_kind:
        yield from (fault for fault in by_kind[:1] if fault is not None)


def _faults_of_literal(
    value: object, texts: tuple[object, ...], name: str
) -> Iterator[str]:
    if value not in texts:
        yield f"{name} is none of {', '.join(map(str, texts))}"


def _faults_of_columns(value: object, expected: Any, name: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{name} is {_type_name(value)}, not a map"
        return
    hints = get_type_hints(expected)
    if missing := sorted(expected.__required_keys__ - value.keys()):
        yield f"{name} has no {', '.join(missing)}"
    for key, cell in value.items():
        if key in hints:
            yield from _faults(cell, hints[key], f"{name}.{key}")
        else:
            yield f"{name} has an unknown column {key}"


def _faults_of_mapping(
    value: Mapping[Any, Any], kinds: tuple[Any, ...], name: str
) -> Iterator[str]:
    key_kind, cell_kind = kinds or (Any, Any)
    for key, cell in value.items():
        yield from _faults(key, key_kind, f"a key of {name}")
        yield from _faults(cell, cell_kind, f"{name}.{key}")


def _faults_of_parts(value: Any, kinds: tuple[Any, ...], name: str) -> Iterator[str]:
    """The faults of the parts of a list or a tuple; a tuple that is a record of its own has typed fields."""
    if hasattr(value, "_fields"):
        yield from _faults_of_fields(value, value._fields, name)
        return
    is_uniform = not isinstance(value, tuple) or kinds[1:] == (...,)
    if kinds and not is_uniform and len(kinds) != len(value):
        yield f"{name} has {len(value)} parts, not {len(kinds)}"
        return
    for number, element in enumerate(value):
        kind = (kinds[0] if is_uniform else kinds[number]) if kinds else Any
        yield from _faults(element, kind, f"{name}[{number}]")


def _faults_of_record(value: Any, name: str) -> Iterator[str]:
    if not isinstance(value, type | Enum):
        yield from _faults_of_fields(value, record_fields(type(value)), name)


def _faults_of_fields(value: object, fields: Iterable[str], name: str) -> Iterator[str]:
    kind: Any = type(value)
    hints = _field_types(kind)
    for field in fields:
        yield from _faults(getattr(value, field), hints[field], f"{name}.{field}")


@cache
def _field_types(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _type_name(value: object) -> str:
    return "None" if value is None else f"of the type {type(value).__name__}"


def _wanted_name(expected: Any) -> str:
    return str(getattr(expected, "__name__", expected))
