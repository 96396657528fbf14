"""The variables that Kubernetes sets in every pod for each Service of its namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool, peek_text
from tocompose.importers.kubernetes.services import KubeService

MENTION = r"[A-Z][A-Z0-9_]*_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP)[A-Z_]*)?)"


def link_variables(container: ContainerContext) -> Mapping[str, str]:
    """The variables by name, for `$(NAME)`; with the container's port where the Service's differs."""
    kube_services = container.kube_services
    variables = kube_services.link_variables.get(container.namespace)
    if variables is None:
        variables = {
            name: text
            for kube_service in kube_services
            if _is_linked(kube_service, container)
            for name, text in _variables_of(kube_service).items()
        }
        kube_services.link_variables[container.namespace] = variables
    return variables


def _is_linked(kube_service: KubeService, container: ContainerContext) -> bool:
    return (
        kube_service.namespace == container.namespace
        and not kube_service.headless
        and bool(kube_service.ports)
    )


def _variables_of(kube_service: KubeService) -> Mapping[str, str]:
    """https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables"""
    prefix = re.sub(r"[^A-Z0-9]", "_", kube_service.name.upper())
    ports = [
        (port, kube_service.target(port) or port.number) for port in kube_service.ports
    ]
    first_port, target = ports[0]
    variables = {
        f"{prefix}_SERVICE_HOST": kube_service.name,
        f"{prefix}_SERVICE_PORT": str(target),
    }
    variables[f"{prefix}_PORT"] = f"{first_port.protocol}://{kube_service.name}:{target}"
    for port, number in ports:
        if port.name:
            variables[
                f"{prefix}_SERVICE_PORT_{re.sub(r'[^A-Z0-9]', '_', port.name.upper())}"
            ] = str(number)
        base = f"{prefix}_PORT_{port.number}_{port.protocol.upper()}"
        variables[base] = f"{port.protocol}://{kube_service.name}:{number}"
        variables |= {
            f"{base}_PROTO": port.protocol,
            f"{base}_PORT": str(number),
            f"{base}_ADDR": kube_service.name,
        }
    return variables


def mentioned_variables(
    container: ContainerContext, values: Mapping[str, str], file_texts: Iterable[str]
) -> Mapping[str, str]:
    """Those variables that the container's texts name, unless the pod switches them off."""
    if peek_bool(container.pod_spec.at("enableServiceLinks")) is False:
        return {}
    arguments = (
        peek_text(argument) or ""
        for key in ("command", "args")
        for argument in list_entries(container.cursor.at(key))
    )
    names: set[str] = set()
    for text in (*values.values(), *file_texts, *arguments):
        if "_PORT" in text or "_SERVICE_" in text:
            names.update(re.findall(MENTION, text))
    if not names:
        return {}
    variables = link_variables(container)
    return {name: variables[name] for name in sorted(names & variables.keys())}
