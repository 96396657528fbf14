"""Frozen, slotted, keyword-only records: dataclasses that cost a fifth to define, which a short run feels.

`dataclasses.dataclass` compiles six methods a class; here they are shared. `dataclasses.fields`
and `is_dataclass` work on records, and they pickle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from inspect import get_annotations
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")
_FIELD = getattr(dataclasses, "_FIELD")  # noqa: B009 - the mark by which `dataclasses.fields` tells its fields
_set = object.__setattr__


class _Params:
    """What `dataclass` was called with, for libraries that look at it (Dask does, to tell arguments apart)."""

    __slots__ = ("eq", "frozen", "init", "order", "repr", "unsafe_hash")

    def __init__(self) -> None:
        self.init = self.repr = self.eq = self.frozen = True
        self.order = self.unsafe_hash = False


_PARAMS = _Params()


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,)
)
def record(cls: type[_T]) -> type[_T]:
    """The class as a record of its annotated fields; defaults and `dataclasses.field(...)` as in a dataclass."""
    content = {
        key: value
        for key, value in cls.__dict__.items()
        if key not in ("__dict__", "__weakref__")
    }
    fields = {
        name: _field_of(name, kind, content) for name, kind in get_annotations(cls).items()
    }
    compared = tuple(name for name, field in fields.items() if field.compare)
    content |= {
        "__slots__": tuple(fields),
        "__dataclass_fields__": fields,
        "__dataclass_params__": _PARAMS,
        "__match_args__": (),
        "__init__": _make_init(fields),
        "_all": staticmethod(attrgetter(*fields))
        if len(fields) > 1
        else staticmethod(_values_getter(fields)),
        "_compared": staticmethod(attrgetter(*compared))
        if compared
        else staticmethod(lambda _: ()),
        "__eq__": _equal_records,
        "__hash__": _hash_record,
        "__repr__": _show_record,
        "__setattr__": _refuse_change,
        "__delattr__": _refuse_change,
        "__getstate__": _record_state,
        "__setstate__": _restore_state,
    }
    metaclass: Any = type(cls)
    made = metaclass(cls.__name__, cls.__bases__, content)
    # The methods that write each slot: past the class's own refusal, and without a look-up of the name.
    made._setters = {name: made.__dict__[name].__set__ for name in fields}
    return cast("type[_T]", made)


def replace(original: _T, **changes: Any) -> _T:
    """The record with other values in some fields; TypeError for a field that it does not have.

    `dataclasses.replace` looks at every field and calls `__init__`, which takes five times as long.
    """
    origin: Any = original
    setters = origin._setters
    if not changes.keys() <= setters.keys():
        raise TypeError(
            f"{type(original).__name__} has no field {', '.join(sorted(changes.keys() - setters.keys()))}"
        )
    copied = object.__new__(type(original))
    for write_slot, value in zip(setters.values(), origin._all(original), strict=True):
        write_slot(copied, value)
    for name, value in changes.items():
        setters[name](copied, value)
    return copied


def _values_getter(fields: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of a record of one field or none."""
    return lambda instance: tuple(getattr(instance, name) for name in fields)


def _field_of(name: str, kind: Any, content: dict[str, Any]) -> dataclasses.Field[Any]:
    default = content.pop(name, dataclasses.MISSING)
    field: dataclasses.Field[Any] = (
        default
        if isinstance(default, dataclasses.Field)
        else dataclasses.field(default=default)
    )
    field.name, field.type = name, kind
    _set(field, "_field_type", _FIELD)
    return field


def _make_init(fields: dict[str, dataclasses.Field[Any]]) -> Any:
    """The method that takes each field by its keyword; nothing is compiled for it."""
    plain = {
        name: field.default
        for name, field in fields.items()
        if field.default is not dataclasses.MISSING
    }
    factories = {
        name: make
        for name, field in fields.items()
        if callable(make := field.default_factory)
    }
    needed = fields.keys() - plain.keys() - factories.keys()

    def __init__(self: Any, **given: Any) -> None:
        if not needed <= given.keys():
            raise TypeError(
                f"{type(self).__name__} needs {', '.join(sorted(needed - given.keys()))}"
            )
        values = plain | given
        for name, make in factories.items():
            if name not in given:
                values[name] = make()
        if len(values) != len(fields):
            raise TypeError(
                f"{type(self).__name__} has no {', '.join(sorted(given.keys() - fields.keys()))}"
            )
        setters = self._setters
        for name, value in values.items():
            setters[name](self, value)

    return __init__


def _equal_records(self: Any, right: Any) -> Any:
    return (
        self._compared(self) == self._compared(right)
        if right.__class__ is self.__class__
        else NotImplemented
    )


def _hash_record(self: Any) -> int:
    return hash(self._compared(self))


def _show_record(self: Any) -> str:
    shown = (
        f"{name}={getattr(self, name)!r}"
        for name, field in self.__dataclass_fields__.items()
        if field.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_change(self: Any, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _record_state(self: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", self._all(self))


def _restore_state(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        _set(self, name, value)
