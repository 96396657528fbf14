"""Routes say in parts what they ask of the proxy: what comes of them is the same whatever comes first."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import tree
from kubernetes_edge.stacks import app, ingress, rule
from tocompose.importers.kubernetes.cluster_model import resolve_model
from tocompose.importers.kubernetes.collected_objects import collect_objects
from tocompose.importers.kubernetes.config_names import name_config
from tocompose.importers.kubernetes.routing import proxy_parts
from tocompose.importers.kubernetes.routing.site import routing_model
from tocompose.ledger import Ledger
from tocompose.readers.yaml import yaml_cursors
from tocompose.traefik.proxy import (
    ContainerHome,
    Middleware,
    Proxy,
    Router,
    TraefikService,
)
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.proxy_parts import (
    ContainerServers,
    ProxyPart,
    WantedEntryPoint,
    WantedMiddleware,
    WantedRouter,
    WeightedServers,
)

ROUTING = "tocompose.importers.kubernetes.routing"
FIXTURES = sorted(
    path
    for path in Path(tree.ROOT, "fixtures", "kubernetes").glob("*/*.yaml")
    if "Route" in path.read_text("utf-8") or "kind: Ingress" in path.read_text("utf-8")
)


def parts_of(text: bytes) -> tuple[ProxyPart, ...]:
    """What the routes of manifests ask of the proxy."""
    ledger = Ledger()
    objects = collect_objects(yaml_cursors(text, "all.yaml", ledger), ledger)
    model = name_config(resolve_model(objects, ledger, is_template=False))
    return proxy_parts(routing_model(model, "traefik"))


def built(parts: Iterable[ProxyPart]) -> Proxy:
    """The proxy of parts."""
    builder = ProxyBuilder("traefik")
    builder.apply(parts)
    return builder.build_proxy()


def test_only_the_application_of_parts_has_the_builder() -> None:
    importing = [
        module
        for module in tree.modules()
        if any(
            name == "tocompose.traefik.proxy_builder" for name, _ in tree.imports(module)
        )
    ]
    assert importing == [ROUTING]
    using = [
        function.name
        for function in tree.functions(tree.modules()[ROUTING])
        if any(
            isinstance(node, ast.Name) and node.id == "ProxyBuilder"
            for node in ast.walk(function)
        )
    ]
    assert using == ["_apply_parts"]


def test_the_builder_shows_nothing_half_built() -> None:
    [builder] = [
        node
        for node in tree.modules()["tocompose.traefik.proxy_builder"].body
        if isinstance(node, ast.ClassDef)
    ]
    public = [
        method.name
        for method in builder.body
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_")
    ]
    assert public == ["apply", "build_proxy"]


def content(proxy: Proxy) -> dict[str, Any]:
    """All of a proxy but the names that routers, middlewares and services were given, and the order of its parts."""
    guessed = {point.name for point in proxy.entrypoints if point.port >= 8000}
    return {
        "routers": Counter(router_content(router, proxy) for router in proxy.routers),
        "entrypoints": {
            (point.name, point.protocol, 0 if point.name in guessed else point.port)
            for point in proxy.entrypoints
        },
        "certificates": set(proxy.certificates),
        "secrets": {secret.name: secret.file for secret in proxy.secrets},
        "files": {file.path: file.content for file in proxy.files},
        "classes": set(proxy.classes),
        "acme": set(proxy.acme),
        "skips_verification": proxy.skips_verification,
    }


def router_content(router: Router, proxy: Proxy) -> tuple[object, ...]:
    """A router without names."""
    return (
        router.rule,
        target_content(router.target, proxy),
        router.priority,
        frozenset(router.entrypoints),
        tuple(map(middleware_content, router.middlewares)),
        router.tls,
        router.protocol,
    )


def middleware_content(middleware: Middleware) -> tuple[object, ...]:
    """A middleware without its name, unless that is all it has."""
    return (middleware.kind, middleware.options) if middleware.kind else middleware


def target_content(target: TraefikService, proxy: Proxy) -> tuple[object, ...]:
    """What a service leads to."""
    if target.homes:
        return target.homes, target.options
    name = target.name.removesuffix("@file")
    if name in proxy.addresses:
        return proxy.addresses[name]
    if name in proxy.weighted:
        return tuple(
            (share_content(share, proxy), weight) for share, weight in proxy.weighted[name]
        )
    return (target.name,)


def share_content(name: str, proxy: Proxy) -> tuple[object, ...]:
    """What a service leads to that the proxy's own file names."""
    in_labels = {f"{part.name}@docker": part for part in proxy.parts}
    share = in_labels.get(name)
    return (share.homes, share.options) if share else proxy.addresses[name]


