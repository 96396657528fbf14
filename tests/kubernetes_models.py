"""The types of the `kubernetes` package: what fields the API has, and which of them `mappings/kubernetes/` closes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tocompose.importers.kubernetes.kinds import field_tables

ROOTS = (
    *(
        "V1Pod",
        "V1Deployment",
        "V1ReplicaSet",
        "V1ReplicationController",
        "V1StatefulSet",
        "V1DaemonSet",
        "V1Job",
    ),
    *(
        "V1CronJob",
        "V1Service",
        "V1ConfigMap",
        "V1Secret",
        "V1PersistentVolumeClaim",
        "V1PersistentVolume",
    ),
    *(
        "V2HorizontalPodAutoscaler",
        "V1PodDisruptionBudget",
        "V1ServiceAccount",
        "V1Role",
        "V1ClusterRole",
    ),
    *(
        "V1RoleBinding",
        "V1ClusterRoleBinding",
        "V1Namespace",
        "V1LimitRange",
        "V1ResourceQuota",
        "V1Endpoints",
    ),
    "V1EndpointSlice",
)
_VERSION = re.compile(
    r"^(?:Core|Discovery|Events|Rbac|Authentication|Storage|Flowcontrol|Admissionregistration)?V\d+(?:(?:alpha|beta)\d+)?"
)


class Property(NamedTuple):
    """One field of a model: its name in manifests, and its type in the client's words (`List[V1Container]`)."""

    name: str
    type: str


def bare(model: str) -> str:
    """The name of a type in the tables: the model's without its version."""
    return _VERSION.sub("", model)


@cache
def fields(model: str) -> tuple[Property, ...]:
    """The fields of a model."""
    import kubernetes.client.models as models

    known = getattr(models, model)
    return tuple(
        Property(known.attribute_map[name], kind)
        for name, kind in known.openapi_types.items()
    )


@cache
def is_model(name: str) -> bool:
    """Whether the package has a model of that name."""
    import kubernetes.client.models as models

    return (
        hasattr(models, name)
        and name[:1].isupper()
        and hasattr(getattr(models, name), "openapi_types")
    )


def inner(kind: str) -> str | None:
    """The model that a type is made of; None for plain values."""
    names = [name for name in re.findall(r"[A-Za-z]\w*", kind) if is_model(name)]
    return names[-1] if names else None


def open_types() -> Iterator[tuple[str, str]]:
    """The models reachable from the supported kinds through rows that do not close what lies below; with the place
    from which each was first reached."""
    seen: set[str] = set()
    todo = [(root, root) for root in ROOTS]
    while todo:
        model, place = todo.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield model, place
        rows = field_tables().get(bare(model), {})
        for field in fields(model):
            row = rows.get(field.name)
            below = inner(field.type)
            if below and row is not None and row.type:
                todo.append((below, f"{place}.{field.name}"))
