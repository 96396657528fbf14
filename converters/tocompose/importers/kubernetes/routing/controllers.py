"""Ingress controllers among the workloads: they talk to the Kubernetes API, and the proxy takes their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.routing.middlewares import GROUPS
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, string_map
from tocompose.importers.kubernetes.workloads import Workload, find_workloads
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.tables import table

# Images that do nothing but watch the Kubernetes API for routes; the last part of the name, or the last two.
_CONTROLLER_IMAGES = re.compile(
    r"(?:^|/)(?:ingress-nginx/(?:controller|kube-webhook-certgen)|nginx-ingress-controller|kube-webhook-certgen"
    r"|nginx/nginx-ingress|nginxinc/kubernetes-ingress|haproxytech/kubernetes-ingress|haproxy-ingress"
    r"|kong/kubernetes-ingress-controller|projectcontour/contour|envoyproxy/gateway|nginx-gateway-fabric"
    r"|aws-load-balancer-controller|aws-alb-ingress-controller|ingress-gce-[\w-]+|cert-manager-[\w-]+"
    r"|defaultbackend(?:-\w+)?|http-svclb|klipper-lb)(?=[:@]|$)"
)
_TRAEFIK = re.compile(r"(?:^|/)traefik(?=[:@]|$)")
_ROUTE_KINDS = ("Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")


def has_routes(objects: KubeObjects) -> bool:
    """Whether the input has routes that the proxy can take over."""
    traefik_kinds = (f"IngressRoute.{group}" for group in GROUPS)
    return bool(objects.of_kind(*_ROUTE_KINDS, *traefik_kinds))


def without_controllers(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects without the workloads whose work the proxy does, and without the Services that lead only to them.

    These are noted. All objects when the input has no routes: then the controller may serve others.
    """
    if not has_routes(objects):
        return objects
    dropped: list[Workload] = []
    remaining: list[Workload] = []
    for workload in find_workloads(objects):
        (dropped if _is_controller(workload) else remaining).append(workload)
    left_out = {
        workload.kube_object: f"it watches the Kubernetes API ({next(_container_images(workload), '')})"
        for workload in dropped
    }
    left_out |= dict.fromkeys(
        _orphaned_services(objects, dropped, remaining),
        "it leads only to the controller that is left out",
    )
    if not left_out:
        return objects
    for dropped_object, why in left_out.items():
        ledger.add_note(
            note("TC285", dropped_object.span, object=str(dropped_object), why=why)
        )
        dropped_object.cursor.mark_noted("TC285")
    return KubeObjects(
        (candidate for candidate in objects if candidate not in left_out),
        tuple(workload.kube_object for workload in dropped),
    )


def names_controller(peer: Cursor, left_out: Iterable[KubeObject]) -> bool:
    """Whether a peer of a network policy is the Ingress controller: one that was left out of the input, or one that
    the names of its namespace or of its pods show."""
    namespace_selector = peer.at("namespaceSelector")
    if not namespace_selector:
        return False
    namespaces = _selected_words(namespace_selector)
    pods = _selected_words(peer.at("podSelector"))
    if any(_is_meant(peer, namespaces, controller) for controller in left_out):
        return True
    if not pods and not namespaces - _SHARED_NAMESPACES:
        return namespace_selector.style == "{}"
    return any(
        (not namespaces or bool(namespaces & names)) and (not pods or bool(pods & labels))
        for names, labels in _controller_words()
    )


def _selected_words(selector: Cursor) -> set[str]:
    """The values that a label selector asks for, whatever the keys."""
    words = set(string_map(selector.at("matchLabels")).values())
    for expression in list_entries(selector.at("matchExpressions")):
        words |= {peek_text(value) or "" for value in list_entries(expression.at("values"))}
    return words


# Many things run in these: a policy that lets all of them in does not speak of the controller.
_SHARED_NAMESPACES = frozenset({"kube-system", "ingress"})


def _is_meant(peer: Cursor, namespace_words: set[str], controller: KubeObject) -> bool:
    labels = Workload(controller).labels
    wanted = string_map(peer.at("podSelector", "matchLabels"))
    return controller.namespace in namespace_words and wanted.items() <= labels.items()


@cache
def _controller_words() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """The namespaces and the words of labels of each known controller; a namespace may bear the words too."""
    rows = table(
        "kubernetes/controllers", required={"namespaces", "labels"}, optional=set()
    )
    return tuple(
        (
            frozenset(str(row["namespaces"]).split()) | {str(name)},
            frozenset(str(row["labels"]).split()) | {str(name)},
        )
        for name, row in rows.items()
    )


def _is_controller(workload: Workload) -> bool:
    images = list(_container_images(workload))
    if any(_CONTROLLER_IMAGES.search(image) for image in images):
        return True
    traefik = any(_TRAEFIK.search(image) for image in images)
    return traefik and any(
        "providers.kubernetes" in word for word in _command_words(workload)
    )


def _container_images(workload: Workload) -> Iterator[str]:
    for container in list_entries(workload.pod_spec.at("containers")):
        yield peek_text(container.at("image")) or ""


def _command_words(workload: Workload) -> Iterator[str]:
    for container in list_entries(workload.pod_spec.at("containers")):
        for key in ("command", "args"):
            yield from (
                (peek_text(argument) or "").lower()
                for argument in list_entries(container.at(key))
            )


def _orphaned_services(
    objects: KubeObjects, dropped: list[Workload], remaining: list[Workload]
) -> Iterator[KubeObject]:
    for service in objects.of_kind("Service"):
        selector = string_map(service.at("spec", "selector"))
        if (
            selector
            and _selects_any(selector, service, dropped)
            and not _selects_any(selector, service, remaining)
        ):
            yield service


def _selects_any(
    selector: Mapping[str, str], service: KubeObject, candidates: Iterable[Workload]
) -> bool:
    labels = selector.items()
    return any(
        workload.namespace == service.namespace and labels <= workload.labels.items()
        for workload in candidates
    )
