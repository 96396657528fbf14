"""Reads YAML and JSON into the positioned tree, through libyaml's event parser where PyYAML has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, pairwise
from typing import Any

from tocompose.collector import collector_off
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.readers.reading import decode, encoding_oddities, oddity_notes
from tocompose.readers.yaml_tree import RefusedYaml, TreeBuilder, YamlDocument
from tocompose.source import Node, Span, leaves

# Patterns that few inputs need are texts: re compiles them on first use.
_DOCUMENT = r"(?m)^(?:%[^\n]*\n)*---(?=\s|\Z)"
_SURROGATES = r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"


def read_yaml(text: bytes, file: str) -> list[YamlDocument]:
    """Every document of a YAML or JSON stream that holds something, in order; those that do not parse with a note."""
    source = _decode_stream(text)
    odd_bytes = _notes_of_bytes(text, file)
    with collector_off():
        room = limit("VALUES")
        documents, is_complete = _read_stream(source, file, 0, room)
        if _is_read_as_json(source, file, is_complete):
            return [*_json_documents(source, file), *odd_bytes]
        if is_complete:
            return [*documents, *odd_bytes]
        documents = []
        for line, document_text in _document_texts(source):
            more_documents, _ = _read_stream(document_text, file, line, room)
            room -= sum(document.values for document in more_documents)
            documents += more_documents
        return [*documents, *odd_bytes]


_JSON_START = r"\s*(?:\{\s*[\"}/]|\[\s*[\[{\"\]/])"


def _is_read_as_json(source: str, file: str, is_yaml: bool) -> bool:
    """Whether the text is JSON with a fault of its own, which a reader of YAML refuses or reads in another way."""
    if not re.match(_JSON_START, source) or re.search(_DOCUMENT, source):
        return False
    if not is_yaml and "{{" in source:
        return False
    if not is_yaml or not file.endswith(".json"):
        return not is_yaml
    # Few sources are JSON: the others need not load its reader.
    from tocompose.readers.json_data import strict_json

    return strict_json(source) is None


def _json_documents(source: str, file: str) -> list[YamlDocument]:
    """The values of a text of JSON with the styles of YAML, and what is odd in it."""
    from tocompose.readers.json import read_json_documents

    documents = read_json_documents(source.encode("utf-8", "surrogatepass"), file)
    most_documents = limit("DOCUMENTS")
    trees = documents.trees[:most_documents]
    for leaf in chain.from_iterable(map(leaves, trees)):
        leaf.style = _STYLES_OF_JSON.get(leaf.style, "plain")
    told = [YamlDocument(None, tuple(oddity_notes("json", documents.oddities)))]
    if len(documents.trees) > most_documents:
        first_left_out = YamlDocument(documents.trees[most_documents])
        told.append(_too_many(first_left_out, file, most_documents))
    return [*map(YamlDocument, trees), *told]


_STYLES_OF_JSON = {"string": "double", "unparsed": "double", "{}": "{}", "[]": "[]"}


def _notes_of_bytes(content: bytes, file: str) -> list[YamlDocument]:
    """A document that holds nothing but the note of bytes that are no UTF-8, where there are some."""
    oddities = (odd for odd in encoding_oddities(content, file) if odd.kind == "not-utf-8")
    notes = tuple(oddity_notes("json", oddities))
    return [YamlDocument(None, notes)] if notes else []


def yaml_cursors(
    text: bytes,
    file: str,
    ledger: Ledger,
    place: Callable[[Node], Node] = lambda root: root,
) -> list[Cursor]:
    """A cursor for each document that parses, moved where `place` says; the notes of the others, and of hidden entries,
    go to the ledger."""
    cursors = []
    for document in read_yaml(text, file):
        for document_note in document.notes:
            ledger.add_note(document_note)
        if document.root is not None:
            cursors.append(ledger.open(place(document.root)))
            for child in document.hidden:
                Cursor(ledger, child.node, (), child.span).note("TC011", key=child.key)
    return cursors


def _decode_stream(text: bytes) -> str:
    source = decode(text)
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


def _read_stream(
    source: str, file: str, lines: int, room: int
) -> tuple[list[YamlDocument], bool]:
    """The documents of a text that starts after `lines` lines of its file, up to the first that does not parse or has
    more values than there is room for; and whether that was all."""
    from yaml import DocumentEndEvent, DocumentStartEvent, StreamEndEvent, YAMLError

    documents: list[YamlDocument] = []
    most_documents = limit("DOCUMENTS")
    try:
        parser = _event_parser()(source)
        builder = TreeBuilder(parser.get_event, file, lines, source, room)
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
    except RefusedYaml as refused:
        return [
            *documents,
            _unparsed_document(refused.span, refused.problem, refused.advice),
        ], False
    return documents, True


def _too_many(first_document: YamlDocument, file: str, most_documents: int) -> YamlDocument:
    """The note that stands for the documents from one on."""
    span = (
        first_document.root.span
        if first_document.root is not None
        else Span(file, 1, 1, 1, 1)
    )
    return YamlDocument(None, (note("TC021", span, file=file, most=most_documents),))


def _fault_document(error: Any, source: str, file: str, lines: int) -> YamlDocument:
    """What libyaml says about a document, with the cause where the text shows it."""
    line, column = _error_position(error, source)
    span = Span(file, lines + line + 1, column + 1, lines + line + 1, column + 1)
    if _stands_at_tab(source, line, column):
        return _unparsed_document(
            span, "a tab stands where YAML wants spaces", "Replace the tab by spaces."
        )
    template = source.find("{{")
    if template >= 0:
        line, column = _line_and_column(source, template)
        span = Span(file, lines + line + 1, column + 1, lines + line + 1, column + 3)
        advice = "It looks like a template: render it first (helm template . | tocompose convert -)."
        return _unparsed_document(span, "it is not YAML before it is rendered", advice)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    problem = str(problem or "it is not YAML")
    if context := getattr(error, "context", None):
        problem = f"{problem}, {context}"
    return _unparsed_document(span, problem, "Correct the YAML at this place.")


def _error_position(error: Any, source: str) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark:
        return mark.line, mark.column
    return _line_and_column(source, getattr(error, "position", 0))


def _stands_at_tab(source: str, line: int, column: int) -> bool:
    """Whether the line is indented with a tab, or one stands at the column."""
    rows = source.split("\n")
    text = rows[line] if line < len(rows) else ""
    indentation = text[: len(text) - len(text.lstrip())]
    return "\t" in indentation or text[column : column + 1] == "\t"


def _line_and_column(source: str, position: int) -> tuple[int, int]:
    text_before = source[:position]
    return text_before.count("\n"), position - (text_before.rfind("\n") + 1)


def _unparsed_document(span: Span, problem: str, advice: str) -> YamlDocument:
    return YamlDocument(
        None, (note("TC010", span, problem=problem.strip(), advice=advice),)
    )


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
