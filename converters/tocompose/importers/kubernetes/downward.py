"""Values that a pod asks of itself: `fieldRef` and `resourceFieldRef`."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.quantities import ONE, quantity, rounded_up
from tocompose.importers.kubernetes.scalars import value
from tocompose.importers.kubernetes.workloads import Unit
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal
from tocompose.syntax.names import variable_name

HOST = "host.docker.internal"
_KEYED = r"metadata\.(?P<section>labels|annotations)(?:\['(?P<key>[^']+)'\])?"


def field_value(reference: Cursor, place: Place, to: str, name: str) -> str | None:
    """The text of a `fieldRef` as Compose reads it; None, with a note, for a field that does not exist."""
    cursor = reference.at("fieldPath")
    path = value(cursor) or ""
    keyed = re.fullmatch(_KEYED, path)
    if keyed and keyed["key"]:
        found = place.workload.template.at("metadata", keyed["section"], keyed["key"])
        cursor.take(to=to)
        return literal(found.take(to=to) or "")
    if path in ("metadata.name", "metadata.namespace", "spec.serviceAccountName"):
        cursor.take(to=to)
        return _fixed(path, place, cursor, to)
    if path in ("status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"):
        cursor.take(to=to)
        return _address(path, place, cursor, to)
    if path in ("metadata.uid", "spec.nodeName"):
        cursor.take(to=to)
        cursor.remark("TC216", field=path, value=place.instance.base, subject=to)
        return f"${{{variable_name(place.instance.base)}_{_short(path)}:-{place.instance.base}}}"
    cursor.note("TC219", fields=f"{path or 'fieldRef'} ({name})", subject=to)
    return None


def _short(path: str) -> str:
    return "UID" if path.endswith("uid") else "NODE_NAME"


def _fixed(path: str, place: Place, cursor: Cursor, to: str) -> str:
    workload = place.workload
    if path == "metadata.namespace":
        workload.object.at("metadata", "namespace").take(to=to)
        return literal(place.namespace)
    if path == "spec.serviceAccountName":
        spec = workload.spec
        given = spec.take("serviceAccountName", to=to) or spec.take("serviceAccount", to=to)
        return literal(given or "default")
    if (
        workload.replicas is not None
        and workload.replicas > 1
        and place.instance.ordinal is None
    ):
        cursor.remark("TC216", field=path, value=place.instance.base, subject=to)
    place.named = True
    return place.instance.hostname or place.instance.base


def _address(path: str, place: Place, cursor: Cursor, to: str) -> str:
    if path.startswith("status.hostIP"):
        place.hosts[HOST] = "host-gateway"
        cursor.remark("TC216", field=path, value=HOST, subject=to)
        return HOST
    name = "127.0.0.1" if place.workload.host_network else place.instance.base
    cursor.remark("TC217", value=name, subject=to)
    return name


def resource_value(reference: Cursor, place: Place, to: str, name: str) -> str | None:
    """The text of a `resourceFieldRef`, rounded up as Kubernetes does; None, with a note, where no limit is set."""
    path = value(reference.at("resource")) or ""
    owner = value(reference.at("containerName"))
    unit = _unit(place, owner) if owner else place.unit
    section, _, resource = path.partition(".")
    amount = _amount(unit, section, resource, to) if unit else None
    divisor = quantity(value(reference.at("divisor")) or "1") or ONE
    if amount is None:
        reference.note("TC218", field=path or "resourceFieldRef", name=name, subject=to)
        return None
    reference.take("resource", to=to)
    reference.take("divisor", to=to)
    if owner and unit is not place.unit:
        reference.take("containerName", to=to)
    return str(rounded_up(amount, divisor))


def _unit(place: Place, name: str) -> Unit | None:
    return next((unit for unit in place.instance.units if unit.name == name), None)


def _amount(unit: Unit, section: str, resource: str, to: str) -> int | None:
    resources = unit.cursor.at("resources")
    order = ("limits",) if section == "limits" else ("requests", "limits")
    for key in order:
        given = value(resources.at(key, resource))
        if given is not None:
            resources.take(key, resource, to=to)
            return quantity(given)
    return None
