"""Reads YAML and JSON into the positioned tree, through libyaml's event parser where PyYAML has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from sys import intern
from typing import Any, NamedTuple, TypeGuard

from tocompose.collector import collector_off
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.notes import Note, note
from tocompose.source import Branch, Child, Leaf, Node, Span

# Patterns that few inputs need are texts: re compiles them on first use.
_DOCUMENT = r"(?m)^(?:%[^\n]*\n)*---(?=\s|\Z)"
_SURROGATES = r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
_STYLES = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_CORE = "tag:yaml.org,2002:"


class Document(NamedTuple):
    """One document of a stream: its tree (None when it does not parse), what to tell about it, and the entries that a
    later entry of the same key hides."""

    root: Node | None
    notes: tuple[Note, ...] = ()
    hidden: tuple[Child, ...] = ()


def read(text: bytes, file: str) -> list[Document]:
    """Every document of a YAML or JSON stream that holds something, in order; those that do not parse with a note."""
    try:
        source = _decode_stream(text)
    except UnicodeError as error:
        return [
            _unparsed_document(
                Span(file, 1, 1, 1, 1),
                f"it is not UTF-8 text ({error})",
                "Save the file as UTF-8.",
            )
        ]
    with collector_off():
        documents, complete = _read_stream(source, file, 0)
        if complete:
            return documents
        streams = (
            _read_stream(document_text, file, line)
            for line, document_text in _document_texts(source)
        )
        return [document for documents, _ in streams for document in documents]


def cursors(text: bytes, file: str, ledger: Ledger) -> list[Cursor]:
    """A cursor for each document that parses; the notes of the others, and of hidden entries, go to the ledger."""
    cursors = []
    for document in read(text, file):
        for document_note in document.notes:
            ledger.say(document_note)
        if document.root is not None:
            cursors.append(ledger.open(document.root))
            for child in document.hidden:
                Cursor(ledger, child.node, (), child.span).note("TC011", key=child.key)
    return cursors


def _decode_stream(text: bytes) -> str:
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return text.decode("utf-16")
    source = text.decode("utf-8-sig")
    if source.lstrip()[:1] in ("{", "[") and "\\u" in source:
        # libyaml refuses the two halves that JSON writes for a character beyond the first plane.
        return re.sub(
            _SURROGATES,
            lambda m: chr(
                0x10000 + ((int(m[1], 16) & 0x3FF) << 10) + (int(m[2], 16) & 0x3FF)
            ),
            source,
        )
    return source


def _document_texts(source: str) -> Iterator[tuple[int, str]]:
    """The documents of a stream as text, each with the number of lines before it.

    A line that starts with `---` begins a document wherever it stands, even inside a quoted or block scalar.
    """
    starts = [
        0,
        *(match.start() for match in re.finditer(_DOCUMENT, source) if match.start()),
        len(source),
    ]
    line = 0
    for start, end_offset in pairwise(starts):
        yield line, source[start:end_offset]
        line += source.count("\n", start, end_offset)


@cache
def _event_parser() -> Any:
    """PyYAML's libyaml parser, or its pure one where libyaml is missing."""
    import yaml

    try:
        return yaml.cyaml.CParser  # type: ignore[attr-defined, unused-ignore]
    except AttributeError:
        return _pure_parser()


def _pure_parser() -> Any:
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Pure(Reader, Scanner, Parser):
        """Events without libyaml, twenty times slower."""

        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)

    return Pure


