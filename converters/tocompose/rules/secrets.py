"""SEC-OUT: secrets stand in `.env`, not in the compose file.

Whether a text holds a secret is decided by where it stands (a variable, a label, a word of a command …) and by its
form; what goes out is the span of the text that is the secret. Only then are repeated values of secrets looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import NamedTuple, TypeAlias, TypeVar

from tocompose.knowledge.images import ImageFacts
from tocompose.knowledge.secrets.commands import (
    CommandSecret,
    command_setting_name,
    script_secrets,
    service_command_secrets,
)
from tocompose.knowledge.secrets.names import lists_users, secret_name
from tocompose.knowledge.secrets.texts import (
    may_be_secret,
    password_variables,
    passwords,
    replace_spans,
    secret_defaults,
    secret_value,
)
from tocompose.model import Network, Service, Stack, Volume
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.config_files import in_secrets
from tocompose.rules.roles import is_data
from tocompose.rules.secret_vault import Vault, secret_reference
from tocompose.rules.service_images import facts_of
from tocompose.source import Span
from tocompose.stack_texts import map_texts_within
from tocompose.syntax.interpolation import Variable, plain, variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

# Keys of a service whose entries are the user's own words; below its mounts these are the options of the driver.
_OPTIONS = frozenset({"annotations", "sysctls", "storage_opt", "pre_stop", "post_start"})
_DRIVER_OPTIONS = frozenset({"logging", "volumes"})
_COMMANDS = frozenset({"command", "entrypoint", "healthcheck"})
# Where the value of a secret may be repeated: here, and in all that no field of the model is for.
_REPEATING = _COMMANDS | {"environment", "labels", "logging"}
_FIELDS = frozenset({field.name for field in fields(Service)} | {"volumes", "env_file"})
_NO_OPTIONS = frozenset({"source", "target"})
_Edit: TypeAlias = tuple[int, int, str]
_Part = TypeVar("_Part", Network, Volume)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each secret of environment, command and labels as a variable, its value in the settings."""
    if context.inline_secrets:
        return Outcome(stack=stack)
    secret_pass = _SecretPass(Vault(stack, clashing_names(stack)))
    # Servers first: they give their passwords the names under which others share them.
    moved = {
        service.name: secret_pass.service_without_secrets(service)
        for service in sorted(stack.services, key=lambda service: not is_data(service))
    }
    stack = replace(
        stack,
        services=tuple(moved[service.name] for service in stack.services),
        networks=tuple(secret_pass.part_without_secrets(part) for part in stack.networks),
        volumes=tuple(secret_pass.part_without_secrets(part) for part in stack.volumes),
    )
    stack = secret_pass.without_repeated_secrets(stack)
    if not context.split:
        return Outcome(stack=stack, notes=tuple(secret_pass.notes))
    outcome = in_secrets(stack)
    notes = (*secret_pass.notes, *outcome.notes)
    return Outcome(stack=outcome.stack, notes=notes, moves=outcome.moves)


def clashing_names(stack: Stack) -> frozenset[str]:
    """The names under which different services keep different secrets: each gets its service's name in front."""
    values: dict[str, set[str]] = {}
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value) if variable.value else None
            if value and is_secret(variable.name, value, facts_of(service)):
                values.setdefault(variable_name(variable.name), set()).add(value)
    return frozenset(name for name, different in values.items() if len(different) > 1)


def is_secret(name: str, value: str, image: ImageFacts | None) -> bool:
    """Whether the variable's value is a secret, by its name, by what the image does with it, or by its form."""
    return (_names_secret(name, image) and may_be_secret(value)) or secret_value(value)


def _names_secret(name: str, image: ImageFacts | None) -> bool:
    return secret_name(name) or (image is not None and image.is_secret(name))


class _Takes(Enum):
    """How much of a text goes out that is a secret by its form, such as an address with a password."""

    ALL = "all"
    SHARED_PART = "the password where a server has it already, else all"
    PARTS = "the parts that are secrets"


class _Holder(NamedTuple):
    """A text that may hold secrets: whose it is and where, what it is called, and what its secrets are called.

    `is_named` says that by its name all of it is a secret. `part_setting` names the setting of a password in it; the
    codes are those of the notes on all of it and on a part of it.
    """

    service: Service
    path: ModelPath
    name: str
    is_named: bool
    takes: _Takes
    setting: str
    part_setting: str
    code: str
    part_code: str
    origin: Span | None

    def note(self, code: str, setting: str) -> Note:
        """The note that a secret of the text, or a part of it, comes from a setting now."""
        return note(
            code,
            self.origin,
            subject=self.path,
            service=self.service.name,
            place=str(self.path) if code == "TC509" else ".".join(self.path[2:]),
            name=setting,
            variable=self.name,
            label=self.name,
            argument=self.name,
            option=self.name,
        )


