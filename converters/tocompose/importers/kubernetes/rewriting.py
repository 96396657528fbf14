"""Rewrites the names and ports of Services in the texts of one container, and says each rewrite."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.references import PortRewrite, rewrite_ports
from tocompose.importers.kubernetes.services import KubeService, KubeServices
from tocompose.ledger import Cursor

_BEFORE = r"(?:(?<=[\s/@=,;:\"'(\[])|^)"
_AFTER = r"(?=[\s/:,;?#\"')\]]|$)"
_DOTTED = r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9.-]*[a-z0-9]"
_IN_CLUSTER = (
    r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9-]+\.svc(?:\.cluster\.local)?(?![\w-])"
)
_ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+"


def rewrite_text(given: str, cursor: Cursor, place: ContainerContext, to: str) -> str:
    """The text with Service ports replaced by container ports; each change is noted at the cursor."""

    def own(backend: KubeService, number: int) -> bool:
        return place.workload in backend.workloads and place.listens(number)

    changed, done = rewrite_ports(given, place.namespace, place.model.kube_services, own)
    record_hosts(given, cursor, place)
    annotate_rewrites(done, cursor, to)
    return replace_outside_names(changed, cursor, place, to)


def record_hosts(given: str, cursor: Cursor, place: ContainerContext) -> None:
    """Takes note of the Services of other namespaces that the text names, and of names in the cluster that no Service
    of the input has."""
    backends = place.model.kube_services
    if "." in given and len(backends.namespaces) > 1:
        for host in re.findall(_DOTTED, given):
            backends.resolve(host, place.namespace)
    if ".svc" in given:
        for host in re.findall(_IN_CLUSTER, given):
            if backends.resolve(host, place.namespace) is None:
                place.model.builder.unresolved_hosts.setdefault(
                    host, (cursor.span, place.service)
                )


def annotate_rewrites(done: list[PortRewrite], cursor: Cursor, to: str) -> None:
    """Notes the changes at the place of the text."""
    for each in done:
        cursor.remark(
            "TC221", subject=to, old=each.old, new=each.new, service=each.kube_service.name
        )


def replace_outside_names(
    given: str, cursor: Cursor, place: ContainerContext, to: str
) -> str:
    """The text with the names of external Services replaced by what they stand for. Names that the network does not
    know become extra hosts of the container."""
    backends = place.model.kube_services
    pattern = _outside_pattern(backends)
    if pattern is None or not given:
        return given
    return pattern.sub(_replacement(cursor, place, to), given)


def _outside_pattern(backends: KubeServices) -> re.Pattern[str] | None:
    """What matches the names of Services that no container on the network answers to; None when there are none."""
    if backends.outside_pattern is None:
        names = [re.escape(item.name) for item in backends if _is_outside(item)]
        names.sort(key=len, reverse=True)
        text = rf"{_BEFORE}(?P<host>(?:{'|'.join(names)})(?:\.[a-z0-9-]+(?:\.svc(?:\.[a-z0-9.-]+)?)?)?){_AFTER}"
        backends.outside_pattern = (re.compile(text) if names else None,)
    return backends.outside_pattern[0]


def _is_outside(backend: KubeService) -> bool:
    return not backend.workloads or any(
        workload.host_network for workload in backend.workloads
    )


def _replacement(
    cursor: Cursor, place: ContainerContext, to: str
) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        host = match["host"]
        backend = place.model.kube_services.resolve(host, place.namespace)
        if backend is None or not _is_outside(backend):
            return host
        if backend.external and not re.fullmatch(_ADDRESS, backend.external):
            cursor.remark("TC225", subject=to, service=backend.name, host=backend.external)
            return backend.external
        if backend.external:
            place.extra_hosts[host] = backend.external
        elif backend.workloads:
            place.extra_hosts[host] = "host-gateway"
        else:
            place.model.builder.callers.setdefault(backend, {}).setdefault(
                place.pod.network_owner
            )
        return host

    return replaced
