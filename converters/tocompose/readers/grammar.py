"""Compound commands, found by tree-sitter's grammar of bash; what is simple inside them, `commands` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from time import process_time
from typing import TYPE_CHECKING, Any

from tocompose.readers.commands import numbered, simple_list, words
from tocompose.readers.repair import LOGICAL_LINE
from tocompose.readers.text import Text
from tocompose.readers.words import PLACEHOLDER, Unbalanced
from tocompose.source import Branch, Child, Leaf, Node

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax
    from tree_sitter import Tree

# What the parser may spend on errors, as its steps at one by the length of the text, each of which costs that much; and
# the processor time that nothing that is a script takes.
_MOST_ON_ERRORS, _SECONDS = 1_000_000, 3.0
_CHUNK = 65_536
_SEPARATORS = frozenset({";", "\n", "&", ";;", ";&", ";;&"})


def by_grammar(text: Text) -> tuple[list[Node], bool]:
    """The statements, and whether the grammar accepts the whole text."""
    # The grammar takes the square of the length for NULs, which no shell reads either.
    source = (
        PLACEHOLDER.sub(lambda match: "x" * len(match[0]), text.text)
        .replace("\0", "x")
        .encode()
    )
    tree = _tree(source)
    if tree is None:
        return by_line(text, 0, len(text.text)), False
    reader = _Reader(text, _offsets(source))
    try:
        statements = reader.statements(tree.root_node.children, 0, len(text.text))
    except RecursionError:
        return by_line(text, 0, len(text.text)), False
    return statements, not tree.root_node.has_error


def by_line(text: Text, start: int, end: int) -> list[Node]:
    """The statements between two offsets where only those logical lines count that can be read alone."""
    found: list[Node] = []
    for match in LOGICAL_LINE.finditer(text.text, start, end):
        if not match[0].strip():
            continue
        statements = simple_list(text, match.start(), match.end())
        found += (
            [_error(text, match.start(), match.end())] if statements is None else statements
        )
    return found


def _tree(source: bytes) -> Tree | None:
    """The syntax tree; None where the grammar would take the square of the length to get over what is no script."""
    errors = 0
    most = process_time() + _SECONDS

    def gives_up(offset: int, erring: bool) -> bool:
        nonlocal errors
        errors += erring
        return errors * len(source) > _MOST_ON_ERRORS or process_time() > most

    parser = _parser()
    try:
        found: Tree | None = parser.parse(
            lambda offset, _: source[offset : offset + _CHUNK], progress_callback=gives_up
        )
    except ValueError:
        parser.reset()
        return None
    return found


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def _offsets(source: bytes) -> Callable[[int], int]:
    """From an offset in bytes to one in characters."""
    if source.isascii():
        return lambda offset: offset
    table: list[int] = []
    count = -1
    for byte in source:
        count += byte & 0xC0 != 0x80
        table.append(count)
    table.append(count + 1)
    return table.__getitem__


def _error(text: Text, start: int, end: int) -> Leaf:
    piece = text.text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return Leaf(text.text[start:end], text.span(start, end), "error")


class _Reader:
    def __init__(self, text: Text, offset: Callable[[int], int]) -> None:
        self.text = text
        self.offset = offset
        self.readers: dict[str, Callable[[Syntax], Node | None]] = {
            "if_statement": self._if,
            "for_statement": self._for,
            "c_style_for_statement": self._count,
            "while_statement": self._while,
            "case_statement": self._case,
            "function_definition": self._function,
            "compound_statement": lambda node: self._body(node, "group"),
            "subshell": lambda node: self._body(node, "subshell"),
            "list": self._list,
            "pipeline": self._pipeline,
            "negated_command": self._not,
            "redirected_statement": self._redirected,
        }

    def statements(self, nodes: list[Syntax], start: int, end: int) -> list[Node]:
        """The statements among sibling nodes; text between `start` and `end` that no node covers is kept as error."""
        found: list[Node] = []
        done = start
        broken = [self._line(node, start, end) for node in nodes if node.type == "ERROR"]
        for node in nodes:
            first = self._range(node)[0]
            if around := next(
                (line for line in broken if line[0] <= first < line[1]), None
            ):
                broken.remove(around)
                found += by_line(self.text, *around)
                done = around[1]
            if first < done:
                continue
            if node.type == "&" and found:
                found[-1] = Branch(
                    "background", (Child(0, found[-1].span, found[-1]),), found[-1].span
                )
            elif node.type not in _SEPARATORS and node.type != "comment":
                found += self._read(node)
        return found

    def _line(self, node: Syntax, start: int, end: int) -> tuple[int, int]:
        """The logical lines that an error of the grammar touches: the rest of them is no good either."""
        first, last = self._range(node)
        for line in LOGICAL_LINE.finditer(self.text.text, start, end):
            if line.start() < last and first < line.end():
                first, last = min(first, line.start()), max(last, line.end())
        return first, last

    def _read(self, node: Syntax) -> list[Node]:
        start, end = self._range(node)
        piece = self.text.text[start:end].strip()
        if (
            node.type in ("test_command", "compound_statement")
            and piece.startswith("((")
            and piece.endswith("))")
        ):
            leaf = _error(self.text, start, end)
            leaf.style = "arithmetic"
            return [numbered("command", [leaf], self.text, start, end)]
        if node.type != "ERROR" and node.type in self.readers:
            simple = (
                simple_list(self.text, start, end) if node.type in _MAYBE_SIMPLE else None
            )
            if simple is not None and len(simple) == 1:
                return simple
            compound = self.readers[node.type](node)
            if compound is not None:
                return [compound]
        simple = simple_list(self.text, start, end)
        if simple is not None:
            return simple
        if node.type == "test_command":
            return [
                numbered("command", [_error(self.text, start, end)], self.text, start, end)
            ]
        return by_line(self.text, start, end)

    def _one(self, node: Syntax) -> Node:
        """A node that must be one statement."""
        found = self._read(node)
        if len(found) == 1:
            return found[0]
        return numbered("group", found, self.text, *self._range(node))

    def _range(self, node: Syntax) -> tuple[int, int]:
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def _branch(self, kind: str, node: Syntax, children: list[Child]) -> Branch:
        return Branch(kind, tuple(children), self.text.span(*self._range(node)))

    def _body(self, node: Syntax, kind: str = "body") -> Branch:
        inner = [child for child in node.children if child.type not in _BRACKETS]
        return self._block(kind, inner, node)

    def _block(self, kind: str, nodes: list[Syntax], where: Syntax) -> Branch:
        found = self.statements(nodes, *self._range(where))
        return numbered(kind, found, self.text, *self._range(where))

    def _child(self, key: str, node: Node) -> Child:
        return Child(key, node.span, node)

    def _if(self, node: Syntax) -> Node:
        parts = list(_split(node.children, {"if", "elif", "then", "fi"}))
        tail = [
            child for child in parts[-1] if child.type in ("elif_clause", "else_clause")
        ]
        then = [child for child in parts[1] if child not in tail] if len(parts) > 1 else []
        children = [
            self._child("condition", self._block("body", parts[0], node)),
            self._child("then", self._block("body", then, node)),
        ]
        if other := self._else(tail):
            children.append(self._child("else", other))
        return self._branch("if", node, children)

    def _else(self, clauses: list[Syntax]) -> Node | None:
        if not clauses:
            return None
        first, rest = clauses[0], clauses[1:]
        if first.type == "else_clause":
            return self._body(first)
        parts = list(_split(first.children, {"elif", "then"}))
        children = [
            self._child("condition", self._block("body", parts[0], first)),
            self._child(
                "then", self._block("body", parts[1] if len(parts) > 1 else [], first)
            ),
        ]
        if other := self._else(rest):
            children.append(self._child("else", other))
        inner = self._branch("if", first, children)
        return Branch("body", (Child(0, inner.span, inner),), inner.span)

    def _for(self, node: Syntax) -> Node | None:
        name = node.child_by_field_name("variable")
        body = next(
            (
                child
                for child in node.children
                if child.type in ("do_group", "compound_statement")
            ),
            None,
        )
        if name is None or body is None:
            return None
        kinds = [child.type for child in node.children]
        values = (
            node.children[kinds.index("in") + 1 : node.children.index(body)]
            if "in" in kinds
            else []
        )
        values = [
            child
            for child in values
            if child.type not in _SEPARATORS and child.type != "comment"
        ]
        start = self._range(values[0])[0] if values else self._range(name)[1]
        end = self._range(values[-1])[1] if values else start
        try:
            listed = words(self.text, start, end)
        except Unbalanced:
            return None
        kind = "for" if "in" in kinds else "for-arguments"
        key = self.text.span(*self._range(name))
        variable = self.text.text[slice(*self._range(name))]
        return self._branch(
            kind,
            node,
            [Child(variable, key, listed), self._child("body", self._body(body))],
        )

    def _count(self, node: Syntax) -> Node | None:
        """`for ((i = 0; i < 3; i++))`; the header is one leaf of style `arithmetic`."""
        body = next(
            (
                child
                for child in node.children
                if child.type in ("do_group", "compound_statement")
            ),
            None,
        )
        if body is None:
            return None
        start, end = self._range(node)[0], self._range(body)[0]
        head = self.text.text[start:end]
        opened, closed = head.find("(("), head.rfind("))")
        if opened == -1 or closed == -1:
            return None
        header = _error(self.text, start + opened + 2, start + closed)
        header.style = "arithmetic"
        return self._branch(
            "count",
            node,
            [self._child("header", header), self._child("body", self._body(body))],
        )

    def _while(self, node: Syntax) -> Node | None:
        body = next((child for child in node.children if child.type == "do_group"), None)
        if body is None:
            return None
        condition = node.children[1 : node.children.index(body)]
        children = [
            self._child("condition", self._block("body", condition, node)),
            self._child("body", self._body(body)),
        ]
        return self._branch(node.children[0].type, node, children)

    def _case(self, node: Syntax) -> Node | None:
        subject = node.child_by_field_name("value")
        if subject is None:
            return None
        start, end = self._range(subject)
        held = Leaf(self.text.text[start:end], self.text.span(start, end), "word")
        children = [self._child("subject", held)]
        for item in node.children:
            if item.type == "case_item":
                children.append(self._child("item", self._case_item(item)))
        return self._branch("case", node, children)

    def _case_item(self, node: Syntax) -> Branch:
        closing = next(
            index for index, child in enumerate(node.children) if child.type == ")"
        )
        patterns = [
            self._range(child)
            for child in node.children[:closing]
            if child.type not in ("|", "(")
        ]
        listed = [
            Leaf(self.text.text[start:end], self.text.span(start, end), "word")
            for start, end in patterns
        ]
        children = [
            self._child(
                "patterns", numbered("words", listed, self.text, *self._range(node))
            ),
            self._child("body", self._block("body", node.children[closing + 1 :], node)),
        ]
        return self._branch("item", node, children)

    def _function(self, node: Syntax) -> Node | None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return None
        start, end = self._range(name)
        inner = self._one(body)
        return self._branch(
            "function",
            node,
            [Child(self.text.text[start:end], self.text.span(start, end), inner)],
        )

    def _list(self, node: Syntax) -> Node | None:
        """`a && b || c`, which the grammar nests to the left: each command is read once, however long the list is."""
        lists = list(_spine(node))
        if not lists:
            return None
        found = self._one(lists[-1].children[0])
        for item in reversed(lists):
            kind = "and" if item.children[1].type == "&&" else "or"
            found = numbered(
                kind, [found, self._one(item.children[2])], self.text, *self._range(item)
            )
        return found

    def _pipeline(self, node: Syntax) -> Node:
        parts = [
            self._one(child) for child in node.children if child.type not in ("|", "|&")
        ]
        return numbered("pipeline", parts, self.text, *self._range(node))

    def _not(self, node: Syntax) -> Node:
        return numbered(
            "not", [self._one(node.children[-1])], self.text, *self._range(node)
        )

    def _redirected(self, node: Syntax) -> Node | None:
        body = node.child_by_field_name("body")
        if body is None:
            return None
        tail = simple_list(self.text, self._range(body)[1], self._range(node)[1])
        if tail is None or len(tail) != 1 or not isinstance(tail[0], Branch):
            return None
        return self._branch(
            "redirected",
            node,
            [self._child("body", self._one(body)), self._child("to", tail[0])],
        )


_BRACKETS = frozenset({"{", "}", "(", ")", "do", "done", "else"})
# Nodes that the reader of simple commands can take whole when nothing compound is inside.
_MAYBE_SIMPLE = frozenset({"list", "pipeline", "negated_command", "redirected_statement"})


def _spine(node: Syntax) -> Iterator[Syntax]:
    """The list and those that are its left sides, the outermost first."""
    while (
        node.type == "list"
        and len(node.children) == 3
        and node.children[1].type in ("&&", "||")
    ):
        yield node
        node = node.children[0]


def _split(nodes: list[Syntax], at: set[str]) -> Iterator[list[Syntax]]:
    """The runs of nodes behind each of the keywords."""
    run: list[Syntax] | None = None
    for node in nodes:
        if node.type in at:
            if run is not None:
                yield run
            run = []
        elif run is not None:
            run.append(node)
    if run:
        yield run
