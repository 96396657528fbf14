"""Reads `mappings/*.yaml`: what maps to what, as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]


class TableError(Exception):
    """A table that breaks its own rules: a fault of tocompose, with file and line."""


def mappings() -> Path:
    """The folder of tables: inside the installed package, or beside `converters/` in a checkout."""
    packaged = Path(__file__).parent / "mappings"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "mappings"


@cache
def load(name: str) -> Any:
    """The plain content of `mappings/<name>.yaml`."""
    import yaml

    text = (mappings() / f"{name}.yaml").read_bytes()
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def load_documents(name: str) -> tuple[str, ...]:
    """The YAML documents of `mappings/<name>.yaml` as text, for tables of which a run needs only a few rows."""
    text = (mappings() / f"{name}.yaml").read_text(encoding="utf-8")
    return tuple(text.split("\n---\n")[1:])


@cache
def _table(name: str, required: frozenset[str], optional: frozenset[str]) -> Mapping[str, Row]:
    rows = load(name)
    for key, row in rows.items():
        _check(name, str(key), row, required, optional)
    return {str(key): row for key, row in rows.items()}


def table(name: str, *, required: set[str], optional: set[str]) -> Mapping[str, Row]:
    """A table that maps names to rows, each with all `required` and at most the `optional` columns.

    Raises TableError, with the line, for a row that has others.
    """
    return _table(name, frozenset(required), frozenset(optional))


def _check(name: str, key: str, row: Any, required: frozenset[str], optional: frozenset[str]) -> None:
    if not isinstance(row, dict):
        raise TableError(f"{_line(name, key)}: the row must be a map")
    unknown = sorted(set(row) - required - optional)
    missing = sorted(required - set(row))
    if unknown or missing:
        raise TableError(f"{_line(name, key)}: unknown columns {unknown}, missing columns {missing}")


def _line(name: str, key: str) -> str:
    path = mappings() / f"{name}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next((n for n, text in enumerate(lines, 1) if text.strip().strip("\"'").startswith(key)), 1)
    return f"mappings/{name}.yaml:{number} ({key})"
