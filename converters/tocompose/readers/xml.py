"""Reads XML of others as plain elements, and nothing but elements."""

from __future__ import annotations

from xml.etree import ElementTree

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
