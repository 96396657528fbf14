"""Regular expressions that Go can compile: nginx and Envoy know more than RE2 does.

https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<literal>\\Q.*?(?:\\E|\Z))|(?P<escape>\\.?)"
    r"|(?P<set>\[\^?(?:\]|\[:\^?\w+:\]|\\.|[^\]\\])(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<flags>\(\?[imsU]*(?:-[imsU]+)?\))|(?P<open>\(\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?:)|\((?!\?))"
    r"|(?P<foreign>\(\?|\[)|(?P<close>\))|(?P<count>\{(?P<low>\d+)(?:,(?P<high>\d*))?\})|(?P<repeat>[*+?])|(?P<other>.)",
    re.DOTALL,
)
_ESCAPES = frozenset("dDsSwWbBAzpPCQEafnrtvx0") | frozenset(
    r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~ """
)
_MOST = 1000


def foreign(pattern: str) -> bool:
    """Whether Go cannot compile the expression: look-around, back references, possessive quantifiers and the like."""
    depth, before = 0, ""
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup or ""
        kind = "count" if match["count"] else kind
        if kind == "foreign" or any(mark not in _ESCAPES for mark in _escapes(match)):
            return True
        depth += (kind == "open") - (kind == "close")
        if depth < 0 or _badly_repeated(match, kind, before):
            return True
        before = (
            "lazy"
            if match[0] == "?" and before in ("repeat", "count")
            else "start"
            if match[0] == "|"
            else kind
        )
    return depth != 0


def _escapes(match: re.Match[str]) -> Iterator[str]:
    """The letters behind backslashes, also those within a set."""
    if match["escape"]:
        yield match[0][1:]
    elif match["set"]:
        yield from re.findall(r"\\(.)", match[0])


def _badly_repeated(match: re.Match[str], kind: str, before: str) -> bool:
    """Whether nothing stands before a repetition, or another repetition; `?` behind one makes it lazy."""
    if kind == "count" and any(
        len(number) > 4 or int(number) > _MOST
        for number in match.group("low", "high")
        if number
    ):
        return True
    if kind in ("repeat", "count") and before in ("", "start", "open", "flags"):
        return True
    again = before in ("repeat", "count", "lazy")
    return again and (
        kind == "count" or (kind == "repeat" and (match[0] != "?" or before == "lazy"))
    )
