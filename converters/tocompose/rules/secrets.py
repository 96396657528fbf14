"""SEC-OUT: secrets stand in `.env`, not in the compose file.

Whether a text holds a secret is decided by where it stands (a variable, a label, a word of a command …) and by its
form; what goes out is the span of the text that is the secret. Only then are repeated values of secrets looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TypeAlias, TypeVar

from tocompose.knowledge.secrets.commands import (
    CommandSecret,
    command_secrets,
    script_secrets,
    service_command_secrets,
)
from tocompose.knowledge.secrets.texts import (
    may_be_secret,
    password_spans,
    password_variables,
    replace_spans,
    secret_defaults,
    secret_value,
)
from tocompose.model import Network, Service, Stack, Volume
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.config_files import in_secrets
from tocompose.rules.roles import is_data
from tocompose.rules.secret_holders import (
    Extent,
    SecretHolder,
    command_holder,
    is_secret,
    option_holder,
    setting_of_twin,
    text_holder,
    variable_holder,
)
from tocompose.rules.secret_vault import Vault, secret_reference
from tocompose.rules.service_images import facts_of
from tocompose.stack_texts import map_texts_within
from tocompose.syntax.interpolation import Variable, plain, variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

# Keys of a service whose entries are the user's own words; below its mounts these are the options of the driver.
_OPTIONS = frozenset({"annotations", "sysctls", "storage_opt", "pre_stop", "post_start"})
_DRIVER_OPTIONS = frozenset({"logging", "volumes"})
_COMMANDS = frozenset({"command", "entrypoint", "healthcheck"})
_COMMAND_LINES = frozenset({("command",), ("entrypoint",)})
# Where the value of a secret may be repeated: here, and in all that no field of the model is for.
_REPEATING = _COMMANDS | {"environment", "labels", "logging"}
_FIELDS = frozenset({field.name for field in fields(Service)} | {"volumes", "env_file"})
_NO_OPTIONS = frozenset({"source", "target"})
_Edit: TypeAlias = tuple[int, int, str]
_Resource = TypeVar("_Resource", Network, Volume)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each secret of environment, command and labels as a variable, its value in the settings."""
    if context.inline_secrets:
        return Outcome(stack=stack)
    vault = Vault(stack, clashing_names(stack))
    secret_pass = _SecretPass(vault, _address_passwords(stack))
    # Servers first: they give their passwords the names under which others share them.
    moved = {
        service.name: secret_pass.service_without_secrets(service)
        for service in sorted(stack.services, key=lambda service: not is_data(service))
    }
    stack = replace(
        stack,
        services=tuple(moved[service.name] for service in stack.services),
        networks=tuple(
            secret_pass.resource_without_secrets(resource) for resource in stack.networks
        ),
        volumes=tuple(
            secret_pass.resource_without_secrets(resource) for resource in stack.volumes
        ),
    )
    stack = secret_pass.without_repeated_secrets(stack)
    if not context.split:
        return Outcome(stack=stack, notes=tuple(secret_pass.notes))
    outcome = in_secrets(stack)
    notes = (*secret_pass.notes, *outcome.notes)
    return Outcome(stack=outcome.stack, notes=notes, moves=outcome.moves)


_SHORTEST_FLOWING = 8


def _address_passwords(stack: Stack) -> frozenset[str]:
    """The passwords that stand in longer values of variables, as far as they do not stand elsewhere by chance."""
    passwords: set[str] = set()
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value) if variable.value else None
            for start, stop in password_spans(value or ""):
                password = (value or "")[start:stop]
                if len(password) >= _SHORTEST_FLOWING and not password.isalpha():
                    passwords.add(password)
    return frozenset(passwords)


def clashing_names(stack: Stack) -> frozenset[str]:
    """The names under which different services keep different secrets: each gets its service's name in front."""
    values: dict[str, set[str]] = {}
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value) if variable.value else None
            if value and is_secret(variable.name, value, facts_of(service)):
                values.setdefault(variable_name(variable.name), set()).add(value)
    return frozenset(name for name, different in values.items() if len(different) > 1)


