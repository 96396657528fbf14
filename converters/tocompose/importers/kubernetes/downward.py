"""Values that a pod asks of itself: `fieldRef` and `resourceFieldRef`."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.resources import ONE, parse_quantity, rounded_up
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

HOST = "host.docker.internal"
_KEYED = r"metadata\.(?P<section>labels|annotations)(?:\['(?P<key>[^']+)'\])?"


def field_value(
    reference: Cursor, container: ContainerContext, to: ModelPath, name: str
) -> str | None:
    """The text of a `fieldRef` as Compose reads it; None, with a note, for a field that does not exist."""
    cursor = reference.at("fieldPath")
    path = peek_text(cursor) or ""
    keyed = re.fullmatch(_KEYED, path)
    if keyed and keyed["key"]:
        metadata_entry = container.workload.pod_template.at(
            "metadata", keyed["section"], keyed["key"]
        )
        cursor.take(to=to)
        return literal(metadata_entry.take(to=to) or "")
    if path in ("metadata.name", "metadata.namespace", "spec.serviceAccountName"):
        cursor.take(to=to)
        return _identity_value(path, container, cursor, to)
    if path in ("status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs"):
        cursor.take(to=to)
        return _address_value(path, container, cursor, to)
    if path in ("metadata.uid", "spec.nodeName"):
        cursor.take(to=to)
        cursor.annotate("TC216", field=path, value=container.pod.base, subject=to)
        return f"${{{variable_name(container.pod.base)}_{_variable_suffix(path)}:-{container.pod.base}}}"
    cursor.note("TC219", fields=f"{path or 'fieldRef'} ({name})", subject=to)
    return None


def _variable_suffix(path: str) -> str:
    return "UID" if path.endswith("uid") else "NODE_NAME"


def _identity_value(
    path: str, container: ContainerContext, cursor: Cursor, to: ModelPath
) -> str:
    workload = container.workload
    if path == "metadata.namespace":
        workload.kube_object.at("metadata", "namespace").take(to=to)
        return literal(container.namespace)
    if path == "spec.serviceAccountName":
        spec = workload.pod_spec
        account = spec.take("serviceAccountName", to=to) or spec.take(
            "serviceAccount", to=to
        )
        return literal(account or "default")
    if (workload.replicas or 1) > 1 and container.pod.ordinal is None:
        cursor.annotate("TC216", field=path, value=container.pod.base, subject=to)
    container.needs_hostname = True
    own_name = workload.kube_object.name if workload.kind == "Pod" else container.pod.base
    return container.pod.hostname or own_name


def _address_value(
    path: str, container: ContainerContext, cursor: Cursor, to: ModelPath
) -> str:
    if path.startswith("status.hostIP"):
        container.extra_hosts[HOST] = "host-gateway"
        cursor.annotate("TC216", field=path, value=HOST, subject=to)
        return HOST
    name = "127.0.0.1" if container.workload.host_network else container.pod.base
    cursor.annotate("TC217", value=name, subject=to)
    return name


def resource_value(
    reference: Cursor, container: ContainerContext, to: ModelPath, name: str
) -> str | None:
    """The text of a `resourceFieldRef`, rounded up as Kubernetes does; None, with a note, where no limit is set."""
    path = peek_text(reference.at("resource")) or ""
    owner = peek_text(reference.at("containerName"))
    cursor = _container_named(container, owner) if owner else container.cursor
    amount = _resource_amount(cursor, path, to) if cursor else None
    divisor = parse_quantity(peek_text(reference.at("divisor")) or "1") or ONE
    if amount is None:
        reference.note("TC218", field=path or "resourceFieldRef", name=name, subject=to)
        return None
    for key in ("resource", "divisor"):
        reference.take(key, to=to)
    if owner and owner != container.name:
        reference.take("containerName", to=to)
    return str(rounded_up(amount, divisor))


def _container_named(container: ContainerContext, name: str) -> Cursor | None:
    for pod_container in container.pod.containers:
        if pod_container.name == name:
            return pod_container.cursor
    return None


def _resource_amount(container: Cursor, path: str, to: ModelPath) -> int | None:
    section, _, resource = path.partition(".")
    resources = container.at("resources")
    for key in ("limits",) if section == "limits" else ("requests", "limits"):
        text = peek_text(resources.at(key, resource))
        if text is not None:
            resources.take(key, resource, to=to)
            return parse_quantity(text)
    return None
