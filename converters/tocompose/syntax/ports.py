"""The short form of published ports: `[[address:]host port:]container port[/protocol]`.

https://docs.docker.com/reference/compose-file/services/#short-syntax-3
"""

from __future__ import annotations

from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.units import is_whole_number


class PortParts(NamedTuple):
    """A published port, ranges unexpanded; what the short form does not say is None, the protocol `tcp`."""

    target: str
    published: str | None = None
    host_ip: str | None = None
    protocol: str = "tcp"


def parse_port(text: str) -> PortParts:
    """The parts of a short form; `target` is empty where it is none. IPv6 addresses lose their brackets."""
    *address, target = split_outside_variables(text, ":")
    published = address.pop() if address else None
    host_ip = ":".join(address)
    if host_ip.startswith("[") and host_ip.endswith("]"):
        host_ip = host_ip[1:-1]
    target, *protocol = split_outside_variables(target, "/", 1)
    return PortParts(
        target,
        published or None,
        host_ip or None,
        (protocol[0] if protocol else "").lower() or "tcp",
    )


def format_port(port: PortParts) -> str:
    """The short form of the parts."""
    address = port.host_ip
    if address and ":" in address and "$" not in address:
        address = f"[{address}]"
    host = [] if address is None else [address]
    if host or port.published:
        host.append(port.published or "")
    suffix = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return ":".join([*host, port.target]) + suffix


def parse_port_range(text: str) -> range | None:
    """The ports of `80` or `8000-8010`; None for what is no port or range."""
    first_port, dash, last_port = text.partition("-")
    if not is_whole_number(first_port) or (dash and not is_whole_number(last_port)):
        return None
    start, stop = int(first_port), int(last_port or first_port)
    return range(start, stop + 1) if start <= stop <= 65535 else None


def is_loopback(host_ip: str | None) -> bool:
    """Whether a port published on that address can be reached from its own machine only."""
    address = (host_ip or "").strip("[]")
    # What still holds a variable is judged by how it begins.
    return address in ("::1", "localhost") or address.startswith("127.")


def is_any_address(host_ip: str | None) -> bool:
    """Whether a port published on that address is published on every address of the host."""
    return (host_ip or "").strip("[]") in ("", "0.0.0.0", "::")
