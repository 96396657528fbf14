"""Ingress controllers among the workloads: they talk to the Kubernetes API, and the proxy takes their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.routing.middleware_fields import GROUPS
from tocompose.importers.kubernetes.routing.policy_fields import LabelSelector, PolicyPeer
from tocompose.importers.kubernetes.scalars import string_map
from tocompose.importers.kubernetes.workloads import (
    Workload,
    find_workloads,
    pod_labels,
)
from tocompose.ledger import Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.tables import table

# Images that do nothing but watch the Kubernetes API for routes; the last part of the name, or the last two.
_CONTROLLER_IMAGES = regex(
    r"(?:^|/)(?:ingress-nginx/(?:controller|kube-webhook-certgen)|nginx-ingress-controller|kube-webhook-certgen"
    r"|nginx/nginx-ingress|nginxinc/kubernetes-ingress|haproxytech/kubernetes-ingress|haproxy-ingress"
    r"|kong/kubernetes-ingress-controller|projectcontour/contour|envoyproxy/gateway|nginx-gateway-fabric"
    r"|aws-load-balancer-controller|aws-alb-ingress-controller|ingress-gce-[\w-]+|cert-manager-[\w-]+"
    r"|defaultbackend(?:-\w+)?|http-svclb|klipper-lb)(?=[:@]|$)"
)
_TRAEFIK = regex(r"(?:^|/)traefik(?=[:@]|$)")
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


def names_controller(peer: PolicyPeer, left_out: Iterable[KubeObject]) -> bool:
    """Whether a peer of a network policy is the Ingress controller: one that was left out of the input, or one that
    the names of its namespace or of its pods show."""
    if not peer.namespaces.is_stated:
        return False
    namespaces, pods = _selected_words(peer.namespaces), _selected_words(peer.pods)
    if any(_is_meant(peer, namespaces, controller) for controller in left_out):
        return True
    if not pods and not namespaces - _SHARED_NAMESPACES:
        return peer.namespaces.cursor.style == "{}"
    return any(
        (not namespaces or bool(namespaces & names)) and (not pods or bool(pods & labels))
        for names, labels in _controller_words()
    )


def _selected_words(selector: LabelSelector) -> set[str]:
    """The values that a label selector asks for, whatever the keys."""
    selector_words = set(selector.labels.values())
    for expression in selector.expressions:
        selector_words |= {value or "" for value in expression.values}
    return selector_words


# Many things run in these: a policy that lets all of them in does not speak of the controller.
_SHARED_NAMESPACES = frozenset({"kube-system", "ingress"})


def _is_meant(peer: PolicyPeer, namespace_words: set[str], controller: KubeObject) -> bool:
    labels = pod_labels(controller)
    wanted_labels = peer.pods.labels.items()
    return controller.namespace in namespace_words and wanted_labels <= labels.items()


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
    for container in workload.pod_spec.containers:
        yield container.image.text or ""


def _command_words(workload: Workload) -> Iterator[str]:
    for container in workload.pod_spec.containers:
        for word in container.words:
            yield (word.text or "").lower()


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