def _variable_holder(service: Service, path: ModelPath, origin: Span | None) -> _Holder:
    name = path[-1]
    return _Holder(
        service=service,
        path=path,
        name=name,
        is_named=_names_secret(name, facts_of(service)),
        takes=_Takes.SHARED_PART,
        setting=name,
        part_setting=f"{name}_PASSWORD",
        code="TC500",
        part_code="TC501",
        origin=origin or service.origin,
    )


def _option_holder(service: Service, owner: ModelPath, keys: tuple[str, ...]) -> _Holder:
    """The holder of an option; the entries of a list are called as the list is."""
    name = next((key for key in reversed(keys) if not key.isdigit()), "")
    return _Holder(
        service=service,
        path=owner,
        name=name,
        is_named=secret_name(name),
        takes=_Takes.PARTS,
        setting=f"{service.name}_{name.rpartition('.')[2]}",
        part_setting=f"{service.name}_password",
        code="TC509",
        part_code="TC509",
        origin=None,
    )


def _text_holder(service: Service, path: ModelPath) -> _Holder:
    """The holder of any other text: a label, a build argument, or one that holds secrets in its variables only."""
    name, is_named, setting, code = path[-1], False, f"{service.name}_PASSWORD", "TC507"
    match path[2:]:
        case ("labels", _):
            last_word = name.rpartition(".")[2]
            is_named = lists_users(name) or secret_name(last_word)
            setting, code = f"{service.name}_{last_word}", "TC504"
        case ("build", "args", _):
            is_named, setting, code = secret_name(name), name, "TC505"
        case ("build", "context"):
            setting = f"{service.name}_BUILD_PASSWORD"
    return _Holder(
        service=service,
        path=path,
        name=name,
        is_named=is_named,
        takes=_Takes.PARTS if code == "TC507" else _Takes.ALL,
        setting=setting,
        part_setting=setting,
        code=code,
        part_code=code,
        origin=service.origin,
    )


def _command_holder(service: Service, path: ModelPath, option: str) -> _Holder:
    setting = command_setting_name(service.name, option)
    holder = _text_holder(service, path.parent if path[-1].isdigit() else path)
    return holder._replace(
        name=option, setting=setting, part_setting=setting, code="TC502", part_code="TC502"
    )


