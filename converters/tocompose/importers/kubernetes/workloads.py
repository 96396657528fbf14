"""Workloads: the objects that run pods, and the compose services that each of their pods becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from tocompose.importers.kubernetes.kinds import kind
from tocompose.importers.kubernetes.objects import Object, Objects
from tocompose.importers.kubernetes.scalars import items, strings, truth, value, whole
from tocompose.importers.kubernetes.waits import Wait, waited
from tocompose.ledger import Cursor
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.source import leaves
from tocompose.syntax.names import identifier, unique

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
WORKLOADS = (
    *("Deployment", "StatefulSet", "DaemonSet", "Rollout", "DeploymentConfig"),
    *("ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob"),
)


class Part(Enum):
    """What a container is in its pod."""

    MAIN = "main"
    PARTNER = "partner"
    INIT = "init"
    SIDECAR = "sidecar"


class Unit(NamedTuple):
    """One container of one pod, which becomes the compose service `service`."""

    service: str
    name: str
    part: Part
    cursor: Cursor


class Instance(NamedTuple):
    """One pod, or the equal pods of a workload: `owner` is the service whose network namespace the others share."""

    base: str
    hostname: str | None
    ordinal: int | None
    owner: str
    units: tuple[Unit, ...]

    def running(self) -> Iterator[Unit]:
        """The containers that keep running: all but the init containers."""
        return (unit for unit in self.units if unit.part is not Part.INIT)

    @property
    def main(self) -> Unit:
        """The first container of the pod."""
        return next((unit for unit in self.units if unit.part is Part.MAIN), self.units[0])


class Workload:
    """An object that runs pods; `spec` is the pod's, `labels` are those that Services select by, `host_network` says
    that the pod uses the host's network; `waits` are the init containers that only wait for something else."""

    __slots__ = (
        "_ports",
        "host_network",
        "instances",
        "job",
        "labels",
        "name",
        "namespace",
        "object",
        "replicas",
        "spec",
        "template",
        "waits",
    )

    def __init__(self, item: Object) -> None:
        self.object = item
        path = kind(item.kind).template
        self.template = item.cursor if path == ("", "") else item.at(*path)
        self.spec = self.template.at("spec")
        self.labels = strings(self.template.at("metadata", "labels"))
        self.namespace = item.namespace
        self.job = (
            item.at("spec", "jobTemplate", "spec")
            if item.title == "CronJob"
            else item.at("spec")
        )
        self.name = item.name
        self.replicas: int | None = None
        self.host_network = truth(self.spec.at("hostNetwork")) is True
        self.waits: tuple[tuple[Cursor, Wait], ...] = ()
        self._ports: dict[str, Cursor] | None = None
        self.instances: tuple[Instance, ...] = ()

    @property
    def kind(self) -> str:
        """The object's kind."""
        return self.object.title

    @property
    def several(self) -> bool:
        """Whether several equal pods become replicas of one service."""
        if self.kind == "StatefulSet" or (self.replicas or 1) < 2:
            return False
        return all(sum(1 for _ in instance.running()) == 1 for instance in self.instances)

    def port(self, name: str) -> Cursor | None:
        """The declared port of that name in one of the pod's running containers."""
        if self._ports is None:
            self._ports = {}
            for unit in self.instances[0].units if self.instances else ():
                for port in (
                    items(unit.cursor.at("ports")) if unit.part is not Part.INIT else ()
                ):
                    self._ports.setdefault(value(port.at("name")) or "", port)
        return self._ports.get(name)

    def units(self) -> Iterator[tuple[Instance, Unit]]:
        """Every compose service of the workload."""
        for instance in self.instances:
            for unit in instance.units:
                yield instance, unit


def workloads(objects: Objects) -> tuple[Workload, ...]:
    """Every workload of the input, in source order, not yet named."""
    kinds = frozenset(WORKLOADS)
    return tuple(
        Workload(item)
        for item in objects
        if kind(item.kind).template and item.title in kinds
    )


