"""Lists of simple commands: words, assignments, redirections, `&&`, `||`, `|`, `;`, `&`; no compound commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.patterns import regex
from tocompose.readers.repair import LOGICAL_LINE
from tocompose.readers.text import Text
from tocompose.readers.words import REDIRECTIONS, Token, Unbalanced, tokens
from tocompose.source import Branch, Child, Leaf, Node

RESERVED = frozenset(
    {
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "for",
        "while",
        "until",
        "do",
        "done",
        "case",
        "esac",
        "in",
    }
    | {"function", "select", "coproc", "{", "}", "time"}
) - {"in", "time"}
DECLARATIONS = frozenset({"export", "local", "declare", "readonly", "typeset"})
_ASSIGNMENT = regex(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[([^\]]*)\])?(\+?)=")


class Compound(ValueError):
    """The text holds a compound command, which this reader leaves to the grammar."""


def simple_list(text: Text, start: int, end_offset: int) -> list[Node] | None:
    """The statements between two offsets; None when there is a compound command or an unclosed quote among them."""
    try:
        return _Parser(text, tokens(text.text, start, end_offset)).read_statements()
    except (Compound, Unbalanced):
        return None


def word_list(text: Text, start: int, end_offset: int) -> Branch:
    """The words between two offsets, such as the values of a `for`; Unbalanced for an unclosed quote."""
    word_tokens = [
        token for token in tokens(text.text, start, end_offset) if token.kind == "word"
    ]
    return numbered(
        "words", [leaf_of(text, token) for token in word_tokens], text, start, end_offset
    )


def leaf_of(text: Text, token: Token, style: str = "word") -> Leaf:
    """The leaf of a token."""
    return Leaf(token.text, text.span(token.start, token.end_offset), style)


def numbered(
    kind: str, nodes: Iterable[Node], text: Text, start: int, end_offset: int
) -> Branch:
    """A branch whose entries are counted from 0."""
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    span = (
        children[0].span.to(children[-1].span) if children else text.span(start, end_offset)
    )
    return Branch(kind, children, span)


def by_line(text: Text, start: int, end_offset: int) -> list[Node]:
    """The statements between two offsets where only those logical lines count that can be read alone."""
    nodes: list[Node] = []
    for match in LOGICAL_LINE.finditer(text.text, start, end_offset):
        if not match[0].strip():
            continue
        statements = simple_list(text, match.start(), match.end())
        nodes += (
            [error_leaf(text, match.start(), match.end())]
            if statements is None
            else statements
        )
    return nodes


def error_leaf(text: Text, start: int, end_offset: int) -> Leaf:
    """What could not be read between two offsets, blanks around it left out."""
    content = text.text[start:end_offset]
    start += len(content) - len(content.lstrip())
    end_offset -= len(content) - len(content.rstrip())
    return Leaf(text.text[start:end_offset], text.span(start, end_offset), "error")


class _Parser:
    def __init__(self, text: Text, stream: Iterable[Token]) -> None:
        self.text = text
        self.bodies: dict[int, Token] = {}
        self.tokens = self._with_bodies(stream)
        self.index = 0

    def _with_bodies(self, stream: Iterable[Token]) -> list[Token]:
        """The tokens without comments and here-document bodies, which are remembered by their operator."""
        shell_tokens: list[Token] = []
        waiting: list[int] = []
        for token in stream:
            if token.kind == "heredoc":
                self.bodies[waiting.pop(0)] = token
            elif token.kind != "comment":
                shell_tokens.append(token)
                if token.text in ("<<", "<<-") and token.kind == "operator":
                    waiting.append(token.start)
        return shell_tokens

    def read_statements(self) -> list[Node]:
        statements: list[Node] = []
        while self._skip_over("\n", ";"):
            statement = self._read_and_or()
            if self._is_at("&"):
                statement = Branch(
                    "background", (Child(0, statement.span, statement),), statement.span
                )
                self.index += 1
            elif self.index < len(self.tokens) and not self._is_at(";", "\n"):
                raise Compound
            statements.append(statement)
        return statements

    def _read_and_or(self) -> Node:
        chained = self._read_pipeline()
        while self._is_at("&&", "||"):
            kind = "and" if self.tokens[self.index].text == "&&" else "or"
            self.index += 1
            self._skip_over("\n")
            chained = _branch_of(kind, (chained, self._read_pipeline()))
        return chained

    def _read_pipeline(self) -> Node:
        negated = self._is_at_word("!")
        self.index += negated
        commands = [self._read_command()]
        while self._is_at("|", "|&"):
            self.index += 1
            self._skip_over("\n")
            commands.append(self._read_command())
        pipeline = commands[0] if len(commands) == 1 else _branch_of("pipeline", commands)
        return _branch_of("not", (pipeline,)) if negated else pipeline

    def _read_command(self) -> Node:
        if not self._word_or_redirection():
            raise Compound
        if self._is_at_word("[["):
            return self._read_test()
        nodes: list[Node] = []
        named, declares = False, False
        start = self.index
        while self._word_or_redirection():
            token = self.tokens[self.index]
            assignable = not named or declares
            if token.kind == "operator":
                nodes.append(self._read_redirection())
            elif assignable and (match := _ASSIGNMENT.match(token.text)):
                nodes.append(self._read_assignment(token, match))
            else:
                if not named and token.text in RESERVED:
                    raise Compound
                declares = declares or (not named and token.text in DECLARATIONS)
                named = True
                nodes.append(leaf_of(self.text, token))
                self.index += 1
        return numbered(
            "command",
            nodes,
            self.text,
            self.tokens[start].start,
            self.tokens[self.index - 1].end_offset,
        )

    def _word_or_redirection(self) -> bool:
        if self.index >= len(self.tokens):
            return False
        token = self.tokens[self.index]
        return token.kind == "word" or token.text.lstrip("0123456789") in REDIRECTIONS

    def _read_test(self) -> Node:
        """`[[ … ]]`, in which operators are words."""
        nodes: list[Node] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token.kind != "newline":
                nodes.append(leaf_of(self.text, token))
            if token.text == "]]":
                return _branch_of("command", nodes)
        raise Compound

    def _read_assignment(self, token: Token, match: re.Match[str]) -> Branch:
        self.index += 1
        span = self.text.span(token.start, token.end_offset)
        kind = "append" if match[3] else "assignment"
        name = f"{match[1]}[{match[2]}]" if match[2] is not None else match[1]
        if match.end() == len(token.text) and self._opens_array(token.end_offset):
            value: Node = self._read_array(token.end_offset)
        else:
            value = Leaf(
                token.text[match.end() :],
                self.text.span(token.start + match.end(), token.end_offset),
                "word",
            )
        key = self.text.span(token.start, token.start + len(match[1]))
        return Branch(kind, (Child(name, key, value),), span.to(value.span))

    def _opens_array(self, offset: int) -> bool:
        return self._is_at("(") and self.tokens[self.index].start == offset

    def _read_array(self, start: int) -> Branch:
        self.index += 1
        elements: list[Node] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token.text == ")" and token.kind == "operator":
                return numbered("array", elements, self.text, start, token.end_offset)
            if token.kind == "operator":
                raise Compound
            if token.kind == "word":
                elements.append(leaf_of(self.text, token))
        raise Compound

    def _read_redirection(self) -> Branch:
        operator = self.tokens[self.index]
        self.index += 1
        if self.index >= len(self.tokens) or self.tokens[self.index].kind != "word":
            raise Compound
        target = self.tokens[self.index]
        self.index += 1
        span = self.text.span(operator.start, operator.end_offset)
        node = leaf_of(
            self.text, target, "delimiter" if operator.text in ("<<", "<<-") else "word"
        )
        children = [Child(operator.text, span, node)]
        if body := self.bodies.get(operator.start):
            held = leaf_of(self.text, body, "heredoc-quoted" if body.quoted else "heredoc")
            children.append(Child("body", held.span, held))
        return Branch("redirect", tuple(children), span.to(node.span))

    def _is_at(self, *operators: str) -> bool:
        if self.index >= len(self.tokens):
            return False
        token = self.tokens[self.index]
        return token.kind != "word" and token.text in operators

    def _is_at_word(self, text: str) -> bool:
        return self.index < len(self.tokens) and self.tokens[self.index].text == text

    def _skip_over(self, *operators: str) -> bool:
        """Passes separators; whether anything is left."""
        while self._is_at(*operators):
            self.index += 1
        return self.index < len(self.tokens)


def _branch_of(kind: str, nodes: Iterable[Node]) -> Branch:
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch(kind, children, children[0].span.to(children[-1].span))
