"""The positioned tree that every input format is read into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tocompose.record import NamedTuple

Path: TypeAlias = tuple[str | int, ...]


# What prints manifests: no file has their lines. Helm names the template above each, so that they help to find it.
_KUSTOMIZE, _HELM = ("/kustomize build ", "/kubectl kustomize "), "/helm template "


def shown_place(file: str, line: int, column: int | None = None) -> str:
    """A place as reports show it: a line of a file, or what a command prints."""
    if any(renderer in f"/{file}" for renderer in _KUSTOMIZE):
        return file
    if _HELM in f"/{file}":
        return f"{file} (line {line})"
    return f"{file}:{line}" if column is None else f"{file}:{line}:{column}"


class Span(NamedTuple):
    """A stretch of one source file; lines and columns are 1-based, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return shown_place(self.file, self.line, self.column)

    def to(self, later_span: Span) -> Span:
        """The span that runs from the start of this one to the end of `other`."""
        return Span(
            self.file, self.line, self.column, later_span.end_line, later_span.end_column
        )


class Leaf:
    """One value of the source, with quotes and escapes of its format undone.

    `style` is what the reader needs to say beyond the text: for YAML `plain`, `single`, `double`, `literal`, `folded`,
    or an explicit tag such as `!!binary`; for shell words `word`; for an empty map or list `{}` or `[]`.
    Leaves are compared by identity: each is one place of the source.
    """

    __slots__ = ("span", "style", "text")

    def __init__(self, text: str, span: Span, style: str = "plain") -> None:
        self.text = text
        self.span = span
        self.style = style

    def __repr__(self) -> str:
        return f"Leaf({self.text!r}, {self.span})"


class Child(NamedTuple):
    """One entry of a branch: the key (a map's text or a list's index), where the key stands, and what it holds."""

    key: str | int
    span: Span
    node: Node


# An index of so few entries takes more memory than they do, and finds them no faster.
_MOST_UNINDEXED = 8


class Branch:
    """A map, a list or a format's own construct; `kind` is `map`, `list`, `document`, or the reader's own word."""

    __slots__ = ("_index", "children", "kind", "span")

    def __init__(self, kind: str, children: tuple[Child, ...], span: Span) -> None:
        self.kind = kind
        self.children = children
        self.span = span
        self._index: dict[str | int, Child] | None = None

    def child(self, key: str | int) -> Child | None:
        """The entry under `key`; of duplicate keys the last, which is what YAML and JSON readers keep."""
        if len(self.children) <= _MOST_UNINDEXED:
            return next(
                (child for child in reversed(self.children) if child[0] == key), None
            )
        index = self._index
        if index is None:
            index = self._index = {child[0]: child for child in self.children}
        return index.get(key)

    def __repr__(self) -> str:
        return f"Branch({self.kind}, {len(self.children)} children, {self.span})"


Node: TypeAlias = Leaf | Branch


def node_at(node: Node | None, *keys: str | int) -> Node | None:
    """What stands at a path below a node; None where nothing does."""
    for key in keys:
        child = node.child(key) if isinstance(node, Branch) else None
        node = child.node if child else None
    return node


def text_at(node: Node | None, *keys: str | int) -> str:
    """The text of the value at a path below a node; empty where none stands."""
    leaf = node_at(node, *keys)
    return leaf.text if isinstance(leaf, Leaf) else ""


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf at or below `node`, in source order."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, Leaf):
            yield current
        else:
            stack.extend(child.node for child in reversed(current.children))
