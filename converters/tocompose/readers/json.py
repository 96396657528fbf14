"""JSON with positions, as found in the wild: comments, trailing commas, duplicate keys, bare words, cut-off files.

Every reader of a source's JSON is here: what strays from RFC 8259 is told at its place, and the rest is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.json_scanner import OpenBracket, Scanner
from tocompose.readers.json_text import undo_escapes, word_style
from tocompose.readers.reading import Oddity, Reading, decode, encoding_oddities
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node

_DEPTH = 100
_STRING = regex(r'"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_SINGLE = regex(r"'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_WORD = regex(r"[^\s,:{}\[\]\"']+")
_END_OF_VALUE = regex(r"\s*(?:[,}\]]|\Z)")
# What begins a value among other text, such as a shell's prompt: `[root@host ~]$` does not.
_AMONG_TEXT = regex(
    r"\{\s*(?:[\"']|//|/\*|#|\w+\s*:)|\[\s*(?:[\[{]|//|/\*)|\[\s*\"[^\"\n]*\"\s*[,\]]"
)
_CLOSING = {"{": "}", "[": "]"}
# Words of Python and JavaScript, as their programs print what JSON has other words for.
_FOREIGN_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "+Infinity")


class Documents(NamedTuple):
    """The values of a text, one after the other, and what is odd in it."""

    trees: tuple[Branch, ...]
    oddities: tuple[Oddity, ...]


def read_json(content: bytes, file: str = "app.json") -> Reading:
    """Branches of kind `map` and `list`; leaf styles string, number, bool, null, bare, `{}`, `[]`, unparsed.

    Never raises. What is cut off, nested too deeply or hidden by a later key is left out. Oddities: bom, utf-16,
    not-utf-8, comment, trailing-comma, missing-comma, missing-colon, missing-value, single-quotes, bare-word,
    foreign-word, not-a-number, unknown-escape, control-character, line-break, open-quote, lone-surrogate, duplicate,
    unclosed, cut-off, too-deep, too-many, extra, empty-file, not-an-object.
    """
    text = decode(content)
    scan = Scanner(text, file)
    scan.oddities += encoding_oddities(content, file)
    scan.skip_blanks()
    if scan.at_end():
        scan.note_oddity("empty-file", 0, 0)
        return Reading(Branch("map", (), scan.span(0, len(text))), scan.sorted_oddities())
    node = _read_value(scan, 0) or Leaf("", scan.span(0, 0), "{}")
    scan.skip_blanks()
    if not scan.at_end():
        scan.note_oddity("extra", scan.offset, len(text))
    if isinstance(node, Leaf):
        if node.style != "{}":
            scan.note_oddity("not-an-object", 0, len(text))
        node = Branch(
            "map", () if node.style == "{}" else (Child("", node.span, node),), node.span
        )
    return Reading(node, scan.sorted_oddities())


def read_json_documents(content: bytes, file: str, lines_before: int = 0) -> Documents:
    """The objects and lists of a file that holds one after the other, as commands of a loop print them."""
    scan = Scanner(decode(content), file, lines_before)
    scan.oddities += encoding_oddities(content, file)
    trees: list[Branch] = []
    scan.skip_blanks()
    while scan.peek() in _CLOSING:
        trees += _as_branch(_read_value(scan, 0))
        scan.skip_blanks()
    if not scan.at_end():
        scan.note_oddity("extra", scan.offset, len(scan.text))
    return Documents(tuple(trees), scan.sorted_oddities())


def read_json_among_text(content: bytes, file: str) -> Documents:
    """The objects and lists in a text of anything: prompts, fences of Markdown and commands stand around them."""
    scan = Scanner(decode(content), file)
    scan.oddities += encoding_oddities(content, file)
    trees = list(_values_among_text(scan))
    return Documents(tuple(trees), scan.sorted_oddities())


def _values_among_text(scan: Scanner) -> Iterator[Branch]:
    while match := _AMONG_TEXT.search(scan.text, scan.offset):
        scan.offset = match.start()
        yield from _as_branch(_read_value(scan, 0))


def _as_branch(node: Node | None) -> Iterator[Branch]:
    """The map or list, which may be empty; nothing where it was left out."""
    if isinstance(node, Branch):
        yield node
    elif node is not None:
        yield Branch("map" if node.style == "{}" else "list", (), node.span)


class _Text(NamedTuple):
    text: str
    style: str
    start: int
    end: int


def _read_value(scan: Scanner, depth: int) -> Node | None:
    """None for what is left out: it is cut off, nested too deeply, or one value too many."""
    scan.room -= 1
    if scan.room < 0:
        scan.leave_rest("too-many")
        return None
    if scan.peek() in _CLOSING:
        if depth > _DEPTH:
            scan.skip_nested()
            return None
        return _read_container(scan, depth, "map" if scan.peek() == "{" else "list")
    scalar = _read_scalar(scan)
    if scalar is None:
        return None
    return Leaf(scalar.text, scan.span(scalar.start, scalar.end), scalar.style)


def _read_container(scan: Scanner, depth: int, kind: str) -> Node | None:
    """None where everything in it was left out."""
    start = scan.offset
    scan.open_brackets.append(OpenBracket(_CLOSING[scan.peek()], start))
    scan.offset += 1
    children: list[Child] = []
    is_first = True
    while _has_next_entry(scan, is_first):
        child = (
            _read_member(scan, depth)
            if kind == "map"
            else _read_item(scan, depth, len(children))
        )
        children += filter(None, [child])
        is_first = False
    scan.open_brackets.pop()
    if not children and not is_first:
        return None
    span = scan.span(start, scan.offset)
    if kind == "map":
        children = _without_duplicates(scan, children)
    return (
        Branch(kind, tuple(children), span)
        if children
        else Leaf("", span, "{}" if kind == "map" else "[]")
    )


def _has_next_entry(scan: Scanner, is_first: bool) -> bool:
    """Whether another entry follows; moves past the comma before it or the bracket that closes the container."""
    scan.skip_blanks()
    comma = None
    while scan.peek() == ",":
        if comma is not None or is_first:
            scan.note_oddity("trailing-comma", scan.offset, scan.offset + 1)
        comma = scan.offset
        scan.offset += 1
        scan.skip_blanks()
    if scan.is_cut_off():
        return False
    if scan.peek() in "}]":
        if comma is not None:
            scan.note_oddity("trailing-comma", comma, comma + 1)
        _close_bracket(scan)
        return False
    if not is_first and comma is None:
        scan.note_oddity("missing-comma", scan.offset, scan.offset + 1)
    return True


def _close_bracket(scan: Scanner) -> None:
    """Moves past the closing bracket; one that closes another container is left for that."""
    *outer_brackets, own_bracket = scan.open_brackets
    if scan.peek() != own_bracket.closing:
        opening = scan.span(own_bracket.start, own_bracket.start)
        scan.note_oddity("unclosed", scan.offset, scan.offset + 1, line=str(opening.line))
        is_of_outer = any(bracket.closing == scan.peek() for bracket in outer_brackets)
        if is_of_outer and scan.lacks_bracket():
            return
    scan.offset += 1


def _read_item(scan: Scanner, depth: int, index: int) -> Child | None:
    start = scan.offset
    node = _read_value(scan, depth + 1)
    return None if node is None else Child(index, scan.span(start, scan.offset), node)


def _read_member(scan: Scanner, depth: int) -> Child | None:
    key = _read_scalar(scan) if scan.peek() not in _CLOSING else _bracket_as_key(scan)
    if key is None:
        return None
    span = scan.span(key.start, key.end)
    scan.skip_blanks()
    if scan.is_cut_off():
        return None
    if scan.peek() in ",}]":
        scan.note_oddity("missing-value", key.start, key.end)
        return Child(key.text, span, Leaf("", span, "null"))
    if scan.peek() not in ":=":
        scan.note_oddity("missing-colon", key.start, key.end)
        node = _read_value(scan, depth + 1)
        return None if node is None else Child(key.text, span, node)
    return _read_member_value(scan, depth, key)


def _bracket_as_key(scan: Scanner) -> _Text:
    """Where a key must stand a bracket is a word of its own."""
    scan.note_oddity("bare-word", scan.offset, scan.offset + 1)
    scan.offset += 1
    return _Text(scan.text[scan.offset - 1], "bare", scan.offset - 1, scan.offset)


def _read_member_value(scan: Scanner, depth: int, key: _Text) -> Child | None:
    span = scan.span(key.start, key.end)
    if scan.peek() == "=":
        scan.note_oddity("missing-colon", scan.offset, scan.offset + 1)
    scan.offset += 1
    scan.skip_blanks()
    if scan.is_cut_off():
        return None
    if scan.peek() in ",}]":
        scan.note_oddity("missing-value", scan.offset, scan.offset + 1)
        return Child(key.text, span, Leaf("", span, "null"))
    node = _read_value(scan, depth + 1)
    return None if node is None else Child(key.text, span, node)


def _read_scalar(scan: Scanner) -> _Text | None:
    """A text in quotes or a word; None where it is cut off."""
    start = scan.offset
    for pattern, style in ((_STRING, "string"), (_SINGLE, "single")):
        if match := pattern.match(scan.text, start):
            scan.offset = match.end()
            return _quoted_text(scan, match[0], style, start)
    if match := _WORD.match(scan.text, start):
        scan.offset = match.end()
        return None if scan.is_cut_off() else _bare_text(scan, match[0], start)
    if scan.peek() in "\"'":
        return _read_open_text(scan, start)
    scan.offset = start + 1
    scan.note_oddity("bare-word", start, scan.offset)
    return _Text(scan.text[start : scan.offset], "unparsed", start, scan.offset)


def _read_open_text(scan: Scanner, start: int) -> _Text | None:
    """A text whose quote is not closed on its line: it goes on below, or it is taken to end with its line."""
    text, quote = scan.text, scan.peek()
    newline = text.find("\n", start)
    if newline < 0 or not text[newline:].strip():
        scan.offset = len(text)
        if scan.is_cut_off():
            return None
        newline = len(text)
    closing = text.find(quote, newline)
    if closing >= 0 and _END_OF_VALUE.match(text, closing + 1):
        scan.offset = closing + 1
        scan.note_oddity("line-break", start, closing + 1)
        return _Text(
            undo_escapes(text[start + 1 : closing]).text, "string", start, scan.offset
        )
    scan.offset = start + len(text[start:newline].rstrip().rstrip(","))
    scan.note_oddity("open-quote", start, scan.offset)
    value = undo_escapes(text[start + 1 : scan.offset]).text
    return _Text(value, "string", start, scan.offset)


def _quoted_text(scan: Scanner, raw: str, style: str, start: int) -> _Text:
    if style == "single":
        scan.note_oddity("single-quotes", start, scan.offset)
    plain = undo_escapes(raw[1:-1])
    for kind in plain.oddities:
        scan.note_oddity(kind, start, scan.offset)
    return _Text(plain.text, "string", start, scan.offset)


def _bare_text(scan: Scanner, raw: str, start: int) -> _Text:
    if style := word_style(raw):
        return _Text(raw, style, start, scan.offset)
    if raw in _FOREIGN_WORDS:
        word = _FOREIGN_WORDS[raw]
        scan.note_oddity("foreign-word", start, scan.offset, word=raw)
        return _Text(word, word_style(word), start, scan.offset)
    kind = "not-a-number" if raw in _NO_NUMBERS else "bare-word"
    scan.note_oddity(kind, start, scan.offset, word=raw)
    return _Text(raw, "bare", start, scan.offset)


def _without_duplicates(scan: Scanner, children: list[Child]) -> list[Child]:
    """The entries that no later one of the same key hides."""
    last_child = {child.key: child for child in children}
    for child in children:
        if last_child[child.key] is not child:
            line = str(last_child[child.key].span.line)
            name = str(child.key)
            scan.oddities.append(
                Oddity("duplicate", child.span, {"name": name, "line": line})
            )
    return [child for child in children if last_child[child.key] is child]
