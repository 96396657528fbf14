"""Workloads: the objects that run pods, and the compose services that each of their pods becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from tocompose.importers.kubernetes.kinds import kind
from tocompose.importers.kubernetes.objects import Object, Objects
from tocompose.importers.kubernetes.scalars import items, strings, truth, value, whole
from tocompose.ledger import Cursor
from tocompose.limits import limit
from tocompose.source import leaves
from tocompose.values import identifier, unique

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
    that the pod uses the host's network."""

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
    )

    def __init__(self, item: Object) -> None:
        self.object = item
        path = kind(item.kind).template
        self.template = item.cursor if path == ("", "") else item.at(*path)
        self.spec = self.template.at("spec")
        self.labels = strings(self.template.at("metadata", "labels"))
        self.namespace = item.namespace
        self.job = item.at("spec", "jobTemplate", "spec") if item.title == "CronJob" else item.at("spec")
        self.name = item.name
        self.replicas: int | None = None
        self.host_network = truth(self.spec.at("hostNetwork")) is True
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
                for port in items(unit.cursor.at("ports")) if unit.part is not Part.INIT else ():
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
    return tuple(Workload(item) for item in objects if kind(item.kind).template and item.title in kinds)


def name_all(found: Iterable[Workload], reserved: Mapping[tuple[str, str], frozenset[int]]) -> None:
    """Gives each workload the name of its compose service, and its pods theirs.

    `reserved` are the Services by namespace and name with the workloads they select (by `id`): a workload must not
    answer to the name of a Service that selects others.
    """
    taken: dict[str, str] = {}
    names: set[str] = set()
    everything = tuple(found)
    crowded = _crowded(everything)
    for workload in everything:
        if not any(items(workload.spec.at("containers"))):
            workload.object.cursor.note("TC210", object=str(workload.object))
            continue
        _name(workload, taken, names, reserved, (workload.namespace, workload.object.name) in crowded)
        _expand(workload, names)


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
        if any(_names(other, f"{name}.{space}") for other in found if other.namespace != space)
    }


def _names(workload: Workload, host: str) -> bool:
    node = workload.spec.node
    return node is not None and any(host in leaf.text for leaf in leaves(node))


def _name(
    workload: Workload,
    taken: dict[str, str],
    names: set[str],
    reserved: Mapping[tuple[str, str], frozenset[int]],
    crowded: bool,
) -> None:
    given = workload.object.name
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
        cursor.remark("TC207", object=str(workload.object), name=workload.name, subject=f"services.{workload.name}")


def _allowed(name: str) -> bool:
    return len(name) > 1 and name.replace("-", "a").replace(".", "a").isalnum() and name.islower() and name.isascii()


def _expand(workload: Workload, names: set[str]) -> None:
    """The pods of the workload: one for each ordinal of a StatefulSet, else one that stands for all."""
    replicas = whole(workload.object.at("spec", "replicas"), "services")
    workload.replicas = replicas
    if workload.kind == "StatefulSet":
        start = whole(workload.object.at("spec", "ordinals", "start"), "services") or 0
        count = _bounded(1 if replicas is None else replicas, workload)
        ordinals = range(start, start + count)
        workload.instances = tuple(_stateful(workload, ordinal, count, names) for ordinal in ordinals)
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


def _instance(workload: Workload, base: str, hostname: str | None, ordinal: int | None, names: set[str]) -> Instance:
    mains = tuple(items(workload.spec.at("containers")))
    before = tuple(items(workload.spec.at("initContainers")))
    units: list[Unit] = []
    for cursor in before:
        sidecar = value(cursor.at("restartPolicy")) == "Always"
        part, infix = (Part.SIDECAR, "") if sidecar else (Part.INIT, "init-")
        units.append(_unit(cursor, part, f"{base}-{infix}", names))
    for number, cursor in enumerate(mains):
        if number == 0:
            units.append(Unit(base, value(cursor.at("name")) or "", Part.MAIN, cursor))
        else:
            units.append(_unit(cursor, Part.PARTNER, f"{base}-", names))
    sidecars = [unit.service for unit in units if unit.part is Part.SIDECAR]
    return Instance(base, hostname, ordinal, sidecars[0] if sidecars else base, tuple(units))


def _unit(cursor: Cursor, part: Part, prefix: str, names: set[str]) -> Unit:
    name = value(cursor.at("name")) or "container"
    return Unit(unique(f"{prefix}{name if _allowed(name) else identifier(name)}", names), name, part, cursor)
