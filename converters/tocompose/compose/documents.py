"""Compose files as trees with positions and as plain documents, put together as docker compose does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any, NamedTuple

from tocompose.compose.merge import RESET, Override, merge_documents, without_tags
from tocompose.notes import Note, note
from tocompose.readers.yaml import boolean, integer, is_null, number, read_yaml
from tocompose.source import Branch, Child, Leaf, Node, Path, Span


class ComposeFile(NamedTuple):
    """One file: its trees (one, unless it holds several YAML documents), its text, and what is wrong with its YAML."""

    path: str
    roots: tuple[Node, ...]
    lines: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    hidden: tuple[Child, ...] = ()


def read_file(content: bytes, path: str) -> ComposeFile:
    """The file's trees, or notes on why there are none."""
    documents = read_yaml(content, path)
    return ComposeFile(
        path,
        tuple(document.root for document in documents if document.root is not None),
        tuple(content.decode("utf-8", "replace").split("\n")),
        tuple(yaml_note for document in documents for yaml_note in document.notes),
        tuple(child for document in documents for child in document.hidden),
    )


def document_of(file: ComposeFile) -> dict[str, Any]:
    """What the file holds as maps, lists and scalars, with the tags `!reset` and `!override` kept for merging."""
    values = (plain_value(root, file) for root in file.roots)
    documents = [value for value in values if isinstance(value, dict)]
    return reduce(merge_documents, documents[1:], documents[0]) if documents else {}


def merge_all(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one document that docker compose makes of them."""
    if not documents:
        return {}
    return reduce(merge_documents, documents[1:], without_tags(documents[0]))


def plain_value(node: Node, file: ComposeFile) -> Any:
    """A node as docker compose reads it: numbers as their text where only the text matters."""
    tag = _tag_of(node, file)
    if tag == "!reset":
        return RESET
    value = _plain_scalar(node) if isinstance(node, Leaf) else _plain_collection(node, file)
    return Override(value) if tag == "!override" else value


def _plain_collection(node: Branch, file: ComposeFile) -> Any:
    if node.kind == "list":
        return [plain_value(child.node, file) for child in node.children]
    return {str(child.key): plain_value(child.node, file) for child in node.children}


def _tag_of(node: Node, file: ComposeFile) -> str:
    """The tag in front of a node, of which the reader keeps only those of scalars."""
    line = file.lines[node.span.line - 1] if node.span.line <= len(file.lines) else ""
    text = line[node.span.column - 1 :]
    return next((tag for tag in ("!reset", "!override") if text.startswith(tag)), "")


def _plain_scalar(leaf: Leaf) -> Any:
    """Only `true` and `false` are truth values to compose's parser; a number with a point keeps its value as text."""
    if leaf.style in ("{}", "[]"):
        return {} if leaf.style == "{}" else []
    if is_null(leaf.text, leaf.style):
        return None
    if (
        leaf.text.lower() in ("true", "false")
        and boolean(leaf.text, leaf.style) is not None
    ):
        return leaf.text.lower() == "true"
    whole = integer(leaf.text, leaf.style)
    if whole is not None:
        return whole
    value = number(leaf.text, leaf.style)
    return leaf.text if value is None else shown_number(value)


def shown_number(value: float) -> str:
    """A number as Go prints it: `1.10` becomes `1.1`, `1e3` becomes `1000`."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return str(int(value)) if value == int(value) and abs(value) < 1e21 else repr(value)


class Places:
    """Where things stand in a set of files: the last file that says something about a path has the say."""

    def __init__(self, files: Iterable[ComposeFile]) -> None:
        self._files = tuple(files)

    def span(self, *path: str | int) -> Span | None:
        """The place of what stands at the path; of the longest part of the path that stands somewhere, otherwise."""
        best: tuple[int, Span | None] = (-1, None)
        for root in (root for file in self._files for root in file.roots):
            depth, span = _deepest_span(root, path)
            if depth >= best[0]:
                best = (depth, span)
        return best[1]

    def first(self, *path: str | int) -> Span | None:
        """The place of what stands at the path in the first file that has it."""
        roots = (root for file in self._files for root in file.roots)
        deepest = (_deepest_span(root, path) for root in roots)
        return next((span for depth, span in deepest if depth == len(path)), None)

    def item(self, text: str, *path: str) -> Span | None:
        """The place of the list entry at the path that begins with the text or mentions it; else of the list."""
        for node in reversed(
            [
                node
                for file in self._files
                for root in file.roots
                if (node := _node_at(root, path))
            ]
        ):
            for child in node.children if isinstance(node, Branch) else ():
                if str(child.key) == text or _mentions(child.node, text):
                    return child.span
        return self.span(*path)


def _deepest_span(node: Node, path: Path) -> tuple[int, Span]:
    span = node.span
    for depth, key in enumerate(path):
        child = _child_at(node, key) if isinstance(node, Branch) else None
        if child is None:
            return depth, span
        node, span = child.node, child.span
    return len(path), span


def _child_at(node: Branch, key: str | int) -> Child | None:
    """The entry under the key; in a list, the one that is the name or sets it (`- NAME=value`)."""
    named_child = node.child(key)
    if named_child is not None or node.kind != "list":
        return named_child
    texts = (
        (child, child.node.text) for child in node.children if isinstance(child.node, Leaf)
    )
    return next(
        (child for child, text in texts if text == key or text.startswith(f"{key}=")), None
    )


def _node_at(node: Node, path: Path) -> Node | None:
    for key in path:
        child = node.child(key) if isinstance(node, Branch) else None
        if child is None:
            return None
        node = child.node
    return node


def _mentions(node: Node, text: str) -> bool:
    if isinstance(node, Leaf):
        return node.text.startswith(f"{text}=") or text in (
            node.text,
            *node.text.split(":"),
        )
    return any(_mentions(child.node, text) for child in node.children)


def duplicate_notes(file: ComposeFile) -> tuple[Note, ...]:
    """A note for each entry that a later one of the same key hides, and for each further YAML document."""
    hidden = (
        note("TC703", child.span, file=file.path, key=child.key) for child in file.hidden
    )
    further = (note("TC704", root.span, file=file.path) for root in file.roots[1:])
    return (*hidden, *further)