def name_all(
    found: Iterable[Workload], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> None:
    """Gives each workload the name of its compose service, and its pods theirs.

    `reserved` are the Services by namespace and name with the workloads they select (by `id`): a workload must not
    answer to the name of a Service that selects others.
    """
    taken: dict[str, str] = {}
    names: set[str] = set()
    everything = tuple(found)
    crowded = _crowded(everything)
    short = _short(everything, reserved)
    for workload in everything:
        if not any(items(workload.spec.at("containers"))):
            workload.object.cursor.note("TC210", object=str(workload.object))
            continue
        wanted = short.get(id(workload)) or workload.object.name
        _name(
            workload,
            wanted,
            taken,
            names,
            reserved,
            (workload.namespace, workload.object.name) in crowded,
        )
        _expand(workload, names)
    _say_short([workload for workload in everything if id(workload) in short])


def _say_short(found: list[Workload]) -> None:
    if found:
        names = ", ".join(f"{each.object.name} is {each.name}" for each in found)
        found[0].object.cursor.ledger.say(note("TC276", found[0].object.span, names=names))


def _short(
    found: tuple[Workload, ...], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> dict[int, str]:
    """The names of workloads (by `id`) without the kind that they end in, where nothing else has the short name."""
    shortened = {
        id(each): each.object.name[: -len(end)] for each in found if (end := _ending(each))
    }
    if not shortened:
        return {}
    names = Counter([*(each.object.name for each in found), *shortened.values()])
    services: dict[str, set[int]] = {}
    for (_, name), selected in reserved.items():
        services.setdefault(name, set()).update(selected or {0})
    return {
        key: name
        for key, name in shortened.items()
        if names[name] == 1 and services.get(name, {key}) == {key}
    }


def _ending(workload: Workload) -> str:
    """The kind as the end of the name (`-deployment`), when what stands before it is a name too."""
    name = workload.object.name
    found = next((end for end in _ENDINGS.get(workload.kind, ()) if name.endswith(end)), "")
    return found if found and _allowed(name[: -len(found)]) else ""


def _crowded(found: tuple[Workload, ...]) -> set[tuple[str, str]]:
    """The workloads, by namespace and name, that share their name with one of another namespace whose pods name them:
    both on one network, they must not answer to that name."""
    spaces: dict[str, dict[str, Workload]] = {}
    for workload in found:
        spaces.setdefault(workload.object.name, {})[workload.namespace] = workload
    return {
        (space, name)
        for name, each in spaces.items()
        if len(each) > 1
        for space in each
        if any(
            _names(other, f"{name}.{space}") for other in found if other.namespace != space
        )
    }


def _names(workload: Workload, host: str) -> bool:
    node = workload.spec.node
    return node is not None and any(host in leaf.text for leaf in leaves(node))


def _name(
    workload: Workload,
    given: str,
    taken: dict[str, str],
    names: set[str],
    reserved: Mapping[tuple[str, str], frozenset[int]],
    crowded: bool,
) -> None:
    wanted = identifier(given) if not _allowed(given) else given
    selected = reserved.get((workload.namespace, wanted))
    name = wanted
    if selected is not None and id(workload) not in selected:
        name = f"{wanted}-{workload.kind.lower()}"
    elif crowded:
        name = f"{wanted}-{workload.namespace}"
    elif wanted in names:
        other = taken.get(wanted, workload.namespace)
        name = f"{wanted}-{workload.namespace if other != workload.namespace else workload.kind.lower()}"
    workload.name = unique(name, names)
    taken.setdefault(wanted, workload.namespace)
    if workload.name != given:
        cursor = workload.object.at("metadata", "name") or workload.object.cursor
        cursor.remark(
            "TC207",
            object=str(workload.object),
            name=workload.name,
            subject=f"services.{workload.name}",
        )


def _allowed(name: str) -> bool:
    return (
        len(name) > 1
        and name.replace("-", "a").replace(".", "a").isalnum()
        and name.islower()
        and name.isascii()
    )


def _expand(workload: Workload, names: set[str]) -> None:
    """The pods of the workload: one for each ordinal of a StatefulSet, else one that stands for all."""
    replicas = whole(workload.object.at("spec", "replicas"), "services")
    workload.replicas = replicas
    if workload.kind == "StatefulSet":
        start = whole(workload.object.at("spec", "ordinals", "start"), "services") or 0
        count = _bounded(1 if replicas is None else replicas, workload)
        ordinals = range(start, start + count)
        workload.instances = tuple(
            _stateful(workload, ordinal, count, names) for ordinal in ordinals
        )
        if count > 1:
            names.discard(workload.name)
        if count == 0:
            workload.instances = (_stateful(workload, start, 1, names),)
    else:
        workload.instances = (_instance(workload, workload.name, None, None, names),)


def _bounded(replicas: int, workload: Workload) -> int:
    """So many pods as may be written out one by one."""
    most = limit("PODS")
    if replicas > most:
        replicas_at = workload.object.at("spec", "replicas")
        replicas_at.remark("TC022", what=str(workload.object), pods=replicas, most=most)
    return max(min(replicas, most), 0)


def _stateful(workload: Workload, ordinal: int, count: int, names: set[str]) -> Instance:
    base = workload.name if count == 1 else unique(f"{workload.name}-{ordinal}", names)
    return _instance(workload, base, f"{workload.object.name}-{ordinal}", ordinal, names)


def _instance(
    workload: Workload,
    base: str,
    hostname: str | None,
    ordinal: int | None,
    names: set[str],
) -> Instance:
    mains = _mains(workload)
    before = tuple(items(workload.spec.at("initContainers")))
    if before:
        found = [
            (cursor, wait) for cursor in before if (wait := waited(cursor)) is not None
        ]
        workload.waits = tuple(found)
        before = tuple(
            cursor for cursor in before if all(cursor is not each for each, _ in found)
        )
    units: list[Unit] = []
    for cursor in before:
        sidecar = value(cursor.at("restartPolicy")) == "Always"
        units.append(_unit(cursor, Part.SIDECAR if sidecar else Part.INIT, base, names))
    for number, cursor in enumerate(mains):
        if number == 0:
            units.append(Unit(base, value(cursor.at("name")) or "", Part.MAIN, cursor))
        else:
            units.append(_unit(cursor, Part.PARTNER, base, names))
    sidecars = [unit.service for unit in units if unit.part is Part.SIDECAR]
    return Instance(
        base, hostname, ordinal, sidecars[0] if sidecars else base, tuple(units)
    )


def _mains(workload: Workload) -> list[Cursor]:
    """The containers, first the one that stands for the pod: the default one of kubectl, else the workload's namesake.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
    """
    found = list(items(workload.spec.at("containers")))
    annotation = workload.template.at(
        "metadata", "annotations", "kubectl.kubernetes.io/default-container"
    )
    for wanted in (value(annotation), workload.object.name, workload.name):
        chosen = next(
            (cursor for cursor in found if wanted and value(cursor.at("name")) == wanted),
            None,
        )
        if chosen is not None:
            return [chosen, *(cursor for cursor in found if cursor is not chosen)]
    return found


def _unit(cursor: Cursor, part: Part, base: str, names: set[str]) -> Unit:
    """A container beside the main one: its service is named after the pod's and its own name, neither said twice."""
    name = value(cursor.at("name")) or "container"
    own = (name if _allowed(name) else identifier(name)).removeprefix(f"{base}-")
    if part is Part.INIT and "init" not in own.split("-"):
        own = f"init-{own}"
    return Unit(unique(f"{base}-{own}", names), name, part, cursor)
