"""SEC-FILES: in production, images that can read a secret from a file get it as a Docker secret."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.secrets.commands import shell_variables
from tocompose.model import (
    ComposeFileRole,
    ConfigMount,
    EnvSetting,
    EnvVariable,
    FileResource,
    Service,
    Stack,
)
from tocompose.notes import Note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.programs import command_text, runs_server
from tocompose.rules.service_images import facts_of
from tocompose.syntax import interpolation
from tocompose.syntax.interpolation import parse, variable_names
from tocompose.syntax.names import identifier, unique_name


class Swap(NamedTuple):
    """A variable whose secret setting goes into a file: the variable, the one that names the file, and the setting."""

    variable: EnvVariable
    file_variable: str
    setting: str


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with Docker secrets in the production file for variables that the image can read from a file."""
    if not context.production:
        return Outcome(stack=stack)
    secret_settings = {setting.name for setting in stack.settings if setting.secret}
    secret_of_setting = {
        secret.environment: secret.name for secret in stack.secrets if secret.environment
    }
    taken_names = {secret.name for secret in stack.secrets}
    services: list[Service] = []
    notes: list[Note] = []
    fresh: list[FileResource] = []
    for service in stack.services:
        swaps = _find_swaps(service, secret_settings)
        for swap in swaps:
            if swap.setting not in secret_of_setting:
                name = unique_name(identifier(swap.setting), taken_names)
                secret_of_setting[swap.setting] = name
                fresh.append(FileResource(name=name, environment=swap.setting))
            notes.append(_note_swap(service, swap, secret_of_setting[swap.setting]))
        notes += _note_kept(service, swaps, secret_settings)
        services.append(_swap_variables(service, swaps, secret_of_setting))
    changed = replace(stack, services=tuple(services), secrets=(*stack.secrets, *fresh))
    return Outcome(stack=changed, notes=tuple(notes))


def _note_swap(service: Service, swap: Swap, secret: str) -> Note:
    return remark(
        "TC506",
        service,
        ("secrets", secret),
        swap.variable.origin,
        variable=swap.variable.name,
        file_variable=swap.file_variable,
    )


def _note_kept(
    service: Service, swaps: list[Swap], secret_settings: set[str]
) -> Iterator[Note]:
    """Notes on the secrets that the service has in its environment in production too, one for each reason."""
    swapped = {swap.variable.name for swap in swaps}
    production = overlay_of(service, ComposeFileRole.PROD)
    swapped |= {variable.name for variable in production.environment if variable.remove}
    by_reason: dict[str, list[EnvVariable]] = {}
    for variable in service.environment:
        holds_secret = not secret_settings.isdisjoint(variable_names(variable.value or ""))
        if holds_secret and variable.name not in swapped:
            by_reason.setdefault(_reason_to_keep(service, variable), []).append(variable)
    for code, kept_variables in by_reason.items():
        names = ", ".join(variable.name for variable in kept_variables)
        origin = kept_variables[0].origin
        yield remark(code, service, "environment", origin, variables=names)


def _reason_to_keep(service: Service, variable: EnvVariable) -> str:
    """The code of the note that says why the secret is no file in production."""
    if _is_read_only(service) and _file_variable_for(service, variable):
        return "TC551"
    return "TC552" if _reads_itself(service, variable) else "TC550"


def _file_variable_for(service: Service, variable: EnvVariable) -> str:
    """The variable that names a file with the secret in place of it; empty where the image is not known to have one."""
    image = facts_of(service)
    if image is None or not runs_server(service):
        return ""
    return image.file_variable(variable.name) or ""


def _is_read_only(service: Service) -> bool:
    """Whether production cannot give the service a secret that is no file of the host."""
    production = overlay_of(service, ComposeFileRole.PROD)
    return bool(service.security.read_only or production.security.read_only)


def _find_swaps(service: Service, secret_settings: set[str]) -> list[Swap]:
    production = overlay_of(service, ComposeFileRole.PROD)
    if _is_read_only(service):
        return []
    # The images take an empty one for none: https://github.com/docker-library/postgres/blob/master/docker-entrypoint.sh
    names = {
        variable.name
        for variable in (*service.environment, *production.environment)
        if variable.value != ""
    }
    swaps = []
    for variable in service.environment:
        setting = _setting_of(variable)
        file_variable = _file_variable_for(service, variable)
        if setting not in secret_settings or file_variable in ("", *names):
            continue
        if not _reads_itself(service, variable):
            swaps.append(Swap(variable, file_variable, setting))
    return swaps


def _setting_of(variable: EnvVariable) -> str:
    """The setting that all of the variable's value comes from; empty where there is none, or a default."""
    match parse(variable.value or ""):
        case (interpolation.Variable(operator="" | "?" | ":?") as reference,):
            return reference.name
    return ""


def _reads_itself(service: Service, variable: EnvVariable) -> bool:
    """Whether a command of the service reads the variable itself, which would then be empty."""
    check = service.healthcheck
    command_texts = (command_text(service) or "", *((check.test or ()) if check else ()))
    names = {
        shell_variable.name for shell_variable in shell_variables(" ".join(command_texts))
    }
    return variable.name in names


def _swap_variables(
    service: Service, swaps: list[Swap], secret_of_setting: dict[str, str]
) -> Service:
    if not swaps:
        return service
    production = overlay_of(service, ComposeFileRole.PROD)
    file_variables = {swap.file_variable for swap in swaps}
    environment = [
        variable
        for variable in production.environment
        if variable.name not in file_variables
    ]
    for swap in swaps:
        path = f"/run/secrets/{secret_of_setting[swap.setting]}"
        environment.append(EnvVariable(name=swap.variable.name, value=None, remove=True))
        environment.append(EnvVariable(name=swap.file_variable, value=path))
    grants = [ConfigMount(source=secret_of_setting[swap.setting]) for swap in swaps]
    production = replace(
        production,
        environment=tuple(environment),
        secrets=tuple(dict.fromkeys((*production.secrets, *grants))),
    )
    return with_overlay(service, ComposeFileRole.PROD, production)


_SETTINGS = (EnvSetting(name="POSTGRES_PASSWORD", value="x", secret=True),)

RULE = Rule(
    id="SEC-FILES",
    title="Use Docker secrets in production",
    summary=(
        "Passes secrets as files in the production file, to images that can read them from a "
        "file. Files are not visible in `docker inspect`."
    ),
    severity="must",
    mend=apply,
    covers=("Q-13", "S-04", "M-05"),
    url="https://docs.docker.com/compose/how-tos/use-secrets/",
    examples=(
        Example(
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?}'}}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?}'}}}",
            prod="""
            services:
              db:
                secrets: [postgres_password]
                environment:
                  POSTGRES_PASSWORD: !reset null
                  POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password
            secrets: {postgres_password: {environment: POSTGRES_PASSWORD}}
            """,
            settings=_SETTINGS,
        ),
    ),
)
