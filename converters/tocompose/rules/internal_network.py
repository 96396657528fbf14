"""NET-INTERNAL: the network of the data has no way out of the machine."""

from __future__ import annotations

from tocompose.model import Home, Network, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import only_data
from tocompose.syntax.model_path import ModelPath


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `internal: true` on networks on which only data services depend alone.

    Every other member must have another way out, and no member may publish ports through that network alone.
    """
    notes: list[Note] = []
    networks: list[Network] = []
    closed = {item.name for item in stack.networks if item.internal}
    for network in stack.networks:
        if _can_be_internal(network, stack, closed | {network.name}):
            network = replace(network, internal=True)
            closed.add(network.name)
            notes.append(
                note(
                    "TC633",
                    network.origin,
                    subject=ModelPath.of("networks", network.name, "internal"),
                    network=network.name,
                )
            )
        networks.append(network)
    return Outcome(stack=replace(stack, networks=tuple(networks)), notes=tuple(notes))


def _can_be_internal(network: Network, stack: Stack, closed: set[str]) -> bool:
    plain = not (
        network.external or network.internal or network.options
    ) and network.driver in (None, "bridge")
    members = [service for service in stack.services if network.name in _networks(service)]
    return (
        plain
        and any(_lives_there(service, stack) for service in members)
        and all(_may_be_inside(service, closed, stack) for service in members)
    )


def _lives_there(service: Service, stack: Stack) -> bool:
    return only_data(service, stack) and len(service.networks) == 1


def _networks(service: Service) -> list[str]:
    return [item.network for item in service.networks]


def _may_be_inside(service: Service, closed: set[str], stack: Stack) -> bool:
    """Whether the service loses nothing: it has another network, or keeps data and publishes nothing."""
    if any(name not in closed for name in _networks(service)):
        return True
    part = service.overlays.get(Home.DEV)
    opened = not (part and part.ports) or any(
        item.network not in closed for item in part.networks
    )
    return only_data(service, stack) and not service.ports and opened


PRACTICE = Practice(
    id="NET-INTERNAL",
    title="Close the network of the databases",
    severity="should",
    apply=apply,
    covers=("T-05", "S-02"),
    url="https://docs.docker.com/reference/compose-file/networks/#internal",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', networks: [front, back]}
              db: {image: 'postgres:16', networks: [back]}
            networks: {front: , back: }
            """,
            """
            services:
              web: {image: 'corp/web:1', networks: [front, back]}
              db: {image: 'postgres:16', networks: [back]}
            networks: {front: , back: {internal: true}}
            """,
        ),
        Example(
            """
            services: {web: {image: 'corp/web:1', networks: [all]}, db: {image: 'postgres:16', networks: [all]}}
            networks: {all: }
            """,
            """
            services: {web: {image: 'corp/web:1', networks: [all]}, db: {image: 'postgres:16', networks: [all]}}
            networks: {all: }
            """,
        ),
    ),
)
