"""Reads XML of others as plain elements, and nothing but elements."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

from tocompose.readers.reading import decode
from tocompose.readers.text import Unreadable
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span

_LARGEST = 2_000_000


class _Elements(ElementTree.TreeBuilder):
    """Refuses a document type: with it come entities, which name other files or unfold without end."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ElementTree.ParseError(f"a document type is refused: {name}")


def read_xml(content: bytes) -> ElementTree.Element | None:
    """The root element; None for text that is no XML, has a document type, or is larger than any such file."""
    if len(content) > _LARGEST:
        return None
    parser = ElementTree.XMLParser(target=_Elements())
    try:
        parser.feed(content)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return root


def local_name(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def child_text(element: ElementTree.Element, name: str) -> str:
    """The text of the first child of that name, without blanks around it; empty where there is none."""
    for child in element:
        if local_name(child) == name:
            return (child.text or "").strip()
    return ""


# With positions --------------------------------------------------------------------------------------


def read_xml_tree(content: bytes, file: str) -> Branch:
    """An `element` of the root's children by their names: a `text` leaf, or an element with `@name` for each attribute.

    Text beside attributes or elements is the leaf `text`. Raises Unreadable where the text is no XML, has a document
    type, or is larger than any such file.
    """
    source = decode(content)
    reader = _TreeReader(source, file)
    try:
        if len(content) > _LARGEST:
            raise Unreadable(reader.here(), "this file is larger than any of its kind")
        reader.parser.Parse(source, True)
    except expat.ExpatError as problem:
        raise Unreadable(reader.here(), f"this is no XML: {problem}") from None
    return reader.root()


class _OpenElement(NamedTuple):
    """An element whose end was not met yet."""

    name: str
    span: Span
    children: list[Child]
    texts: list[str]


class _TreeReader:
    """Builds the tree while the parser goes through the text."""

    def __init__(self, source: str, file: str) -> None:
        self._file = file
        self._open: list[_OpenElement] = []
        self._root = Branch("element", (), Span(file, 1, 1, 1, 1))
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse

    def here(self) -> Span:
        """Where the parser stands."""
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        return Span(self._file, line, column, line, column)

    def root(self) -> Branch:
        """The root, when its end was met."""
        return self._root

    def _refuse(self, name: str, *_: object) -> None:
        raise Unreadable(self.here(), f"a document type is refused: {name}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        span = self.here()
        children = [
            Child(f"@{key}", span, Leaf(value, span, "attribute"))
            for key, value in attributes.items()
        ]
        self._open.append(_OpenElement(name, span, children, []))

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _end(self, name: str) -> None:
        element = self._open.pop()
        span = element.span.to(self.here())
        text = "".join(element.texts).strip()
        node: Node = Leaf(text, span, "text")
        if element.children:
            if text:
                element.children.append(Child("text", span, Leaf(text, span, "text")))
            node = Branch("element", tuple(element.children), span)
        if self._open:
            self._open[-1].children.append(Child(name, element.span, node))
        else:
            child = Child(name, element.span, node)
            self._root = Branch("element", (child,), span)
