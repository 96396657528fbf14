"""What a tolerant reader hands back: the tree, and each place where the text strays from its format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tocompose.source import Branch, Child, Leaf, Span


class Oddity(NamedTuple):
    """A place where the text strays from its format; `kind` is the reader's own word, `facts` are for the note."""

    kind: str
    span: Span
    facts: Mapping[str, str]


class Reading(NamedTuple):
    """A tree and the oddities that were met on the way, in source order."""

    tree: Branch
    oddities: tuple[Oddity, ...] = ()


def decode(content: bytes) -> str:
    """The text of a file: UTF-8 without its byte order mark, or Latin-1 where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_lines(content: bytes, file: str) -> Reading:
    """A `lines` branch of a file such as Aptfile or runtime.txt: `line N` to the line without outer blanks.

    Empty lines and `#` comments are left out.
    """
    children: list[Child] = []
    lines = decode(content).replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            start = line.index(text) + 1
            span = Span(file, number, start, number, start + len(text))
            children.append(Child(f"line {number}", span, Leaf(text, span, "line")))
    return Reading(
        Branch("lines", tuple(children), Span(file, 1, 1, len(lines), len(lines[-1]) + 1))
    )
