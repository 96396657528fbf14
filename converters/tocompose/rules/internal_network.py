"""NET-INTERNAL: the network of the data has no way out of the machine."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import ComposeFileRole, Network, Role, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    overlay_of,
    remark,
)
from tocompose.rules.networks import is_shut_in, networks_of
from tocompose.rules.roles import holds_only_data
from tocompose.syntax.model_path import ModelPath


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `internal: true` on networks on which only data services depend alone.

    Every other member must have another way out, and no member may publish ports through that network alone.
    """
    networks: list[Network] = []
    closed = {network.name for network in stack.networks if network.internal}
    notes = list(_note_stated(stack))
    for network in stack.networks:
        if _can_be_internal(network, stack, closed | {network.name}):
            network = replace(network, internal=True)
            closed.add(network.name)
            subject = ModelPath.of("networks", network.name, "internal")
            name = network.name
            notes.append(note("TC633", network.origin, subject=subject, network=name))
        networks.append(network)
    return Outcome(replace(stack, networks=tuple(networks)), tuple(notes))


def _note_stated(stack: Stack) -> Iterator[Note]:
    """Notes about what no way leads to or from, since the source has closed its networks."""
    for service in stack.services:
        if not is_shut_in(service, stack):
            continue
        facts = {"networks": ", ".join(sorted(networks_of(service)))}
        if service.ports:
            yield remark(
                "TC874", service, "ports", what="its ports are published nowhere", **facts
            )
        elif service.role in (Role.APP, Role.JOB):
            yield remark(
                "TC874", service, "networks", what="it reaches nothing outside", **facts
            )


def _can_be_internal(network: Network, stack: Stack, closed: set[str]) -> bool:
    if not _is_plain(network):
        return False
    members = [
        member for member in stack.services if network.name in _networks_named(member)
    ]
    data_lives_there = any(
        holds_only_data(member, stack) and len(member.networks) == 1 for member in members
    )
    return data_lives_there and all(
        _may_be_inside(member, closed, stack) for member in members
    )


def _is_plain(network: Network) -> bool:
    settled = network.external or network.internal or bool(network.options)
    return not settled and network.driver in (None, "bridge")


def _networks_named(service: Service) -> set[str]:
    return {attachment.network for attachment in service.networks}


def _may_be_inside(service: Service, closed: set[str], stack: Stack) -> bool:
    """Whether the service loses nothing: it has another network, or keeps data and publishes nothing."""
    if not _networks_named(service) <= closed:
        return True
    overlay = overlay_of(service, ComposeFileRole.DEV)
    reached = not overlay.ports or not _networks_named(overlay) <= closed
    return holds_only_data(service, stack) and not service.ports and reached


def _judge_internal(startup: Startup, service: Service) -> Iterator[Verdict]:
    names = networks_of(service)
    shut_in = is_shut_in(service, startup.stack)
    facts = {"networks": ", ".join(sorted(names))}
    if service.ports:
        yield startup.verdict(service, "ports", "T1", not shut_in, "TC724", **facts)
    elif service.role in (Role.APP, Role.JOB) and names:
        key = "networks" if shut_in else ""
        yield startup.verdict(service, key, "T2 T3", not shut_in, "TC725", **facts)


RULE = Rule(
    id="NET-INTERNAL",
    title="Make the databases' network internal",
    summary=(
        "Closes a network of databases and their clients to the outside, so that a database "
        "cannot reach the internet."
    ),
    tells=("TC724", "TC725"),
    severity="should",
    mend=apply,
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
    judge=judge_services(_judge_internal),
    said_by=dict.fromkeys(("TC724", "TC725"), ("TC874",)),
    stated=frozenset(("TC724", "TC725")),
)
