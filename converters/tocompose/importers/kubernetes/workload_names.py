"""The names of the compose services that stand for workloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.workloads import (
    Workload,
    expand_pods,
    is_service_name,
    service_name,
)
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.record import replace
from tocompose.source import leaves
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name
from tocompose.wording import enumerated

_NAMES_STAY = "Use the new name with docker compose; names used within the stack still lead to the same service."
_ONE_VERSION = (
    "In the cluster it does so too. If they are versions of one workload, delete all but one from the compose file, or"
    " convert only its manifest."
)
# How names of workloads end that say their kind.
_ENDINGS = {
    "Deployment": ("-deployment", "-deploy", "-dep"),
    "DeploymentConfig": ("-deploymentconfig", "-deployment", "-dc"),
    "StatefulSet": ("-statefulset", "-sts"),
    "DaemonSet": ("-daemonset", "-ds"),
    "ReplicaSet": ("-replicaset", "-rs"),
    "ReplicationController": ("-rc",),
    "Pod": ("-pod",),
    "CronJob": ("-cronjob",),
}
# What people reach by name; a ReplicationController of the same name is its predecessor, a Pod or Job stands beside it.
_CURRENT_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
# The Services by namespace and name with the objects of the workloads they select.
ReservedNames: TypeAlias = Mapping[tuple[str, str], frozenset[KubeObject]]


def name_workloads(
    workloads: tuple[Workload, ...], reserved: ReservedNames
) -> tuple[Workload, ...]:
    """The workloads, each with the name of its compose service, and with pods that have theirs.

    A workload must not answer to the name of a Service that selects others.
    """
    short_names = _short_names(workloads, reserved)
    naming = _Naming(workloads, reserved)
    most, is_full = limit("SERVICES"), False
    named: list[Workload] = []
    for workload in _current_first(workloads):
        kube_object = workload.kube_object
        if not workload.pod_spec.containers:
            kube_object.cursor.note("TC210", object=str(kube_object))
        elif len(naming.names) >= most:
            if not is_full:
                kube_object.cursor.annotate("TC025", what=str(kube_object), most=most)
            kube_object.cursor.mark_noted("TC025")
            is_full = True
        else:
            preferred = short_names.get(kube_object) or kube_object.name
            workload = expand_pods(naming.rename(workload, preferred), naming.names)
        named.append(workload)
    _note_short_names(
        [workload for workload in named if workload.kube_object in short_names]
    )
    positions = {workload.kube_object: at for at, workload in enumerate(workloads)}
    return tuple(sorted(named, key=lambda workload: positions[workload.kube_object]))


def _current_first(workloads: tuple[Workload, ...]) -> list[Workload]:
    """The workloads; of those with one name the Deployment before what stands beside it."""
    current = {
        (workload.namespace, workload.kube_object.name)
        for workload in workloads
        if workload.kind in _CURRENT_KINDS
    }
    return sorted(
        workloads,
        key=lambda workload: (
            workload.kind not in _CURRENT_KINDS
            and (workload.namespace, workload.kube_object.name) in current
        ),
    )


class _Naming:
    """The names given so far."""

    def __init__(self, workloads: tuple[Workload, ...], reserved: ReservedNames) -> None:
        self.names: set[str] = set()
        self._reserved = reserved
        self._ambiguous = set(_ambiguous_names(workloads))
        self._namespaces: dict[str, str] = {}

    def rename(self, workload: Workload, preferred: str) -> Workload:
        """The workload with that name, or the nearest one that is free; a note says when it is another."""
        allowed = service_name(preferred)
        name = unique_name(f"{allowed}{self._suffix(workload, allowed)}", self.names)
        self._namespaces.setdefault(allowed, workload.namespace)
        if name != preferred:
            cursor = workload.kube_object.at("metadata", "name")
            sharing = self._sharing(workload, allowed)
            (cursor or workload.kube_object.cursor).annotate(
                "TC207",
                object=str(workload.kube_object),
                name=name,
                subject=ModelPath.service(name),
                sharing=sharing,
                advice_text=_ONE_VERSION if sharing else _NAMES_STAY,
            )
        return replace(workload, name=name)

    def _sharing(self, workload: Workload, name: str) -> str:
        """Who else the Service of the old name leads to; empty where it leads to nothing else."""
        selected = self._reserved.get((workload.namespace, name), frozenset())
        other_objects = sorted(map(str, selected - {workload.kube_object}))
        if workload.kube_object not in selected or not other_objects:
            return ""
        return f"; Service {name} leads by chance to it or to {enumerated(other_objects)}"

    def _suffix(self, workload: Workload, name: str) -> str:
        """What tells the workload from another one, or from a Service, that has the name."""
        namespace = f"-{service_name(workload.namespace)}"
        kind = f"-{workload.kind.lower()}"
        selected = self._reserved.get((workload.namespace, name))
        if selected is not None and workload.kube_object not in selected:
            return kind
        if (workload.namespace, workload.kube_object.name) in self._ambiguous:
            return namespace
        if name not in self.names:
            return ""
        is_elsewhere = self._namespaces.get(name, workload.namespace) != workload.namespace
        return namespace if is_elsewhere else kind


def _note_short_names(shortened: list[Workload]) -> None:
    if shortened:
        names = ", ".join(
            f"{workload.kube_object.name} is {workload.name}" for workload in shortened
        )
        first_object = shortened[0].kube_object
        first_object.cursor.ledger.add_note(note("TC276", first_object.span, names=names))


def _short_names(
    workloads: Iterable[Workload], reserved: ReservedNames
) -> dict[KubeObject, str]:
    """The names of workloads without the kind that they end in, where nothing else has the short name."""
    shortened = {
        workload.kube_object: short_name
        for workload in workloads
        if (short_name := _without_ending(workload))
    }
    if not shortened:
        return {}
    uses = Counter(workload.kube_object.name for workload in workloads)
    uses.update(shortened.values())
    selected_by_name: dict[str, set[KubeObject | None]] = {}
    for (_, name), selected in reserved.items():
        selected_by_name.setdefault(name, set()).update(selected or {None})
    return {
        kube_object: name
        for kube_object, name in shortened.items()
        if uses[name] == 1 and selected_by_name.get(name, {kube_object}) == {kube_object}
    }


def _without_ending(workload: Workload) -> str:
    """The name without the kind at its end (`-deployment`), when that is a name too; else empty."""
    name = workload.kube_object.name
    for ending in _ENDINGS.get(workload.kind, ()):
        if name.endswith(ending):
            short_name = name.removesuffix(ending)
            return short_name if is_service_name(short_name) else ""
    return ""


def _ambiguous_names(workloads: Iterable[Workload]) -> Iterator[tuple[str, str]]:
    """The workloads, by namespace and name, that share their name with one of another namespace whose pods name them:
    both on one network, they must not answer to that name."""
    namespaces: dict[str, dict[str, None]] = {}
    for workload in workloads:
        namespaces.setdefault(workload.kube_object.name, {})[workload.namespace] = None
    for name, shared in namespaces.items():
        for namespace in shared if len(shared) > 1 else ():
            callers = (caller for caller in workloads if caller.namespace != namespace)
            if any(_mentions_host(caller, f"{name}.{namespace}") for caller in callers):
                yield namespace, name


def _mentions_host(workload: Workload, host: str) -> bool:
    node = workload.pod_spec.cursor.node
    return node is not None and any(host in leaf.text for leaf in leaves(node))
