"""PORT-VAR: host ports that are often taken can be changed in `.env`."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import chain, count

from tocompose.compose.variable_usage import host_port_meaning
from tocompose.knowledge.servers import data_ports
from tocompose.model import ComposeFileRole, EnvSetting, Port, Service, Stack
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
    remark,
    with_overlay,
)
from tocompose.rules.networks import is_shut_in
from tocompose.rules.roles import is_data
from tocompose.rules.variables import taken_variables, with_settings
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.names import variable_name

# Ports of the host that web servers and applications want; those of databases are as often taken.
_WEB_PORTS = frozenset({"80", "443", "3000", "5000", "8000", "8080", "9000"})


class _PortVariables:
    """Makes variables of ports, with their settings and notes."""

    def __init__(self, stack: Stack, joins: Startup | None) -> None:
        # A container's own variable of that name is something else, and one passed through would take our value.
        self._taken = taken_variables(stack)
        self._staying: frozenset[str] = frozenset()
        self._stack = stack
        if joins is not None:
            self._taken |= {*document_variables(joins.document), *joins.values}
            self._staying = frozenset(service.name for service in joins.stack.services)
        for service in stack.services:
            self._taken |= {variable.name for variable in service.environment}
        self.settings: list[EnvSetting] = []
        self.notes: list[Note] = []

    def apply_to(self, service: Service) -> Service:
        """The service with a variable for each port that is often taken, in base and override.

        One that the file has already is not added to it, and needs none. What is published nowhere needs none either.
        """
        if service.name in self._staying:
            return service
        is_published = not is_shut_in(service, self._stack)
        ports = self._vary_all(service, service.ports) if is_published else service.ports
        mended = service if ports == service.ports else replace(service, ports=ports)
        overlay = service.overlays.get(ComposeFileRole.DEV)
        if overlay is None:
            return mended
        overlay = replace(overlay, ports=self._vary_all(service, overlay.ports))
        return with_overlay(mended, ComposeFileRole.DEV, overlay)

    def _vary_all(self, service: Service, ports: tuple[Port, ...]) -> tuple[Port, ...]:
        return tuple(
            self._vary(service, port) if is_often_taken(port) else port for port in ports
        )

    def _vary(self, service: Service, port: Port) -> Port:
        name = free_port_variable(service, port, self._taken)
        self._taken.add(name)
        purpose = host_port_meaning(port.listener or service.name, port.target)
        self.settings.append(
            EnvSetting(
                name=name,
                value=port.published,
                description=purpose,
                example=port.published or "",
                origin=port.origin,
            )
        )
        facts = {"name": name, "port": port.published}
        self.notes.append(remark("TC647", service, "ports", port.origin, **facts))
        return replace(port, published=f"${{{name}:-{port.published}}}")


def free_port_variable(service: Service, port: Port, taken: Container[str]) -> str:
    """The name of a variable for a host port, which nothing else has."""
    listener = port.listener or service.name
    short = variable_name(f"{listener}_PORT")
    longer = variable_name(f"{listener}_PORT_{port.target}")
    numbered = (f"{longer}_{number}" for number in count(2))
    return next(name for name in chain((short, longer), numbered) if name not in taken)


def is_often_taken(port: Port) -> bool:
    """Whether the port of the host is fixed, and one that others want too."""
    is_usual = port.published in _WEB_PORTS or port.published in data_ports()
    return is_usual and port.protocol == "tcp"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with often-taken host ports as `${WEB_PORT:-8080}`, each with its entry in `.env`."""
    variables = _PortVariables(stack, context.joins)
    services = tuple(variables.apply_to(service) for service in stack.services)
    mended = with_settings(replace(stack, services=services), variables.settings)
    return Outcome(mended, tuple(variables.notes))


def _judge_taken(startup: Startup, service: Service) -> Iterator[Verdict]:
    for port in service.ports:
        # The fixed 80 of a web server is what its users type.
        holds = not (is_data(service) and is_often_taken(port)) or is_shut_in(
            service, startup.stack
        )
        facts = {"port": port.published or port.target}
        yield startup.verdict(service, "ports", "A-06", holds, "TC723", **facts)


RULE = Rule(
    id="PORT-VAR",
    title="Make host ports that are often taken configurable",
    summary=(
        "Turns a host port that other programs often use, such as 8080, into a variable with "
        "that port as its default."
    ),
    tells=("TC723",),
    severity="may",
    mend=apply,
    covers=("A-06", "Q-12"),
    url="https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1', ports: ['8080:80', '8443:443', '127.0.0.1:9000:9000']}}",
            """
            services:
              web:
                image: corp/web:1
                ports: ['${WEB_PORT:-8080}:80', '8443:443', '127.0.0.1:${WEB_PORT_9000:-9000}:9000']
            """,
        ),
    ),
    judge=judge_services(_judge_taken),
)
