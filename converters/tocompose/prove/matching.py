"""Which Compose container stands for which docker container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tocompose.prove.normal import Fields, fields_of
from tocompose.prove.recording import RecordedContainer
from tocompose.prove.side import Side

Pair: TypeAlias = tuple[RecordedContainer | None, RecordedContainer | None]


def pair_containers(docker: Side, compose: Side, services: Mapping[int, str]) -> list[Pair]:
    """Docker's containers in order with their counterparts, then Compose's that have none.

    `services` says for a command's number which service it became; without it names decide, then likeness. Afterwards
    both sides know what to call each container (R15).
    """
    partners: dict[str, RecordedContainer] = {}
    for docker_one, compose_one in _possible_pairs(docker, compose, services):
        if docker_one.id not in partners and all(
            compose_one.id != partner.id for partner in partners.values()
        ):
            partners[docker_one.id] = compose_one
    _name_containers(docker, compose, partners)
    matched_ids = {container.id for container in partners.values()}
    matched: list[Pair] = [
        (container, partners.get(container.id)) for container in docker.recording.containers
    ]
    return matched + [
        (None, container)
        for container in compose.recording.containers
        if container.id not in matched_ids
    ]


def _possible_pairs(
    docker: Side, compose: Side, services: Mapping[int, str]
) -> Iterator[tuple[RecordedContainer, RecordedContainer]]:
    """Possible pairs, the surest first."""
    every_pair = [
        (docker_container, compose_container)
        for docker_container in docker.recording.containers
        for compose_container in compose.recording.containers
    ]
    yield from (
        pair
        for pair in every_pair
        if services.get(pair[0].group) == compose.service(pair[1])
    )
    open_ended = [pair for pair in every_pair if not services.get(pair[0].group)]
    yield from (pair for pair in open_ended if pair[0].name == pair[1].name)
    yield from (pair for pair in open_ended if pair[0].name == compose.service(pair[1]))
    yield from _by_likeness(docker, compose, open_ended)


def _by_likeness(
    docker: Side,
    compose: Side,
    pairs_: Sequence[tuple[RecordedContainer, RecordedContainer]],
) -> list[tuple[RecordedContainer, RecordedContainer]]:
    docker_fields = {
        container.id: fields_of(docker, container)
        for container in docker.recording.containers
    }
    compose_fields = {
        container.id: fields_of(compose, container)
        for container in compose.recording.containers
    }
    return sorted(
        pairs_,
        key=lambda pair: _distance_of(
            docker_fields[pair[0].id], compose_fields[pair[1].id]
        ),
    )


def _distance_of(docker_fields: Fields, compose_fields: Fields) -> tuple[bool, int]:
    names = docker_fields.keys() | compose_fields.keys()
    image = "Config.Image"
    return docker_fields.get(image) != compose_fields.get(image), sum(
        docker_fields.get(name) != compose_fields.get(name) for name in names
    )


def _name_containers(
    docker: Side, compose: Side, partners: Mapping[str, RecordedContainer]
) -> None:
    for position, container in enumerate(docker.recording.containers, 1):
        docker.identities[container.id] = (
            container.name or f"{container.config.get('Image', '')} ({position})"
        )
    for partner in compose.recording.containers:
        compose.identities[partner.id] = (
            compose.service(partner) if compose.is_automatic(partner) else partner.name
        )
    for identity, partner in partners.items():
        compose.identities[partner.id] = docker.identities[identity]
