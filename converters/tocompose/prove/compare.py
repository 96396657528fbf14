"""Compares what the two clients asked of the engine, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.prove.difference import Difference, Match
from tocompose.prove.matching import Pair, pairs
from tocompose.prove.names import Sides, names
from tocompose.prove.normal import Fields, fields
from tocompose.prove.recording import Payload, Recording
from tocompose.prove.side import Side


def compare(
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
    matched = pairs(sides.docker, sides.compose, services or {})
    return tuple(_match(sides, pair) for pair in matched), tuple(_project(sides))


def _match(sides: Sides, pair: Pair) -> Match:
    one, two = pair
    container = (
        sides.docker.identities[one.id]
        if one
        else sides.compose.identities[two.id]
        if two
        else ""
    )
    service = sides.compose.service(two) if two else ""
    if not one or not two:
        sole = Difference(
            container, "Container", _presence(one), _presence(two), service=service
        )
        return Match(container, service, (sole,))
    docker, compose = fields(sides.docker, one), fields(sides.compose, two)
    extra = names(sides, one, two)
    docker.update(extra[0])
    compose.update(extra[1])
    if docker.get("Platform") or compose.get(
        "Platform"
    ):  # R17: what Compose pulls then depends on the engine
        docker.pop("Pull", None)
        compose.pop("Pull", None)
    return Match(
        container, service, tuple(_differences(container, service, docker, compose))
    )


def _presence(one: object) -> str | None:
    return "created" if one else None


def _differences(
    container: str, service: str, docker: Fields, compose: Fields
) -> Iterator[Difference]:
    for field in sorted(docker.keys() | compose.keys()):
        mine, theirs = docker.get(field), compose.get(field)
        if mine != theirs or type(mine) is not type(theirs):
            yield Difference(container, field, mine, theirs, service=service)


def _project(sides: Sides) -> Iterator[Difference]:
    for name, made in sides.docker.networks.items():
        yield from _network(sides, name, made)
    yield from _volumes(sides)


def _network(sides: Sides, name: str, made: Payload) -> Iterator[Difference]:
    field = f"Network.{name}"
    if name in sides.compose.recording.external_networks:
        yield Difference("", f"External.{name}", "created", "expected to exist")  # R22
    elif name not in sides.compose.networks:
        yield Difference("", field, "created", None)
    else:
        yield from _parts(
            field, _network_fields(made), _network_fields(sides.compose.networks[name])
        )


def _network_fields(made: Payload) -> Fields:
    ipam = made.get("IPAM") or {}
    found: Fields = {
        key: made.get(key)
        for key in ("Internal", "Attachable", "EnableIPv6", "EnableIPv4", "Options")
    }
    found["Labels"] = _own(made.get("Labels") or {})
    found["Driver"] = "" if made.get("Driver") == "bridge" else made.get("Driver")
    found["IPAM.Driver"] = "" if ipam.get("Driver") == "default" else ipam.get("Driver")
    found["IPAM.Options"] = ipam.get("Options")
    found["IPAM.Config"] = [
        {key: value for key, value in one.items() if value}
        for one in ipam.get("Config") or ()
    ]
    return found


def _own(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in labels.items()
        if not key.startswith("com.docker.compose.")
    }


def _parts(field: str, docker: Fields, compose: Fields) -> Iterator[Difference]:
    for key in docker:
        if (docker[key] or None) != (compose[key] or None):
            yield Difference(
                "", f"{field}.{key}", _shown(docker[key]), _shown(compose[key])
            )


def _shown(value: Any) -> Any:
    return value or None


def _volumes(sides: Sides) -> Iterator[Difference]:
    """Volumes that must be there beforehand (R22), and volumes that docker creates and Compose does not."""
    for name in sides.compose.recording.external_volumes:
        yield Difference("", f"External.{name}", "created", "expected to exist")
    compose = {sides.compose.resource(name) for name in sides.compose.volumes}
    for name in sides.docker.volumes:
        if name not in compose and name not in sides.compose.recording.external_volumes:
            yield Difference("", f"Volume.{name}", "created", None)
