"""Values of JSON as the engine writes them: null, empty and absent mean the same."""

from __future__ import annotations

from tocompose.ledger import Cursor


def text_at(cursor: Cursor, *keys: str | int) -> str:
    """The text at a path below the cursor; empty for null and where nothing stands."""
    value_below = cursor.at(*keys)
    return "" if value_below.style == "null" else value_below.peek() or ""


def number_at(cursor: Cursor, *keys: str | int) -> int:
    """The whole number of a field; 0 where none stands there."""
    text = text_at(cursor, *keys)
    return int(text) if text.lstrip("-").isdigit() and len(text) < 20 else 0


def is_true(cursor: Cursor, *keys: str | int) -> bool:
    """Whether a field is true."""
    return cursor.peek(*keys) == "true"


def words_at(cursor: Cursor, *keys: str | int) -> tuple[str, ...]:
    """The texts of a list; a text alone counts as a list of one."""
    value_below = cursor.at(*keys)
    if value_below.kind == "leaf":
        leaf = text_at(value_below)
        return (leaf,) if leaf else ()
    return tuple(text_at(field_entry) for field_entry in value_below)
