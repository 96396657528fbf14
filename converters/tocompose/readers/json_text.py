"""Words and texts of JSON: escapes undone, and what RFC 8259 does not allow in them by name."""

from __future__ import annotations

import re

from tocompose.patterns import regex
from tocompose.readers.reading import C_ESCAPES
from tocompose.record import NamedTuple

_NUMBER = regex(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_ESCAPE = regex(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {
    **{letter: C_ESCAPES[letter] for letter in "bfnrt"},
    **{sign: sign for sign in '"\\/'},
}
# What JavaScript and shells write: the quote itself, and a line that goes on below.
_LOOSE_ESCAPES = {"'": "'", "\n": ""}
_CONTROL = regex(r"[\x00-\x1f]")
_CONSTANTS = {"true": "bool", "false": "bool", "null": "null"}


class PlainText(NamedTuple):
    """A text as it is meant, and the kinds of oddity in its writing."""

    text: str
    oddities: tuple[str, ...] = ()


def word_style(raw: str) -> str:
    """The style of a word that JSON has without quotes, `bool`, `null` or `number`; empty for any other."""
    style = _CONSTANTS.get(raw, "")
    return style or ("number" if _NUMBER.fullmatch(raw) else "")


def undo_escapes(raw: str) -> PlainText:
    """The text between two quotes. The backslash of an escape that JSON does not have is kept, as in `C:\\data`."""
    oddities = ["control-character"] if _CONTROL.search(raw) else []
    if "\\" not in raw:
        return PlainText(raw, tuple(oddities))
    text = _ESCAPE.sub(_undo_escape, raw)
    letters = {match[2] for match in _ESCAPE.finditer(raw) if match[2]}
    if not letters <= _ESCAPES.keys():
        oddities.append("unknown-escape")
    # A pair of \u escapes is one character beyond the basic plane; a lone half has no encoding of its own.
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if joined.count("\ufffd") > text.count("\ufffd"):
        oddities.append("lone-surrogate")
    return PlainText(joined, tuple(oddities))


def _undo_escape(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    letter = match[2]
    return _ESCAPES.get(letter, _LOOSE_ESCAPES.get(letter, match[0]))
