"""Values that a pod asks of itself: `fieldRef` and `resourceFieldRef`."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.quantities import ONE, parse_quantity, rounded_up
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.workloads import PodContainer
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal
from tocompose.syntax.names import variable_name

HOST = "host.docker.internal"
_KEYED = r"metadata\.(?P<section>labels|annotations)(?:\['(?P<key>[^']+)'\])?"


def field_value(
    reference: Cursor, place: ContainerContext, to: str, name: str
) -> str | None:
    """The text of a `fieldRef` as Compose reads it; None, with a note, for a field that does not exist."""
    cursor = reference.at("fieldPath")
    path = peek_text(cursor) or ""
    keyed = re.fullmatch(_KEYED, path)
    if keyed and keyed["key"]:
        found = place.workload.pod_template.at("metadata", keyed["section"], keyed["key"])
        cursor.take(to=to)
        return literal(found.take(to=to) or "")
    if path in ("metadata.name", "metadata.namespace", "spec.serviceAccountName"):
        cursor.take(to=to)
        return _identity_value(path, place, cursor, to)
    if path in ("status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"):
        cursor.take(to=to)
        return _address_value(path, place, cursor, to)
    if path in ("metadata.uid", "spec.nodeName"):
        cursor.take(to=to)
        cursor.remark("TC216", field=path, value=place.pod.base, subject=to)
        return f"${{{variable_name(place.pod.base)}_{_variable_suffix(path)}:-{place.pod.base}}}"
    cursor.note("TC219", fields=f"{path or 'fieldRef'} ({name})", subject=to)
    return None


def _variable_suffix(path: str) -> str:
    return "UID" if path.endswith("uid") else "NODE_NAME"


def _identity_value(path: str, place: ContainerContext, cursor: Cursor, to: str) -> str:
    workload = place.workload
    if path == "metadata.namespace":
        workload.kube_object.at("metadata", "namespace").take(to=to)
        return literal(place.namespace)
    if path == "spec.serviceAccountName":
        spec = workload.pod_spec
        given = spec.take("serviceAccountName", to=to) or spec.take("serviceAccount", to=to)
        return literal(given or "default")
    if (
        workload.replicas is not None
        and workload.replicas > 1
        and place.pod.ordinal is None
    ):
        cursor.remark("TC216", field=path, value=place.pod.base, subject=to)
    place.needs_hostname = True
    return place.pod.hostname or place.pod.base


def _address_value(path: str, place: ContainerContext, cursor: Cursor, to: str) -> str:
    if path.startswith("status.hostIP"):
        place.extra_hosts[HOST] = "host-gateway"
        cursor.remark("TC216", field=path, value=HOST, subject=to)
        return HOST
    name = "127.0.0.1" if place.workload.host_network else place.pod.base
    cursor.remark("TC217", value=name, subject=to)
    return name


def resource_value(
    reference: Cursor, place: ContainerContext, to: str, name: str
) -> str | None:
    """The text of a `resourceFieldRef`, rounded up as Kubernetes does; None, with a note, where no limit is set."""
    path = peek_text(reference.at("resource")) or ""
    owner = peek_text(reference.at("containerName"))
    unit = _container_named(place, owner) if owner else place.unit
    section, _, resource = path.partition(".")
    amount = _resource_amount(unit, section, resource, to) if unit else None
    divisor = parse_quantity(peek_text(reference.at("divisor")) or "1") or ONE
    if amount is None:
        reference.note("TC218", field=path or "resourceFieldRef", name=name, subject=to)
        return None
    reference.take("resource", to=to)
    reference.take("divisor", to=to)
    if owner and unit is not place.unit:
        reference.take("containerName", to=to)
    return str(rounded_up(amount, divisor))


def _container_named(place: ContainerContext, name: str) -> PodContainer | None:
    return next((unit for unit in place.pod.containers if unit.name == name), None)


def _resource_amount(
    unit: PodContainer, section: str, resource: str, to: str
) -> int | None:
    resources = unit.cursor.at("resources")
    order = ("limits",) if section == "limits" else ("requests", "limits")
    for key in order:
        given = peek_text(resources.at(key, resource))
        if given is not None:
            resources.take(key, resource, to=to)
            return parse_quantity(given)
    return None
