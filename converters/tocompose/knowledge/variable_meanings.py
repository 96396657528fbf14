"""What a variable without a description is for."""

from __future__ import annotations

from collections.abc import Sequence

from tocompose.tables import load
from tocompose.wording import enumerated


def variable_meaning(
    name: str,
    users: Sequence[str],
    resources: Sequence[str] = (),
    host_port: tuple[str, str] | None = None,
) -> str:
    """What a variable means that stands for a port of the host, or that is well known, to the services that use it; of
    another one, who or which resources do."""
    if host_port:
        return host_port_meaning(*host_port)
    if not users and resources:
        return f"Used by the {enumerated(resources)}"
    if not users:
        return "Read by docker compose"
    meaning: str = load("variable_meanings").get(name, "Used by {users}")
    return meaning.format(users=enumerated(users))


def host_port_meaning(listener: str, target: str) -> str:
    """What a variable is that stands for the port of the host: who is reached on it, on which port of the container."""
    return f"Port of this machine on which {listener} (port {target}) is reached"
