"""The conditions of Gateway API rules: path, method, headers, query parameters.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutematch
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.go_expressions import is_foreign
from tocompose.traefik.rules import (
    EXACT,
    PREFIX,
    REGEX,
    PathMatch,
    matcher_call,
)


class MatchCondition(NamedTuple):
    """A path, the other matchers, and how much these count between rules of one path."""

    path: PathMatch
    rules: tuple[str, ...] = ()
    weight: int = 0


def match_conditions(
    matches: Cursor, route: KubeObject, labels: ModelPath
) -> list[MatchCondition]:
    """Each match of a rule; without any, every request matches."""
    read_match = _grpc_condition if route.kind == "GRPCRoute" else _http_condition
    read_conditions = [
        condition
        for match in list_entries(matches)
        if (condition := read_match(match, route, labels))
    ]
    return read_conditions or ([] if len(matches) else [MatchCondition(PathMatch("/"))])


def _http_condition(
    match: Cursor, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    check_expected(match.at("path", "type"), "Exact", "PathPrefix", "RegularExpression")
    kind = take_scalar(match.at("path", "type"), labels) or "PathPrefix"
    path = take_scalar(match.at("path", "value"), labels) or "/"
    if _note_foreign(match.at("path"), kind, path, route):
        return None
    method = take_scalar(match.at("method"), labels)
    headers = _pair_matchers(match.at("headers"), "Header", route, labels)
    queries = _pair_matchers(match.at("queryParams"), "Query", route, labels)
    if headers is None or queries is None:
        return None
    # The longest path counts first, then the method, then the number of headers, then that of parameters.
    weight = (50 if method else 0) + min(4, len(headers)) * 10 + min(9, len(queries))
    rules = (*((matcher_call("Method", method),) if method else ()), *headers, *queries)
    path_matches = {
        "Exact": PathMatch(path, EXACT),
        "RegularExpression": PathMatch(_whole_path(path), REGEX),
    }
    return MatchCondition(path_matches.get(kind, PathMatch(path, PREFIX)), rules, weight)


def _whole_path(pattern: str) -> str:
    """Implementations compare the whole path; Traefik looks anywhere in it."""
    return f"^(?:{pattern})$"


def _grpc_condition(
    rule_match: Cursor, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    """The path of a call is `/service/method`."""
    method_match = rule_match.at("method")
    check_expected(method_match.at("type"), "Exact", "RegularExpression")
    kind = take_scalar(method_match.at("type"), labels) or "Exact"
    service = take_scalar(method_match.at("service"), labels)
    method = take_scalar(method_match.at("method"), labels)
    match = _grpc_path(kind, service, method)
    if match.kind == REGEX and is_foreign(match.path):
        method_match.note("TC283", route=str(route), pattern=match.path)
        return None
    headers = _pair_matchers(rule_match.at("headers"), "Header", route, labels)
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
    conditions_: Cursor, matcher: str, route: KubeObject, labels: ModelPath
) -> tuple[str, ...] | None:
    """The matchers of headers or parameters; None when one cannot be told: a rule without it would let more in."""
    matchers = []
    for condition in list_entries(conditions_):
        check_expected(condition.at("type"), "Exact", "RegularExpression")
        kind = take_scalar(condition.at("type"), labels) or "Exact"
        name, expected_value = (
            take_scalar(condition.at("name"), labels) or "",
            take_scalar(condition.at("value"), labels) or "",
        )
        if _note_foreign(condition, kind, expected_value, route):
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
        cursor.remark(
            "TC283", route=str(route), pattern=peek_text(cursor.at("value")) or pattern
        )
        return True
    return False
