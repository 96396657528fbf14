"""Traefik's choice of a router, from its source: its rules and priorities.

Grammar: calls of matchers joined by `&&`, `||`, `!` and parentheses (pkg/rules). Matchers: pkg/muxer/http/matcher.go of
version 3: `Path` compares the whole path, `PathPrefix` its start as text, `PathRegexp` and `HostRegexp` search, the
host is without port and in small letters. Routers are tried by falling priority, by default the length of the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

# Texts, not patterns: this file is copied into an image alone, and what is loaded compiles none.
_TOKEN = (
    r"\s*(?:(&&|\|\||!|\(|\)|,)|([A-Z][A-Za-z]*)(?=\()|`([^`]*)`|\"((?:[^\"\\]|\\.)*)\")"
)
_ROUTER = r"traefik\.http\.routers\.([\w-]+)\.rule"


class Request(NamedTuple):
    """What a router looks at; `scheme` says by which of the two it came in."""

    host: str = "localhost"
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    scheme: str = "http"


Rule = Callable[[Request], bool]
# Go's flags and anchors used here mean the same in Python, once `$` is the very end.
_MATCHERS: Mapping[str, tuple[int, Callable[..., bool]]] = {
    "Host": (1, lambda request, name: _plain_host(request) == name.lower()),
    "HostRegexp": (1, lambda request, pattern: _search(pattern, _plain_host(request))),
    "Path": (1, lambda request, path: request.path == path),
    "PathPrefix": (1, lambda request, prefix: request.path.startswith(prefix)),
    "PathRegexp": (1, lambda request, pattern: _search(pattern, request.path)),
    "Method": (1, lambda request, method: request.method == method.upper()),
    "Header": (2, lambda request, name, text: request.headers.get(name) == text),
    "HeaderRegexp": (
        2,
        lambda request, name, pattern: _search(pattern, request.headers.get(name)),
    ),
    "Query": (2, lambda request, name, text="": request.query.get(name) == text),
    "QueryRegexp": (
        2,
        lambda request, name, pattern: _search(pattern, request.query.get(name)),
    ),
}


def _plain_host(request: Request) -> str:
    return request.host.partition(":")[0].lower().rstrip(".")


def go_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression of Go compiled; ValueError for one that cannot be."""
    try:
        return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))
    except re.error as fault:
        raise ValueError(f"{pattern!r}: {fault}") from fault


def _search(pattern: str, text: str | None) -> bool:
    return text is not None and go_pattern(pattern).search(text) is not None


def compiled(rule: str) -> Rule:
    """The rule as a function. Raises ValueError for one that Traefik would refuse."""
    parser = _RuleParser(list(_tokens(rule)))
    holds = parser.alternatives()
    if parser.tokens:
        raise ValueError(f"{rule!r}: {parser.tokens}")
    return holds


def _tokens(rule: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(rule.rstrip()):
        match = re.compile(_TOKEN).match(rule, position)
        if match is None:
            raise ValueError(f"{rule!r} at {position}")
        sign, name, ticked, quoted = match.groups()
        if sign:
            yield "sign", sign
        elif name:
            yield "name", name
        else:
            escaped = re.sub(r"\\(.)", r"\1", quoted or "")
            yield "text", escaped if ticked is None else ticked
        position = match.end()


class _RuleParser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def _takes(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == ("sign", sign):
            self.tokens.pop(0)
            return True
        return False

    def alternatives(self) -> Rule:
        """One rule of those joined by `||`."""
        parts = [self.conjunction()]
        while self._takes("||"):
            parts.append(self.conjunction())
        return lambda request: any(part(request) for part in parts)

    def conjunction(self) -> Rule:
        """All rules of those joined by `&&`."""
        parts = [self.single()]
        while self._takes("&&"):
            parts.append(self.single())
        return lambda request: all(part(request) for part in parts)

    def single(self) -> Rule:
        """A matcher, or what stands in parentheses, possibly negated."""
        if self._takes("!"):
            inner = self.single()
            return lambda request: not inner(request)
        if self._takes("("):
            inner = self.alternatives()
            if not self._takes(")"):
                raise ValueError("a parenthesis is not closed")
            return inner
        return self._matcher()

    def _matcher(self) -> Rule:
        kind, name = self.tokens.pop(0) if self.tokens else ("nothing", "")
        if kind != "name" or name not in _MATCHERS or not self._takes("("):
            raise ValueError(f"no matcher: {name!r}")
        arguments = list(self._arguments(name))
        count, check = _MATCHERS[name]
        if len(arguments) != count and (name, len(arguments)) != ("Query", 1):
            raise ValueError(f"{name} takes {count} arguments, not {arguments}")
        _check_arguments(name, arguments)
        return lambda request: check(request, *arguments)

    def _arguments(self, matcher: str) -> Iterator[str]:
        while not self._takes(")"):
            kind, text = self.tokens.pop(0) if self.tokens else ("nothing", "")
            if kind != "text":
                raise ValueError(f"{matcher}: {text!r} is no argument")
            yield text
            self._takes(",")


def _check_arguments(matcher: str, arguments: list[str]) -> None:
    if "" in arguments:
        raise ValueError(f"{matcher}: an empty argument")
    if matcher.endswith("Regexp"):
        go_pattern(arguments[-1])
    if matcher in ("Path", "PathPrefix") and not arguments[0].startswith("/"):
        raise ValueError(f"{matcher}: {arguments[0]!r} does not start with /")


def chosen(
    labels: Mapping[str, str], request: Request, entrypoint: str = "web"
) -> str | None:
    """The http router that Traefik gives a request that came in at an entry point, by the labels of all containers."""
    routers: list[tuple[int, str, Rule]] = []
    for key, rule in sorted(labels.items()):
        match = re.fullmatch(_ROUTER, key)
        if match:
            base = f"traefik.http.routers.{match[1]}"
            points = labels.get(f"{base}.entrypoints", entrypoint).split(",")
            if entrypoint in points:
                priority = int(labels.get(f"{base}.priority", "0")) or len(rule)
                routers.append((-priority, match[1], compiled(rule)))
    routers.sort(key=lambda router: router[:2])
    return next((name for _, name, holds in routers if holds(request)), None)


def service_of(labels: Mapping[str, str], router: str) -> str:
    """The Traefik service of a router by the labels of its container: the one that it names, else the only one.

    Raises ValueError where Traefik could not tell which is meant.
    """
    named = labels.get(f"traefik.http.routers.{router}.service")
    if named:
        return named
    names = {
        key.split(".")[3] for key in labels if key.startswith("traefik.http.services.")
    }
    if len(names) != 1:
        raise ValueError(f"{router}: which of {sorted(names)} is meant?")
    return names.pop()
