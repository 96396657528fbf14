"""Shell words and operators, as POSIX and bash split a line into them; nothing is expanded here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Longest first. A digit before a redirection belongs to it and is found by the word rule.
_OPERATOR = re.compile(
    r"&&|\|\||;;&|;;|;&|\|&|&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||[;&|<>()\n]"
)
REDIRECTIONS = frozenset(
    {"&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"}
)
# `<name>` as people write what the reader must fill in: no blank inside its brackets' edges, nothing glued behind it.
PLACEHOLDER = re.compile(r"<(?=[A-Za-z_/])[^<>\n|;&\"'`$\\]*(?<![\s=])>(?![\w&(])")
# Only these are blanks to a shell; other white space is part of a word.
_PLAIN = re.compile(r"[^ \t\f\r\n;&|<>()\\'\"`$]+")
_BLANK = re.compile(r"(?:[ \t\f\r]|\\\n)+")


class Token(NamedTuple):
    """`kind` is `word`, `operator`, `newline`, `comment` or `heredoc` (a body; `quoted` when nothing in it expands)."""

    kind: str
    start: int
    end: int
    text: str
    quoted: bool = False


class Unbalanced(ValueError):
    """A quote, parenthesis or brace that is never closed; `offset` is where it was opened."""

    def __init__(self, offset: int, opener: str) -> None:
        super().__init__(opener)
        self.offset = offset
        self.opener = opener


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Every word, operator, comment and here-document body between `start` and `end`, in order.

    Raises Unbalanced for a quote that is never closed.
    """
    end = len(text) if end is None else end
    try:
        yield from _tokens(text, start, end)
    except RecursionError:
        raise Unbalanced(start, "nesting") from None


def _tokens(text: str, start: int, end: int) -> Iterator[Token]:
    pending: list[tuple[str, bool, bool]] = []
    index, wants = start, ""
    while index < end:
        if blank := _BLANK.match(text, index, end):
            index = blank.end()
            continue
        token = _token(text, index, end)
        index = token.end
        if wants and token.kind == "word":
            pending.append((*_delimiter(token.text), wants == "<<-"))
        wants = token.text if token.text in ("<<", "<<-") else ""
        yield token
        if token.kind == "newline" and pending:
            for delimiter, quoted, tabs in pending:
                body = _heredoc(text, index, end, delimiter, quoted, tabs)
                index = body.end
                yield body
                index = _line_end(text, index, end)
            pending = []


def _token(text: str, index: int, end: int) -> Token:
    char = text[index]
    if char == "#":
        stop = text.find("\n", index, end)
        stop = end if stop == -1 else stop
        return Token("comment", index, stop, text[index:stop])
    if char == "\n":
        return Token("newline", index, index + 1, "\n")
    if char in "<>" and (
        text.startswith(("<(", ">("), index) or PLACEHOLDER.match(text, index, end)
    ):
        return _word(text, index, end)
    if char in ";&|<>()":
        operator = _OPERATOR.match(text, index, end)
        assert operator
        return Token("operator", index, operator.end(), operator[0])
    return _word(text, index, end)


def _word(text: str, start: int, end: int) -> Token:
    index = start
    while index < end:
        if plain := _PLAIN.match(text, index, end):
            index = plain.end()
            continue
        following = _quoted(text, index, end)
        if following == index:
            break
        index = following
    index = max(index, start + 1)
    raw = text[start:index]
    if (
        raw.isdigit()
        and index < end
        and text[index] in "<>"
        and not PLACEHOLDER.match(text, index, end)
    ):
        operator = _OPERATOR.match(text, index, end)
        assert operator
        return Token("operator", start, operator.end(), raw + operator[0])
    return Token("word", start, index, raw)