class _SecretPass:
    """The way over the texts of a stack on which secrets go into the vault; `notes` say which did."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.notes: list[Note] = []

    def service_without_secrets(self, service: Service) -> Service:
        """The service with references to settings in the place of secrets."""
        overlays = {
            home: self._layer_without_secrets(service, part)
            for home, part in service.overlays.items()
        }
        base = replace(service, overlays={})
        return replace(self._layer_without_secrets(service, base), overlays=overlays)

    def _layer_without_secrets(self, service: Service, layer: Service) -> Service:
        """What one file says of a service, without its secrets."""
        owner = ModelPath.service(service.name)
        origins = {variable.name: variable.origin for variable in layer.environment}
        in_commands: dict[tuple[str, ...], list[CommandSecret]] = {}
        for key, secret in service_command_secrets(layer):
            path = (*owner, *key.split("."), str(secret.word))
            in_commands.setdefault(path, []).append(secret)

        def without_secrets(path: ModelPath, text: str) -> str:
            key, name = path[2], path[-1]
            if key in _COMMANDS:
                return self._safe_word(service, path, text, in_commands.get(path, []))
            if key == "environment":
                holder = _variable_holder(service, path, origins.get(name))
                return text if name.endswith("_FILE") else self._safe_text(holder, text)
            if key in _OPTIONS or (key in _DRIVER_OPTIONS and name not in _NO_OPTIONS):
                return self._safe_text(_option_holder(service, owner, path[2:]), text)
            if key in ("labels", "build") or "$" in text:
                return self._safe_text(_text_holder(service, path), text)
            return text

        return map_texts_within(layer, owner, without_secrets)

    def part_without_secrets(self, part: _Part) -> _Part:
        """The network or volume with references to settings in the place of secrets of its options."""
        section = "networks" if isinstance(part, Network) else "volumes"
        owner = ModelPath.of(section, part.name)
        service = Service(name=part.name)

        def without_secrets(path: ModelPath, text: str) -> str:
            return self._safe_text(_option_holder(service, owner, path[2:]), text)

        return map_texts_within(part, owner, without_secrets)

    def without_repeated_secrets(self, stack: Stack) -> Stack:
        """The stack with the secrets that are known by now taken out of all other texts, and its settings."""
        services = tuple(self._without_repeated(service) for service in stack.services)
        anybody = Service(name="")
        configs = tuple(
            replace(config, content=self._vault.replace_secrets(anybody, config.content))
            if config.content
            else config
            for config in stack.configs
        )
        settings = tuple(self._vault.settings.values())
        return replace(stack, services=services, configs=configs, settings=settings)

    def _without_repeated(self, service: Service) -> Service:
        """A password repeated in a health command, a variable that is known to be a secret."""

        def without_repeated(path: ModelPath, text: str) -> str:
            if path[2] in _FIELDS - _REPEATING:
                return text
            replaced = self._vault.replace_secrets(service, text)
            if replaced != text:
                self.notes.append(
                    _text_holder(service, _noted_path(path)).note("TC507", "")
                )
            return self._vault.require_secrets(replaced)

        return map_texts_within(service, ModelPath.service(service.name), without_repeated)

    def _safe_text(self, holder: _Holder, text: str) -> str:
        """The text without secrets: all of it a reference, or parts of it."""
        value = plain(text)
        parts = _secret_parts(holder, text)
        if value is None:
            edits = [*self._part_edits(holder, text, parts)]
            secret_spans = [(0, len(text), holder)] if holder.is_named else []
            return replace_spans(
                text, [*edits, *self._variable_edits(holder, text, secret_spans)]
            )
        by_name = holder.is_named and may_be_secret(value)
        if holder.takes is _Takes.PARTS and parts and not by_name:
            return replace_spans(text, self._part_edits(holder, text, parts))
        if not by_name and not secret_value(value):
            return text
        if holder.takes is _Takes.SHARED_PART and len(parts) == 1:
            start, end = parts[0]
            password = plain(text[start:end]) or ""
            setting = self._vault.service_setting(holder.service, password)
            if setting is not None:
                self.notes.append(holder.note(holder.part_code, setting))
                return replace_spans(text, [(start, end, secret_reference(setting))])
        return self._move(holder, holder.setting, value, holder.code)

    def _safe_word(
        self, service: Service, path: ModelPath, text: str, secrets: list[CommandSecret]
    ) -> str:
        """A word of a command without the secrets that stand in it."""
        edits: list[_Edit] = []
        templates: list[tuple[int, int, _Holder]] = []
        for secret in secrets:
            start, end = secret.start, secret.end
            holder = _command_holder(service, path, secret.option)
            value = plain(text[start:end])
            if value is None:
                templates.append((start, end, holder))
            else:
                edits.append(
                    (start, end, self._move(holder, holder.setting, value, "TC502"))
                )
        if "$" in text:
            holder = _command_holder(service, path, "password")
            edits += self._variable_edits(holder, text, templates)
        return replace_spans(text, edits)

    def _part_edits(
        self, holder: _Holder, text: str, spans: list[tuple[int, int]]
    ) -> Iterator[_Edit]:
        for start, end in spans:
            value = plain(text[start:end])
            if value and may_be_secret(value):
                new = self._move(holder, holder.part_setting, value, holder.part_code)
                yield start, end, new

    def _variable_edits(
        self, holder: _Holder, text: str, secret_spans: list[tuple[int, int, _Holder]]
    ) -> Iterator[_Edit]:
        """What becomes of the variables of a text: a default that is a secret goes out.

        `secret_spans` say where the text is a secret, and whose; so is a variable in the place of a password.
        """
        spans = [
            *secret_spans,
            *(
                (variable.start, variable.end_offset, holder)
                for variable in password_variables(text)
            ),
        ]
        for variable in variables(text):
            around = [span for span in spans if span[0] <= variable.start < span[1]]
            owner = around[0][2] if around else holder
            yield from self._default_edits(owner, variable, is_secret=bool(around))
            if any(span[:2] == (variable.start, variable.end_offset) for span in around):
                self._mark(owner, variable.name)

    def _default_edits(
        self, holder: _Holder, variable: Variable, is_secret: bool
    ) -> Iterator[_Edit]:
        """The value of a default goes to the variable itself; to one of its own where that would change others."""
        described = f"{holder.name} of {holder.service.name}"
        for inner, value in secret_defaults(variable, is_secret):
            if self._vault.make_secret(inner.name, value, described, holder.origin):
                self.notes.append(holder.note(holder.code, inner.name))
                yield inner.start, inner.end_offset, secret_reference(inner.name)
            else:
                new = self._move(holder, holder.setting, value, holder.code)
                yield inner.operand_start, inner.end_offset - 1, new

    def _mark(self, holder: _Holder, name: str) -> None:
        if self._vault.may_hold_secret(name) and self._vault.mark_secret(name):
            self.notes.append(holder.note("TC503", name))

    def _move(self, holder: _Holder, setting: str, value: str, code: str) -> str:
        """The reference to the setting that holds the value from now on."""
        name = self._vault.setting_for_service(
            holder.service, setting, value, holder.origin
        )
        self.notes.append(holder.note(code, name))
        return secret_reference(name)


def _noted_path(path: ModelPath) -> ModelPath:
    """What a note names where the text is a word of a command or stands below an option."""
    if path[2] in ("environment", "labels"):
        return path
    return ModelPath(path[:4] if path[2] == "healthcheck" else path[:3])


def _secret_parts(holder: _Holder, text: str) -> list[tuple[int, int]]:
    """Where the text holds secrets by its form; options may be command lines."""
    if holder.code != "TC509":
        return passwords(text)
    return sorted({*passwords(text), *script_secrets(text)})


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
