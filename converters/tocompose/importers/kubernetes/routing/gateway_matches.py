"""What the rules of Gateway API routes ask of requests, as matchers of Traefik.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.routing.route_fields import (
    RouteCondition,
    RouteMatch,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.rules import (
    EXACT,
    PREFIX,
    REGEX,
    TEXT_PREFIX,
    PathMatch,
    is_foreign,
    matcher_call,
)


class MatchCondition(NamedTuple):
    """A path, the other matchers, and how much these count between rules of one path."""

    path: PathMatch
    rules: tuple[str, ...] = ()
    weight: int = 0


def match_conditions(
    matches: tuple[RouteMatch, ...], route: KubeObject, labels: ModelPath
) -> list[MatchCondition]:
    """Each match of a rule; without any, every request matches."""
    read_match = _grpc_condition if route.kind == "GRPCRoute" else _http_condition
    read_conditions = [
        condition for match in matches if (condition := read_match(match, route, labels))
    ]
    return read_conditions or ([] if matches else [MatchCondition(PathMatch("/"))])


def _http_condition(
    match: RouteMatch, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    kinds = ("Exact", "PathPrefix", "RegularExpression", TEXT_PREFIX)
    check_expected(match.path_kind, *kinds)
    kind = match.path_kind.take(labels) or "PathPrefix"
    path = match.path.take(labels) or "/"
    if _note_foreign(match.path_cursor, kind, path, route):
        return None
    method = match.method.take(labels)
    headers = _pair_matchers(match.headers, "Header", route, labels)
    queries = _pair_matchers(match.parameters, "Query", route, labels)
    if headers is None or queries is None:
        return None
    # The longest path counts first, then the method, then the number of headers, then that of parameters.
    weight = (50 if method else 0) + min(4, len(headers)) * 10 + min(9, len(queries))
    rules = (*((matcher_call("Method", method),) if method else ()), *headers, *queries)
    path_matches = {
        "Exact": PathMatch(path, EXACT),
        TEXT_PREFIX: PathMatch(path, TEXT_PREFIX),
        "RegularExpression": PathMatch(_whole_path(path), REGEX),
    }
    return MatchCondition(path_matches.get(kind, PathMatch(path, PREFIX)), rules, weight)


def _whole_path(pattern: str) -> str:
    """Implementations compare the whole path; Traefik looks anywhere in it."""
    return f"^(?:{pattern})$"


def _grpc_condition(
    rule_match: RouteMatch, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    """The path of a call is `/service/method`."""
    check_expected(rule_match.method_kind, "Exact", "RegularExpression")
    kind = rule_match.method_kind.take(labels) or "Exact"
    service, method = rule_match.service.take(labels), rule_match.method.take(labels)
    match = _grpc_path(kind, service, method)
    if match.kind == REGEX and is_foreign(match.path):
        rule_match.method_cursor.note("TC283", route=str(route), pattern=match.path)
        return None
    headers = _pair_matchers(rule_match.headers, "Header", route, labels)
    return (
        None
        if headers is None
        else MatchCondition(match, headers, min(4, len(headers)) * 10)
    )


def _grpc_path(kind: str, service: str | None, method: str | None) -> PathMatch:
    if kind == "RegularExpression":
        return PathMatch(f"^/{service or '[^/]+'}/{method or '[^/]+'}$", REGEX)
    if service and method:
        return PathMatch(f"/{service}/{method}", EXACT)
    if service:
        return PathMatch(f"/{service}", PREFIX)
    return PathMatch(f"^/[^/]+/{re.escape(method)}$", REGEX) if method else PathMatch("/")


def _pair_matchers(
    conditions: tuple[RouteCondition, ...],
    matcher: str,
    route: KubeObject,
    labels: ModelPath,
) -> tuple[str, ...] | None:
    """The matchers of headers or parameters; None when one cannot be told: a rule without it would let more in."""
    matchers = []
    for condition in conditions:
        check_expected(condition.kind, "Exact", "RegularExpression")
        kind = condition.kind.take(labels) or "Exact"
        name = condition.name.take(labels) or ""
        expected_value = condition.value.take(labels) or ""
        if _note_foreign(condition.cursor, kind, expected_value, route):
            return None
        matchers.append(
            matcher_call(
                f"{matcher}Regexp" if kind == "RegularExpression" else matcher,
                name,
                expected_value,
            )
        )
    return tuple(matchers)


def _note_foreign(cursor: Cursor, kind: str, pattern: str, route: KubeObject) -> bool:
    """Whether it is a regular expression that Go cannot compile; noted."""
    if kind == "RegularExpression" and is_foreign(pattern):
        cursor.annotate("TC283", route=str(route), pattern=pattern)
        return True
    return False
