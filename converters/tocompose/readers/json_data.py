"""JSON as plain data: what is only looked at, or stands in one line of another format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from tocompose.notes import Kind
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.json import read_json, read_json_documents
from tocompose.readers.reading import Oddity, decode, encoding_oddities, oddity_notes
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Node

_SURROGATE = regex(r"\\u[dD][89a-fA-F]")


class PlainJson(NamedTuple):
    """The data of a text, and what is odd in it."""

    data: Any
    oddities: tuple[Oddity, ...] = ()


# Each command of a repository asks the same few files anew.
@lru_cache(maxsize=16)
def read_plain_json(content: bytes, file: str) -> PlainJson:
    """The data of a file, as far as it can be read; None where nothing of it can."""
    text = decode(content)
    data = None if _SURROGATE.search(text) else strict_json(text)
    if data is not None:
        return PlainJson(data, encoding_oddities(content, file))
    reading = read_json(content, file)
    return PlainJson(_plain(reading.tree), reading.oddities)


def losses_of_json(project: Project, paths: Iterable[str]) -> Iterator[str]:
    """Why JSON in the files cannot be read to its end, as `file:line:column: what is wrong and what to do`."""
    for path in paths:
        content = project.read(path) or b""
        if decode(content).lstrip().startswith(("{", "[")):
            oddities = read_json_documents(content, path).oddities
            for told in oddity_notes("json", oddities):
                if told.kind is Kind.LOST:
                    yield f"{told.span}: {told.message}. {told.advice}"


def strict_json(text: str) -> Any:
    """The data of a text that is JSON by the letter, as programs in Go read it; None for any other text."""
    try:
        return _strict_decoder().decode(text)
    except (ValueError, RecursionError):
        return None


@cache
def _strict_decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key stands there twice")
    return data


def _refuse(word: str) -> Any:
    raise ValueError(f"JSON has no {word}")


def _plain(node: Node) -> Any:
    if isinstance(node, Leaf):
        return _plain_leaf(node)
    if node.kind == "list":
        return [_plain(child.node) for child in node.children]
    return {str(child.key): _plain(child.node) for child in node.children}


def _plain_leaf(leaf: Leaf) -> Any:
    match leaf.style:
        case "{}":
            return {}
        case "[]":
            return []
        case "bool":
            return leaf.text == "true"
        case "null":
            return None
        case "number":
            return _number(leaf.text)
    return leaf.text


def _number(text: str) -> int | float | str:
    """The number; the text itself where there are more digits than a number of Python may have."""
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text
