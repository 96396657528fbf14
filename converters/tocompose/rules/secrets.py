"""SEC-OUT: secrets stand in `.env`, not in the compose file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tocompose.knowledge.images import ImageFacts
from tocompose.knowledge.secrets.commands import command_secrets
from tocompose.knowledge.secrets.names import lists_users, secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, passwords, secret_value
from tocompose.model import Healthcheck, Service, Stack, Variable
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.rules.config_files import in_secrets
from tocompose.rules.option_secrets import safe_options
from tocompose.rules.roles import is_data
from tocompose.rules.secret_vault import Vault, variable
from tocompose.rules.service_images import facts_of
from tocompose.syntax.interpolation import literal, plain, variable_names
from tocompose.syntax.names import variable_name

_DEFAULT = r"\$\$|\$\{(?P<name>[A-Za-z_]\w*):?-(?P<default>[^${}]+)\}"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each secret of environment, command and labels as a variable, its value in the settings."""
    if context.inline_secrets:
        return Outcome(stack=stack)
    vault = Vault(stack, clashing_names(stack))
    notes: list[Note] = []
    done: dict[str, Service] = {}
    for service in sorted(stack.services, key=lambda item: not is_data(item)):
        done[service.name] = _without_secrets(service, vault, notes)
    stack = safe_options(
        replace(stack, services=tuple(done[item.name] for item in stack.services)),
        vault,
        notes,
    )
    services = tuple(_hidden(service, vault, notes) for service in stack.services)
    configs = tuple(
        replace(item, content=vault.hidden(Service(name=""), item.content))
        if item.content
        else item
        for item in stack.configs
    )
    changed = replace(
        stack, services=services, configs=configs, settings=tuple(vault.settings.values())
    )
    if not context.split:
        return Outcome(stack=changed, notes=tuple(notes))
    moved = in_secrets(changed)
    return Outcome(stack=moved.stack, notes=(*notes, *moved.notes), moves=moved.moves)


def clashing_names(stack: Stack) -> frozenset[str]:
    """The names under which different services keep different secrets: each gets its service's name in front."""
    values: dict[str, set[str]] = {}
    for service in stack.services:
        for item in service.environment:
            text = plain(item.value) if item.value else None
            if text and is_secret(item.name, text, facts_of(service)):
                values.setdefault(variable_name(item.name), set()).add(text)
    return frozenset(name for name, found in values.items() if len(found) > 1)


def is_secret(name: str, value: str, known: ImageFacts | None) -> bool:
    """Whether the variable's value is a secret, by its name, by what the image does with it, or by its form."""
    by_name = secret_name(name) or (known is not None and known.is_secret(name))
    return (by_name and may_be_secret(value)) or secret_value(value)


def _without_secrets(service: Service, vault: Vault, notes: list[Note]) -> Service:
    environment = tuple(_safe(item, service, vault, notes) for item in service.environment)
    service = replace(service, environment=environment)
    for text, name, origin in command_secrets(service):
        setting = vault.keep(service, name, text, origin)
        notes.append(remark("TC502", service, "command", origin, name=setting))
        service = _replaced_in_commands(service, text, setting)
    labels = {
        key: _safe_label(key, text, service, vault, notes)
        for key, text in service.labels.items()
    }
    service = replace(service, labels=labels) if labels != dict(service.labels) else service
    if service.build is not None:
        args = {
            key: _safe_argument(key, text, service, vault, notes)
            for key, text in service.build.args.items()
        }
        context = _safe_context(service.build.context, service, vault, notes)
        service = replace(service, build=replace(service.build, args=args, context=context))
    for home, part in service.overlays.items():
        inner = tuple(_safe(item, service, vault, notes) for item in part.environment)
        service = replace(
            service, overlays={**service.overlays, home: replace(part, environment=inner)}
        )
    return service


def _safe(item: Variable, service: Service, vault: Vault, notes: list[Note]) -> Variable:
    if not item.value or item.name.endswith("_FILE"):
        return item
    text = plain(item.value)
    if text is None:
        return _safe_mixed(item, service, vault, notes)
    if not is_secret(item.name, text, facts_of(service)):
        return item
    spans = passwords(text)
    if (
        len(spans) == 1
        and (known := vault.own(service, text[spans[0][0] : spans[0][1]])) is not None
    ):
        start, end = spans[0]
        notes.append(
            remark(
                "TC501",
                service,
                f"environment.{item.name}",
                item.origin,
                variable=item.name,
                name=known,
            )
        )
        return replace(
            item, value=literal(text[:start]) + variable(known) + literal(text[end:])
        )
    setting = vault.keep(service, item.name, text, item.origin)
    notes.append(
        remark(
            "TC500",
            service,
            f"environment.{item.name}",
            item.origin,
            variable=item.name,
            name=setting,
        )
    )
    return replace(item, value=variable(setting))


def _safe_mixed(
    item: Variable, service: Service, vault: Vault, notes: list[Note]
) -> Variable:
    """A value with variables: a password between them goes out; a variable that is all of a secret is one itself."""
    text = item.value or ""
    for start, end in reversed(passwords(text)):
        name = f"{item.name}_PASSWORD"
        password = plain(text[start:end])
        if password:
            setting = vault.keep(service, name, password, item.origin)
            notes.append(remark("TC501", service, f"environment.{item.name}", item.origin, variable=item.name,
                                name=setting))  # fmt: skip
            text = text[:start] + variable(setting) + text[end:]
    text = _without_defaults(item, text, service, vault, notes)
    names = list(variable_names(text))
    whole = text.startswith("${") and text.endswith("}") and len(names) == 1
    known = facts_of(service)
    if whole and (
        secret_name(item.name) or (known is not None and known.is_secret(item.name))
    ):
        _mark(names[0], item, service, vault, notes)
    return replace(item, value=text)


