"""Lists of simple commands: words, assignments, redirections, `&&`, `||`, `|`, `;`, `&`; no compound commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[([^\]]*)\])?(\+?)=")


class Compound(ValueError):
    """The text holds a compound command, which this reader leaves to the grammar."""


def simple_list(text: Text, start: int, end: int) -> list[Node] | None:
    """The statements between two offsets; None when there is a compound command or an unclosed quote among them."""
    try:
        return _Parser(text, tokens(text.text, start, end)).statements()
    except (Compound, Unbalanced):
        return None


def words(text: Text, start: int, end: int) -> Branch:
    """The words between two offsets, such as the values of a `for`; Unbalanced for an unclosed quote."""
    found = [token for token in tokens(text.text, start, end) if token.kind == "word"]
    return numbered("words", [leaf(text, token) for token in found], text, start, end)


def leaf(text: Text, token: Token, style: str = "word") -> Leaf:
    """The leaf of a token."""
    return Leaf(token.text, text.span(token.start, token.end), style)


def numbered(kind: str, nodes: Iterable[Node], text: Text, start: int, end: int) -> Branch:
    """A branch whose entries are counted from 0."""
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    span = children[0].span.to(children[-1].span) if children else text.span(start, end)
    return Branch(kind, children, span)


class _Parser:
    def __init__(self, text: Text, stream: Iterable[Token]) -> None:
        self.text = text
        self.bodies: dict[int, Token] = {}
        self.tokens = self._with_bodies(stream)
        self.index = 0

    def _with_bodies(self, stream: Iterable[Token]) -> list[Token]:
        """The tokens without comments and here-document bodies, which are remembered by their operator."""
        kept: list[Token] = []
        waiting: list[int] = []
        for token in stream:
            if token.kind == "heredoc":
                self.bodies[waiting.pop(0)] = token
            elif token.kind != "comment":
                kept.append(token)
                if token.text in ("<<", "<<-") and token.kind == "operator":
                    waiting.append(token.start)
        return kept

    def statements(self) -> list[Node]:
        found: list[Node] = []
        while self._skip("\n", ";"):
            statement = self._and_or()
            if self._at("&"):
                statement = Branch(
                    "background", (Child(0, statement.span, statement),), statement.span
                )
                self.index += 1
            elif self.index < len(self.tokens) and not self._at(";", "\n"):
                raise Compound
            found.append(statement)
        return found

    def _and_or(self) -> Node:
        left = self._pipeline()
        while self._at("&&", "||"):
            kind = "and" if self.tokens[self.index].text == "&&" else "or"
            self.index += 1
            self._skip("\n")
            left = _pair(kind, (left, self._pipeline()))
        return left

    def _pipeline(self) -> Node:
        negated = self._at_word("!")
        self.index += negated
        parts = [self._command()]
        while self._at("|", "|&"):
            self.index += 1
            self._skip("\n")
            parts.append(self._command())
        found = parts[0] if len(parts) == 1 else _pair("pipeline", parts)
        return _pair("not", (found,)) if negated else found

    def _command(self) -> Node:
        if not self._word_or_redirection():
            raise Compound
        if self._at_word("[["):
            return self._test()
        parts: list[Node] = []
        named, declares = False, False
        start = self.index
        while self._word_or_redirection():
            token = self.tokens[self.index]
            assignable = not named or declares
            if token.kind == "operator":
                parts.append(self._redirection())
            elif assignable and (match := _ASSIGNMENT.match(token.text)):
                parts.append(self._assignment(token, match))
            else:
                if not named and token.text in RESERVED:
                    raise Compound
                declares = declares or (not named and token.text in DECLARATIONS)
                named = True
                parts.append(leaf(self.text, token))
                self.index += 1
        return numbered(
            "command",
            parts,
            self.text,
            self.tokens[start].start,
            self.tokens[self.index - 1].end,
        )

    def _word_or_redirection(self) -> bool:
        if self.index >= len(self.tokens):
            return False
        token = self.tokens[self.index]
        return token.kind == "word" or token.text.lstrip("0123456789") in REDIRECTIONS

    def _test(self) -> Node:
        """`[[ … ]]`, in which operators are words."""
        parts: list[Node] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token.kind != "newline":
                parts.append(leaf(self.text, token))
            if token.text == "]]":
                return _pair("command", parts)
        raise Compound

    def _assignment(self, token: Token, match: re.Match[str]) -> Branch:
        self.index += 1
        span = self.text.span(token.start, token.end)
        kind = "append" if match[3] else "assignment"
        name = f"{match[1]}[{match[2]}]" if match[2] is not None else match[1]
        if match.end() == len(token.text) and self._opens_array(token.end):
            value: Node = self._array(token.end)
        else:
            value = Leaf(
                token.text[match.end() :],
                self.text.span(token.start + match.end(), token.end),
                "word",
            )
        key = self.text.span(token.start, token.start + len(match[1]))
        return Branch(kind, (Child(name, key, value),), span.to(value.span))

    def _opens_array(self, offset: int) -> bool:
        return self._at("(") and self.tokens[self.index].start == offset

    def _array(self, start: int) -> Branch:
        self.index += 1
        items: list[Node] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token.text == ")" and token.kind == "operator":
                return numbered("array", items, self.text, start, token.end)
            if token.kind == "operator":
                raise Compound
            if token.kind == "word":
                items.append(leaf(self.text, token))
        raise Compound

    def _redirection(self) -> Branch:
        operator = self.tokens[self.index]
        self.index += 1
        if self.index >= len(self.tokens) or self.tokens[self.index].kind != "word":
            raise Compound
        target = self.tokens[self.index]
        self.index += 1
        span = self.text.span(operator.start, operator.end)
        node = leaf(
            self.text, target, "delimiter" if operator.text in ("<<", "<<-") else "word"
        )
        children = [Child(operator.text, span, node)]
        if body := self.bodies.get(operator.start):
            held = leaf(self.text, body, "heredoc-quoted" if body.quoted else "heredoc")
            children.append(Child("body", held.span, held))
        return Branch("redirect", tuple(children), span.to(node.span))

    def _at(self, *operators: str) -> bool:
        if self.index >= len(self.tokens):
            return False
        token = self.tokens[self.index]
        return token.kind != "word" and token.text in operators

    def _at_word(self, word: str) -> bool:
        return self.index < len(self.tokens) and self.tokens[self.index].text == word

    def _skip(self, *operators: str) -> bool:
        """Passes separators; whether anything is left."""
        while self._at(*operators):
            self.index += 1
        return self.index < len(self.tokens)


def _pair(kind: str, nodes: Iterable[Node]) -> Branch:
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch(kind, children, children[0].span.to(children[-1].span))
