"""Breaks text into lines. The standard library's textwrap compiles five patterns at import, for more than is needed."""

from __future__ import annotations


def fold(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters, broken at spaces only; a longer word stands alone."""
    lines: list[str] = []
    for text_word in text.split():
        if lines and len(lines[-1]) + 1 + len(text_word) <= width:
            lines[-1] += f" {text_word}"
        else:
            lines.append(text_word)
    return lines