class _SecretPass:
    """The way over the texts of a stack on which secrets go into the vault; `notes` say which did."""

    def __init__(self, vault: Vault, flowing: frozenset[str] = frozenset()) -> None:
        self._vault = vault
        # Passwords of addresses: a variable that holds one of them alone is where it comes from.
        self._flowing = flowing
        self.notes: list[Note] = []

    def service_without_secrets(self, service: Service) -> Service:
        """The service with references to settings in the place of secrets."""
        overlays = {
            role: self._layer_without_secrets(service, overlay)
            for role, overlay in service.overlays.items()
        }
        base = replace(service, overlays={})
        return replace(self._layer_without_secrets(service, base), overlays=overlays)

    def _layer_without_secrets(self, service: Service, layer: Service) -> Service:
        """What one file says of a service, without its secrets."""
        owner = ModelPath.service(service.name)
        origins = {variable.name: variable.origin for variable in layer.environment}
        in_commands: dict[tuple[str, ...], list[CommandSecret]] = {}
        for keys, secret in service_command_secrets(layer):
            path = (*owner, *keys, str(secret.word))
            in_commands.setdefault(path, []).append(secret)

        def without_secrets(path: ModelPath, text: str) -> str:
            key, name = path[2], path[-1]
            if key in _COMMANDS or path in in_commands:
                # A command that is one text with variables is read as a shell's line.
                is_line = path[2:] in _COMMAND_LINES
                line_secrets = command_secrets((text,)) if is_line else []
                text_secrets = in_commands.get(path, line_secrets)
                return self._safe_word(service, path, text, text_secrets)
            if key == "environment":
                holder = variable_holder(service, path, origins.get(name))
                return text if name.endswith("_FILE") else self._safe_text(holder, text)
            if key in _OPTIONS or (key in _DRIVER_OPTIONS and name not in _NO_OPTIONS):
                return self._safe_text(option_holder(service, owner, path[2:]), text)
            if key in ("labels", "build") or "$" in text:
                return self._safe_text(text_holder(service, path), text)
            return text

        return map_texts_within(layer, owner, without_secrets)

    def resource_without_secrets(self, resource: _Resource) -> _Resource:
        """The network or volume with references to settings in the place of secrets of its options."""
        section = "networks" if isinstance(resource, Network) else "volumes"
        owner = ModelPath.of(section, resource.name)
        service = Service(name=resource.name)

        def without_secrets(path: ModelPath, text: str) -> str:
            return self._safe_text(option_holder(service, owner, path[2:]), text)

        return map_texts_within(resource, owner, without_secrets)

    def without_repeated_secrets(self, stack: Stack) -> Stack:
        """The stack with the secrets that are known by now taken out of all other texts, and its settings."""
        if self._vault.is_empty:
            return replace(stack, settings=tuple(self._vault.settings.values()))
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
                    text_holder(service, _noted_path(path)).note_move("TC507", "")
                )
            return self._vault.require_secrets(replaced)

        return map_texts_within(service, ModelPath.service(service.name), without_repeated)

    def _safe_text(self, holder: SecretHolder, text: str) -> str:
        """The text without secrets: all of it a reference, or parts of it."""
        value = plain(text)
        spans = _secret_spans(text)
        if value is None:
            named_spans = [(0, len(text), holder)] if holder.is_named else []
            edits = [*self._part_edits(holder, text, spans)]
            edits += self._variable_edits(holder, text, named_spans)
            return replace_spans(text, edits)
        is_origin = value in self._flowing and not self._vault.is_held(value)
        by_name = (holder.is_named or is_origin) and may_be_secret(value)
        if holder.extent is Extent.PARTS and spans and not by_name:
            return replace_spans(text, self._part_edits(holder, text, spans))
        if not by_name and not secret_value(value):
            # A command line, or nothing.
            return replace_spans(text, [*self._line_edits(holder, text, spans)])
        with_shared_part = self._share_part(holder, text, spans)
        return with_shared_part or self._move(holder, holder.setting, value, holder.code)

    def _line_edits(
        self, holder: SecretHolder, text: str, spans: list[tuple[int, int]]
    ) -> Iterator[_Edit]:
        """What becomes of the secrets in a command line: what some setting holds already keeps that variable."""
        for start, stop in spans:
            setting = self._known_setting(holder, text, (start, stop))
            if setting is None:
                yield from self._part_edits(holder, text, [(start, stop)])
            else:
                self.notes.append(holder.note_move("TC507", ""))
                yield start, stop, secret_reference(setting)

    def _known_setting(
        self, holder: SecretHolder, text: str, span: tuple[int, int]
    ) -> str | None:
        value = plain(text[slice(*span)]) or ""
        return self._vault.service_setting(holder.service, value)

    def _share_part(
        self, holder: SecretHolder, text: str, spans: list[tuple[int, int]]
    ) -> str | None:
        """The text with the setting of a server in the place of its only password; None where no server has it."""
        if holder.extent is not Extent.SHARED_PART or len(spans) != 1:
            return None
        start, stop = spans[0]
        setting = self._vault.service_setting(holder.service, plain(text[start:stop]) or "")
        if setting is None:
            return None
        self.notes.append(holder.note_move(holder.part_code, setting))
        return replace_spans(text, [(start, stop, secret_reference(setting))])

    def _safe_word(
        self, service: Service, path: ModelPath, text: str, secrets: list[CommandSecret]
    ) -> str:
        """A word of a command without the secrets that stand in it."""
        edits: list[_Edit] = []
        templates: list[tuple[int, int, SecretHolder]] = []
        for secret in secrets:
            start, stop = secret.start, secret.end
            holder = command_holder(service, path, secret.option)
            value = plain(text[start:stop])
            if value is None:
                templates.append((start, stop, holder))
            else:
                setting = setting_of_twin(service, value) or holder.setting
                edits.append((start, stop, self._move(holder, setting, value, "TC502")))
        if "$" in text:
            holder = command_holder(service, path, "password")
            edits += self._variable_edits(holder, text, templates)
        return replace_spans(text, edits)

    def _part_edits(
        self, holder: SecretHolder, text: str, spans: list[tuple[int, int]]
    ) -> Iterator[_Edit]:
        for start, stop in spans:
            value = plain(text[start:stop])
            if value and may_be_secret(value):
                new = self._move(holder, holder.part_setting, value, holder.part_code)
                yield start, stop, new

    def _variable_edits(
        self,
        holder: SecretHolder,
        text: str,
        secret_spans: list[tuple[int, int, SecretHolder]],
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
        self, holder: SecretHolder, variable: Variable, is_secret: bool
    ) -> Iterator[_Edit]:
        """The value of a default goes to the variable itself; to one of its own where that would change others."""
        described = f"{holder.name} of {holder.service.name}"
        for nested, value in secret_defaults(variable, is_secret):
            if self._vault.make_secret(nested.name, value, described, holder.origin):
                self.notes.append(holder.note_move(holder.code, nested.name))
                yield nested.start, nested.end_offset, secret_reference(nested.name)
            else:
                new = self._move(holder, holder.setting, value, holder.code)
                yield nested.operand_start, nested.end_offset - 1, new

    def _mark(self, holder: SecretHolder, name: str) -> None:
        if self._vault.may_hold_secret(name) and self._vault.mark_secret(name):
            self.notes.append(holder.note_move("TC503", name))

    def _move(self, holder: SecretHolder, setting: str, value: str, code: str) -> str:
        """The reference to the setting that holds the value from now on."""
        name = self._vault.setting_for_service(
            holder.service, setting, value, holder.origin
        )
        self.notes.append(holder.note_move(code, name))
        return secret_reference(name)


def _noted_path(path: ModelPath) -> ModelPath:
    """What a note names where the text is a word of a command or stands below an option."""
    if path[2] in ("environment", "labels"):
        return path
    return ModelPath(path[:4] if path[2] == "healthcheck" else path[:3])


def _secret_spans(text: str) -> list[tuple[int, int]]:
    """Where the text holds secrets by its form; it may be a command line."""
    return sorted({*password_spans(text), *script_secrets(text)})


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
