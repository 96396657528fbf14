"""IngressRoute, IngressRouteTCP and IngressRouteUDP: Traefik's own routes, one to one.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing.backends import Reached, reach, target
from tocompose.importers.kubernetes.routing.credentials import certificate
from tocompose.importers.kubernetes.routing.middlewares import GROUPS, named
from tocompose.importers.kubernetes.routing.nginx import unchecked
from tocompose.importers.kubernetes.routing.proxy import (
    SECURE,
    WEB,
    Middleware,
    Proxy,
    Router,
    Target,
)
from tocompose.importers.kubernetes.routing.rules import all_of
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.routing.traefik_annotations import entrypoint
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer

KINDS = {"IngressRoute": "http", "IngressRouteTCP": "tcp", "IngressRouteUDP": "udp"}
# Matchers of version 2 took several values, and two had other names: version 3 takes one.
_CALL = re.compile(
    r"(?P<name>[A-Z][A-Za-z]*)\((?P<arguments>(?:\s*(?:`[^`]*`|\"(?:[^\"\\]|\\.)*\")\s*,?)*)\)"
)
_ARGUMENT = re.compile(r"`[^`]*`|\"(?:[^\"\\]|\\.)*\"")
_OLD_NAMES = {"Headers": "Header", "HeadersRegexp": "HeaderRegexp"}
_PAIRS = ("Header", "HeaderRegexp", "Query", "QueryRegexp")


def ingress_routes(world: World, proxy: Proxy) -> None:
    """Adds the routes of Traefik's own objects to the proxy, then says which of its middlewares nobody uses."""
    for kind, protocol in KINDS.items():
        for item in world.objects.of(*(f"{kind}.{group}" for group in GROUPS)):
            _object(item, protocol, world, proxy)


def _object(item: Object, protocol: str, world: World, proxy: Proxy) -> None:
    site = Site(world, proxy, item.namespace, item.name)
    spec, route = item.at("spec"), f"{item.title} {item.name}"
    found = []
    for rule in items(spec.at("routes")):
        targets = list(_targets(rule, site, route))
        if targets:
            found.append((rule, targets))
        else:
            # Why its services cannot be reached has been said for each of them.
            rule.noted("TC282")
    if not found:
        site.nowhere(item)
        return
    proxy.origin = proxy.origin or item.span
    labels = found[0][1][0][1].labels
    item.took(labels)
    points = tuple(
        entrypoint(name)
        for each in items(spec.at("entryPoints"))
        if (name := take(each, labels))
    )
    tls = _tls(spec.at("tls"), site, labels)
    for rule, targets in found:
        target = _shared(
            [(target, weight) for target, _, weight in targets], proxy, item.name
        )
        _router(rule, target, targets[0][1], points, tls, site, protocol)


def _targets(rule: Cursor, site: Site, route: str) -> Iterator[tuple[Target, Reached, int]]:
    for each in items(rule.at("services")):
        kind = value(each.at("kind"))
        if kind not in (None, "Service"):
            each.note(
                "TC282",
                route=route,
                why=f"it leads to a {kind}, which labels cannot describe",
            )
            continue
        namespace = value(each.at("namespace")) or site.namespace
        port = value(each.at("port"))
        reached = reach(site, namespace, value(each.at("name")) or "", port, each, route)
        if reached is None:
            continue
        for name in ("name", "namespace", "kind", "port"):
            each.at(name).take(to=reached.labels)
        options = tuple(sorted(_options(each, reached, site.proxy)))
        weight = integer(take(each.at("weight"), reached.labels) or "1")
        yield target(reached, site.proxy, options), reached, 1 if weight is None else weight


def _options(each: Cursor, reached: Reached, proxy: Proxy) -> Iterator[tuple[str, str]]:
    labels = reached.labels
    scheme = take(each.at("scheme"), labels) or reached.scheme
    if scheme and scheme != "http":
        yield "loadbalancer.server.scheme", scheme
        if scheme == "https" and not each.at("serversTransport"):
            yield from unchecked(proxy, each.at("scheme") or each, reached.backend.name)
    if host := take(each.at("passHostHeader"), labels):
        yield "loadbalancer.passhostheader", host
    for option in each.at("sticky", "cookie"):
        if text := take(option, labels):
            yield f"loadbalancer.sticky.cookie.{option.key.lower()}", text
    if each.at("sticky", "cookie").style == "{}":
        each.at("sticky", "cookie").take(to=labels)
        yield "loadbalancer.sticky.cookie", "true"


def _shared(parts: list[tuple[Target, int]], proxy: Proxy, name: str) -> Target:
    return parts[0][0] if len(parts) == 1 else proxy.share(name, parts)