def _quoted(text: str, index: int, end: int) -> int:
    """Where the quote, escape or expansion that starts at `index` ends; `index` itself when none does."""
    char = text[index]
    if char == "\\":
        return min(index + 2, end)
    if char == "'":
        return _find(text, "'", index, index + 1, end)
    if char == '"':
        return double_quote_end(text, index, end)
    if char == "`":
        return _escaped_end(text, index, end)
    if char == "$":
        return dollar_end(text, index, end)
    if char in "<>" and text.startswith("(", index + 1):
        return paren_end(text, index + 1, end)
    if char == "<" and (placeholder := PLACEHOLDER.match(text, index, end)):
        return placeholder.end()
    return index


def dollar_end(text: str, index: int, end: int) -> int:
    """Where the expansion that starts with the `$` at `index` ends."""
    following = text[index + 1 : index + 2] if index + 1 < end else ""
    if following == "(":
        return paren_end(text, index + 1, end)
    if following == "{":
        return _brace_end(text, index + 1, end)
    if following == "'":
        return _escaped_end(text, index + 1, end)
    if following == '"':
        return double_quote_end(text, index + 1, end)
    return index + 1


def double_quote_end(text: str, index: int, end: int) -> int:
    """Where the string that the `"` at `index` opens ends."""
    return _until(text, index, end, '"', nested_quotes=False)


def paren_end(text: str, index: int, end: int) -> int:
    """Where the parenthesis at `index` is closed, nested ones and quotes left whole."""
    return _until(text, index, end, ")", nested_quotes=True)


def _brace_end(text: str, index: int, end: int) -> int:
    return _until(text, index, end, "}", nested_quotes=True)


def _until(text: str, opener: int, end: int, closer: str, *, nested_quotes: bool) -> int:
    index = opener + 1
    while index < end:
        char = text[index]
        if char == closer:
            return index + 1
        if char == "\\":
            index += 2
        elif char == "$":
            index = (
                dollar_end(text, index, end)
                if nested_quotes
                else _expansion_end(text, index, end)
            )
        elif char == "`":
            index = _escaped_end(text, index, end)
        elif nested_quotes and char == "'":
            index = _find(text, "'", index, index + 1, end)
        elif nested_quotes and char == '"':
            index = double_quote_end(text, index, end)
        elif closer == ")" and char == "(":
            index = paren_end(text, index, end)
        else:
            index += 1
    raise Unbalanced(opener, text[opener])


def _expansion_end(text: str, index: int, end: int) -> int:
    """As `dollar_end` inside double quotes, where `$'` and `$"` open nothing."""
    return (
        dollar_end(text, index, end)
        if text[index + 1 : index + 2] in ("(", "{")
        else index + 1
    )


def _escaped_end(text: str, index: int, end: int) -> int:
    """Where the quote ends that opens at `index` and in which a backslash takes the next character along."""
    quote, position = text[index], index + 1
    while position < end:
        if text[position] == quote:
            return position + 1
        position += 2 if text[position] == "\\" else 1
    raise Unbalanced(index, quote)


def _find(text: str, closer: str, opener: int, start: int, end: int) -> int:
    found = text.find(closer, start, end)
    if found == -1:
        raise Unbalanced(opener, text[opener])
    return found + 1


def _delimiter(raw: str) -> tuple[str, bool]:
    """The word that ends a here-document, and whether it is quoted, so that nothing in the body expands."""
    bare = re.sub(r"\\(.)", r"\1", raw.replace("'", "").replace('"', ""))
    return bare, bare != raw


def _heredoc(
    text: str, start: int, end: int, delimiter: str, quoted: bool, tabs: bool
) -> Token:
    index = start
    while index < end:
        stop = _line_end(text, index, end)
        line = text[index:stop].rstrip("\n")
        if (line.lstrip("\t") if tabs else line).rstrip(" \r") == delimiter:
            body = text[start:index]
            return Token(
                "heredoc",
                start,
                index + len(line),
                _untabbed(body) if tabs else body,
                quoted,
            )
        index = stop
    return Token("heredoc", start, end, text[start:end], quoted)


def _untabbed(body: str) -> str:
    return re.sub(r"^\t+", "", body, flags=re.MULTILINE)


def _line_end(text: str, index: int, end: int) -> int:
    found = text.find("\n", index, end)
    return end if found == -1 else found + 1
