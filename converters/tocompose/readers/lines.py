"""Files of plain lines with `#` comments: Aptfile, DOKKU_SCALE, CHECKS, runtime.txt, .ruby-version."""

from __future__ import annotations

from tocompose.readers.reading import Reading, decode
from tocompose.source import Branch, Child, Leaf, Span


def read_lines(content: bytes, file: str) -> Reading:
    """A `lines` branch: `line N` to the line without outer blanks; empty lines and comments are left out."""
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
