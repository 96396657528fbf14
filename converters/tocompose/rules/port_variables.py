"""PORT-VAR: host ports that are often taken can be changed in `.env`."""

from __future__ import annotations

from tocompose.model import Home, Port, Service, Setting, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import (
    overlay,
    remark,
    taken_variables,
    with_overlay,
    with_settings,
)
from tocompose.syntax.names import variable_name

_OFTEN_TAKEN = frozenset(
    {
        "80",
        "443",
        "3000",
        "3306",
        "5000",
        "5432",
        "6379",
        "8000",
        "8080",
        "9000",
        "27017",
        "5672",
        "9200",
    }
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with often-taken host ports as `${WEB_PORT:-8080}`, each with its entry in `.env`."""
    # A container's own variable of that name is something else, and one that is passed through would take our value.
    taken = taken_variables(stack) | {
        item.name for service in stack.services for item in service.environment
    }
    settings: list[Setting] = []
    notes: list[Note] = []
    services: list[Service] = []
    for service in stack.services:
        ports = tuple(
            _variable(port, service, taken, settings, notes) for port in service.ports
        )
        changed = replace(service, ports=ports) if ports != service.ports else service
        if part := service.overlays.get(Home.DEV):
            ports = tuple(
                _variable(port, service, taken, settings, notes) for port in part.ports
            )
            changed = with_overlay(
                changed, Home.DEV, replace(overlay(service, Home.DEV), ports=ports)
            )
        services.append(changed)
    changed_stack = with_settings(replace(stack, services=tuple(services)), settings)
    return Outcome(stack=changed_stack, notes=tuple(notes))


def _variable(
    port: Port,
    service: Service,
    taken: set[str],
    settings: list[Setting],
    notes: list[Note],
) -> Port:
    if port.published not in _OFTEN_TAKEN or port.protocol != "tcp":
        return port
    name = variable_name(f"{service.name}_PORT")
    name = variable_name(f"{service.name}_PORT_{port.target}") if name in taken else name
    if name in taken:
        return port
    taken.add(name)
    text = f"Port of this machine on which {service.name} (port {port.target}) is reached"
    settings.append(
        Setting(
            name=name,
            value=port.published,
            description=text,
            example=port.published,
            origin=port.origin,
        )
    )
    notes.append(
        remark("TC647", service, "ports", port.origin, name=name, port=port.published)
    )
    return replace(port, published=f"${{{name}:-{port.published}}}")


PRACTICE = Practice(
    id="PORT-VAR",
    title="Let users move ports that are often taken",
    severity="may",
    apply=apply,
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
)
