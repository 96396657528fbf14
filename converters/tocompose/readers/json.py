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
        scan.say("bom", 0, 0)
    scan.blanks()
    if scan.at_end():
        scan.say("empty-file", 0, 0)
        return Reading(Branch("map", (), scan.span(0, len(text))), tuple(scan.oddities))
    node = _value(scan, 0)
    scan.blanks()
    if not scan.at_end():
        scan.say("extra", scan.place, len(text))
    if isinstance(node, Leaf):
        if node.style != "{}":
            scan.say("not-an-object", 0, len(text))
        node = Branch(
            "map", () if node.style == "{}" else (Child("", node.span, node),), node.span
        )
    return Reading(node, tuple(sorted(scan.oddities, key=lambda item: item.span)))


class _Scanner:
    """A place in the text, and what was found odd so far."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.place = 0
        self.oddities: list[Oddity] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        (line, column), (end_line, end_column) = self._position(start), self._position(end)
        return Span(self.file, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def say(self, kind: str, start: int, end: int, **facts: str) -> None:
        self.oddities.append(Oddity(kind, self.span(start, end), facts))

    def at_end(self) -> bool:
        return self.place >= len(self.text)

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def blanks(self) -> None:
        """Moves past blanks and comments."""
        while True:
            if match := _BLANK.match(self.text, self.place):
                self.place = match.end()
            elif match := _COMMENT.match(self.text, self.place):
                self.say("comment", match.start(), match.end())
                self.place = match.end()
            else:
                return


class _Text(NamedTuple):
    text: str
    style: str
    start: int
    end: int


def _value(scan: _Scanner, depth: int) -> Node:
    if depth > _DEPTH:
        return _rest(scan, "too-deep")
    if scan.peek() == "{":
        return _container(scan, depth, "map")
    if scan.peek() == "[":
        return _container(scan, depth, "list")
    found = _scalar(scan)
    return Leaf(found.text, scan.span(found.start, found.end), found.style)


def _rest(scan: _Scanner, kind: str) -> Leaf:
    start, scan.place = scan.place, len(scan.text)
    scan.say(kind, start, start + 1)
    return Leaf(scan.text[start:], scan.span(start, scan.place), "unparsed")


def _container(scan: _Scanner, depth: int, kind: str) -> Node:
    start, close = scan.place, "}" if kind == "map" else "]"
    scan.place += 1
    children: list[Child] = []
    while _continues(scan, start, close, children):
        children.append(
            _member(scan, depth) if kind == "map" else _item(scan, depth, len(children))
        )
    span = scan.span(start, scan.place)
    if kind == "map":
        _report_duplicates(scan, children)
    return (
        Branch(kind, tuple(children), span)
        if children
        else Leaf("", span, "{}" if kind == "map" else "[]")
    )


def _continues(scan: _Scanner, start: int, close: str, children: list[Child]) -> bool:
    """Whether another entry follows; moves past the comma before it or the bracket that closes the container."""
    scan.blanks()
    comma = None
    while scan.peek() == ",":
        if comma is not None or not children:
            scan.say("trailing-comma", scan.place, scan.place + 1)
        comma = scan.place
        scan.place += 1
        scan.blanks()
    if scan.at_end():
        scan.say("unclosed", start, start + 1)
        return False
    if scan.peek() in "}]":
        if comma is not None:
            scan.say("trailing-comma", comma, comma + 1)
        if scan.peek() != close:
            scan.say("unclosed", start, start + 1)
        scan.place += 1
        return False
    if children and comma is None:
        scan.say("missing-comma", scan.place, scan.place + 1)
    return True


def _item(scan: _Scanner, depth: int, index: int) -> Child:
    start = scan.place
    node = _value(scan, depth + 1)
    return Child(index, scan.span(start, scan.place), node)


def _member(scan: _Scanner, depth: int) -> Child:
    key = _scalar(scan)
    span = scan.span(key.start, key.end)
    scan.blanks()
    if scan.peek() == ":":
        scan.place += 1
        scan.blanks()
    else:
        scan.say("missing-colon", key.start, key.end)
    if scan.at_end() or scan.peek() in ",}]":
        scan.say("missing-value", key.start, key.end)
        return Child(key.text, span, Leaf("", span, "null"))
    return Child(key.text, span, _value(scan, depth + 1))


def _scalar(scan: _Scanner) -> _Text:
    start = scan.place
    for pattern, style in ((_STRING, "string"), (_SINGLE, "single"), (_WORD, "word")):
        if match := pattern.match(scan.text, start):
            scan.place = match.end()
            return _named(scan, match[0], style, start)
    scan.place = start + 1 if scan.peek() not in "\"'" else _line_end(scan.text, start)
    scan.say("bare-word", start, scan.place)
    return _Text(scan.text[start : scan.place].strip("\"'"), "unparsed", start, scan.place)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _named(scan: _Scanner, raw: str, style: str, start: int) -> _Text:
    if style in ("string", "single"):
        if style == "single":
            scan.say("single-quotes", start, scan.place)
        return _Text(_unescape(raw[1:-1]), "string", start, scan.place)
    if raw in _CONSTANTS:
        return _Text(raw, _CONSTANTS[raw], start, scan.place)
    if _NUMBER.fullmatch(raw):
        return _Text(raw, "number", start, scan.place)
    scan.say("bare-word", start, scan.place)
    return _Text(raw, "bare", start, scan.place)


def _unescape(raw: str) -> str:
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
    last = {child.key: child for child in children}
    for child in children:
        if last[child.key] is not child:
            facts = {"name": str(child.key), "line": str(last[child.key].span.line)}
            scan.oddities.append(Oddity("duplicate", child.span, facts))
