"""Where a route stands: the cluster as routes see it, and what their rules need to know beside their own fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.certificate_fields import (
    CertificateSpec,
    decode_certificates,
)
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.middleware_fields import (
    MiddlewareObject,
    decode_middleware,
    traefik_objects,
)
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteRule,
    decode_controllers,
)
from tocompose.ledger import Fate, Settlement
from tocompose.record import NamedTuple
from tocompose.source import leaves
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy_parts import WantedMiddleware
from tocompose.wording import listed_names


class RoutingModel(NamedTuple):
    """What the manifests describe as routes see it, and the name that their proxy has.

    `controllers` are those that IngressClasses name; `certificates` are by the namespace and name of their Secret.
    """

    cluster: ClusterModel
    proxy_name: str
    middlewares: tuple[MiddlewareObject, ...]
    middlewares_by_name: Mapping[tuple[str, str], MiddlewareObject]
    controllers: Mapping[str, str | None]
    certificates: Mapping[tuple[str, str], tuple[CertificateSpec, ...]]

    def proxy_path(self, *keys: str) -> ModelPath:
        """The model path of a key of the proxy, or of the proxy itself."""
        return ModelPath.service(self.proxy_name, *keys)


def routing_model(cluster: ClusterModel, proxy_name: str) -> RoutingModel:
    """The routing model of a cluster: of two Middlewares of one name the first counts."""
    objects = cluster.objects
    middlewares = tuple(map(decode_middleware, traefik_objects(objects, "Middleware")))
    by_name: dict[tuple[str, str], MiddlewareObject] = {}
    for middleware in middlewares:
        kube_object = middleware.kube_object
        by_name.setdefault((kube_object.namespace, kube_object.name), middleware)
    return RoutingModel(
        cluster,
        proxy_name,
        middlewares,
        by_name,
        controllers=decode_controllers(objects),
        certificates=decode_certificates(objects),
    )


# What is said of a single rule that leads nowhere, or that no rule of Traefik can tell.
_LOST = ("TC282", "TC283")


class RouteSite(NamedTuple):
    """Where a route stands: the model, the namespace, the name and the age of its object."""

    model: RoutingModel
    namespace: str
    name: str
    age: str = ""

    def note_nowhere(self, route: Route) -> None:
        """Says of an object that none of its routes leads anywhere, unless that was said of each of them."""
        route_object = route.kube_object
        ledger, node = self.model.cluster.ledger, route_object.cursor.node
        assert node is not None, "an object stands somewhere"
        settlements = {ledger.fate(leaf) for leaf in leaves(node)}
        codes = [code for code in _LOST if Settlement(Fate.NOTED, (code,)) in settlements]
        if codes:
            route_object.cursor.mark_noted(codes[0])
        else:
            route_object.cursor.note(
                "TC282",
                route=route_title(route, *route.rules),
                why="it leads to no container of the manifests",
            )

    def middleware(self, kind: str, options: Mapping[str, str]) -> WantedMiddleware:
        """A middleware named after the object."""
        return WantedMiddleware(self.name, kind, tuple(options.items()))


_SHOWN_REQUESTS = 3


def route_title(route: Route, *rules: RouteRule) -> str:
    """What a note calls a route: its object, with the hosts and paths of some of its rules."""
    hosts = [name.text for name in route.hostnames if name.text]
    requests = dict.fromkeys(
        request for rule in rules for request in _requests_of(rule, hosts)
    )
    shown = listed_names([*filter(None, requests or hosts)], _SHOWN_REQUESTS)
    return f"{route.kube_object}, {shown}" if shown else str(route.kube_object)


def _requests_of(rule: RouteRule, hosts: list[str]) -> Iterator[str]:
    """The requests that a rule takes: hosts with paths, or a rule in Traefik's own language."""
    rule_hosts = [rule.host.text] if rule.host.text else hosts or [""]
    for match in rule.matches:
        path = match.path.text or ""
        yield from [match.rule_text.text] if match.rule_text.text else []
        yield from (f"{host}{path}" for host in rule_hosts if not match.rule_text.text)
    if not rule.matches:
        yield from rule_hosts


def route_site(model: RoutingModel, route_object: KubeObject) -> RouteSite:
    """The site of an object."""
    return RouteSite(model, route_object.namespace, route_object.name, route_object.age)
