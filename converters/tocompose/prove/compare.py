"""Compares what the two clients asked of the engine, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.prove.difference import Difference, Match
from tocompose.prove.matching import Pair, pair_containers
from tocompose.prove.names import Sides, name_fields
from tocompose.prove.normal import Fields, fields_of
from tocompose.prove.recording import Payload, Recording
from tocompose.prove.side import Side


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


def user_labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in labels.items()
        if not key.startswith("com.docker.compose.")
    }


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
