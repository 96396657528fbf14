"""JSON with positions, as found in the wild: comments, trailing commas, duplicate keys, bare words, cut-off files."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.patterns import regex
from tocompose.readers.reading import Oddity, Reading, decode
from tocompose.source import Branch, Child, Leaf, Node, Span

_DEPTH = 100
_BLANK = regex(r"[ \t\r\n\f\v\xa0\ufeff]+")
_COMMENT = regex(r"//[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_STRING = regex(r'"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_SINGLE = regex(r"'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_WORD = regex(r"[^\s,:{}\[\]\"']+")
_NUMBER = regex(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ESCAPE = regex(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONSTANTS = {"true": "bool", "false": "bool", "null": "null"}


def read_json(content: bytes, file: str = "app.json") -> Reading:
    """Branches of kind `map` and `list`; leaf styles string, number, bool, null, bare, `{}`, `[]`, unparsed.

    Never raises. Oddities: bom, comment, trailing-comma, missing-comma, missing-colon, missing-value, single-quotes,
    bare-word, duplicate, unclosed, too-deep, extra, empty-file, not-an-object.
    """
    text = decode(content)
    scan = _Scanner(text, file)
    if content.startswith(b"\xef\xbb\xbf"):
        scan.note_oddity("bom", 0, 0)
    scan.skip_blanks()
    if scan.at_end():
        scan.note_oddity("empty-file", 0, 0)
        return Reading(Branch("map", (), scan.span(0, len(text))), tuple(scan.oddities))
    node = _read_value(scan, 0)
    scan.skip_blanks()
    if not scan.at_end():
        scan.note_oddity("extra", scan.offset, len(text))
    if isinstance(node, Leaf):
        if node.style != "{}":
            scan.note_oddity("not-an-object", 0, len(text))
        node = Branch(
            "map", () if node.style == "{}" else (Child("", node.span, node),), node.span
        )
    return Reading(node, tuple(sorted(scan.oddities, key=lambda oddity: oddity.span)))


class _Scanner:
    """A place in the text, and what was found odd so far."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.offset = 0
        self.oddities: list[Oddity] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end_offset: int) -> Span:
        (line, column), (end_line, end_column) = (
            self._position(start),
            self._position(end_offset),
        )
        return Span(self.file, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def note_oddity(self, kind: str, start: int, end_offset: int, **facts: str) -> None:
        self.oddities.append(Oddity(kind, self.span(start, end_offset), facts))

    def at_end(self) -> bool:
        return self.offset >= len(self.text)

    def peek(self) -> str:
        return self.text[self.offset : self.offset + 1]

    def skip_blanks(self) -> None:
        """Moves past blanks and comments."""
        while True:
            if match := _BLANK.match(self.text, self.offset):
                self.offset = match.end()
            elif match := _COMMENT.match(self.text, self.offset):
                self.note_oddity("comment", match.start(), match.end())
                self.offset = match.end()
            else:
                return


class _Text(NamedTuple):
    text: str
    style: str
    start: int
    end: int


def _read_value(scan: _Scanner, depth: int) -> Node:
    if depth > _DEPTH:
        return _read_rest(scan, "too-deep")
    if scan.peek() == "{":
        return _read_container(scan, depth, "map")
    if scan.peek() == "[":
        return _read_container(scan, depth, "list")
    scalar = _read_scalar(scan)
    return Leaf(scalar.text, scan.span(scalar.start, scalar.end), scalar.style)


def _read_rest(scan: _Scanner, kind: str) -> Leaf:
    start, scan.offset = scan.offset, len(scan.text)
    scan.note_oddity(kind, start, start + 1)
    return Leaf(scan.text[start:], scan.span(start, scan.offset), "unparsed")


def _read_container(scan: _Scanner, depth: int, kind: str) -> Node:
    start, close = scan.offset, "}" if kind == "map" else "]"
    scan.offset += 1
    children: list[Child] = []
    while _has_next_entry(scan, start, close, children):
        children.append(
            _read_member(scan, depth)
            if kind == "map"
            else _read_item(scan, depth, len(children))
        )
    span = scan.span(start, scan.offset)
    if kind == "map":
        _report_duplicates(scan, children)
    return (
        Branch(kind, tuple(children), span)
        if children
        else Leaf("", span, "{}" if kind == "map" else "[]")
    )


def _has_next_entry(scan: _Scanner, start: int, close: str, children: list[Child]) -> bool:
    """Whether another entry follows; moves past the comma before it or the bracket that closes the container."""
    scan.skip_blanks()
    comma = None
    while scan.peek() == ",":
        if comma is not None or not children:
            scan.note_oddity("trailing-comma", scan.offset, scan.offset + 1)
        comma = scan.offset
        scan.offset += 1
        scan.skip_blanks()
    if scan.at_end():
        scan.note_oddity("unclosed", start, start + 1)
        return False
    if scan.peek() in "}]":
        if comma is not None:
            scan.note_oddity("trailing-comma", comma, comma + 1)
        if scan.peek() != close:
            scan.note_oddity("unclosed", start, start + 1)
        scan.offset += 1
        return False
    if children and comma is None:
        scan.note_oddity("missing-comma", scan.offset, scan.offset + 1)
    return True


def _read_item(scan: _Scanner, depth: int, index: int) -> Child:
    start = scan.offset
    node = _read_value(scan, depth + 1)
    return Child(index, scan.span(start, scan.offset), node)


def _read_member(scan: _Scanner, depth: int) -> Child:
    key = _read_scalar(scan)
    span = scan.span(key.start, key.end)
    scan.skip_blanks()
    if scan.peek() == ":":
        scan.offset += 1
        scan.skip_blanks()
    else:
        scan.note_oddity("missing-colon", key.start, key.end)
    if scan.at_end() or scan.peek() in ",}]":
        scan.note_oddity("missing-value", key.start, key.end)
        return Child(key.text, span, Leaf("", span, "null"))
    return Child(key.text, span, _read_value(scan, depth + 1))


def _read_scalar(scan: _Scanner) -> _Text:
    start = scan.offset
    for pattern, style in ((_STRING, "string"), (_SINGLE, "single"), (_WORD, "word")):
        if match := pattern.match(scan.text, start):
            scan.offset = match.end()
            return _scalar_text(scan, match[0], style, start)
    scan.offset = start + 1 if scan.peek() not in "\"'" else _line_end(scan.text, start)
    scan.note_oddity("bare-word", start, scan.offset)
    return _Text(
        scan.text[start : scan.offset].strip("\"'"), "unparsed", start, scan.offset
    )


def _line_end(text: str, start: int) -> int:
    newline = text.find("\n", start)
    return len(text) if newline < 0 else newline


def _scalar_text(scan: _Scanner, raw: str, style: str, start: int) -> _Text:
    if style in ("string", "single"):
        if style == "single":
            scan.note_oddity("single-quotes", start, scan.offset)
        return _Text(_undo_escapes(raw[1:-1]), "string", start, scan.offset)
    if raw in _CONSTANTS:
        return _Text(raw, _CONSTANTS[raw], start, scan.offset)
    if _NUMBER.fullmatch(raw):
        return _Text(raw, "number", start, scan.offset)
    scan.note_oddity("bare-word", start, scan.offset)
    return _Text(raw, "bare", start, scan.offset)


def _undo_escapes(raw: str) -> str:
    if "\\" not in raw:
        return raw
    text = _ESCAPE.sub(
        lambda match: (
            chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2])
        ),
        raw,
    )
    # A pair of \u escapes for one character beyond the basic plane; a lone half has no encoding of its own.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _report_duplicates(scan: _Scanner, children: list[Child]) -> None:
    last_child = {child.key: child for child in children}
    for child in children:
        if last_child[child.key] is not child:
            facts = {"name": str(child.key), "line": str(last_child[child.key].span.line)}
            scan.oddities.append(Oddity("duplicate", child.span, facts))
