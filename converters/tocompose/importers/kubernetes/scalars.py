"""Scalars of a manifest as Kubernetes reads them: null is absent, `0400` is 256, what is no string is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.ledger import Cursor
from tocompose.readers.yaml import boolean, integer, is_null, resolve
from tocompose.record import NamedTuple
from tocompose.source import Leaf
from tocompose.syntax.model_path import ModelPath

_MAPS = (("data",), ("stringData",), ("binaryData",))


def peek_text(cursor: Cursor) -> str | None:
    """The text of a leaf, None where there is none or it is null; settles nothing."""
    text = cursor.peek()
    if text is None:
        return None
    style = cursor.style
    if (
        style in ("{}", "[]")
        or is_null(text, style)
        or (not text and not _may_be_empty(cursor))
    ):
        return None
    return text


def _may_be_empty(cursor: Cursor) -> bool:
    """Whether an empty string says something: as a variable's value, a word of a list, a key's content. Any other
    field is a Go string, for which empty is absent."""
    path = cursor.path
    return (
        not path
        or not isinstance(path[-1], str)
        or path[-1] == "value"
        or path[-2:-1] in _MAPS
    )


def string_map(cursor: Cursor) -> Mapping[str, str]:
    """A map of strings such as labels, nulls left out; settles nothing."""
    if cursor.kind != "map":
        return {}
    return {
        str(key): node.text for key, _, node in cursor.children if isinstance(node, Leaf)
    }


def take_scalar(cursor: Cursor, to: ModelPath) -> str | None:
    """The text of a leaf, mapped to `to`; None where there is none or it is null."""
    text = peek_text(cursor)
    if text is not None:
        cursor.take(to=to)
    return text


def take_text(cursor: Cursor, to: ModelPath) -> str | None:
    """A string, mapped to `to`. An unquoted number or truth value keeps its source text, with a note: Kubernetes
    refuses it."""
    scalar = take_scalar(cursor, to)
    if scalar is not None and not isinstance(resolve(scalar, cursor.style), str):
        cursor.annotate("TC211", field=_label(cursor), subject=to)
    return scalar


def _label(cursor: Cursor) -> str:
    """What to call a value: its key, or its place in the list of that key."""
    last_key = cursor.path[-1] if cursor.path else "value"
    return (
        f"{cursor.path[-2]}[{last_key}]"
        if isinstance(last_key, int) and len(cursor.path) > 1
        else str(last_key)
    )


def take_integer(cursor: Cursor, to: ModelPath) -> int | None:
    """A whole number, mapped to `to`; anything else is noted and None."""
    scalar = peek_text(cursor)
    if scalar is None:
        return None
    number = integer(scalar, "plain")
    if number is None:
        cursor.note("TC209", field=cursor.key, expected="a whole number")
        return None
    cursor.take(to=to)
    return number


def take_bool(cursor: Cursor, to: ModelPath) -> bool | None:
    """A truth value, mapped to `to`; anything else is noted and None."""
    scalar = peek_text(cursor)
    if scalar is None:
        return None
    truth = boolean(scalar, "plain")
    if truth is None:
        cursor.note("TC209", field=cursor.key, expected="true or false")
        return None
    cursor.take(to=to)
    return truth


def peek_bool(cursor: Cursor) -> bool | None:
    """A truth value for a decision; settles nothing."""
    scalar = peek_text(cursor)
    return boolean(scalar, "plain") if scalar is not None else None


def list_entries(cursor: Cursor) -> Iterator[Cursor]:
    """The entries of a list; what should be a list and is not is noted."""
    if cursor.kind == "leaf" and peek_text(cursor) is not None:
        cursor.note("TC209", field=cursor.key, expected="a list")
    elif cursor.kind == "list":
        yield from cursor


class Stated(NamedTuple):
    """A field of one value, read once: its text, None where nothing is said, and where that stands."""

    text: str | None
    cursor: Cursor

    @property
    def flag(self) -> bool | None:
        """The truth value that it says, for a decision; settles nothing."""
        return None if self.text is None else boolean(self.text, "plain")

    @property
    def number(self) -> int | None:
        """The whole number that it says, for a decision; settles nothing."""
        return None if self.text is None else integer(self.text, "plain")

    def take(self, to: ModelPath) -> str | None:
        """The text as it is, mapped to `to`; None where nothing is said."""
        if self.text is not None:
            self.cursor.take(to=to)
        return self.text

    def take_text(self, to: ModelPath) -> str | None:
        """The string, mapped to `to`, as `take_text` gives it."""
        return None if self.text is None else take_text(self.cursor, to)

    def take_integer(self, to: ModelPath) -> int | None:
        """The whole number, mapped to `to`, as `take_integer` gives it."""
        return None if self.text is None else take_integer(self.cursor, to)

    def take_bool(self, to: ModelPath) -> bool | None:
        """The truth value, mapped to `to`, as `take_bool` gives it."""
        return None if self.text is None else take_bool(self.cursor, to)


def stated(cursor: Cursor, key: str) -> Stated:
    """The field of that key."""
    if not cursor:
        return Stated(None, cursor)
    field = cursor.at(key)
    return Stated(peek_text(field) if field else None, field)


def stated_entries(cursor: Cursor, key: str) -> tuple[Stated, ...]:
    """The entries of the list of that key."""
    return tuple(Stated(peek_text(entry), entry) for entry in list_entries(cursor.at(key)))


def stated_map(cursor: Cursor, key: str) -> Mapping[str, Stated]:
    """The fields of the map of that key."""
    return {field.key: Stated(peek_text(field), field) for field in cursor.at(key)}
