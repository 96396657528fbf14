"""What the variables of a stack are for, where nothing describes them."""

from __future__ import annotations

from collections.abc import Sequence

from tocompose.model import Stack
from tocompose.stack_texts import (
    host_ports_by_variable,
    resources_by_variable,
    services_by_variable,
)
from tocompose.tables import load
from tocompose.wording import enumerated


class VariableUsage:
    """Who uses each variable of a stack: a port of the host, services, or what else takes it."""

    def __init__(self, stack: Stack) -> None:
        self._host_ports = host_ports_by_variable(stack)
        self._services = services_by_variable(stack)
        self._resources = resources_by_variable(stack)

    def meaning_of(self, name: str) -> str:
        """What a variable stands for, or means to the services that use it; of another one, which resources do."""
        if host_port := self._host_ports.get(name):
            return host_port_meaning(*host_port)
        if services := self._services.get(name):
            return meaning_for_services(name, services)
        if resources := self._resources.get(name):
            return f"Used by the {enumerated(resources)}"
        return "Read by docker compose"


def meaning_for_services(name: str, services: Sequence[str]) -> str:
    """What a variable means to the services that use it: one that is well known has a meaning of its own."""
    meaning: str = load("variable_meanings").get(name, "Used by {users}")
    return meaning.format(users=enumerated(services))


def host_port_meaning(listener: str, target: str) -> str:
    """What a variable is that stands for the port of the host: who is reached on it, on which port of the container."""
    return f"Port of this machine on which {listener} (port {target}) is reached"
