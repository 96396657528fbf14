"""The variables that Kubernetes sets in every pod for each Service, and `$(NAME)` worked out as the kubelet does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool, peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.syntax.interpolation import literal

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


def expand_references(text: str, scope: Mapping[str, str]) -> str:
    """The text as Compose reads it: `$(NAME)` replaced from `scope` (texts as Compose reads them), `$$` one dollar.

    A name that the scope does not know stays as it is.
    https://github.com/kubernetes/kubernetes/blob/master/third_party/forked/golang/expansion/expand.go
    """
    if "$" not in text:
        return text
    expanded: list[str] = []
    start = index = 0
    while (index := text.find("$", index)) >= 0 and index + 1 < len(text):
        following = text[index + 1]
        close = text.find(")", index) if following == "(" else -1
        if following == "$":
            expanded.append(literal(text[start : index + 1]))
            index = start = index + 2
        elif close > 0 and (name := text[index + 2 : close]) in scope:
            expanded.extend((literal(text[start:index]), scope[name]))
            index = start = close + 1
        else:
            index += 1 if following != "(" or close < 0 else close + 1 - index
    expanded.append(literal(text[start:]))
    return "".join(expanded)
