"""tree-sitter's syntax tree in a browser, where the grammar runs beside Python: https://pyodide.org.

The page's worker gives the whole tree as numbers, five for each node in reading order: depth, type, field, start, end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NUMBERS = 5


class GrammarNode:
    """A node, with what readers ask of those that tree-sitter's own binding gives."""

    __slots__ = ("children", "end_byte", "fields", "has_error", "start_byte", "type")

    def __init__(self, kind: str, start_byte: int, end_byte: int) -> None:
        self.type = kind
        self.start_byte = start_byte
        self.end_byte = end_byte
        self.children: list[GrammarNode] = []
        self.fields: dict[str, GrammarNode] = {}
        self.has_error = False

    def child_by_field_name(self, name: str) -> GrammarNode | None:
        """The first child that the grammar calls so."""
        return self.fields.get(name)


class GrammarTree:
    """The tree."""

    __slots__ = ("root_node",)

    def __init__(self, root_node: GrammarNode) -> None:
        self.root_node = root_node


def browser_tree(source: bytes, most_on_errors: int, seconds: float) -> GrammarTree | None:
    """The syntax tree, as `syntax_tree` gives it; None where the grammar gives up."""
    from js import bashTree  # the page's worker

    text = source.decode("utf-8")
    reply = bashTree(text, len(source), most_on_errors, seconds)
    if reply is None:
        return None
    words, numbers = reply.to_py()
    return tree_of(words, numbers, byte_offsets(text))


def tree_of(words: Sequence[str], numbers: Any, offsets: Sequence[int]) -> GrammarTree:
    """The tree that the numbers describe, the first of which says whether there is an error in it."""
    parents: list[GrammarNode] = []
    for at in range(1, len(numbers), _NUMBERS):
        depth, kind, field, start, end_offset = numbers[at : at + _NUMBERS]
        node = GrammarNode(words[kind], offsets[start], offsets[end_offset])
        del parents[depth:]
        if parents:
            parents[-1].children.append(node)
            if field:
                parents[-1].fields.setdefault(words[field], node)
        parents.append(node)
    root = parents[0]
    root.has_error = bool(numbers[0])
    return GrammarTree(root)


def byte_offsets(text: str) -> Sequence[int]:
    """For each place in the text as JavaScript counts (units of UTF-16) the place in its bytes."""
    if text.isascii():
        return range(len(text) + 1)
    offsets: list[int] = []
    position = 0
    for char in text:
        offsets += [position] * (2 if ord(char) > 0xFFFF else 1)
        position += len(char.encode("utf-8"))
    offsets.append(position)
    return offsets
