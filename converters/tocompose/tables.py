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
    """The plain content of a table: `mappings/<name>.yaml`, or its compiled form in an installed package."""
    compiled = _load_compiled(name)
    return (
        parse((mappings() / f"{name}.yaml").read_text(encoding="utf-8"))
        if compiled is None
        else compiled
    )


def parse(text: str) -> Any:
    """The plain content of a YAML text of ours."""
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def plain_content(text: str) -> Any:
    """A table's content as its compiled form holds it: of a stream of documents their list, its head left out."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = [row for row in yaml.load_all(text, loader) if row is not None]
    return rows[0] if "\n---\n" not in text else rows


def _load_compiled(name: str) -> Any:
    """The table as JSON, which the wheel holds beside the YAML: it loads 30 times faster. None in a checkout."""
    path = mappings() / f"{name}.json"
    if not path.is_file():
        return None
    import json

    return json.loads(path.read_bytes())


class Document:
    """One row of a table that is a stream of documents; its text is parsed when the row is asked for."""

    __slots__ = ("_row", "_text", "keys")

    def __init__(self, keys: tuple[str, ...], text: str, row: Row | None = None) -> None:
        self.keys = keys
        self._text = text
        self._row = row

    def row(self) -> Row:
        """The content."""
        if self._row is None:
            self._row = parse(self._text)
        return self._row


@cache
def documents(name: str, key: str) -> tuple[Document, ...]:
    """The documents of a table of which a run needs only a few rows; `keys` are the entries of their list `key`.

    Raises TableError for a document without `key: [...]` on one line.
    """
    compiled = _load_compiled(name)
    if compiled is not None:
        return tuple(Document(tuple(row[key]), "", row) for row in compiled)
    text = (mappings() / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_documents(name, key, text)


def parse_documents(name: str, key: str, text: str) -> tuple[Document, ...]:
    """The documents of a text; `keys` as in `documents`."""
    return tuple(
        Document(_document_keys(name, key, document_text), document_text)
        for document_text in split_documents(text)
    )


def split_documents(text: str) -> list[str]:
    """The texts of the documents, each behind a line `---`; what stands before the first is a comment."""
    return f"\n{text}".split("\n---\n")[1:]


def _document_keys(name: str, key: str, text: str) -> tuple[str, ...]:
    line = next(
        (
            line
            for line in text.splitlines()
            if line.startswith(f"{key}: [") and line.endswith("]")
        ),
        None,
    )
    if line is None:
        raise TableError(
            f"mappings/{name}.yaml: a document without `{key}: [...]` on one line"
        )
    return tuple(
        entry_text.strip().strip("'\"") for entry_text in line[len(key) + 3 : -1].split(",")
    )


@cache
def _checked_table(
    name: str, required: frozenset[str], optional: frozenset[str]
) -> Mapping[str, Row]:
    rows = load(name)
    for key, row in rows.items():
        _check_columns(name, str(key), row, required, optional)
    return {str(key): row for key, row in rows.items()}


def table(name: str, *, required: set[str], optional: set[str]) -> Mapping[str, Row]:
    """A table that maps names to rows, each with all `required` and at most the `optional` columns.

    Raises TableError, with the line, for a row that has others.
    """
    return _checked_table(name, frozenset(required), frozenset(optional))


def _check_columns(
    name: str, key: str, row: Any, required: frozenset[str], optional: frozenset[str]
) -> None:
    if not isinstance(row, dict):
        raise TableError(f"{_place_of_row(name, key)}: the row must be a map")
    unknown = sorted(set(row) - required - optional)
    missing = sorted(required - set(row))
    if unknown or missing:
        raise TableError(
            f"{_place_of_row(name, key)}: unknown columns {unknown}, missing columns {missing}"
        )


def _place_of_row(name: str, key: str) -> str:
    path = mappings() / f"{name}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(
        (n for n, text in enumerate(lines, 1) if text.strip().strip("\"'").startswith(key)),
        1,
    )
    return f"mappings/{name}.yaml:{number} ({key})"
