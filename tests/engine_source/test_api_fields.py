"""Every field of the published API descriptions has a row: nothing that an engine says is met without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tocompose.importers.engine.field_rows import field_tables

_LIST = Path(__file__).with_name("api_fields.txt")


def _fields() -> Iterator[tuple[str, str]]:
    object_type = ""
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            yield object_type, line.strip()
        elif not line.startswith("#"):
            object_type = line.removesuffix(":")


def _has_row(type_name: str, path: str) -> bool:
    """Whether the walk along the tables meets a row that settles the field, at it or above it."""
    tables = field_tables()
    for key in path.split("."):
        if key == "*":
            continue
        row = tables[type_name].get(key)
        if row is None:
            return False
        if not row.type:
            return True
        type_name = row.type
    return True


@pytest.mark.parametrize(("object_type", "path"), list(_fields()))
def test_every_field_of_the_api_has_a_row(object_type: str, path: str) -> None:
    assert _has_row(object_type, path)


def test_the_list_is_the_whole_api() -> None:
    assert len(list(_fields())) > 350
