"""What a container is called and what it can call others: name, aliases and links (rules R4, R14, R16)."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.prove.normal import Fields
from tocompose.prove.recording import Container
from tocompose.prove.side import Side


class Sides(NamedTuple):
    """Both sides of a comparison."""

    docker: Side
    compose: Side


def names(sides: Sides, one: Container, two: Container) -> tuple[Fields, Fields]:
    """The fields of docker's and of Compose's container that only make sense beside the other."""
    docker: Fields = {"Name": one.name or None}
    compose: Fields = {
        "Name": None if not one.name and sides.compose.automatic(two) else two.name
    }
    for network, (asked, given) in _aliases(sides, one, two).items():
        docker[f"Networks.{network}.Aliases"] = asked or None
        compose[f"Networks.{network}.Aliases"] = given or None
    docker["HostConfig.Links"], compose["HostConfig.Links"] = _links(sides, one, two)
    return docker, compose


def _aliases(
    sides: Sides, one: Container, two: Container
) -> dict[str, tuple[list[str], list[str]]]:
    asked = {
        name: set(end.get("Aliases") or ())
        for name, end in sides.docker.endpoints(one).items()
    }
    given = {
        name: set(end.get("Aliases") or ())
        for name, end in sides.compose.endpoints(two).items()
    }
    own = {sides.compose.service(two), two.name} | _aliases_by_link(sides.docker, one)
    found = {}
    for network in sorted(asked.keys() | given.keys()):
        wanted = asked.get(network, set())
        found[network] = (
            sorted(wanted),
            sorted(given.get(network, set()) - (own - wanted)),
        )
    return found


def links(side: Side, container: Container) -> set[tuple[str, str]]:
    """The container's links as (what the linked container is called, alias)."""
    texts = [*(container.host.get("Links") or ())]
    texts += [
        text
        for end in container.endpoints.values()
        for text in (end or {}).get("Links") or ()
    ]
    pairs = [text.removeprefix("/").partition(":") for text in texts]
    return {
        (side.identity(target), alias.rpartition("/")[2] or target)
        for target, _, alias in pairs
    }


def _aliases_by_link(side: Side, target: Container) -> set[str]:
    """What others call the container through their links: Compose may say that as an alias of its own."""
    identity = side.identity(target.name or target.id)
    return {
        alias
        for one in side.recording.containers
        for name, alias in links(side, one)
        if name == identity
    }


def _links(
    sides: Sides, one: Container, two: Container
) -> tuple[list[str] | None, list[str] | None]:
    """Docker's links that Compose's container cannot resolve, and Compose's to containers that docker does not link."""
    wanted, given = links(sides.docker, one), links(sides.compose, two)
    linked = {target for target, _ in wanted}
    unmet = [
        f"{target}:{alias}"
        for target, alias in sorted(wanted - given)
        if not _resolves(sides, two, target, alias)
    ]
    extra = [f"{target}:{alias}" for target, alias in sorted(given) if target not in linked]
    return unmet or None, extra or None


def _resolves(sides: Sides, container: Container, target: str, alias: str) -> bool:
    """Whether the Compose container finds the target under the alias on a network that both are on."""
    side = sides.compose
    mine = side.endpoints(container)
    for other in side.recording.containers:
        if side.identities.get(other.id) != target:
            continue
        for network, end in side.endpoints(other).items():
            called = {side.service(other), other.name, *(end.get("Aliases") or ())}
            if network in mine and alias in called:
                return True
    return False
