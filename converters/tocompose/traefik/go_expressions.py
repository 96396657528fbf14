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
_MOST_REPEATS = 1000


def is_foreign(pattern: str) -> bool:
    """Whether Go cannot compile the expression: look-around, back references, possessive quantifiers and the like."""
    depth, previous = 0, ""
    for match in _TOKEN.finditer(pattern):
        kind = "count" if match["count"] else match.lastgroup or ""
        if kind == "foreign" or not _ESCAPES.issuperset(_escaped_letters(match)):
            return True
        depth += (kind == "open") - (kind == "close")
        if depth < 0 or _badly_repeated(match, kind, previous):
            return True
        if match[0] == "?" and previous in ("repeat", "count"):
            kind = "lazy"
        previous = "start" if match[0] == "|" else kind
    return depth != 0


def _escaped_letters(match: re.Match[str]) -> Iterator[str]:
    """The letters behind backslashes, also those within a set."""
    if match["escape"]:
        yield match[0][1:]
    elif match["set"]:
        yield from re.findall(r"\\(.)", match[0])


def _badly_repeated(match: re.Match[str], kind: str, previous: str) -> bool:
    """Whether nothing stands before a repetition, or another repetition; `?` behind one makes it lazy."""
    if kind not in ("repeat", "count"):
        return False
    if previous in ("", "start", "open", "flags"):
        return True
    if kind == "count" and any(map(_too_often, match.group("low", "high"))):
        return True
    makes_lazy = match[0] == "?" and previous != "lazy"
    return previous in ("repeat", "count", "lazy") and not makes_lazy


def _too_often(number: str | None) -> bool:
    return bool(number) and (len(number or "") > 4 or int(number or 0) > _MOST_REPEATS)
