"""Traefik's choice of a router, from its source: an oracle of our own for rules and priorities.

Grammar: calls of matchers joined by `&&`, `||`, `!` and parentheses (pkg/rules). Matchers: pkg/muxer/http/matcher.go of
version 3: `Path` compares the whole path, `PathPrefix` its start as text, `PathRegexp` and `HostRegexp` search, the
host is without port and in small letters. Routers are tried by falling priority, by default the length of the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(&&|\|\||!|\(|\)|,)|([A-Z][A-Za-z]*)(?=\()|`([^`]*)`|\"((?:[^\"\\]|\\.)*)\")"
)


class Request(NamedTuple):
    """What a router looks at."""

    host: str = "localhost"
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


Rule = Callable[[Request], bool]
# Go's flags and anchors used here mean the same in Python, once `$` is the very end.
_MATCHERS: Mapping[str, tuple[int, Callable[..., bool]]] = {
    "Host": (1, lambda request, name: _host(request) == name.lower()),
    "HostRegexp": (1, lambda request, pattern: _search(pattern, _host(request))),
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


def _host(request: Request) -> str:
    return request.host.partition(":")[0].lower().rstrip(".")


def _compilable(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r}: {error}") from error


def _search(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern.replace("$", r"\Z"), text) is not None


def compiled(rule: str) -> Rule:
    """The rule as a function. Raises ValueError for one that Traefik would refuse."""
    tokens, at = [], 0
    while at < len(rule.rstrip()):
        match = _TOKEN.match(rule, at)
        if match is None:
            raise ValueError(f"{rule!r} at {at}")
        sign, name, ticked, double = match.groups()
        text = (
            ticked
            if ticked is not None
            else re.sub(r"\\(.)", r"\1", double)
            if double is not None
            else None
        )
        tokens.append(
            ("sign", sign) if sign else ("name", name) if name else ("text", text or "")
        )
        at = match.end()
    parser = _Parser(tokens)
    found = parser.alternatives()
    if parser.tokens:
        raise ValueError(f"{rule!r}: {parser.tokens}")
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def _next(self, *wanted: tuple[str, str]) -> bool:
        if self.tokens and self.tokens[0] in wanted:
            self.tokens.pop(0)
            return True
        return False

    def alternatives(self) -> Rule:
        parts = [self.conjunction()]
        while self._next(("sign", "||")):
            parts.append(self.conjunction())
        return lambda request: any(part(request) for part in parts)

    def conjunction(self) -> Rule:
        parts = [self.single()]
        while self._next(("sign", "&&")):
            parts.append(self.single())
        return lambda request: all(part(request) for part in parts)

    def single(self) -> Rule:
        if self._next(("sign", "!")):
            inner = self.single()
            return lambda request: not inner(request)
        if self._next(("sign", "(")):
            inner = self.alternatives()
            if not self._next(("sign", ")")):
                raise ValueError("a parenthesis is not closed")
            return inner
        return self.matcher()

    def matcher(self) -> Rule:
        kind, name = self.tokens.pop(0) if self.tokens else ("nothing", "")
        if kind != "name" or name not in _MATCHERS or not self._next(("sign", "(")):
            raise ValueError(f"no matcher: {name!r}")
        arguments = []
        while not self._next(("sign", ")")):
            kind, text = self.tokens.pop(0) if self.tokens else ("nothing", "")
            if kind != "text":
                raise ValueError(f"{name}: {text!r} is no argument")
            arguments.append(text)
            self._next(("sign", ","))
        count, check = _MATCHERS[name]
        if len(arguments) != count and (name, len(arguments)) != ("Query", 1):
            raise ValueError(f"{name} takes {count} arguments, not {arguments}")
        if "" in arguments:
            raise ValueError(f"{name}: an empty argument")
        if name.endswith("Regexp"):
            _compilable(arguments[-1])
        if name in ("Path", "PathPrefix") and not arguments[0].startswith("/"):
            raise ValueError(f"{name}: {arguments[0]!r} does not start with /")
        return lambda request: check(request, *arguments)


def chosen(
    labels: Mapping[str, str], request: Request, entrypoint: str = "web"
) -> str | None:
    """The http router that Traefik gives a request that came in at an entry point, by the labels of all containers."""
    routers: list[tuple[int, str, Rule]] = []
    for key, rule in sorted(labels.items()):
        match = re.fullmatch(r"traefik\.http\.routers\.([\w-]+)\.rule", key)
        if match:
            base = f"traefik.http.routers.{match[1]}"
            points = labels.get(f"{base}.entrypoints", entrypoint).split(",")
            if entrypoint in points:
                priority = int(labels.get(f"{base}.priority", "0")) or len(rule)
                routers.append((-priority, match[1], compiled(rule)))
    routers.sort(key=lambda item: item[:2])
    return next((name for _, name, rule in routers if rule(request)), None)


def service_of(labels: Mapping[str, str], router: str) -> str:
    """The Traefik service of a router: the one that it names, else the only one of its container."""
    named = labels.get(f"traefik.http.routers.{router}.service")
    if named:
        return named
    found = {
        key.split(".")[3] for key in labels if key.startswith("traefik.http.services.")
    }
    assert len(found) == 1, (
        f"{router}: Traefik cannot tell which of {sorted(found)} is meant"
    )
    return found.pop()
