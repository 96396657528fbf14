"""Breaks text into lines. The standard library's textwrap compiles five patterns at import, for more than is needed."""

from __future__ import annotations


def fold(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters, broken at spaces only; a longer word stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
