"""PORT-BIND: a word about ports that the whole network can reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tocompose.model import Port, Role, Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.rules.networks import is_shut_in
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import annotate_services
from tocompose.syntax.interpolation import apply_defaults
from tocompose.syntax.ports import is_any_address, is_loopback


def is_everywhere(port: Port) -> bool:
    """Whether the port is published on all addresses of the host."""
    return is_any_address(port.host_ip)


def is_local(port: Port) -> bool:
    """Whether only the host itself reaches the port; the default of a variable may hold an address too."""
    if port.host_ip is None and "$" in (port.published or ""):
        return is_loopback(apply_defaults(port.published or "").rpartition(":")[0] or None)
    return is_loopback(port.host_ip)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each service but the proxies that is published on all addresses."""
    return annotate_services(stack, partial(_note_ports, stack))


def _open_ports(service: Service) -> list[Port]:
    """The ports that are open to the network without need: not a proxy's, nor what the network is there for."""
    image = facts_of(service)
    if service.role is Role.PROXY or (image is not None and image.lan):
        return []
    ports = [port for port in service.ports if port.protocol == "tcp"]
    if is_data(service):
        # The ports of a database are PORT-DB's; what shares its network has its ports there too.
        ports = [port for port in ports if image and port.target not in image.ports]
    return list(filter(is_everywhere, ports))


def _note_ports(stack: Stack, service: Service) -> Iterator[Note]:
    if is_shut_in(service, stack):
        return
    ports = _open_ports(service)
    if ports:
        published = (port.published or f"a random port for {port.target}" for port in ports)
        listed = ", ".join(published)
        yield remark("TC646", service, "", ports[0].origin, ports=listed)


RULE = Rule(
    id="PORT-BIND",
    title="Report ports that the whole network can reach",
    summary=(
        "Reports services that are published on all addresses of the machine. Nothing is "
        "changed."
    ),
    severity="should",
    mend=apply,
    covers=("M-02",),
    url="https://docs.docker.com/engine/network/port-publishing/",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1', ports: ['3000:3000']}}",
            "services: {web: {image: 'corp/web:1', ports: ['3000:3000']}}",
        ),
    ),
)
