"""Every field of routes and policies has a row; taking one away or changing it is seen in the output or the notes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernetes_edge.stacks import converted
from tocompose.importers.kubernetes.kinds import field_tables, kind_row
from tocompose.ledger import Fate
from tocompose.pipeline import Result

ROOT = Path(__file__).parents[2]
CASES = sorted(
    path
    for name in ("ingress", "gateway", "networkpolicy")
    for path in (ROOT / "fixtures/kubernetes").glob(f"{name}*")
)
EDGE = {
    "Ingress",
    "Gateway",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "UDPRoute",
    "TLSRoute",
    "NetworkPolicy",
    "Middleware",
}
EDGE |= {"IngressRoute", "IngressRouteTCP", "IngressRouteUDP"}
# What makes an object what it is.
IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name")}
# Values that mean the same as to say nothing; an Ingress without a class is read as one of ingress-nginx.
DEFAULTS = {
    *(
        ("path", "/"),
        ("path", "/*"),
        ("value", "/"),
        ("pathType", "ImplementationSpecific"),
        ("type", "PathPrefix"),
    ),
    *(
        ("type", "Exact"),
        ("weight", 1),
        ("protocol", "TCP"),
        ("statusCode", 302),
        ("mode", "Terminate"),
    ),
    *(("from", "All"), ("namespace", "default"), ("ingressClassName", "nginx")),
}


@pytest.mark.parametrize("root", ["V1Ingress", "V1IngressClass", "V1NetworkPolicy"])
def test_every_field_of_the_api_has_a_row(root: str) -> None:
    import kubernetes.client.models as models

    missing, todo, seen = [], [root], set()
    while todo:
        model = todo.pop()
        seen.add(model)
        known = getattr(models, model)
        rows = field_tables().get(re.sub(r"^V\d+", "", model), {})
        for name, typed in known.openapi_types.items():
            field = rows.get(known.attribute_map[name])
            if field is None:
                missing.append(f"{model}.{known.attribute_map[name]}")
            inner = next(
                (word for word in re.findall(r"V1\w+", typed) if hasattr(models, word)),
                None,
            )
            if inner and field and field.type and inner not in seen:
                todo.append(inner)
    assert {item for item in missing if "Status" not in item} == set()


def objects(case: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((case / "manifests.yaml").read_text()))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in entries:
        if isinstance(item, dict | list) and item:
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key)


def seen(result: Result) -> Any:
    """All that the user gets to see, without the places in the source."""
    files = [
        (item.path, re.sub(rb"from all.json:\d+|all.json:[\d:]+", b"", item.content))
        for item in result.files
    ]
    beside = [(item.path, item.content) for item in result.stack.files]
    return files, beside, [(item.code, item.message) for item in result.notes]


def changed(value: Any) -> Any:
    if isinstance(value, bool) or value in ("true", "false"):
        return (
            not value
            if isinstance(value, bool)
            else {"true": "false", "false": "true"}[value]
        )
    return value + 1 if isinstance(value, int) else f"{value or ''}x"


def places(items: list[dict[str, Any]]) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    for number, item in enumerate(items):
        if item["kind"] in EDGE:
            yield from ((number, path) for path in leaves(item))


def with_change(
    items: list[dict[str, Any]], number: int, path: tuple[str | int, ...], *, remove: bool
) -> Any:
    copied = copy.deepcopy(items)
    inner: Any = copied[number]
    for key in path[:-1]:
        inner = inner[key]
    if remove:
        del inner[path[-1]]
    else:
        inner[path[-1]] = changed(inner[path[-1]])
    return copied


def said(items: list[dict[str, Any]], number: int, path: tuple[str | int, ...]) -> str:
    return f"{items[number]['kind']} {items[number]['metadata']['name']}: {'.'.join(map(str, path))}"


def says_nothing(
    items: list[dict[str, Any]], number: int, path: tuple[str | int, ...]
) -> bool:
    value: Any = items[number]
    for key in path:
        value = value[key]
    return not isinstance(value, dict | list) and (path[-1], value) in DEFAULTS


def fates(result: Result) -> dict[tuple[str | int, ...], Any]:
    """What became of each leaf, by its path below the list of objects."""
    return {
        result.ledger.path(leaf)[1:]: result.ledger.fate(leaf)
        for leaf in result.ledger.leaves()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_taking_a_field_away_is_seen(case: Path) -> None:
    """Save what one note says as a whole: a route that leads nowhere, a filter, a policy."""
    items = objects(case)
    result = converted(items)
    before, fate = seen(result), fates(result)
    silent = [
        said(items, number, path)
        for number, path in places(items)
        if not says_nothing(items, number, path)
        and not set(fate[(number, *path)].detail) <= {"TC282", "TC293", "TC296"}
        and fate[(number, *path)].fate is not Fate.IGNORED
        and seen(converted(with_change(items, number, path, remove=True))) == before
    ]
    assert silent == [], "\n".join(silent)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_changing_what_is_mapped_is_seen(case: Path) -> None:
    items = objects(case)
    result = converted(items)
    before, fate = seen(result), fates(result)
    silent = [
        said(items, number, path)
        for number, path in places(items)
        if fate[(number, *path)].fate is Fate.MAPPED
        and path not in IDENTITY
        and seen(converted(with_change(items, number, path, remove=False))) == before
    ]
    assert silent == [], "\n".join(silent)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_nothing_is_left_unread(case: Path) -> None:
    result = converted(objects(case))
    assert [item for item in result.notes if item.code in ("TC001", "TC901")] == []


def test_every_kind_of_route_has_a_table() -> None:
    for name in (*EDGE - {"Middleware"}, "IngressClass"):
        known = f"{name}.traefik.io" if name.startswith("IngressRoute") else name
        assert kind_row(known).type in field_tables(), name


def test_shown_values_are_no_secrets() -> None:
    for case in CASES:
        result = converted(objects(case))
        told = (
            str([(item.message, item.advice) for item in result.notes])
            + result.files[0].content.decode()
        )
        for secret in ("wonderland-7", "$apr1$", "not a real key", "h23bbcFvY"):
            assert secret not in told, (case.name, secret)