def by_object(parts: Iterable[ProxyPart]) -> list[list[ProxyPart]]:
    """Parts in groups that belong together: of equal routers of one object the first goes before."""
    groups: dict[object, list[ProxyPart]] = {}
    for number, part in enumerate(parts):
        key = part.name if isinstance(part, WantedRouter) else number
        groups.setdefault(key, []).append(part)
    return list(groups.values())


def shuffles(parts: tuple[ProxyPart, ...]) -> Iterator[list[ProxyPart]]:
    """The parts in other orders, first from behind."""
    groups = by_object(parts)
    yield [part for group in reversed(groups) for part in group]
    for seed in range(5):
        Random(seed).shuffle(groups)
        yield [part for group in groups for part in group]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_the_order_of_parts_does_not_matter(path: Path) -> None:
    parts = parts_of(path.read_bytes())
    assert any(isinstance(part, WantedRouter) for part in parts)
    expected = content(built(parts))
    for shuffled in shuffles(parts):
        assert content(built(shuffled)) == expected


def route_objects() -> list[dict[str, Any]]:
    """A route of each kind to the same containers, with what the proxy needs for it."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "users"},
        "stringData": {"users": "ann:$apr1$x"},
    }
    lock = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "Middleware",
        "metadata": {"name": "lock"},
        "spec": {"basicAuth": {"secret": "users"}},
    }
    shares = [{"name": "shop", "port": 80, "weight": 3}, {"name": "till", "port": 80}]
    own_route = {
        "match": "Host(`own.test`)",
        "services": shares,
        "middlewares": [{"name": "lock"}],
    }
    gateway_route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop"},
        "spec": {"hostnames": ["api.test"], "rules": [{"backendRefs": shares}]},
    }
    stream = {"match": "HostSNI(`*`)", "services": [{"name": "till", "port": 80}]}
    annotations = {
        "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
        "cert-manager.io/cluster-issuer": "letsencrypt",
    }
    tls = [{"hosts": ["a.test"], "secretName": "a-tls"}]
    paths = [rule("a.test", ("/", "Prefix", "shop"))]
    return [
        *app("shop"),
        *app("till", 9000),
        secret,
        lock,
        ingress("web", paths, annotations, tls=tls),
        gateway_route,
        traefik_route("own", "IngressRoute", [own_route], "internal"),
        traefik_route("stream", "IngressRouteTCP", [stream], "internal"),
    ]


def traefik_route(
    name: str, kind: str, routes: list[dict[str, Any]], entrypoint: str
) -> dict[str, Any]:
    """One of Traefik's own routes."""
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"entryPoints": [entrypoint], "routes": routes},
    }


def scene(objects: list[dict[str, Any]]) -> bytes:
    """Objects as one List."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()


def test_the_order_of_objects_does_not_matter() -> None:
    objects = route_objects()
    expected = content(built(parts_of(scene(objects))))
    assert len(expected["routers"]) == 5 and expected["acme"] and expected["files"]
    for seed in range(8):
        Random(seed).shuffle(objects)
        assert content(built(parts_of(scene(objects)))) == expected


def test_a_part_is_a_value() -> None:
    for part in parts_of(scene(route_objects())):
        assert isinstance(part, tuple) or type(part).__module__ == "tocompose.model"
        hash(part)


def test_a_port_that_is_known_counts_before_one_that_is_not() -> None:
    named, stated = WantedEntryPoint("db"), WantedEntryPoint("db", 5432)
    assert [point.port for point in built([named, stated]).entrypoints] == [5432]
    assert [point.port for point in built([stated, named]).entrypoints] == [5432]


def test_a_free_port_is_none_that_a_later_part_states() -> None:
    proxy = built([WantedEntryPoint("internal"), WantedEntryPoint("api", 8000)])
    assert {point.name: point.port for point in proxy.entrypoints} == {
        "internal": 8001,
        "api": 8000,
    }


def test_who_wants_the_same_gets_one() -> None:
    lock = WantedMiddleware("first", "compress")
    shop = ContainerServers("shop", (ContainerHome("shop", 8080),))
    till = ContainerServers("till", (ContainerHome("till", 9000),))
    shares = WeightedServers("both", ((shop, 1), (till, 2)))
    one = WantedRouter("a", "Path(`/a`)", shares, middlewares=(lock,))
    other = WantedRouter(
        "b",
        "Path(`/b`)",
        shares._replace(name="again"),
        middlewares=(lock._replace(owner="second"),),
    )
    first, second = built([one, other]).routers
    assert first.middlewares == second.middlewares and first.target == second.target
    assert len(built([one, other]).weighted) == 1
