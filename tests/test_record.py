"""Records behave as the dataclasses that they stand for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import typing

import pytest

from tocompose.record import NamedTuple, field, record, replace


@record
class Point:
    """A record of this test."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()
    more: dict[str, int] = field(default_factory=dict)
    origin: str = field(default="", compare=False, repr=False)

    @property
    def total(self) -> int:
        """A property of a record."""
        return self.x + self.y


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The dataclass that the record is compared with."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()
    more: dict[str, int] = dataclasses.field(default_factory=dict)
    origin: str = dataclasses.field(default="", compare=False, repr=False)


def test_it_says_and_holds_what_a_dataclass_does() -> None:
    mine, theirs = Point(x=1, names=("a",)), Model(x=1, names=("a",))
    assert repr(mine) == repr(theirs).replace("Model", "Point")
    assert [field.name for field in dataclasses.fields(mine)] == [
        field.name for field in dataclasses.fields(theirs)
    ]
    assert dataclasses.asdict(mine) == dataclasses.asdict(theirs)
    assert dataclasses.is_dataclass(mine)
    assert mine.total == 3


def test_equality_leaves_out_what_is_not_compared() -> None:
    assert Point(x=1, origin="a") == Point(x=1, origin="b")
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Model(x=1)
    with pytest.raises(TypeError):
        hash(Point(x=1))


def test_it_is_frozen_and_replaced() -> None:
    point = Point(x=1)
    assert dataclasses.replace(point, y=5) == replace(point, y=5) == Point(x=1, y=5)
    with pytest.raises(TypeError, match="z"):
        replace(point, z=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        object.__setattr__(point, "z", 3)


def test_a_factory_gives_each_its_own() -> None:
    assert Point(x=1).more is not Point(x=1).more


def test_it_takes_keywords_only_and_all_that_have_no_default() -> None:
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="z"):
        Point(x=1, z=2)  # type: ignore[call-arg]


def test_a_field_of_another_library_is_refused() -> None:
    with pytest.raises(TypeError, match="names"):

        @record
        class Pupils:
            names: list[str] = dataclasses.field(default_factory=list)


def test_it_pickles() -> None:
    point = Point(x=1, more={"a": 1}, origin="here")
    again = pickle.loads(pickle.dumps(point))
    assert (again, again.origin) == (point, "here")


def test_a_library_can_ask_how_it_was_made() -> None:
    params = Point(x=1).__dataclass_params__  # type: ignore[attr-defined]
    made = dataclasses.make_dataclass("Made", [], frozen=True).__dataclass_params__  # type: ignore[attr-defined]
    assert {name: getattr(params, name) for name in params.__slots__}.items() <= {
        name: getattr(made, name) for name in made.__slots__
    }.items()


class Place(NamedTuple):
    """A named tuple of this test."""

    x: int
    y: int = 2
    name: str = ""

    @property
    def total(self) -> int:
        """A property of it."""
        return self.x + self.y


class LibraryPlace(typing.NamedTuple):
    """The same class of the library."""

    x: int
    y: int = 2
    name: str = ""


class FarPlace(Place):
    """A class of its own below it."""

    __slots__ = ()


class Nothing(NamedTuple):
    """A named tuple without fields."""


def test_a_named_tuple_is_what_the_library_makes() -> None:
    for made in (Place(1), Place(1, 2), Place(y=2, x=1), Place._make((1, 2, ""))):
        model = LibraryPlace(1)
        assert (made, hash(made), made._asdict()) == (model, hash(model), model._asdict())
        assert repr(made) == repr(model).replace("Library", "")
        assert (made.x, made.y, made.name, made[1], made.total) == (1, 2, "", 2, 3)
        assert made._replace(y=5) == model._replace(y=5)
        assert type(made._replace(y=5)) is Place
    for name in ("_fields", "_field_defaults", "__match_args__"):
        assert getattr(Place, name) == getattr(LibraryPlace, name)
    assert typing.get_type_hints(Place) == typing.get_type_hints(LibraryPlace)


def test_a_named_tuple_is_copied_matched_and_unpacked() -> None:
    for made in (Place(1, name="a"), FarPlace(1, name="a"), Nothing()):
        for copied in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert copied == made and type(copied) is type(made)
    match FarPlace(3, 4):
        case Place(x, y):
            assert (x, y) == (3, 4)
    assert Nothing() == () and not Nothing()._fields
    with pytest.raises(AttributeError):
        Place(1).x = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("args", "given"),
    [((), {}), ((1, 2, "", 4), {}), ((1,), {"x": 1}), ((1,), {"gone": 1})],
)
def test_a_named_tuple_is_made_of_its_fields_alone(args, given) -> None:
    for made in (Place, LibraryPlace):
        with pytest.raises(TypeError):
            made(*args, **given)
    with pytest.raises((TypeError, ValueError)):
        Place(1)._replace(gone=1)


def test_a_field_without_a_default_stands_first() -> None:
    with pytest.raises(TypeError):

        class Wrong(NamedTuple):
            x: int = 1
            y: int  # type: ignore[misc]
