"""PORT-SECRET: a host port that is a password too stands in `.env`, so that the compose file does not give it away."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.variable_usage import host_port_meaning
from tocompose.model import EnvSetting, Port, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.rules.port_variables import free_port_variable
from tocompose.rules.secret_holders import is_secret
from tocompose.rules.service_images import facts_of
from tocompose.rules.variables import taken_variables, with_settings
from tocompose.syntax.interpolation import plain, required_reference


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a variable for each host port whose number is a secret of some service as well."""
    numbers = frozenset(_secret_numbers(stack))
    if context.inline_secrets or not numbers:
        return Outcome(stack=stack)
    taken = taken_variables(stack)
    settings: list[EnvSetting] = []
    notes: list[Note] = []

    def hide(service: Service, port: Port) -> Port:
        if port.published not in numbers:
            return port
        name = free_port_variable(service, port, taken)
        taken.add(name)
        settings.append(_setting_of(name, service, port))
        facts = {"variable": f"the host port of {port.target}", "name": name}
        notes.append(remark("TC500", service, "ports", port.origin, **facts))
        return replace(port, published=required_reference(name, ".env"))

    services = [
        replace(service, ports=tuple(hide(service, port) for port in service.ports))
        for service in stack.services
    ]
    mended = replace(stack, services=tuple(services))
    return Outcome(with_settings(mended, settings), tuple(notes))


def _secret_numbers(stack: Stack) -> Iterator[str]:
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value or "") or ""
            if value.isdigit() and is_secret(variable.name, value, facts_of(service)):
                yield value


def _setting_of(name: str, service: Service, port: Port) -> EnvSetting:
    return EnvSetting(
        name=name,
        value=port.published,
        secret=True,
        required=True,
        description=host_port_meaning(port.listener or service.name, port.target),
        origin=port.origin,
    )


RULE = Rule(
    id="PORT-SECRET",
    title="Keep a host port that is a password too out of the compose file",
    summary=(
        "Moves a host port whose number is also the value of a secret to `.env`: in the compose file it would give the "
        "secret away."
    ),
    severity="must",
    mend=apply,
    covers=("A-03", "Q-11"),
    url="https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
    examples=(
        Example(
            """
            services:
              web:
                image: corp/web:1
                ports: ['48123:80', '8443:443']
                environment: {DB_PASSWORD: '48123'}
            """,
            """
            services:
              web:
                image: corp/web:1
                ports: ['${WEB_PORT:?set WEB_PORT in .env}:80', '8443:443']
                environment: {DB_PASSWORD: '48123'}
            """,
        ),
    ),
)
