"""Service of Knative: its container as a Deployment, and a Service on port 80.

https://knative.dev/docs/serving/
"""

from __future__ import annotations

from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatorRequest,
)
from tocompose.importers.kubernetes.scalars import take_scalar

_LABEL = "serving.knative.dev/service"
# Where a container listens that names no port, which it is told by the variable PORT.
# https://github.com/knative/specs/blob/main/specs/serving/runtime-contract.md#inbound-network-connectivity
_PORT = "8080"


def answer(request: OperatorRequest) -> None:
    """Makes the workload and its Service."""
    template = request.at("spec", "template")
    containers = template.at("spec", "containers")
    if not template.at("spec"):
        return
    labels = {_LABEL: request.name}
    first = containers.at(0)
    port = take_scalar(first.at("ports", 0, "containerPort"), SERVICES) or _PORT
    env: list[Manifest] = [*first.at("env"), {"name": "PORT", "value": port}]
    container: dict[str, Manifest] = {
        "name": request.name,
        **{str(child.key): child.node for child in first.children},
        "env": env,
        "ports": [{"name": "http1", "containerPort": int(port)}],
    }
    pod: dict[str, Manifest] = {
        str(child.key): child.node
        for child in template.at("spec").children
        if child.key
        not in ("containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds")
    }
    pod["containers"] = [container, *list(containers)[1:]]
    made_object = request.add(
        "Deployment",
        request.name,
        spec={
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    )
    made_object.grafts = tuple(
        (below.node, "PodSpec") for below in [template.at("spec")] if below.node is not None
    )
    request.add(
        "Service",
        request.name,
        spec={
            "selector": labels,
            "ports": [{"name": "http", "port": 80, "targetPort": int(port)}],
        },
    )
