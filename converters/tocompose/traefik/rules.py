"""Traefik's rules: hosts, paths, headers as Kubernetes means them, and which rule comes first.

How Traefik matches: https://github.com/traefik/traefik/blob/v3.5/pkg/muxer/http/matcher.go (a path is compared whole, a
prefix as text, a regular expression with Go's RE2 anywhere in the path). nginx and Envoy know more than RE2 does:
https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.patterns import regex
from tocompose.record import NamedTuple

EVERYTHING = "PathPrefix(`/`)"
EXACT, PREFIX, REGEX = "Exact", "Prefix", "RegularExpression"
TEXT_PREFIX = "TextPrefix"


class PathMatch(NamedTuple):
    """A path as one of EXACT, PREFIX (by path elements), TEXT_PREFIX (by letters) or REGEX (from the path's start)."""

    path: str
    kind: str = PREFIX

    @property
    def rule(self) -> str:
        """The matcher; empty for every path."""
        if self.kind == EXACT:
            return f"Path({quote_argument(self.path)})"
        if self.kind == REGEX:
            return f"PathRegexp({quote_argument(self.path)})"
        stem = self.path.rstrip("/")
        if self.kind == TEXT_PREFIX:
            return f"PathPrefix({quote_argument(self.path)})" if stem else ""
        return (
            f"(Path({quote_argument(stem)}) || PathPrefix({quote_argument(stem + '/')}))"
            if stem
            else ""
        )


def quote_argument(text: str) -> str:
    """The text as an argument of a matcher: in backticks, or in double quotes where it holds one."""
    if "`" not in text:
        return f"`{text}`"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def matcher_call(matcher: str, *arguments: str) -> str:
    """A matcher with its arguments."""
    return f"{matcher}({', '.join(quote_argument(argument) for argument in arguments)})"


def host_matcher(name: str, *, deep: bool = False) -> str:
    """The matcher of a host; `*.` stands for one label, for Gateway API (`deep`) for any number."""
    if not name.startswith("*."):
        return f"Host({quote_argument(name)})"
    parent_domain = re.escape(name[2:]).replace(r"\-", "-")
    return f"HostRegexp({quote_argument(('^.+' if deep else '^[^.]+') + chr(92) + '.' + parent_domain + '$')})"


def hosts_matcher(names: Iterable[str], *, deep: bool = False) -> str:
    """The matcher of any of several hosts; empty for none."""
    return any_of(host_matcher(name, deep=deep) for name in dict.fromkeys(names))


def any_of(rules: Iterable[str]) -> str:
    """Rules of which one must hold."""
    stated_rules = [rule for rule in rules if rule]
    return (
        f"({' || '.join(stated_rules)})" if len(stated_rules) > 1 else "".join(stated_rules)
    )


def all_of(rules: Iterable[str]) -> str:
    """Rules that must all hold; without any, everything matches."""
    return " && ".join(rule for rule in rules if rule) or EVERYTHING


_EXACT_HOST = 9


def host_rank(name: str) -> int:
    """How exact a host is: the more labels a wildcard names, the more; a plain name more than any wildcard."""
    if not name.startswith("*."):
        return _EXACT_HOST
    return min(name.count("."), _EXACT_HOST - 1)


def rule_priority(names: Iterable[str], match: PathMatch) -> int:
    """Which of two rules that both match comes first: the more exact host, then the exact path, then the longer path.

    Traefik alone would go by the length of the rule's text, host included. Steps of 100 leave room for more conditions.
    """
    rank = min(map(host_rank, names), default=0)
    size = len(match.path) if match.rule else 0
    return 100 * (1 + rank * 10000 + (5000 if match.kind == EXACT else 0) + min(size, 4999))


def go_replacement(text: str) -> str:
    """An nginx replacement as Go expands it: `$1` becomes `${1}`, so that a letter behind it is no part of the name."""
    return re.sub(r"\$(\d)", r"${\1}", text)


_TOKEN = regex(
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
