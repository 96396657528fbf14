"""What a published port takes of the host, once the variables in it have their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.compose.shapes import port_parts
from tocompose.model import Port, Service
from tocompose.record import NamedTuple
from tocompose.rules import Startup
from tocompose.source import Span
from tocompose.syntax.interpolation import substitute, variable_names
from tocompose.syntax.ports import PortParts, format_port, parse_port, parse_port_range


class PublishedRange(NamedTuple):
    """The ports of the host that one entry of `ports` binds; an empty address stands for all of them."""

    address: str
    numbers: range
    protocol: str
    target: str

    def first_shared(self, other: PublishedRange) -> int | None:
        """The first port that both want at one address; None where they do not get in each other's way."""
        start = max(self.numbers.start, other.numbers.start)
        stop = min(self.numbers.stop, other.numbers.stop)
        if start >= stop or self.protocol != other.protocol:
            return None
        return start if _share_address(self.address, other.address) else None


# The networks on which Docker discards `ports`. https://docs.docker.com/engine/network/drivers/host/
_WITHOUT_PORTS = frozenset({"host", "none"})


def discards_ports(service: Service) -> bool:
    """Whether Docker discards the ports of the service: it shares the host's network, or has none."""
    return service.network_mode in _WITHOUT_PORTS


def host_ports(port: Port, values: Mapping[str, str]) -> PublishedRange | None:
    """What the port binds with these values of variables; None where the engine chooses, or nobody knows."""
    short_form = published_parts(port, values)
    numbers = parse_port_range(short_form.published or "")
    targets = parse_port_range(short_form.target)
    if numbers is None or 0 in numbers:
        return None
    if len(numbers) > 1 and (targets is None or len(targets) != len(numbers)):
        # For one port of the container the engine takes any of the range that is free.
        return None
    return PublishedRange(
        short_form.host_ip or "", numbers, short_form.protocol, short_form.target
    )


def published_parts(port: Port, values: Mapping[str, str]) -> PortParts:
    """The parts of the port as docker compose reads them: a variable may hold the address and the port at once."""
    short_form = _parts_of(port)
    text = format_port(short_form)
    return parse_port(substitute(text, values)) if "$" in text else short_form


def _share_address(address: str, other_address: str) -> bool:
    """Whether two addresses are one, or one of them stands for the other too; IPv4 and IPv6 are apart."""
    if not address or not other_address:
        return True
    if (":" in address) != (":" in other_address):
        return False
    return address == other_address or not {address, other_address}.isdisjoint(_WILDCARDS)


_WILDCARDS = ("0.0.0.0", "::")


def shown_port(number: int, *ports: Port) -> str:
    """The port of the host for a note, with the variables that set it."""
    names = ", ".join(dict.fromkeys(name for port in ports for name in _names_in(port)))
    return f"{number} ({names})" if names else str(number)


def _names_in(port: Port) -> Iterator[str]:
    return variable_names(port.published or "")


def span_of_port(startup: Startup, service: Service, port: Port) -> Span | None:
    """Where the entry of the port stands, in the file that says it last."""
    short_form = _parts_of(port)
    return startup.places.entry(
        lambda entry: port_parts(entry) == short_form, "services", service.name, "ports"
    )


def _parts_of(port: Port) -> PortParts:
    return PortParts(port.target, port.published, port.host_ip, port.protocol)
