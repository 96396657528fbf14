"""Services that join those of an existing compose file: on a network with them, and waiting for what these show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map, as_pairs
from tocompose.compose.start_order import implied_needs
from tocompose.exporters.final_checks import Checked
from tocompose.knowledge.images import image_facts
from tocompose.model import Dependency, Network, NetworkAttachment, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.networks import name_proxy_networks

_DEFAULT = "default"


def join_present(
    stack: Stack,
    present: Mapping[str, Any],
    uses: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Checked:
    """The stack as it fits to the file: services that are there stay, and those that need them can reach them.

    `uses` are the services of the file that each new one has to do with, whatever it waits for.
    """
    staying = {name: as_map(body) for name, body in (present.get("services") or {}).items()}
    if not staying:
        return Checked(stack)
    joining = _Joining(stack, staying, present, uses)
    services = tuple(
        service if service.name in staying else joining.join(service)
        for service in stack.services
    )
    beside = stack_of(present, Places(()), stack.name)
    labelled = name_proxy_networks(replace(stack, services=services), beside)
    notes = (*joining.notes, *labelled.notes)
    return Checked(labelled.stack, notes, frozenset(joining.paths))


def unused_declarations(stack: Stack, present: Mapping[str, Any]) -> list[ModelPath]:
    """The networks and volumes that are not in the file, and that only services which stay out would use."""
    present_services = present.get("services") or {}
    new_services = [
        service for service in stack.services if service.name not in present_services
    ]
    used_networks = {
        attachment.network for service in new_services for attachment in service.networks
    }
    used_volumes = {mount.source for service in new_services for mount in service.mounts}
    networks = {network.name for network in stack.networks}
    volumes = {volume.name for volume in stack.volumes}
    return [
        *_paths_unless("networks", networks - used_networks, present),
        *_paths_unless("volumes", volumes - used_volumes, present),
    ]


def _paths_unless(
    section: str, names: set[str], present: Mapping[str, Any]
) -> Iterator[ModelPath]:
    """The paths of these names in a section, in order, without those that the file has."""
    for name in sorted(names - (present.get(section) or {}).keys()):
        yield ModelPath.of(section, name)


class _Joining:
    """How new services come to the services that stay."""

    def __init__(
        self,
        stack: Stack,
        staying: Mapping[str, Mapping[str, Any]],
        present: Mapping[str, Any],
        uses: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._staying = staying
        self._uses = uses
        self._present_networks = present.get("networks") or {}
        self._networks = {network.name: network for network in stack.networks}
        self._members: dict[str, set[str]] = {}
        self._kept: set[tuple[str, str]] = set()
        for service in stack.services:
            for network in _names_of(service) if service.name not in staying else ():
                self._members.setdefault(network, set()).add(service.name)
        self.notes: list[Note] = []
        self.paths: list[ModelPath] = []

    def join(self, service: Service) -> Service:
        """The service on a network of each service that stays and that it needs, waiting for what that one shows."""
        needed = [
            edge.service for edge in service.depends_on if edge.service in self._staying
        ]
        needed += _linked_names(service, self._staying)
        needed += [
            name for name in self._uses.get(service.name, ()) if name in self._staying
        ]
        for name in dict.fromkeys(needed):
            service = self._reach(service, name)
        edges = tuple(self._fit_edge(service, edge) for edge in service.depends_on)
        return replace(service, depends_on=edges)

    def _reach(self, service: Service, name: str) -> Service:
        if service.network_mode is not None or "network_mode" in self._staying[name]:
            return service
        their_networks = [*as_pairs(self._staying[name].get("networks"))] or [_DEFAULT]
        our_networks = _names_of(service)
        if shared := our_networks & set(their_networks):
            self._keep(service, shared)
            return service
        network = their_networks[0]
        subject = ModelPath.service(service.name, "networks")
        self.notes.append(
            note(
                "TC772", subject=subject, service=service.name, network=network, target=name
            )
        )
        self.paths.append(subject)
        kept_attachments = self._useful_attachments(service, network)
        joined = replace(
            service, networks=(*kept_attachments, NetworkAttachment(network=network))
        )
        self._keep(service, {network})
        return joined

    def _keep(self, service: Service, networks: set[str]) -> None:
        """Leaves the service on the networks of what it reaches, whatever else it joins."""
        self._kept |= {(service.name, network) for network in networks}

    def _useful_attachments(
        self, service: Service, joined: str
    ) -> Iterable[NetworkAttachment]:
        """The networks of the service without those that nobody else is on now; one with a way out stays."""
        has_way_out = not (self._present_networks.get(joined) or {}).get("internal")
        for attachment in service.networks or (NetworkAttachment(network=_DEFAULT),):
            network = self._networks.get(attachment.network)
            is_shared = len(self._members.get(attachment.network, ())) > 1
            is_shared = is_shared or (service.name, attachment.network) in self._kept
            if is_shared or _is_stated(network) or not (has_way_out or _is_closed(network)):
                yield attachment

    def _fit_edge(self, service: Service, edge: Dependency) -> Dependency:
        body = self._staying.get(edge.service)
        if body is None or edge.condition != "service_healthy" or _shows_health(body):
            return edge
        subject = ModelPath.service(service.name, "depends_on", edge.service)
        self.paths.append(subject.child("condition"))
        self.notes.append(
            note("TC773", subject=subject, service=service.name, target=edge.service)
        )
        return replace(edge, condition="service_started")


def _names_of(service: Service) -> set[str]:
    """The networks that the service is on: the default one where it names none."""
    if service.network_mode is not None:
        return set()
    return {attachment.network for attachment in service.networks} or {_DEFAULT}


def _is_stated(network: Network | None) -> bool:
    return network is not None and network.origin is not None


def _is_closed(network: Network | None) -> bool:
    return network is not None and bool(network.internal)


def _linked_names(service: Service, staying: Mapping[str, Any]) -> list[str]:
    links = (need.target for need in implied_needs(service) if need.key == "links")
    return [name for name in links if name in staying]


def _shows_health(body: Mapping[str, Any]) -> bool:
    """Whether the engine knows the health of a service of the file."""
    check = body.get("healthcheck")
    if isinstance(check, Mapping):
        return not check.get("disable") and check.get("test") not in (["NONE"], "NONE")
    facts = image_facts(str(body.get("image") or ""))
    return bool(facts and facts.has_healthcheck and facts.sure)