def _router(
    rule: Cursor,
    target: Target,
    reached: Reached,
    points: tuple[str, ...],
    tls: tuple[tuple[str, str], ...] | None,
    site: Site,
    protocol: str,
) -> None:
    labels = reached.labels if target.homes else site.proxy.labels
    text = take(rule.at("match"), labels) or ""
    rule.at("kind").skip("every route is a rule")
    if "{" in text and "Regexp" in text and re.search(r"`\{[\w-]+:", text):
        rule.at("match").remark("TC283", route=site.name, pattern=text)
    priority = integer(take(rule.at("priority"), labels) or "")
    middlewares = tuple(_middlewares(rule.at("middlewares"), site, labels))
    entrypoints = points or ((SECURE,) if tls is not None else (WEB,))
    written = modern(text) if protocol != "udp" else ""
    router = Router(
        site.name, written, target, priority, entrypoints, middlewares, tls, protocol
    )
    _listen(router, reached, site, rule)
    site.proxy.router(router)


def _listen(router: Router, reached: Reached, site: Site, rule: Cursor) -> None:
    """Opens entry points of the user's own name: their ports stand in the start-up of the Traefik of the cluster."""
    for point in router.entrypoints:
        port = (
            reached.homes[0].port
            if reached.homes and router.protocol != "http" and point not in (WEB, SECURE)
            else None
        )
        known = point in site.proxy.entrypoints or point in (WEB, SECURE)
        guessed = site.proxy.listen(
            point, port, "udp" if router.protocol == "udp" else "tcp", rule.span
        )
        if not known:
            rule.remark(
                "TC299",
                subject=f"services.{site.proxy.name}",
                name=point,
                port=guessed or port,
            )


def _middlewares(entries: Cursor, site: Site, labels: str) -> Iterator[Middleware]:
    missing = []
    for each in items(entries):
        name, namespace = (
            value(each.at("name")) or "",
            value(each.at("namespace")) or site.namespace,
        )
        found = named(site, namespace, name, labels)
        each.map(to=labels)
        if found is None:
            missing.append(name)
            yield site.proxy.absent(name)
        else:
            yield from found
    if missing:
        entries.remark("TC292", route=site.name, names=", ".join(missing))


def _tls(cursor: Cursor, site: Site, labels: str) -> tuple[tuple[str, str], ...] | None:
    """The options of TLS; None when the routes are plain."""
    if not cursor:
        return None
    found: list[tuple[str, str]] = []
    secret = cursor.at("secretName")
    if name := value(secret):
        if certificate(site.world, site.proxy, site.namespace, name, secret):
            secret.take(to=f"services.{site.proxy.name}.secrets")
        else:
            secret.take(to=labels)
            why = f"the manifests do not hold Secret {name}"
            secret.remark(
                "TC286", subject=f"services.{site.proxy.name}", route=site.name, why=why
            )
    if resolver := take(cursor.at("certResolver"), labels):
        site.resolver(resolver, cursor.at("certResolver"))
        found.append(("certresolver", resolver))
    if (through := take(cursor.at("passthrough"), labels)) is not None:
        found.append(("passthrough", through))
    for number, domain in enumerate(items(cursor.at("domains"))):
        if main := take(domain.at("main"), labels):
            found.append((f"domains[{number}].main", main))
        names = [name for each in items(domain.at("sans")) if (name := take(each, labels))]
        if names:
            found.append((f"domains[{number}].sans", ",".join(names)))
    if cursor.style == "{}":
        cursor.take(to=labels)
    return tuple(found)


def modern(rule: str) -> str:
    """A rule in the words of version 3: one value a matcher."""
    return _CALL.sub(_modern_call, rule) if rule else all_of(())


def _modern_call(match: re.Match[str]) -> str:
    name = _OLD_NAMES.get(match["name"], match["name"])
    arguments = _ARGUMENT.findall(match["arguments"])
    if name in ("Query",) and all("=" in argument for argument in arguments):
        arguments = [part for argument in arguments for part in _split(argument)]
    if name in _PAIRS:
        calls = [
            f"{name}({', '.join(arguments[at : at + 2])})"
            for at in range(0, len(arguments), 2)
        ]
        return f"({' && '.join(calls)})" if len(calls) > 1 else "".join(calls)
    calls = [f"{name}({argument})" for argument in arguments]
    return f"({' || '.join(calls)})" if len(calls) > 1 else "".join(calls)


def _split(argument: str) -> tuple[str, str]:
    quote = argument[0]
    key, _, text = argument[1:-1].partition("=")
    return f"{quote}{key}{quote}", f"{quote}{text}{quote}"
