"""Which Compose container stands for which docker container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tocompose.prove.normal import Fields, fields
from tocompose.prove.recording import Container
from tocompose.prove.side import Side

Pair: TypeAlias = tuple[Container | None, Container | None]


def pairs(docker: Side, compose: Side, services: Mapping[int, str]) -> list[Pair]:
    """Docker's containers in order with their counterparts, then Compose's that have none.

    `services` says for a command's number which service it became; without it names decide, then likeness. Afterwards
    both sides know what to call each container (R15).
    """
    chosen: dict[str, Container] = {}
    for docker_one, compose_one in _choices(docker, compose, services):
        if docker_one.id not in chosen and all(
            compose_one.id != other.id for other in chosen.values()
        ):
            chosen[docker_one.id] = compose_one
    _name(docker, compose, chosen)
    taken = {one.id for one in chosen.values()}
    matched: list[Pair] = [(one, chosen.get(one.id)) for one in docker.recording.containers]
    return matched + [
        (None, one) for one in compose.recording.containers if one.id not in taken
    ]


def _choices(
    docker: Side, compose: Side, services: Mapping[int, str]
) -> Iterator[tuple[Container, Container]]:
    """Possible pairs, the surest first."""
    both = [
        (one, two)
        for one in docker.recording.containers
        for two in compose.recording.containers
    ]
    yield from (
        pair for pair in both if services.get(pair[0].group) == compose.service(pair[1])
    )
    open_ended = [pair for pair in both if not services.get(pair[0].group)]
    yield from (pair for pair in open_ended if pair[0].name == pair[1].name)
    yield from (pair for pair in open_ended if pair[0].name == compose.service(pair[1]))
    yield from _alike(docker, compose, open_ended)


def _alike(
    docker: Side, compose: Side, both: Sequence[tuple[Container, Container]]
) -> list[tuple[Container, Container]]:
    known = {one.id: fields(docker, one) for one in docker.recording.containers}
    others = {two.id: fields(compose, two) for two in compose.recording.containers}
    return sorted(both, key=lambda pair: _distance(known[pair[0].id], others[pair[1].id]))


def _distance(one: Fields, two: Fields) -> tuple[bool, int]:
    names = one.keys() | two.keys()
    image = "Config.Image"
    return one.get(image) != two.get(image), sum(
        one.get(name) != two.get(name) for name in names
    )


def _name(docker: Side, compose: Side, chosen: Mapping[str, Container]) -> None:
    for position, one in enumerate(docker.recording.containers, 1):
        docker.identities[one.id] = (
            one.name or f"{one.config.get('Image', '')} ({position})"
        )
    for two in compose.recording.containers:
        compose.identities[two.id] = (
            compose.service(two) if compose.automatic(two) else two.name
        )
    for identity, two in chosen.items():
        compose.identities[two.id] = docker.identities[identity]
