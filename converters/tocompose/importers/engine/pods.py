"""Pods of podman: what their infra container holds for all of them goes to the first of the others.

The infra container owns the namespaces of a pod, and so its ports, names and addresses. Compose has no such thing: the
first container takes its place, and the others join that one.
https://docs.podman.io/en/latest/markdown/podman-pod-inspect.1.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tocompose.importers.docker_run.facts import FlagFact
from tocompose.importers.engine.created_by_podman import has_create_command
from tocompose.importers.engine.names import container_name
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.object_facts import read_fields
from tocompose.importers.engine.objects import EngineObject
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

_IS_SAID = "it repeats the first container of the pod"
_PAUSE_IMAGES = ("podman-pause", "pause")


def is_infra(container: EngineObject) -> bool:
    """Whether a container only holds a pod together; Docker's shape of the API tells by the image alone."""
    if container.text("IsInfra"):
        return container.text("IsInfra") == "true"
    image = container.text("Config", "Image").rpartition("/")[2].partition(":")[0]
    return image in _PAUSE_IMAGES and container_name(container).endswith("-infra")


class _PodSource(NamedTuple):
    """Where the settings of a pod stand, and the type of its rows."""

    cursor: Cursor
    type_name: str


class Pods:
    """The pods whose containers are read by their fields: by the id of the infra container, with the first one."""

    def __init__(
        self, containers: Sequence[EngineObject], pods: Sequence[EngineObject]
    ) -> None:
        self._pod_cursors = tuple(pod.cursor for pod in pods)
        self._sources = {
            _infra_id(pod): _PodSource(pod.cursor.at("InfraConfig"), "PodInfraConfig")
            for pod in pods
        }
        for container in filter(is_infra, containers):
            source = _PodSource(container.cursor, "PodInfra")
            self._sources[container.text("Id")] = source
        self._first_members = dict(reversed(list(_members(containers, self._sources))))
        self.commands = tuple(
            cursor
            for infra, cursor in _commands(containers, pods)
            if infra not in self._first_members
        )

    def names_of_infra(self) -> dict[str, str]:
        """The names of the containers that stand for the infra containers, by the ids of these."""
        return {
            infra: container_name(member) for infra, member in self._first_members.items()
        }

    def infra_of(self, container: EngineObject) -> str:
        """The id of the infra container that this container stands for; empty for every other one."""
        infra = shared_network(container)
        return infra if self._first_members.get(infra) is container else ""

    def facts_for(self, context: ObjectContext) -> Iterator[FlagFact]:
        """What the pod says, as the settings of the container that stands for it."""
        source = self._sources.get(context.infra)
        if source is not None:
            pod_context = context._replace(cursor=source.cursor, image=None)
            yield from read_fields(pod_context, source.type_name)
        elif context.infra:
            # Every container of a pod shows the ports of the pod.
            cursor = context.cursor.at("NetworkSettings")
            pod_context = context._replace(cursor=cursor)
            yield from read_fields(pod_context, "PodNetworkSettings")

    def settle(self) -> None:
        """Counts what is left of the pods as said by their containers."""
        for cursor in (*self._pod_cursors, *(row.cursor for row in self._sources.values())):
            cursor.skip(_IS_SAID)


def shared_network(container: EngineObject) -> str:
    """The id of the container whose network this one shares; empty for one with a network of its own."""
    kind, _, identity = container.text("HostConfig", "NetworkMode").partition(":")
    return identity if kind == "container" else ""


def _infra_id(pod: EngineObject) -> str:
    return pod.text("InfraContainerID") or pod.text("InfraContainerId")


def _members(
    containers: Iterable[EngineObject], sources: Iterable[str]
) -> Iterator[tuple[str, EngineObject]]:
    """The containers of pods that are read by their fields, each with the id of its infra container."""
    for container in containers:
        infra = shared_network(container)
        is_member = infra in sources or bool(infra and container.text("Pod"))
        if is_member and not has_create_command(container.cursor.at("Config")):
            yield infra, container


def _commands(
    containers: Iterable[EngineObject], pods: Iterable[EngineObject]
) -> Iterator[tuple[str, Cursor]]:
    """What holds the command line that made a pod, by its infra container: the pod, or that container alone."""
    pods_by_infra = {_infra_id(pod): pod.cursor for pod in pods}
    yield from pods_by_infra.items()
    for container in filter(is_infra, containers):
        if container.text("Id") not in pods_by_infra:
            yield container.text("Id"), container.cursor.at("Config")
