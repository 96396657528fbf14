"""What a container is called and what it can call others: name, aliases and links (rules R4, R14, R16)."""

from __future__ import annotations

from tocompose.prove.normal import Fields
from tocompose.prove.recording import RecordedContainer
from tocompose.prove.side import Side
from tocompose.record import NamedTuple


class Sides(NamedTuple):
    """Both sides of a comparison."""

    docker: Side
    compose: Side


def name_fields(
    sides: Sides, docker_container: RecordedContainer, compose_container: RecordedContainer
) -> tuple[Fields, Fields]:
    """The fields of docker's and of Compose's container that only make sense beside the other."""
    docker: Fields = {"Name": docker_container.name or None}
    compose: Fields = {
        "Name": None
        if not docker_container.name and sides.compose.is_automatic(compose_container)
        else compose_container.name
    }
    for network, (docker_aliases, compose_aliases) in _compare_aliases(
        sides, docker_container, compose_container
    ).items():
        docker[f"Networks.{network}.Aliases"] = docker_aliases or None
        compose[f"Networks.{network}.Aliases"] = compose_aliases or None
    docker["HostConfig.Links"], compose["HostConfig.Links"] = _compare_links(
        sides, docker_container, compose_container
    )
    return docker, compose


def _compare_aliases(
    sides: Sides, docker_container: RecordedContainer, compose_container: RecordedContainer
) -> dict[str, tuple[list[str], list[str]]]:
    docker_aliases = {
        name: set(endpoint.get("Aliases") or ())
        for name, endpoint in sides.docker.endpoints(docker_container).items()
    }
    compose_aliases = {
        name: set(endpoint.get("Aliases") or ())
        for name, endpoint in sides.compose.endpoints(compose_container).items()
    }
    automatic_aliases = {
        sides.compose.service(compose_container),
        compose_container.name,
    } | _aliases_by_link(sides.docker, docker_container)
    aliases_by_network = {}
    for network in sorted(docker_aliases.keys() | compose_aliases.keys()):
        network_aliases = docker_aliases.get(network, set())
        aliases_by_network[network] = (
            sorted(network_aliases),
            sorted(
                compose_aliases.get(network, set()) - (automatic_aliases - network_aliases)
            ),
        )
    return aliases_by_network


def container_links(side: Side, container: RecordedContainer) -> set[tuple[str, str]]:
    """The container's links as (what the linked container is called, alias)."""
    texts = [*(container.host.get("Links") or ())]
    texts += [
        text
        for endpoint in container.endpoints.values()
        for text in (endpoint or {}).get("Links") or ()
    ]
    pairs = [text.removeprefix("/").partition(":") for text in texts]
    return {
        (side.identity(target), alias.rpartition("/")[2] or target)
        for target, _, alias in pairs
    }


def _aliases_by_link(side: Side, target: RecordedContainer) -> set[str]:
    """What others call the container through their links: Compose may say that as an alias of its own."""
    identity = side.identity(target.name or target.id)
    return {
        alias
        for container in side.recording.containers
        for name, alias in container_links(side, container)
        if name == identity
    }


def _compare_links(
    sides: Sides, docker_container: RecordedContainer, compose_container: RecordedContainer
) -> tuple[list[str] | None, list[str] | None]:
    """Docker's links that Compose's container cannot resolve, and Compose's to containers that docker does not link."""
    docker_links, compose_links = (
        container_links(sides.docker, docker_container),
        container_links(sides.compose, compose_container),
    )
    linked = {target for target, _ in docker_links}
    unmet = [
        f"{target}:{alias}"
        for target, alias in sorted(docker_links - compose_links)
        if not _resolves_alias(sides, compose_container, target, alias)
    ]
    extra = [
        f"{target}:{alias}"
        for target, alias in sorted(compose_links)
        if target not in linked
    ]
    return unmet or None, extra or None


def _resolves_alias(
    sides: Sides, container: RecordedContainer, target: str, alias: str
) -> bool:
    """Whether the Compose container finds the target under the alias on a network that both are on."""
    side = sides.compose
    mine = side.endpoints(container)
    for neighbour in side.recording.containers:
        if side.identities.get(neighbour.id) != target:
            continue
        for network, endpoint in side.endpoints(neighbour).items():
            called = {
                side.service(neighbour),
                neighbour.name,
                *(endpoint.get("Aliases") or ()),
            }
            if network in mine and alias in called:
                return True
    return False
