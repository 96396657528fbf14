"""Services that join those of an existing compose file: on a network with them, and waiting for what these show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.exporters.final_checks import Checked
from tocompose.knowledge.images import image_facts
from tocompose.model import Dependency, Network, NetworkAttachment, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

_DEFAULT = "default"


def join_present(stack: Stack, present: Mapping[str, Any]) -> Checked:
    """The stack as it fits to the file: services that are there stay, and those that need them can reach them."""
    staying = {
        name: body or {}
        for name, body in (present.get("services") or {}).items()
        if stack.service(name)
    }
    if not staying:
        return Checked(stack)
    joining = _Joining(stack, staying, present)
    services = tuple(
        service if service.name in staying else joining.join(service)
        for service in stack.services
    )
    return Checked(
        replace(stack, services=services), tuple(joining.notes), frozenset(joining.paths)
    )


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
    ) -> None:
        self._staying = staying
        self._present_networks = present.get("networks") or {}
        self._networks = {network.name: network for network in stack.networks}
        self._members: dict[str, set[str]] = {}
        for service in stack.services:
            for attachment in service.networks:
                if service.name not in staying:
                    self._members.setdefault(attachment.network, set()).add(service.name)
        self.notes: list[Note] = []
        self.paths: list[ModelPath] = []

    def join(self, service: Service) -> Service:
        """The service on a network of each service that stays and that it needs, waiting for what that one shows."""
        needed = [
            edge.service for edge in service.depends_on if edge.service in self._staying
        ]
        needed += _linked_names(service, self._staying)
        for name in dict.fromkeys(needed):
            service = self._reach(service, name)
        edges = tuple(self._fit_edge(service, edge) for edge in service.depends_on)
        return replace(service, depends_on=edges)

    def _reach(self, service: Service, name: str) -> Service:
        if service.network_mode is not None or "network_mode" in self._staying[name]:
            return service
        their_networks = list(self._staying[name].get("networks") or (_DEFAULT,))
        our_networks = {attachment.network for attachment in service.networks} or {_DEFAULT}
        if our_networks & set(their_networks):
            return service
        network = their_networks[0]
        subject = ModelPath.service(service.name, "networks")
        self.notes.append(
            note(
                "TC772", subject=subject, service=service.name, network=network, target=name
            )
        )
        self.paths.append(subject)
        kept = self._useful_attachments(service, their_networks[0])
        return replace(service, networks=(*kept, NetworkAttachment(network=network)))

    def _useful_attachments(
        self, service: Service, joined: str
    ) -> Iterable[NetworkAttachment]:
        """The networks of the service without those that nobody else is on now; one with a way out stays."""
        has_way_out = not (self._present_networks.get(joined) or {}).get("internal")
        for attachment in service.networks or (NetworkAttachment(network=_DEFAULT),):
            network = self._networks.get(attachment.network)
            is_shared = len(self._members.get(attachment.network, ())) > 1
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


def _is_stated(network: Network | None) -> bool:
    return network is not None and network.origin is not None


def _is_closed(network: Network | None) -> bool:
    return network is not None and bool(network.internal)


def _linked_names(service: Service, staying: Mapping[str, Any]) -> list[str]:
    links = (str(line).partition(":")[0] for line in service.options.get("links") or ())
    return [name for name in links if name in staying]


def _shows_health(body: Mapping[str, Any]) -> bool:
    """Whether the engine knows the health of a service of the file."""
    check = body.get("healthcheck")
    if isinstance(check, Mapping):
        return not check.get("disable") and check.get("test") not in (["NONE"], "NONE")
    facts = image_facts(str(body.get("image") or ""))
    return bool(facts and facts.has_healthcheck and facts.sure)
