"""The conditions of Gateway API rules: path, method, headers, query parameters.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing.annotations import expected
from tocompose.importers.kubernetes.routing.expressions import foreign
from tocompose.importers.kubernetes.routing.rules import EXACT, PREFIX, REGEX, Match, call
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.ledger import Cursor


class Condition(NamedTuple):
    """A path, the other matchers, and how much these count between rules of one path."""

    path: Match
    rules: tuple[str, ...] = ()
    weight: int = 0


def conditions(matches: Cursor, route: Object, labels: str) -> list[Condition]:
    """Each match of a rule; without any, every request matches."""
    read = _grpc if route.kind == "GRPCRoute" else _http
    found = [
        condition for each in items(matches) if (condition := read(each, route, labels))
    ]
    return found or ([] if len(matches) else [Condition(Match("/"))])


def _http(each: Cursor, route: Object, labels: str) -> Condition | None:
    expected(each.at("path", "type"), "Exact", "PathPrefix", "RegularExpression")
    kind = take(each.at("path", "type"), labels) or "PathPrefix"
    path = take(each.at("path", "value"), labels) or "/"
    if _untold(each.at("path"), kind, path, route):
        return None
    method = take(each.at("method"), labels)
    headers = _pairs(each.at("headers"), "Header", route, labels)
    queries = _pairs(each.at("queryParams"), "Query", route, labels)
    if headers is None or queries is None:
        return None
    # The longest path counts first, then the method, then the number of headers, then that of parameters.
    weight = (50 if method else 0) + min(4, len(headers)) * 10 + min(9, len(queries))
    rules = (*((call("Method", method),) if method else ()), *headers, *queries)
    known = {"Exact": Match(path, EXACT), "RegularExpression": Match(_whole(path), REGEX)}
    return Condition(known.get(kind, Match(path, PREFIX)), rules, weight)


def _whole(pattern: str) -> str:
    """Implementations compare the whole path; Traefik looks anywhere in it."""
    return f"^(?:{pattern})$"


def _grpc(each: Cursor, route: Object, labels: str) -> Condition | None:
    """The path of a call is `/service/method`."""
    said = each.at("method")
    expected(said.at("type"), "Exact", "RegularExpression")
    kind = take(said.at("type"), labels) or "Exact"
    service, method = take(said.at("service"), labels), take(said.at("method"), labels)
    if kind == "RegularExpression":
        pattern = f"^/{service or '[^/]+'}/{method or '[^/]+'}$"
        match = Match(pattern, REGEX)
    elif service and method:
        match = Match(f"/{service}/{method}", EXACT)
    elif service:
        match = Match(f"/{service}", PREFIX)
    else:
        match = Match(f"^/[^/]+/{re.escape(method)}$", REGEX) if method else Match("/")
    if match.kind == REGEX and foreign(match.path):
        said.note("TC283", route=str(route), pattern=match.path)
        return None
    headers = _pairs(each.at("headers"), "Header", route, labels)
    return None if headers is None else Condition(match, headers, min(4, len(headers)) * 10)


def _pairs(
    entries: Cursor, matcher: str, route: Object, labels: str
) -> tuple[str, ...] | None:
    """The matchers of headers or parameters; None when one cannot be told: a rule without it would let more in."""
    found = []
    for each in items(entries):
        expected(each.at("type"), "Exact", "RegularExpression")
        kind = take(each.at("type"), labels) or "Exact"
        name, text = (
            take(each.at("name"), labels) or "",
            take(each.at("value"), labels) or "",
        )
        if _untold(each, kind, text, route):
            return None
        found.append(
            call(f"{matcher}Regexp" if kind == "RegularExpression" else matcher, name, text)
        )
    return tuple(found)


def _untold(cursor: Cursor, kind: str, pattern: str, route: Object) -> bool:
    """Whether it is a regular expression that Go cannot compile; noted."""
    if kind == "RegularExpression" and foreign(pattern):
        cursor.remark(
            "TC283", route=str(route), pattern=value(cursor.at("value")) or pattern
        )
        return True
    return False
