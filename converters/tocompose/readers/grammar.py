"""Compound commands, found by tree-sitter's grammar of bash; what is simple inside them, `commands` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tocompose.readers.commands import by_line, error_leaf, numbered, simple_list, word_list
from tocompose.readers.repair import LOGICAL_LINE
from tocompose.readers.syntax_tree import character_offsets, syntax_tree
from tocompose.readers.text import Text
from tocompose.readers.words import PLACEHOLDER, Unbalanced
from tocompose.source import Branch, Child, Leaf, Node

if TYPE_CHECKING:
    from tocompose.readers.browser_grammar import GrammarNode as Syntax

_SEPARATORS = frozenset({";", "\n", "&", ";;", ";&", ";;&"})


def by_grammar(text: Text) -> tuple[list[Node], bool]:
    """The statements, and whether the grammar accepts the whole text."""
    # The grammar takes the square of the length for NULs, which no shell reads either.
    source = (
        PLACEHOLDER.sub(lambda match: "x" * len(match[0]), text.text)
        .replace("\0", "x")
        .encode()
    )
    tree = syntax_tree(source)
    if tree is None:
        return by_line(text, 0, len(text.text)), False
    reader = _Reader(text, character_offsets(source))
    try:
        statements = reader.statements(tree.root_node.children, 0, len(text.text))
    except RecursionError:
        return by_line(text, 0, len(text.text)), False
    return statements, not tree.root_node.has_error


class _Reader:
    def __init__(self, text: Text, offset: Callable[[int], int]) -> None:
        self.text = text
        self.offset = offset
        self.readers: dict[str, Callable[[Syntax], Node | None]] = {
            "if_statement": self._read_if,
            "for_statement": self._read_for,
            "c_style_for_statement": self._read_count,
            "while_statement": self._read_while,
            "case_statement": self._read_case,
            "function_definition": self._read_function,
            "compound_statement": lambda node: self._read_body(node, "group"),
            "subshell": lambda node: self._read_body(node, "subshell"),
            "list": self._read_list,
            "pipeline": self._read_pipeline,
            "negated_command": self._read_not,
            "redirected_statement": self._read_redirected,
        }

    def statements(self, nodes: list[Syntax], start: int, end_offset: int) -> list[Node]:
        """The statements among sibling nodes; text between `start` and `end` that no node covers is kept as error."""
        statements: list[Node] = []
        done = start
        broken = [
            self._error_lines(node, start, end_offset)
            for node in nodes
            if node.type == "ERROR"
        ]
        for node in nodes:
            node_start = self._offsets_of(node)[0]
            if around := next(
                (line for line in broken if line[0] <= node_start < line[1]), None
            ):
                broken.remove(around)
                statements += by_line(self.text, *around)
                done = around[1]
            if node_start < done:
                continue
            if node.type == "&" and statements:
                statements[-1] = Branch(
                    "background",
                    (Child(0, statements[-1].span, statements[-1]),),
                    statements[-1].span,
                )
            elif node.type not in _SEPARATORS and node.type != "comment":
                statements += self._read_node(node)
        return statements

    def _error_lines(self, node: Syntax, start: int, end_offset: int) -> tuple[int, int]:
        """The logical lines that an error of the grammar touches: the rest of them is no good either."""
        first_offset, last_offset = self._offsets_of(node)
        for line in LOGICAL_LINE.finditer(self.text.text, start, end_offset):
            if line.start() < last_offset and first_offset < line.end():
                first_offset, last_offset = (
                    min(first_offset, line.start()),
                    max(last_offset, line.end()),
                )
        return first_offset, last_offset

    def _read_node(self, node: Syntax) -> list[Node]:
        start, end_offset = self._offsets_of(node)
        if self._is_arithmetic(node):
            return [self._unread_command(node, "arithmetic")]
        if node.type != "ERROR" and node.type in self.readers:
            compound = self._read_compound(node)
            if compound is not None:
                return [compound]
        simple = simple_list(self.text, start, end_offset)
        if simple is not None:
            return simple
        if node.type == "test_command":
            return [self._unread_command(node, "error")]
        return by_line(self.text, start, end_offset)

    def _is_arithmetic(self, node: Syntax) -> bool:
        """Whether the node is `((…))`, for which the grammar has two names."""
        if node.type not in ("test_command", "compound_statement"):
            return False
        content = self.text.text[slice(*self._offsets_of(node))].strip()
        return content.startswith("((") and content.endswith("))")

    def _unread_command(self, node: Syntax, style: str) -> Branch:
        offsets = self._offsets_of(node)
        leaf = error_leaf(self.text, *offsets)
        leaf.style = style
        return numbered("command", [leaf], self.text, *offsets)

    def _read_compound(self, node: Syntax) -> Node | None:
        """The statement of a compound node; read as a simple one where nothing compound is inside."""
        if node.type in _MAYBE_SIMPLE:
            simple = simple_list(self.text, *self._offsets_of(node))
            if simple is not None and len(simple) == 1:
                return simple[0]
        return self.readers[node.type](node)

    def _read_one(self, node: Syntax) -> Node:
        """A node that must be one statement."""
        statements = self._read_node(node)
        if len(statements) == 1:
            return statements[0]
        return numbered("group", statements, self.text, *self._offsets_of(node))

    def _offsets_of(self, node: Syntax) -> tuple[int, int]:
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def _branch_of(self, kind: str, node: Syntax, children: list[Child]) -> Branch:
        return Branch(kind, tuple(children), self.text.span(*self._offsets_of(node)))

    def _read_body(self, node: Syntax, kind: str = "body") -> Branch:
        nodes = [child for child in node.children if child.type not in _BRACKETS]
        return self._read_block(kind, nodes, node)

    def _read_block(self, kind: str, nodes: list[Syntax], parent: Syntax) -> Branch:
        statements = self.statements(nodes, *self._offsets_of(parent))
        return numbered(kind, statements, self.text, *self._offsets_of(parent))

    def _word_leaf(self, node: Syntax) -> Leaf:
        start, end_offset = self._offsets_of(node)
        return Leaf(
            self.text.text[start:end_offset], self.text.span(start, end_offset), "word"
        )

    def _named_child(self, key: str, node: Node) -> Child:
        return Child(key, node.span, node)

    def _read_if(self, node: Syntax) -> Node:
        sections = list(_split_at(node.children, {"if", "elif", "then", "fi"}))
        tail = [
            child for child in sections[-1] if child.type in ("elif_clause", "else_clause")
        ]
        then_nodes = [child for child in _section(sections, 1) if child not in tail]
        return self._if_branch(node, sections[0], then_nodes, tail)

    def _if_branch(
        self,
        node: Syntax,
        condition: list[Syntax],
        then_nodes: list[Syntax],
        clauses: list[Syntax],
    ) -> Branch:
        children = [
            self._named_child("condition", self._read_block("body", condition, node)),
            self._named_child("then", self._read_block("body", then_nodes, node)),
        ]
        if clauses:
            children.append(self._named_child("else", self._read_else(clauses)))
        return self._branch_of("if", node, children)

    def _read_else(self, clauses: list[Syntax]) -> Branch:
        """What follows the first of the clauses; an `elif` is an `if` in the `else`."""
        clause, *later_clauses = clauses
        if clause.type == "else_clause":
            return self._read_body(clause)
        sections = list(_split_at(clause.children, {"elif", "then"}))
        inner_if = self._if_branch(
            clause, sections[0], _section(sections, 1), later_clauses
        )
        return Branch("body", (Child(0, inner_if.span, inner_if),), inner_if.span)

    def _read_for(self, node: Syntax) -> Node | None:
        name, body = node.child_by_field_name("variable"), _loop_body(node)
        if name is None or body is None:
            return None
        name_range = self._offsets_of(name)
        values = _loop_values(node, body)
        start = self._offsets_of(values[0])[0] if values else name_range[1]
        end_offset = self._offsets_of(values[-1])[1] if values else start
        try:
            listed = word_list(self.text, start, end_offset)
        except Unbalanced:
            return None
        lists_values = any(child.type == "in" for child in node.children)
        variable = Child(
            self.text.text[slice(*name_range)], self.text.span(*name_range), listed
        )
        kind = "for" if lists_values else "for-arguments"
        if node.children[0].type == "select":
            kind = "select"
        children = [variable, self._named_child("body", self._read_body(body))]
        return self._branch_of(kind, node, children)

    def _read_count(self, node: Syntax) -> Node | None:
        """`for ((i = 0; i < 3; i++))`; the header is one leaf of style `arithmetic`."""
        body = _loop_body(node)
        if body is None:
            return None
        start, end_offset = self._offsets_of(node)[0], self._offsets_of(body)[0]
        head = self.text.text[start:end_offset]
        opened, closed = head.find("(("), head.rfind("))")
        if opened == -1 or closed == -1:
            return None
        header = error_leaf(self.text, start + opened + 2, start + closed)
        header.style = "arithmetic"
        return self._branch_of(
            "count",
            node,
            [
                self._named_child("header", header),
                self._named_child("body", self._read_body(body)),
            ],
        )

    def _read_while(self, node: Syntax) -> Node | None:
        body = next((child for child in node.children if child.type == "do_group"), None)
        if body is None:
            return None
        condition = node.children[1 : node.children.index(body)]
        children = [
            self._named_child("condition", self._read_block("body", condition, node)),
            self._named_child("body", self._read_body(body)),
        ]
        return self._branch_of(node.children[0].type, node, children)

    def _read_case(self, node: Syntax) -> Node | None:
        subject = node.child_by_field_name("value")
        if subject is None:
            return None
        held = self._word_leaf(subject)
        children = [self._named_child("subject", held)]
        for child in node.children:
            if child.type == "case_item":
                children.append(self._named_child("item", self._read_case_item(child)))
        return self._branch_of("case", node, children)

    def _read_case_item(self, node: Syntax) -> Branch:
        closing = next(
            index for index, child in enumerate(node.children) if child.type == ")"
        )
        listed = [
            self._word_leaf(child)
            for child in node.children[:closing]
            if child.type not in ("|", "(")
        ]
        children = [
            self._named_child(
                "patterns", numbered("words", listed, self.text, *self._offsets_of(node))
            ),
            self._named_child(
                "body", self._read_block("body", node.children[closing + 1 :], node)
            ),
        ]
        ending = node.children[-1].type
        return self._branch_of(_ITEM_KINDS.get(ending, "item"), node, children)

    def _read_function(self, node: Syntax) -> Node | None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return None
        start, end_offset = self._offsets_of(name)
        function_body = self._read_one(body)
        return self._branch_of(
            "function",
            node,
            [
                Child(
                    self.text.text[start:end_offset],
                    self.text.span(start, end_offset),
                    function_body,
                )
            ],
        )

    def _read_list(self, node: Syntax) -> Node | None:
        """`a && b || c`, which the grammar nests to the left: each command is read once, however long the list is."""
        lists = list(_left_spine(node))
        if not lists:
            return None
        chained = self._read_one(lists[-1].children[0])
        for link in reversed(lists):
            kind = "and" if link.children[1].type == "&&" else "or"
            chained = numbered(
                kind,
                [chained, self._read_one(link.children[2])],
                self.text,
                *self._offsets_of(link),
            )
        return chained

    def _read_pipeline(self, node: Syntax) -> Node:
        commands = [
            self._read_one(child)
            for child in node.children
            if child.type not in ("|", "|&")
        ]
        return numbered("pipeline", commands, self.text, *self._offsets_of(node))

    def _read_not(self, node: Syntax) -> Node:
        return numbered(
            "not", [self._read_one(node.children[-1])], self.text, *self._offsets_of(node)
        )

    def _read_redirected(self, node: Syntax) -> Node | None:
        body = node.child_by_field_name("body")
        if body is None:
            return None
        tail = simple_list(self.text, self._offsets_of(body)[1], self._offsets_of(node)[1])
        if tail is None or len(tail) != 1 or not isinstance(tail[0], Branch):
            return None
        return self._branch_of(
            "redirected",
            node,
            [
                self._named_child("body", self._read_one(body)),
                self._named_child("to", tail[0]),
            ],
        )


_BRACKETS = frozenset({"{", "}", "(", ")", "do", "done", "else"})
# A branch of `case` that goes on with the next one, or with the tests of the next ones.
_ITEM_KINDS = {";&": "item-falls", ";;&": "item-goes-on"}
# Nodes that the reader of simple commands can take whole when nothing compound is inside.
_MAYBE_SIMPLE = frozenset({"list", "pipeline", "negated_command", "redirected_statement"})


def _section(sections: list[list[Syntax]], index: int) -> list[Syntax]:
    return sections[index] if len(sections) > index else []


def _loop_body(node: Syntax) -> Syntax | None:
    bodies = ("do_group", "compound_statement")
    return next((child for child in node.children if child.type in bodies), None)


def _loop_values(node: Syntax, body: Syntax) -> list[Syntax]:
    """The words between `in` and the body; none where the loop goes through the script's arguments."""
    kinds = [child.type for child in node.children]
    if "in" not in kinds:
        return []
    between = node.children[kinds.index("in") + 1 : node.children.index(body)]
    return [
        child
        for child in between
        if child.type not in _SEPARATORS and child.type != "comment"
    ]


def _left_spine(node: Syntax) -> Iterator[Syntax]:
    """The list and those that are its left sides, the outermost first."""
    while (
        node.type == "list"
        and len(node.children) == 3
        and node.children[1].type in ("&&", "||")
    ):
        yield node
        node = node.children[0]


def _split_at(nodes: list[Syntax], at: set[str]) -> Iterator[list[Syntax]]:
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
