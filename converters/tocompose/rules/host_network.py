"""HOSTNET: services that share the network of the host, where nothing is published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocompose.compose.shapes import as_texts
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    map_services,
    remark,
)
from tocompose.rules.host_ports import discards_ports
from tocompose.rules.joined_services import evidence_of_all
from tocompose.rules.programs import runs_server
from tocompose.rules.service_images import facts_of


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack without `ports` on the host's network, with a note about each such service: why it is right, or what to
    use instead.

    Of the file that services are added to, those on the host's network are out of reach by name.
    """
    outcome = map_services(stack, _without_ports)
    if context.joins is None:
        return outcome
    unresolved = _note_unresolved(stack, context, context.joins)
    return outcome._replace(notes=(*outcome.notes, *unresolved))


def _note_unresolved(stack: Stack, context: Context, joins: Startup) -> Iterator[Note]:
    """A note for each new service that names one of the file which is on the host's network."""
    present = {service.name for service in joins.stack.services}
    on_host = [service for service in joins.stack.services if _is_on_host(service)]
    added = [service for service in stack.services if service.name not in present]
    whole = replace(stack, services=(*added, *on_host))
    hosts = {service.name for service in on_host}
    told_pairs: set[tuple[str, str]] = set()
    for service, clue in evidence_of_all(whole, context):
        pair = (service.name, clue.target)
        if _is_on_host(service) or clue.target not in hosts or pair in told_pairs:
            continue
        if not _has_address_for(service, clue.target):
            told_pairs.add(pair)
            facts = {"target": clue.target, "evidence": clue.words}
            yield remark("TC878", service, "", clue.span, **facts)


def _is_on_host(service: Service) -> bool:
    return service.network_mode == "host"


def _has_address_for(service: Service, name: str) -> bool:
    """Whether `extra_hosts` says where the name leads."""
    hosts = service.options.get("extra_hosts")
    host_entries = [*hosts] if isinstance(hosts, Mapping) else as_texts(hosts)
    return any(re.split("[:=]", entry, maxsplit=1)[0] == name for entry in host_entries)


def _without_ports(service: Service) -> tuple[Service, list[Note]]:
    """The service without the ports that Docker does not publish on the host's network, or without any.

    https://docs.docker.com/engine/network/drivers/host/
    """
    notes = [_note_host_network(service)] if _is_on_host(service) else []
    if not discards_ports(service):
        return service, notes
    if service.ports:
        origin = service.ports[0].origin
        facts = {"ports": _ports_of(service), "where": _network_of(service)}
        notes.append(remark("TC669", service, "ports", origin, **facts))
    return replace(service, ports=()), notes


def _network_of(service: Service) -> str:
    return "on the host's network" if _is_on_host(service) else "without a network"


def _note_host_network(service: Service) -> Note:
    image = facts_of(service)
    if image is not None and image.host:
        return remark("TC648", service, why=image.host)
    ports = _ports_of(service) or "the ports that it listens on"
    return remark("TC649", service, ports=ports)


def _ports_of(service: Service) -> str:
    """The ports that the source publishes, or else those of the image where its server runs."""
    image = facts_of(service)
    if service.ports:
        pairs = [(port.published or port.target, port.target) for port in service.ports]
    elif image is not None and runs_server(service):
        pairs = [(port, port) for port in image.ports]
    else:
        pairs = []
    return ", ".join(f"{published}:{target}" for published, target in pairs)


def _judge_host_network(startup: Startup, service: Service) -> Iterator[Verdict]:
    image = facts_of(service)
    justified = image is not None and bool(image.host)
    holds = not _is_on_host(service) or justified
    key = "" if holds else "network_mode"
    yield startup.verdict(service, key, "Q-07 A-04", holds, "TC712")
    if discards_ports(service):
        facts = {"ports": _ports_of(service), "where": _network_of(service)}
        has_none = not service.ports
        yield startup.verdict(service, "ports", "T14", has_none, "TC546", **facts)


RULE = Rule(
    id="HOSTNET",
    title="Use the host's network only for a reason",
    summary=(
        "Reports services on the host's network, and says so if their image needs it. Leaves out"
        " their `ports`, which Docker discards there, as it does without a network."
    ),
    tells=("TC712", "TC546"),
    severity="must",
    mend=apply,
    edit=("ports",),
    covers=("Q-07", "A-04", "S-02"),
    url="https://docs.docker.com/engine/network/drivers/host/",
    examples=(
        Example(
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
        ),
        Example(
            "services: {job: {image: 'corp/job:1', network_mode: none, ports: ['80:80']}}",
            "services: {job: {image: 'corp/job:1', network_mode: none}}",
        ),
    ),
    judge=judge_services(_judge_host_network),
    said_by={"TC712": ("TC649",)},
    stated=frozenset(("TC712",)),
)
