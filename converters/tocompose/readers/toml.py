"""TOML with positions: the standard library's parser says what a file holds, its lines say where."""

from __future__ import annotations

from typing import Any

from tocompose.patterns import regex
from tocompose.readers.reading import Oddity, Reading, decode
from tocompose.source import Branch, Child, Leaf, Node, Path, Span
from tocompose.syntax.parse_faults import parse_fault

_HEADER = regex(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_ENTRY = regex(
    r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_KEY = regex(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")
_STYLES = {bool: "bool", int: "number", float: "number", str: "string"}


def read_toml(content: bytes, file: str) -> Reading:
    """Branches of kind `map` and `list`; leaf styles string, number, bool, date, `{}`, `[]`.

    Never raises: a file that is no TOML is an empty map. Oddities: broken, too-deep.
    """
    import tomllib

    text = decode(content)
    lines = text.splitlines()
    whole = Span(file, 1, 1, len(lines) or 1, len(lines[-1]) + 1 if lines else 1)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        return Reading(Branch("map", (), whole), (Oddity("too-deep", whole, {}),))
    except tomllib.TOMLDecodeError as problem:
        fault = parse_fault(problem, text)
        fault_span = Span(file, fault.line, fault.column, fault.line, fault.column + 1)
        oddity = Oddity("broken", fault_span, {"problem": fault.problem})
        return Reading(Branch("map", (), whole), (oddity,))
    tree = _node(data, (), whole, _spans(lines, file))
    return Reading(tree if isinstance(tree, Branch) else Branch("map", (), whole))


def _spans(lines: list[str], file: str) -> dict[Path, Span]:
    """Where each table and each key begins; of the elements of an array of tables, each by its number."""
    spans: dict[Path, Span] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(lines, 1):
        header, entry = _HEADER.fullmatch(line), _ENTRY.match(line)
        if header:
            table = _numbered(_keys(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
        table_path = table if header else (*table, *_keys(entry[1])) if entry else None
        if table_path is not None:
            start = len(line) - len(line.lstrip()) + 1
            spans.setdefault(table_path, Span(file, number, start, number, len(line) + 1))
    return spans


def _keys(text: str) -> Path:
    return tuple(next(filter(None, match.groups()), "") for match in _KEY.finditer(text))


def _numbered(keys: Path, counts: dict[Path, int]) -> Path:
    """The path of a table: below an array of tables it belongs to the last element."""
    path: Path = ()
    for key in keys[:-1]:
        path = (*path, key)
        path = (*path, counts[path]) if path in counts else path
    return (*path, *keys[-1:])


def _node(value: Any, path: Path, outer: Span, spans: dict[Path, Span]) -> Node:
    """The node of a value; what has no line of its own lies where the one around it does."""
    span = spans.get(path, outer)
    if isinstance(value, dict | list) and not value:
        return Leaf("", span, "{}" if isinstance(value, dict) else "[]")
    if isinstance(value, dict):
        return Branch("map", tuple(_children(value.items(), path, span, spans)), span)
    if isinstance(value, list):
        return Branch("list", tuple(_children(enumerate(value), path, span, spans)), span)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Leaf(text, span, _STYLES.get(type(value), "date"))


def _children(entries: Any, path: Path, span: Span, spans: dict[Path, Span]) -> Any:
    for key, value in entries:
        below = (*path, key)
        yield Child(key, spans.get(below, span), _node(value, below, span, spans))
