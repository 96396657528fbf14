"""What the dev override of a service is given beside what the base has."""

from __future__ import annotations

from tocompose.importers.procfile.shell import convert_command
from tocompose.model import ComposeFileRole, EnvVariable, Service
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.interpolation import literal

# `env A=b server`, before a variable: the program env does what the shell does with `A=b server`.
_ENV = regex(r"^env\s+(?=[A-Za-z_]\w*=)")


def without_env(text: str) -> str:
    """A command without the program `env` before the variables that it sets for itself."""
    return _ENV.sub("", text)


def with_variables(service: Service, variables: list[EnvVariable]) -> Service:
    """The service of the base, told in development of the servers that only development has."""
    overlay = service.overlays.get(ComposeFileRole.DEV)
    if overlay is None or not overlay.mounts or not variables:
        return service
    return with_overlay(service, told(overlay, variables))


def with_assigned(service: Service, overlay: Service, text: str) -> Service:
    """The service with the variables that a command sets for itself, as `env A=b bin/server`; PORT is web's own."""
    assigned = convert_command(without_env(text)).environment
    variables = [
        EnvVariable(name=name, value=literal(value))
        for name, value in assigned
        if name != "PORT"
    ]
    return with_overlay(service, _with_environment(overlay, variables))


def with_overlay(service: Service, overlay: Service) -> Service:
    """The service with that dev override."""
    return replace(service, overlays={**service.overlays, ComposeFileRole.DEV: overlay})


def told(service: Service, variables: list[EnvVariable]) -> Service:
    """The service with the variables, where it runs the app; another is not told."""
    return service if service.build is None else _with_environment(service, variables)


def _with_environment(service: Service, variables: list[EnvVariable]) -> Service:
    names = {variable.name for variable in variables}
    kept_variables = [
        variable for variable in service.environment if variable.name not in names
    ]
    return replace(service, environment=(*kept_variables, *variables))
