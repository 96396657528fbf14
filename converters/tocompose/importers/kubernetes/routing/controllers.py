"""Ingress controllers among the workloads: they talk to the Kubernetes API, and the proxy takes their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.objects import Object, Objects
from tocompose.importers.kubernetes.routing.middlewares import GROUPS
from tocompose.importers.kubernetes.scalars import items, strings, value
from tocompose.importers.kubernetes.workloads import Workload, workloads
from tocompose.ledger import Ledger
from tocompose.notes import note

# Images that do nothing but watch the Kubernetes API for routes; the last part of the name, or the last two.
_IMAGES = re.compile(
    r"(?:^|/)(?:ingress-nginx/(?:controller|kube-webhook-certgen)|nginx-ingress-controller|kube-webhook-certgen"
    r"|nginx/nginx-ingress|nginxinc/kubernetes-ingress|haproxytech/kubernetes-ingress|haproxy-ingress"
    r"|kong/kubernetes-ingress-controller|projectcontour/contour|envoyproxy/gateway|nginx-gateway-fabric"
    r"|aws-load-balancer-controller|aws-alb-ingress-controller|ingress-gce-[\w-]+|cert-manager-[\w-]+"
    r"|defaultbackend(?:-\w+)?|http-svclb|klipper-lb)(?=[:@]|$)"
)
_TRAEFIK = re.compile(r"(?:^|/)traefik(?=[:@]|$)")
_ROUTES = ("Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")


def routed(objects: Objects) -> bool:
    """Whether the input has routes that the proxy can take over."""
    own = (f"IngressRoute.{group}" for group in GROUPS)
    return bool(objects.of(*_ROUTES, *own))


def without_controllers(objects: Objects, ledger: Ledger) -> Objects:
    """The objects without the workloads whose work the proxy does, and without the Services that lead only to them.

    These are noted. All objects when the input has no routes: then the controller may serve others.
    """
    if not routed(objects):
        return objects
    everything = workloads(objects)
    dropped = [item for item in everything if _controls(item)]
    kept = [item for item in everything if item not in dropped]
    out = {
        item.object: f"it watches the Kubernetes API ({next(_images(item), '')})"
        for item in dropped
    }
    out |= dict.fromkeys(
        _orphans(objects, dropped, kept), "it leads only to the controller that is left out"
    )
    for item, why in out.items():
        ledger.say(note("TC285", item.span, object=str(item), why=why))
        item.cursor.noted("TC285")
    return Objects(item for item in objects if item not in out) if out else objects


def _controls(workload: Workload) -> bool:
    images = list(_images(workload))
    if any(_IMAGES.search(image) for image in images):
        return True
    traefik = any(_TRAEFIK.search(image) for image in images)
    return traefik and any("providers.kubernetes" in word for word in _words(workload))


def _images(workload: Workload) -> Iterator[str]:
    for container in items(workload.spec.at("containers")):
        yield value(container.at("image")) or ""


def _words(workload: Workload) -> Iterator[str]:
    for container in items(workload.spec.at("containers")):
        for key in ("command", "args"):
            yield from ((value(word) or "").lower() for word in items(container.at(key)))


def _orphans(
    objects: Objects, dropped: list[Workload], kept: list[Workload]
) -> Iterator[Object]:
    for service in objects.of("Service"):
        selector = strings(service.at("spec", "selector"))
        if (
            selector
            and _selects(selector, service, dropped)
            and not _selects(selector, service, kept)
        ):
            yield service


def _selects(
    selector: Mapping[str, str], service: Object, found: Iterable[Workload]
) -> bool:
    wanted = selector.items()
    return any(
        item.namespace == service.namespace and wanted <= item.labels.items()
        for item in found
    )
