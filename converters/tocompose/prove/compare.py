"""Compares what the two clients asked of the engine, field by field, and finds which differences were declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tocompose.notes import Kind, Note
from tocompose.prove.difference import Difference, Match
from tocompose.prove.names import Sides, name_fields
from tocompose.prove.normal import Fields, fields_of
from tocompose.prove.recording import Payload, RecordedContainer, Recording, user_labels
from tocompose.prove.side import Side
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import table

Pair: TypeAlias = tuple[RecordedContainer | None, RecordedContainer | None]
TELLING = (Kind.LOST, Kind.CHANGED, Kind.ADDED)


def compare_recordings(
    docker: Recording,
    compose: Recording,
    services: Mapping[int, str] | None = None,
    *,
    exact_names: bool = False,
) -> tuple[tuple[Match, ...], tuple[Difference, ...]]:
    """Every container with what differs in it, and what differs in networks and volumes.

    `services` maps the number of a docker command to the Compose service that it became, where that is known;
    `exact_names` keeps the project's prefix of network and volume names (against rule R2).
    """
    sides = Sides(Side(docker), Side(compose, exact_names))
    matched = pair_containers(sides.docker, sides.compose, services or {})
    return tuple(_match_pair(sides, pair) for pair in matched), tuple(
        _project_differences(sides)
    )


def _match_pair(sides: Sides, pair: Pair) -> Match:
    docker_container, compose_container = pair
    container = (
        sides.docker.identities[docker_container.id]
        if docker_container
        else sides.compose.identities[compose_container.id]
        if compose_container
        else ""
    )
    service = sides.compose.service(compose_container) if compose_container else ""
    if not docker_container or not compose_container:
        sole = Difference(
            container,
            "Container",
            _presence_of(docker_container),
            _presence_of(compose_container),
            service=service,
        )
        return Match(container, service, (sole,))
    docker_fields, compose_fields = (
        fields_of(sides.docker, docker_container),
        fields_of(sides.compose, compose_container),
    )
    extra = name_fields(sides, docker_container, compose_container)
    docker_fields.update(extra[0])
    compose_fields.update(extra[1])
    if docker_fields.get("Platform") or compose_fields.get(
        "Platform"
    ):  # R17: what Compose pulls then depends on the engine
        docker_fields.pop("Pull", None)
        compose_fields.pop("Pull", None)
    return Match(
        container,
        service,
        tuple(_container_differences(container, service, docker_fields, compose_fields)),
    )


def _presence_of(container: object) -> str | None:
    return "created" if container else None


def _container_differences(
    container: str, service: str, docker: Fields, compose: Fields
) -> Iterator[Difference]:
    for field in sorted(docker.keys() | compose.keys()):
        mine, theirs = docker.get(field), compose.get(field)
        if mine != theirs or type(mine) is not type(theirs):
            yield Difference(container, field, mine, theirs, service=service)


def _project_differences(sides: Sides) -> Iterator[Difference]:
    for name, payload in sides.docker.networks.items():
        yield from _network_differences(sides, name, payload)
    yield from _volume_differences(sides)


def _network_differences(sides: Sides, name: str, payload: Payload) -> Iterator[Difference]:
    field = f"Network.{name}"
    if name in sides.compose.recording.external_networks:
        yield Difference("", f"External.{name}", "created", "expected to exist")  # R22
    elif name not in sides.compose.networks:
        yield Difference("", field, "created", None)
    else:
        yield from _field_differences(
            field, _network_fields(payload), _network_fields(sides.compose.networks[name])
        )


def _network_fields(payload: Payload) -> Fields:
    ipam = payload.get("IPAM") or {}
    network_fields: Fields = {
        key: payload.get(key)
        for key in ("Internal", "Attachable", "EnableIPv6", "EnableIPv4", "Options")
    }
    network_fields["Labels"] = user_labels(payload.get("Labels") or {})
    network_fields["Driver"] = (
        "" if payload.get("Driver") == "bridge" else payload.get("Driver")
    )
    network_fields["IPAM.Driver"] = (
        "" if ipam.get("Driver") == "default" else ipam.get("Driver")
    )
    network_fields["IPAM.Options"] = ipam.get("Options")
    network_fields["IPAM.Config"] = [
        {key: value for key, value in pool.items() if value}
        for pool in ipam.get("Config") or ()
    ]
    return network_fields


def _field_differences(field: str, docker: Fields, compose: Fields) -> Iterator[Difference]:
    for key in docker:
        if (docker[key] or None) != (compose[key] or None):
            yield Difference(
                "", f"{field}.{key}", _shown_value(docker[key]), _shown_value(compose[key])
            )


def _shown_value(value: Any) -> Any:
    return value or None


def _volume_differences(sides: Sides) -> Iterator[Difference]:
    """Volumes that must be there beforehand (R22), and volumes that docker creates and Compose does not."""
    for name in sides.compose.recording.external_volumes:
        yield Difference("", f"External.{name}", "created", "expected to exist")
    compose = {sides.compose.resource(name) for name in sides.compose.volumes}
    for name in sides.docker.volumes:
        if name not in compose and name not in sides.compose.recording.external_volumes:
            yield Difference("", f"Volume.{name}", "created", None)


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
    open_pairs: Sequence[tuple[RecordedContainer, RecordedContainer]],
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
        open_pairs,
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


def with_declarations(
    differences: Iterable[Difference], notes: Iterable[Note]
) -> tuple[Difference, ...]:
    """The differences, each with the code of the first note about its place in the Compose file."""
    telling = [note for note in notes if note.kind in TELLING and note.subject]
    return tuple(
        difference._replace(declared_by=_declaring_code(difference, telling))
        for difference in differences
    )


def compose_paths(difference: Difference) -> Iterator[tuple[str, ...]]:
    """Where the Compose file says the field, taken apart at each dot; nothing for a field that the table does not know.

    The engine's names of fields do not say where a key ends: `Env.A.B` is one, `Network.back.IPAM` are two.
    """
    rows = table("prove", required={"paths"}, optional=set())
    match = _table_row(difference.field, rows)
    if match:
        name, key = match
        service = difference.service or difference.container
        for path in rows[name]["paths"]:
            text = str(path).replace("{service}", service).replace("{key}", key)
            yield tuple(text.split("."))


def _table_row(field: str, rows: Iterable[str]) -> tuple[str, str] | None:
    """The row for a field, the one that says most, with what its `*` stands for."""
    hits = [(row, key) for row in rows if (key := _match_star(field, row)) is not None]
    return max(hits, key=lambda hit: len(hit[0])) if hits else None


def _match_star(field: str, row: str) -> str | None:
    prefix, star, suffix = row.partition("*")
    if not star:
        return "" if field == row else None
    fits = (
        field.startswith(prefix)
        and field.endswith(suffix)
        and len(field) > len(prefix) + len(suffix)
    )
    return field[len(prefix) : len(field) - len(suffix)] if fits else None


def _declaring_code(difference: Difference, notes: Sequence[Note]) -> str:
    model_paths = list(compose_paths(difference))
    exact = difference.field == "Container"
    return next(
        (
            note.code
            for note in notes
            if any(_is_about(note.subject, model_path, exact) for model_path in model_paths)
        ),
        "",
    )


def _is_about(subject: ModelPath, model_path: tuple[str, ...], exact: bool) -> bool:
    """Whether a note's subject is the place, a part of it, or (for an attribute of a service) what it is part of."""
    keys = tuple(".".join(subject).split("."))
    if keys == model_path:
        return True
    depth = 3 if model_path[0] == "services" else 2
    whole = len(keys) >= depth and model_path[: len(keys)] == keys
    return not exact and (whole or keys[: len(model_path)] == model_path)
