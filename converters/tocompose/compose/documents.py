"""Compose files as trees with positions and as plain documents, put together as docker compose does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

from tocompose.compose.merge import RESET, Override, merge_documents, without_tags
from tocompose.model import NumberText
from tocompose.notes import Note, note
from tocompose.readers.yaml import boolean, integer, is_null, number, read_yaml
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Path, Span, node_at


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


def document_of(file: ComposeFile, *, with_numbers: bool = False) -> dict[str, Any]:
    """What the file holds as maps, lists and scalars, with the tags `!reset` and `!override` kept for merging.

    With numbers, those with a point are no texts: docker compose refuses them where a text has to be.
    """
    values = (plain_value(root, file, with_numbers) for root in file.roots)
    documents = [value for value in values if isinstance(value, dict)]
    return reduce(merge_documents, documents[1:], documents[0]) if documents else {}


def merge_all(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one document that docker compose makes of them."""
    if not documents:
        return {}
    return reduce(merge_documents, documents[1:], without_tags(documents[0]))


def plain_value(node: Node, file: ComposeFile, with_numbers: bool = False) -> Any:
    """A node as docker compose reads it: numbers as their text where only the text matters."""
    tag = _tag_of(node, file)
    if tag == "!reset":
        return RESET
    if isinstance(node, Leaf):
        written_number = number(node.text, node.style) if with_numbers else None
        value = _plain_scalar(node) if written_number is None else written_number
    else:
        value = _plain_collection(node, file, with_numbers)
    return Override(value) if tag == "!override" else value


def _plain_collection(node: Branch, file: ComposeFile, with_numbers: bool) -> Any:
    values = (plain_value(child.node, file, with_numbers) for child in node.children)
    if node.kind == "list":
        return list(values)
    names = (str(child.key) for child in node.children)
    return dict(zip(names, values, strict=True))


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
    return leaf.text if value is None else NumberText(shown_number(value))


def shown_number(value: float) -> str:
    """A number as Go prints it: `1.10` becomes `1.1`, `1e3` becomes `1000`."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return str(int(value)) if value == int(value) and abs(value) < 1e21 else repr(value)


# The entries of a list by what they mention.
_Mentions: TypeAlias = Mapping[str, tuple[Child, ...]]


class Places:
    """Where things stand in a set of files: the last file that says something about a path has the say."""

    def __init__(self, files: Iterable[ComposeFile]) -> None:
        self._files = tuple(files)
        self._mentions: tuple[Path, tuple[_Mentions, ...]] = ((), ())

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files, in the order in which they are read."""
        return tuple(file.path for file in self._files)

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

    def is_later(self, span: Span | None, other_span: Span | None) -> bool:
        """Whether the first place is in a file that is read after that of the second."""
        order = {path: number for number, path in enumerate(self.files)}
        if span is None or other_span is None:
            return False
        return order.get(span.file, 0) > order.get(other_span.file, 0)

    def item(self, text: str, *path: str) -> Span | None:
        """The place of the list entry at the path that begins with the text or mentions it; else of the list."""
        for mentions in self._mentions_at(path):
            for child in mentions.get(_head(text), ()):
                if str(child.key) == text or _mentions(child.node, text):
                    return child.span
        return self.span(*path)

    def entry(self, is_meant: Callable[[Any], bool], *path: str) -> Span | None:
        """The place of the list entry at the path with a value that is meant, in the last file; else of the list."""
        for file, root in self._roots_from_last():
            for child in _entries_at(root, path):
                if is_meant(plain_value(child.node, file)):
                    return child.span
        return self.span(*path)

    def _mentions_at(self, path: Path) -> tuple[_Mentions, ...]:
        """What the list at the path mentions, the last file first.

        One list is asked for each of its entries in turn, so the last one is kept.
        """
        if self._mentions[0] != path:
            lists = (_entries_at(root, path) for _, root in self._roots_from_last())
            self._mentions = path, tuple(map(_mentions_of, lists))
        return self._mentions[1]

    def _roots_from_last(self) -> list[tuple[ComposeFile, Node]]:
        return [(file, root) for file in self._files for root in file.roots][::-1]


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


def _entries_at(node: Node, path: Path) -> tuple[Child, ...]:
    branch = node_at(node, *path)
    return branch.children if isinstance(branch, Branch) else ()


def _mentions_of(entries: Iterable[Child]) -> _Mentions:
    """The entries of a list by the heads of all that they mention."""
    mentions: dict[str, dict[int, Child]] = {}
    for position, child in enumerate(entries):
        for text in (str(child.key), *_texts_mentioned(child.node)):
            mentions.setdefault(_head(text), {})[position] = child
    return {head: tuple(children.values()) for head, children in mentions.items()}


def _head(text: str) -> str:
    """What stands before the first `=`: the same in a text and in all that mention it."""
    return text.partition("=")[0]


def _texts_mentioned(node: Node) -> Iterator[str]:
    if isinstance(node, Leaf):
        yield from (node.text, *node.text.split(":"))
    else:
        for child in node.children:
            yield from _texts_mentioned(child.node)


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
