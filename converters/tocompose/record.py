"""Records and named tuples that cost a fifth and a tenth of the library's to define, which a short run feels.

Records are frozen, slotted, keyword-only dataclasses: `dataclasses.dataclass` compiles six methods a class; here they
are shared. `dataclasses.fields` and `is_dataclass` work on records, and they pickle.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    # At run time only where a library asks: with all that it loads it would be a twentieth of a short run.
    import dataclasses
    from typing import NamedTuple as NamedTuple

_T = TypeVar("_T")
_set = object.__setattr__


class _Missing:
    """What stands for a default that a field does not have."""


MISSING = _Missing()


class Field:
    """A field of a record: its type as it is written, and its default or what makes one."""

    __slots__ = ("compare", "default", "default_factory", "repr", "type")

    def __init__(
        self, default: Any, default_factory: Any, compare: bool, repr: bool
    ) -> None:
        self.type = ""
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.repr = repr

    @property
    def is_required(self) -> bool:
        """Whether no record can be made without it."""
        return self.default is MISSING and self.default_factory is MISSING


def field(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    compare: bool = True,
    repr: bool = True,
) -> Any:
    """A field as `dataclasses.field` has it."""
    return Field(default, default_factory, compare, repr)


def record_fields(kind: Any) -> Mapping[str, Field]:
    """The fields of a class of records by name; none of any other class."""
    return getattr(kind, "_fields_of_record", {})


class _DataclassFields:
    """The fields of a record's class as the library `dataclasses` tells of them, made when it asks."""

    def __get__(self, _: object, kind: type) -> dict[str, dataclasses.Field[Any]]:
        import dataclasses

        shown_fields = {}
        for name, own_field in record_fields(kind).items():
            settings = {"compare": own_field.compare, "repr": own_field.repr}
            if own_field.default is not MISSING:
                settings["default"] = own_field.default
            if own_field.default_factory is not MISSING:
                settings["default_factory"] = own_field.default_factory
            make_field: Any = dataclasses.field
            shown_field = make_field(**settings)
            shown_field.name, shown_field.type = name, own_field.type
            # The mark by which `dataclasses.fields` tells its fields.
            shown_field._field_type = getattr(dataclasses, "_FIELD")  # noqa: B009
            shown_fields[name] = shown_field
        return shown_fields


_DATACLASS_FIELDS = _DataclassFields()


class _Params:
    """What `dataclass` was called with, for libraries that look at it (Dask does, to tell arguments apart)."""

    __slots__ = ("eq", "frozen", "init", "order", "repr", "unsafe_hash")

    def __init__(self) -> None:
        self.init = self.repr = self.eq = self.frozen = True
        self.order = self.unsafe_hash = False


_PARAMS = _Params()


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """The class as a record of its annotated fields; defaults and `field(...)` as in a dataclass."""
    content = {
        key: value
        for key, value in cls.__dict__.items()
        if key not in ("__dict__", "__weakref__")
    }
    fields = {
        name: _field_of(name, kind, content) for name, kind in cls.__annotations__.items()
    }
    compared = tuple(name for name, own_field in fields.items() if own_field.compare)
    content |= {
        "__slots__": tuple(fields),
        "_fields_of_record": fields,
        "__dataclass_fields__": _DATACLASS_FIELDS,
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


def _field_of(name: str, kind: Any, content: dict[str, Any]) -> Field:
    default = content.pop(name, MISSING)
    if hasattr(default, "default_factory") and not isinstance(default, Field):
        raise TypeError(f"{name} is a field of `dataclasses`, not of this module")
    own_field: Field = default if isinstance(default, Field) else field(default=default)
    own_field.type = kind
    return own_field


def _make_init(fields: Mapping[str, Field]) -> Any:
    """The method that takes each field by its keyword; nothing is compiled for it."""
    plain = {
        name: own_field.default
        for name, own_field in fields.items()
        if own_field.default is not MISSING
    }
    factories = {
        name: own_field.default_factory
        for name, own_field in fields.items()
        if own_field.default_factory is not MISSING
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
        for name, own_field in self._fields_of_record.items()
        if own_field.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_change(self: Any, name: str, *_: object) -> NoReturn:
    import dataclasses

    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _record_state(self: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", self._all(self))


def _restore_state(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        _set(self, name, value)


class _TupleMaker(type):
    """Makes a class of named tuples of a class statement, as `typing.NamedTuple` does of the same one.

    The library compiles each annotation that is a text, and a constructor for each class. No annotation is needed at
    run time, and the constructor is compiled when the first tuple is made.
    """

    def __new__(cls, name: str, _: tuple[type, ...], content: dict[str, Any]) -> Any:
        fields = tuple(content.get("__annotations__", ()))
        defaults = {field: content[field] for field in fields if field in content}
        if tuple(defaults) != fields[len(fields) - len(defaults) :]:
            raise TypeError(f"{name}: a field without a default follows one with a default")
        getters = {field: _field_getter(place) for place, field in enumerate(fields)}
        own = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
        return type(name, (tuple,), _TUPLE_METHODS | content | getters | own)


def _field_getter(place: int) -> Any:
    """The attribute for a place of a tuple: that of `collections`, which is twice as fast, where Python has it."""
    getter = getattr(collections, "_tuplegetter", None)
    return getter(place, None) if getter else property(itemgetter(place))


def _new_on_demand(cls: Any, /, *args: Any, **given: Any) -> Any:
    """The first tuple of a class, which has a constructor of its own from then on."""
    owner = next(base for base in cls.__mro__ if "_fields" in base.__dict__)
    names = ", ".join(owner._fields)
    source = f"lambda _cls, {names}: _new(_cls, ({names}{',' if names else ''}))"
    constructor = eval(source, {"_new": tuple.__new__, "__builtins__": {}})
    constructor.__name__ = constructor.__qualname__ = owner.__name__
    constructor.__defaults__ = tuple(owner._field_defaults.values())
    owner.__new__ = staticmethod(constructor)
    return constructor(cls, *args, **given)


def _show_tuple(self: Any) -> str:
    shown = (f"{name}={value!r}" for name, value in self._asdict().items())
    return f"{type(self).__name__}({', '.join(shown)})"


def _make_tuple(cls: Any, values: Iterable[Any]) -> Any:
    return cls(*values)


def _replace_in_tuple(self: Any, /, **changes: Any) -> Any:
    replaced = tuple.__new__(type(self), map(changes.pop, self._fields, self))
    if changes:
        raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(changes))}")
    return replaced


def _tuple_as_dict(self: Any) -> dict[str, Any]:
    return dict(zip(self._fields, self, strict=True))


def _tuple_arguments(self: Any) -> tuple[Any, ...]:
    return tuple(self)


_TUPLE_METHODS: dict[str, Any] = {
    "__slots__": (),
    "__new__": _new_on_demand,
    "__repr__": _show_tuple,
    "__getnewargs__": _tuple_arguments,
    "_make": classmethod(_make_tuple),
    "_replace": _replace_in_tuple,
    "_asdict": _tuple_as_dict,
}

if not TYPE_CHECKING:
    NamedTuple = type.__new__(_TupleMaker, "NamedTuple", (), {})