def _read_stream(source: str, file: str, lines: int) -> tuple[list[Document], bool]:
    """The documents of a text that starts after `lines` lines of its file, up to the first that does not parse; and
    whether that was all."""
    from yaml import DocumentEndEvent, DocumentStartEvent, StreamEndEvent, YAMLError

    documents: list[Document] = []
    most_documents = limit("DOCUMENTS")
    try:
        parser = _event_parser()(source)
        builder = _Builder(parser.get_event, file, lines, source)
        while type(event := parser.get_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                document = builder.read_document()
                while type(parser.get_event()) is not DocumentEndEvent:
                    pass
                if document is not None:
                    documents.append(document)
                if len(documents) > most_documents:
                    return [
                        *documents[:most_documents],
                        _too_many(documents[most_documents], file, most_documents),
                    ], True
    except YAMLError as error:
        return [*documents, _fault_document(error, source, file, lines)], False
    except _Refused as refused:
        return [
            *documents,
            _unparsed_document(refused.span, refused.problem, refused.advice),
        ], False
    return documents, True


def _too_many(first_document: Document, file: str, most_documents: int) -> Document:
    """The note that stands for the documents from one on."""
    span = (
        first_document.root.span
        if first_document.root is not None
        else Span(file, 1, 1, 1, 1)
    )
    return Document(None, (note("TC021", span, file=file, most=most_documents),))


def _fault_document(error: Any, source: str, file: str, lines: int) -> Document:
    """What libyaml says about a document, with the cause where the text shows it."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (
        (mark.line, mark.column)
        if mark
        else _line_and_column(source, getattr(error, "position", 0))
    )
    span = Span(file, lines + line + 1, column + 1, lines + line + 1, column + 1)
    text = source.split("\n")
    line_text = text[line] if line < len(text) else ""
    if (
        "\t" in line_text[: len(line_text) - len(line_text.lstrip())]
        or line_text[column : column + 1] == "\t"
    ):
        return _unparsed_document(
            span, "a tab stands where YAML wants spaces", "Replace the tab by spaces."
        )
    if "{{" in source:
        line, column = next(
            (n, row.index("{{")) for n, row in enumerate(text) if "{{" in row
        )
        span = Span(file, lines + line + 1, column + 1, lines + line + 1, column + 3)
        advice = "It looks like a template: render it first (helm template . | tocompose convert -)."
        return _unparsed_document(span, "it is not YAML before it is rendered", advice)
    problem = (
        getattr(error, "problem", None)
        or getattr(error, "reason", None)
        or "it is not YAML"
    )
    context = getattr(error, "context", None)
    return _unparsed_document(
        span,
        f"{problem}, {context}" if context else str(problem),
        "Correct the YAML at this place.",
    )


def _line_and_column(source: str, position: int) -> tuple[int, int]:
    text_before = source[:position]
    return text_before.count("\n"), position - (text_before.rfind("\n") + 1)


def _unparsed_document(span: Span, problem: str, advice: str) -> Document:
    return Document(None, (note("TC010", span, problem=problem.strip(), advice=advice),))


class _Refused(Exception):
    """A document that parses but must not be walked."""

    def __init__(self, span: Span, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem
        self.advice = advice


class _Builder:
    """Builds the tree of one document after the other from parser events; aliases share their anchor's node."""

    def __init__(self, get_event: Any, file: str, lines: int, source: str) -> None:
        import yaml

        self._next = get_event
        self._file = file
        self._first = lines + 1
        self._deepest, self._most = limit("DEPTH"), limit("ALIASED_VALUES")
        self._source = source
        self._anchors: dict[str, Node | None] = {}
        self._sizes: dict[str, int] = {}
        self._hidden: list[Child] = []
        self._nodes = 0
        self._expanded = 0
        self._scalar, self._alias = yaml.ScalarEvent, yaml.AliasEvent
        self._map_start, self._list_start = yaml.MappingStartEvent, yaml.SequenceStartEvent
        self._map_end, self._list_end = yaml.MappingEndEvent, yaml.SequenceEndEvent

    def read_document(self) -> Document | None:
        """The document whose first node comes next; None for an empty one."""
        self._anchors, self._sizes, self._hidden = {}, {}, []
        self._nodes = self._expanded = 0
        root = self._read_node(self._next(), 0)
        if isinstance(root, Leaf) and root.style == "plain" and not root.text:
            return None
        return Document(root, (), tuple(self._hidden))

    def _span_of(self, event: Any) -> Span:
        start, end_mark, first_line = event.start_mark, event.end_mark, self._first
        return tuple.__new__(
            Span,
            (
                self._file,
                start.line + first_line,
                start.column + 1,
                end_mark.line + first_line,
                end_mark.column + 1,
            ),
        )

    def _read_node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is self._scalar and event.anchor is None:
            return self._read_leaf(event)
        if kind is self._alias:
            return self._read_alias(event)
        if depth > self._deepest:
            problem = f"it is nested deeper than {self._deepest} levels"
            raise _Refused(self._span_of(event), problem, "Flatten the document.")
        expanded_before, anchor = self._expanded, event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        node = self._read_unanchored(event, kind, depth)
        if anchor is not None:
            self._anchors[anchor] = node
            self._sizes[anchor] = self._expanded - expanded_before
        return node

    def _read_unanchored(self, event: Any, kind: Any, depth: int) -> Node:
        if kind is self._scalar:
            return self._read_leaf(event)
        return (
            self._read_map(event, depth + 1)
            if kind is self._map_start
            else self._read_list(event, depth + 1)
        )

    def _read_alias(self, event: Any) -> Node:
        """The node that an alias names. Aliases that multiply into more than can be walked are refused."""
        node = self._anchors.get(event.anchor)
        if node is None:
            inside = event.anchor in self._anchors
            problem = (
                f"*{event.anchor} stands inside its own anchor"
                if inside
                else f"*{event.anchor} has no anchor"
            )
            raise _Refused(self._span_of(event), problem, "Write the value out.")
        self._expanded += self._sizes[event.anchor]
        if self._expanded > self._most and self._expanded > 10 * self._nodes:
            problem = f"its aliases multiply into more than {self._most:,} values"
            raise _Refused(
                self._span_of(event),
                problem,
                "Write out what is meant, with fewer aliases.",
            )
        return node

    def _read_leaf(self, event: Any) -> Leaf:
        self._nodes += 1
        self._expanded += 1
        tag = event.tag
        style = _STYLES[event.style] if tag is None or tag == "!" else _tag_style(tag)
        return Leaf(
            event.value,
            self._span_of(event),
            "double" if tag == "!" and style == "plain" else style,
        )

    def _read_list(self, start: Any, depth: int) -> Node:
        children: list[Child] = []
        while type(event := self._next()) is not self._list_end:
            node = self._read_node(event, depth)
            children.append(tuple.__new__(Child, (len(children), node.span, node)))
        span = self._whole_span(start, event)
        if not children:
            return self._empty_leaf("[]", span)
        return Branch("list", tuple(children), span)

    def _read_map(self, start: Any, depth: int) -> Node:
        children: list[Child] = []
        merged: list[Node] = []
        complex_key = False
        scalar, plain = self._scalar, (None, "")
        while type(event := self._next()) is not self._map_end:
            if type(event) is scalar:
                key, span = intern(event.value), self._span_of(event)
            elif type(event) is self._alias and isinstance(
                shared := self._read_alias(event), Leaf
            ):
                key, span = shared.text, self._span_of(event)
            else:
                complex_key, key, span = True, "", self._span_of(event)
                self._read_node(event, depth)
            node = self._read_node(self._next(), depth)
            if key == "<<" and type(event) is scalar and event.style in plain:
                merged.append(node)
            else:
                children.append(tuple.__new__(Child, (key, span, node)))
        whole = self._whole_span(start, event)
        if complex_key:
            # `{{ .Values.x }}` is a map with a map as its key: keep what stands there.
            return self._empty_leaf("template", whole, self._text_between(start, event))
        return self._map_of(children, merged, whole)

    def _map_of(self, children: list[Child], merged: list[Node], span: Span) -> Node:
        names = {child.key for child in children}
        if len(names) < len(children):
            last_child = {child.key: child for child in children}
            self._hidden.extend(
                child for child in children if last_child[child.key] is not child
            )
        if merged:
            children = [*self._merged_children(merged, names), *children]
        return (
            Branch("map", tuple(children), span)
            if children
            else self._empty_leaf("{}", span)
        )

    def _merged_children(
        self, merged: list[Node], taken_names: set[str | int]
    ) -> Iterator[Child]:
        """The entries that `<<` brings in: those of earlier maps first, none that the map has itself."""
        for node in merged:
            maps = (
                tuple(child.node for child in node.children) if _is_list(node) else (node,)
            )
            for merged_map in maps:
                if isinstance(merged_map, Leaf) and merged_map.style != "{}":
                    raise _Refused(
                        merged_map.span,
                        "<< must bring in a map",
                        "Write *name of a map after <<.",
                    )
                for child in merged_map.children if isinstance(merged_map, Branch) else ():
                    if child.key not in taken_names:
                        taken_names.add(child.key)
                        yield child

    def _empty_leaf(self, style: str, span: Span, text: str = "") -> Leaf:
        self._nodes += 1
        self._expanded += 1
        return Leaf(text, span, style)

    def _text_between(self, start: Any, end_event: Any) -> str:
        return self._source[start.start_mark.index : end_event.end_mark.index]

    def _whole_span(self, start: Any, end_event: Any) -> Span:
        first_mark, last_mark, line = start.start_mark, end_event.end_mark, self._first
        return Span(
            self._file,
            first_mark.line + line,
            first_mark.column + 1,
            last_mark.line + line,
            last_mark.column + 1,
        )


def _is_list(node: Node) -> TypeGuard[Branch]:
    return isinstance(node, Branch) and node.kind == "list"


def _tag_style(tag: str) -> str:
    return f"!!{tag[len(_CORE) :]}" if tag.startswith(_CORE) else tag


# What a scalar means: the rules of sigs.k8s.io/yaml (go-yaml v2), which are compose's too for these forms. No base-60
# numbers, dates are text, `0400` is octal, `08` is the number 8.
# https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset(
    {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
)
_FLOAT = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_SPECIAL = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
_OCTAL = r"([-+]?)0([0-7]+)"


def is_null(text: str, style: str = "plain") -> bool:
    """Whether the scalar is null: written out, or nothing at all."""
    return (style == "plain" and text in _NULLS) or style == "!!null"


def boolean(text: str, style: str = "plain") -> bool | None:
    """The truth value that an unquoted scalar stands for; None for any other scalar."""
    if style not in ("plain", "!!bool"):
        return None
    return True if text in _TRUE else False if text in _FALSE else None


def integer(text: str, style: str = "plain") -> int | None:
    """The whole number that an unquoted scalar stands for; None for any other scalar."""
    if style not in ("plain", "!!int") or not text or text[0] not in "+-0123456789":
        return None
    digits = text.replace("_", "")
    if len(digits) > 1 and (octal := re.fullmatch(_OCTAL, digits)):
        digits = f"{octal[1]}0o{octal[2]}"
    try:
        return int(digits, 0)
    except ValueError:
        return None


def number(text: str, style: str = "plain") -> int | float | None:
    """The number that an unquoted scalar stands for; None for any other scalar."""
    whole = integer(text, style)
    if whole is not None or style not in ("plain", "!!float", "!!int"):
        return whole
    if text.lower() in _SPECIAL:
        return float(_SPECIAL[text.lower()])
    digits = text.replace("_", "") if text[:1] != "_" else text
    return float(digits) if re.fullmatch(_FLOAT, digits) else None


def resolve(text: str, style: str = "plain") -> str | int | float | bool | None:
    """The value of a scalar as Kubernetes reads it."""
    if is_null(text, style):
        return None
    truth = boolean(text, style)
    if truth is not None:
        return truth
    value = number(text, style)
    return text if value is None else value
