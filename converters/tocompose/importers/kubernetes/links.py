"""The variables that Kubernetes sets in every pod for each Service of its namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool, peek_text
from tocompose.importers.kubernetes.services import KubeService

MENTION = r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP)[A-Z_]*)?)"


def link_variables(place: ContainerContext) -> Mapping[str, str]:
    """The variables by name, for `$(NAME)`; with the container's port where the Service's differs."""
    backends = place.model.kube_services
    known = backends.link_variables.get(place.namespace)
    if known is None:
        known = {
            name: text
            for backend in backends
            if _is_linked(backend, place)
            for name, text in _variables_of(backend).items()
        }
        backends.link_variables[place.namespace] = known
    return known


def _is_linked(backend: KubeService, place: ContainerContext) -> bool:
    return (
        backend.namespace == place.namespace
        and not backend.headless
        and bool(backend.ports)
    )


def _variables_of(backend: KubeService) -> Mapping[str, str]:
    """https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables"""
    prefix = re.sub(r"[^A-Z0-9]", "_", backend.name.upper())
    ports = [(port, backend.target(port) or port.number) for port in backend.ports]
    first, target = ports[0]
    found = {f"{prefix}_SERVICE_HOST": backend.name, f"{prefix}_SERVICE_PORT": str(target)}
    found[f"{prefix}_PORT"] = f"{first.protocol}://{backend.name}:{target}"
    for port, number in ports:
        if port.name:
            found[
                f"{prefix}_SERVICE_PORT_{re.sub(r'[^A-Z0-9]', '_', port.name.upper())}"
            ] = str(number)
        base = f"{prefix}_PORT_{port.number}_{port.protocol.upper()}"
        found[base] = f"{port.protocol}://{backend.name}:{number}"
        found |= {
            f"{base}_PROTO": port.protocol,
            f"{base}_PORT": str(number),
            f"{base}_ADDR": backend.name,
        }
    return found


def mentioned_variables(
    place: ContainerContext, values: Mapping[str, str], more: Iterable[str]
) -> Mapping[str, str]:
    """Those variables that the container's texts name, unless the pod switches them off."""
    if peek_bool(place.workload.pod_spec.at("enableServiceLinks")) is False:
        return {}
    texts = [*values.values(), *more]
    for key in ("command", "args"):
        texts.extend(
            peek_text(entry) or "" for entry in list_entries(place.unit.cursor.at(key))
        )
    names = {
        name
        for given in texts
        if "_PORT" in given or "_SERVICE_" in given
        for name in re.findall(MENTION, given)
    }
    known = link_variables(place) if names else {}
    return {name: known[name] for name in sorted(names) if name in known}
