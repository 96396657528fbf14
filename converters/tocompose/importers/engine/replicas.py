"""Containers of one service of Compose: replicas where their configurations agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocompose.importers.engine.names import label_of, wished_service_name
from tocompose.importers.engine.objects import EngineObject
from tocompose.record import NamedTuple


class Replicas(NamedTuple):
    """The first container of each service, and how many there are of each."""

    leaders: tuple[EngineObject, ...]
    count_by_service: Mapping[str, int]
    counts: Mapping[str, int]

    def count_of(self, container: EngineObject) -> int:
        """How many containers run what this one runs."""
        return self.counts.get(container.text("Id"), 1)


def merge_replicas(containers: Iterable[EngineObject]) -> Replicas:
    """The containers, with those that only repeat another one of their service left to it."""
    leaders: list[EngineObject] = []
    followers: dict[str, int] = {}
    first_of: dict[tuple[str, str, str], EngineObject] = {}
    for container in containers:
        identity = _service_identity(container)
        leader = first_of.get(identity) if identity[1] else None
        if leader is None:
            leaders.append(container)
            first_of[identity] = container
            continue
        followers[leader.text("Id")] = followers.get(leader.text("Id"), 1) + 1
        container.cursor.skip("it is a replica of another container of its service")
    by_service = {
        wished_service_name(leader): followers[leader.text("Id")]
        for leader in leaders
        if leader.text("Id") in followers
    }
    return Replicas(tuple(leaders), by_service, followers)


def _service_identity(container: EngineObject) -> tuple[str, str, str]:
    """Project, service and the hash of the configuration, which Compose writes on each container."""
    return (
        label_of(container, "project"),
        label_of(container, "service"),
        container.text("Config", "Labels", "com.docker.compose.config-hash"),
    )
