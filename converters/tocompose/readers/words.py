"""Shell words and operators, as POSIX and bash split a line into them; nothing is expanded here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.record import NamedTuple

# Longest first. A digit before a redirection belongs to it and is found by the word rule.
_OPERATOR = regex(r"&&|\|\||;;&|;;|;&|\|&|&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||[;&|<>()\n]")
REDIRECTIONS = frozenset(
    {"&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"}
)
# `<name>` as people write what the reader must fill in: no blank inside its brackets' edges, nothing glued behind it.
# A bar is part of it where no blank stands beside it: `<hub_ip|hub_name>`.
PLACEHOLDER = regex(
    r"<(?=[A-Za-z_/])(?:[^<>\n|;&\"'`$\\]*(?<![\s=])|[\w./:-]+(?:\|[\w./:-]+)+)>(?![\w&(])"
)
# Only these are blanks to a shell; other white space is part of a word.
_PLAIN = regex(r"[^ \t\f\r\n;&|<>()\\'\"`$]+")
_BLANK = regex(r"(?:[ \t\f\r]|\\\n)+")


class Token(NamedTuple):
    """`kind` is `word`, `operator`, `newline`, `comment` or `heredoc` (a body; `quoted` when nothing in it expands)."""

    kind: str
    start: int
    end_offset: int
    text: str
    quoted: bool = False


class Unbalanced(ValueError):
    """A quote, parenthesis or brace that is never closed; `offset` is where it was opened."""

    def __init__(self, offset: int, opener: str) -> None:
        super().__init__(opener)
        self.offset = offset
        self.opener = opener


def tokens(text: str, start: int = 0, end_offset: int | None = None) -> Iterator[Token]:
    """Every word, operator, comment and here-document body between `start` and `end`, in order.

    Raises Unbalanced for a quote that is never closed.
    """
    end_offset = len(text) if end_offset is None else end_offset
    try:
        yield from _read_tokens(text, start, end_offset)
    except RecursionError:
        raise Unbalanced(start, "nesting") from None


def _read_tokens(text: str, start: int, end_offset: int) -> Iterator[Token]:
    pending: list[tuple[str, bool, bool]] = []
    index, wants = start, ""
    while index < end_offset:
        if blank := _BLANK.match(text, index, end_offset):
            index = blank.end()
            continue
        token = _read_token(text, index, end_offset)
        index = token.end_offset
        if wants and token.kind == "word":
            pending.append((*_heredoc_delimiter(token.text), wants == "<<-"))
        wants = token.text if token.text in ("<<", "<<-") else ""
        yield token
        if token.kind == "newline" and pending:
            for delimiter, quoted, tabs in pending:
                body = _read_heredoc(text, index, end_offset, delimiter, quoted, tabs)
                index = body.end_offset
                yield body
                index = _line_end(text, index, end_offset)
            pending = []


def _read_token(text: str, index: int, end_offset: int) -> Token:
    char = text[index]
    if char == "#":
        stop = text.find("\n", index, end_offset)
        stop = end_offset if stop == -1 else stop
        return Token("comment", index, stop, text[index:stop])
    if char == "\n":
        return Token("newline", index, index + 1, "\n")
    if char in "<>" and (
        text.startswith(("<(", ">("), index) or PLACEHOLDER.match(text, index, end_offset)
    ):
        return _read_word(text, index, end_offset)
    if char in ";&|<>()":
        operator = _OPERATOR.match(text, index, end_offset)
        assert operator
        return Token("operator", index, operator.end(), operator[0])
    return _read_word(text, index, end_offset)


def _read_word(text: str, start: int, end_offset: int) -> Token:
    index = start
    while index < end_offset:
        if plain := _PLAIN.match(text, index, end_offset):
            index = plain.end()
            continue
        following = _quoted_end(text, index, end_offset)
        if following == index:
            break
        index = following
    index = max(index, start + 1)
    raw = text[start:index]
    if (
        raw.isdigit()
        and index < end_offset
        and text[index] in "<>"
        and not PLACEHOLDER.match(text, index, end_offset)
    ):
        operator = _OPERATOR.match(text, index, end_offset)
        assert operator
        return Token("operator", start, operator.end(), raw + operator[0])
    return Token("word", start, index, raw)


def _quoted_end(text: str, index: int, end_offset: int) -> int:
    """Where the quote, escape or expansion that starts at `index` ends; `index` itself when none does."""
    char = text[index]
    if char == "\\":
        return min(index + 2, end_offset)
    if char == "'":
        return _closer_end(text, "'", index, index + 1, end_offset)
    if char == '"':
        return double_quote_end(text, index, end_offset)
    if char == "`":
        return _escaped_end(text, index, end_offset)
    if char == "$":
        return dollar_end(text, index, end_offset)
    if char in "<>" and text.startswith("(", index + 1):
        return paren_end(text, index + 1, end_offset)
    if char == "<" and (placeholder := PLACEHOLDER.match(text, index, end_offset)):
        return placeholder.end()
    return index


def dollar_end(text: str, index: int, end_offset: int) -> int:
    """Where the expansion that starts with the `$` at `index` ends."""
    following = text[index + 1 : index + 2] if index + 1 < end_offset else ""
    if following == "(":
        return paren_end(text, index + 1, end_offset)
    if following == "{":
        return _brace_end(text, index + 1, end_offset)
    if following == "'":
        return _escaped_end(text, index + 1, end_offset)
    if following == '"':
        return double_quote_end(text, index + 1, end_offset)
    return index + 1


def double_quote_end(text: str, index: int, end_offset: int) -> int:
    """Where the string that the `"` at `index` opens ends."""
    return _end_behind(text, index, end_offset, '"', nested_quotes=False)


def paren_end(text: str, index: int, end_offset: int) -> int:
    """Where the parenthesis at `index` is closed, nested ones and quotes left whole."""
    return _end_behind(text, index, end_offset, ")", nested_quotes=True)


def _brace_end(text: str, index: int, end_offset: int) -> int:
    return _end_behind(text, index, end_offset, "}", nested_quotes=True)


# What has a meaning of its own in front of the character that closes.
_STOPS = {
    '"': regex(r'["\\`$]'),
    ")": regex(r"[)\\`($'\"]"),
    "}": regex(r"[}\\`$'\"]"),
}


def _end_behind(
    text: str, opener: int, end_offset: int, closer: str, *, nested_quotes: bool
) -> int:
    index = opener + 1
    stop = _STOPS[closer]
    while special := stop.search(text, index, end_offset):
        index = special.start()
        char = text[index]
        if char == closer:
            return index + 1
        if char == "\\":
            index += 2
        elif char == "`":
            index = _escaped_end(text, index, end_offset)
        elif closer == ")" and char == "(":
            index = paren_end(text, index, end_offset)
        elif nested_quotes:
            index = _nested_end(text, index, end_offset)
        else:
            index = _expansion_end(text, index, end_offset)
    raise Unbalanced(opener, text[opener])


def _nested_end(text: str, index: int, end_offset: int) -> int:
    """Where the quote or expansion that starts at `index` ends; behind the character where none does."""
    char = text[index]
    if char == "$":
        return dollar_end(text, index, end_offset)
    if char == "'":
        return _closer_end(text, "'", index, index + 1, end_offset)
    if char == '"':
        return double_quote_end(text, index, end_offset)
    return index + 1


def _expansion_end(text: str, index: int, end_offset: int) -> int:
    """As `dollar_end` inside double quotes, where `$'` and `$"` open nothing; behind any other character."""
    if text.startswith(("$(", "${"), index):
        return dollar_end(text, index, end_offset)
    return index + 1


def _escaped_end(text: str, index: int, end_offset: int) -> int:
    """Where the quote ends that opens at `index` and in which a backslash takes the next character along."""
    quote, position = text[index], index + 1
    while position < end_offset:
        close = text.find(quote, position, end_offset)
        escape = text.find("\\", position, end_offset if close == -1 else close)
        if escape == -1:
            if close == -1:
                break
            return close + 1
        position = escape + 2
    raise Unbalanced(index, quote)


def _closer_end(text: str, closer: str, opener: int, start: int, end_offset: int) -> int:
    offset = text.find(closer, start, end_offset)
    if offset == -1:
        raise Unbalanced(opener, text[opener])
    return offset + 1


def _heredoc_delimiter(raw: str) -> tuple[str, bool]:
    """The word that ends a here-document, and whether it is quoted, so that nothing in the body expands."""
    bare = re.sub(r"\\(.)", r"\1", raw.replace("'", "").replace('"', ""))
    return bare, bare != raw


def _read_heredoc(
    text: str, start: int, end_offset: int, delimiter: str, quoted: bool, tabs: bool
) -> Token:
    index = start
    while index < end_offset:
        stop = _line_end(text, index, end_offset)
        line = text[index:stop].rstrip("\n")
        if (line.lstrip("\t") if tabs else line).rstrip(" \r") == delimiter:
            body = text[start:index]
            return Token(
                "heredoc",
                start,
                index + len(line),
                _without_tabs(body) if tabs else body,
                quoted,
            )
        index = stop
    return Token("heredoc", start, end_offset, text[start:end_offset], quoted)


def _without_tabs(body: str) -> str:
    return re.sub(r"^\t+", "", body, flags=re.MULTILINE)


def _line_end(text: str, index: int, end_offset: int) -> int:
    newline = text.find("\n", index, end_offset)
    return end_offset if newline == -1 else newline + 1