def _without_defaults(
    item: Variable, text: str, service: Service, vault: Vault, notes: list[Note]
) -> str:
    """The text without secrets that stand as the default of a variable: `${PASSWORD:-tops3cret}`."""
    known = facts_of(service)
    by_name = secret_name(item.name) or (known is not None and known.is_secret(item.name))

    def replaced(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if name is None or not may_be_secret(default) or not (secret_name(name) or by_name):
            return match[0]
        if not vault.adopt(name, default, f"{item.name} of {service.name}", item.origin):
            return match[0]
        notes.append(
            remark(
                "TC500",
                service,
                f"environment.{item.name}",
                item.origin,
                variable=item.name,
                name=name,
            )
        )
        return variable(name)

    return re.sub(_DEFAULT, replaced, text)


def _mark(
    name: str, item: Variable, service: Service, vault: Vault, notes: list[Note]
) -> None:
    setting = vault.settings.get(name)
    if (
        setting is None or setting.value is None or may_be_secret(setting.value)
    ) and vault.mark(name):
        notes.append(
            remark(
                "TC503",
                service,
                f"environment.{item.name}",
                item.origin,
                variable=item.name,
                name=name,
            )
        )


def _safe_label(
    key: str, text: str, service: Service, vault: Vault, notes: list[Note]
) -> str:
    value = plain(text)
    last = key.rpartition(".")[2]
    if not value or not (
        lists_users(key)
        or (secret_name(last) and may_be_secret(value))
        or secret_value(value)
    ):
        return text
    setting = vault.keep(service, f"{service.name}_{last}", value, service.origin)
    notes.append(remark("TC504", service, f"labels.{key}", label=key, name=setting))
    return variable(setting)


def _safe_argument(
    key: str, text: str | None, service: Service, vault: Vault, notes: list[Note]
) -> str | None:
    value = plain(text) if text else None
    if not value or not is_secret(key, value, None):
        return text
    setting = vault.keep(service, key, value, service.origin)
    notes.append(remark("TC505", service, f"build.args.{key}", argument=key, name=setting))
    return variable(setting)


def _safe_context(text: str, service: Service, vault: Vault, notes: list[Note]) -> str:
    """The address of a repository to build from, without its password."""
    for start, end in reversed(passwords(text)):
        password = plain(text[start:end])
        if password:
            setting = vault.keep(
                service, f"{service.name}_BUILD_PASSWORD", password, service.origin
            )
            notes.append(remark("TC507", service, "build.context", place="build.context"))
            text = text[:start] + variable(setting) + text[end:]
    return text


def _replaced_in_commands(service: Service, value: str, setting: str) -> Service:
    form = literal(value)

    def changed(words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return (
            tuple(word.replace(form, variable(setting)) for word in words)
            if words
            else words
        )

    check = service.healthcheck
    check = replace(check, test=changed(check.test)) if check is not None else None
    return replace(
        service,
        command=changed(service.command),
        entrypoint=changed(service.entrypoint),
        healthcheck=check,
    )


def _hidden(service: Service, vault: Vault, notes: list[Note]) -> Service:
    """The service with secrets of other places taken out of its texts: a password repeated in a health command."""

    def safe(key: str, text: str) -> str:
        found = vault.hidden(service, text)
        if found != text:
            notes.append(remark("TC507", service, key, place=key))
        return vault.asked(found)

    def words(given: tuple[str, ...] | None, key: str) -> tuple[str, ...] | None:
        return tuple(safe(key, word) for word in given) if given else given

    check: Healthcheck | None = service.healthcheck
    environment = tuple(
        replace(item, value=safe(f"environment.{item.name}", item.value))
        if item.value
        else item
        for item in service.environment
    )
    return replace(
        service,
        command=words(service.command, "command"),
        entrypoint=words(service.entrypoint, "entrypoint"),
        healthcheck=replace(check, test=words(check.test, "healthcheck.test"))
        if check is not None
        else None,
        environment=environment,
        labels={key: safe(f"labels.{key}", text) for key, text in service.labels.items()},
        options={
            key: _deep(value, partial(safe, key)) for key, value in service.options.items()
        },
    )


def _deep(value: Any, safe: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, Mapping):
        return {key: _deep(item, safe) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_deep(item, safe) for item in value)
    return value


RULE = Rule(
    id="SEC-OUT",
    title="Keep secrets out of the compose file",
    severity="must",
    mend=apply,
    covers=("A-03", "Q-11", "Q-12", "S-04"),
    url="https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
    examples=(
        Example(
            """
            services:
              web:
                image: corp/web:1
                depends_on: [db]
                environment:
                  DATABASE_URL: postgres://app:tops3cret@db:5432/app
                  SESSION_SECRET: another-one
                  TOKEN_TTL: 3600
              db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: tops3cret}}
            """,
            """
            services:
              web:
                image: corp/web:1
                depends_on: {db: {condition: service_started}}
                environment:
                  DATABASE_URL: 'postgres://app:${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}@db:5432/app'
                  SESSION_SECRET: ${SESSION_SECRET:?set SESSION_SECRET in .env}
                  TOKEN_TTL: 3600
              db:
                image: postgres:16
                environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}'}
            """,
        ),
        Example(
            "services: {cache: {image: 'redis:7', command: [redis-server, --requirepass, hunter-22]}}",
            """
            services:
              cache:
                image: redis:7
                command: [redis-server, --requirepass, '${CACHE_PASSWORD:?set CACHE_PASSWORD in .env}']
            """,
        ),
    ),
)
