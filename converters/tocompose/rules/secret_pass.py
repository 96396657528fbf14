"""The way over the texts of a stack on which secrets go out of it, each to a setting of `.env`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, TypeVar

from tocompose.compose.keys import is_extension
from tocompose.knowledge.secrets.commands import (
    CommandSecret,
    command_secrets,
    nested_command_secrets,
    secret_spans,
    service_command_secrets,
)
from tocompose.knowledge.secrets.texts import (
    may_be_secret,
    password_variables,
    replace_spans,
    secret_defaults,
    secret_value,
)
from tocompose.model import (
    ComposeFileRole,
    FileResource,
    Network,
    Plain,
    Service,
    Stack,
    Volume,
)
from tocompose.notes import Note
from tocompose.record import record_fields, replace
from tocompose.rules.secret_holders import (
    Extent,
    SecretHolder,
    command_holder,
    noted_path,
    option_holder,
    setting_of_twin,
    text_holder,
    variable_holder,
)
from tocompose.rules.secret_vault import (
    Vault,
    secret_reference,
)
from tocompose.source import Span
from tocompose.stack_texts import map_texts_within
from tocompose.syntax.interpolation import Variable, plain, variables
from tocompose.syntax.model_path import ModelPath

# Keys of a service whose entries are the user's own words; below its mounts these are the options of the driver.
_OPTIONS = frozenset(
    {"annotations", "sysctls", "storage_opt", "pre_stop", "post_start", "provider"}
)
_DRIVER_OPTIONS = frozenset({"logging", "volumes"})
_COMMANDS = frozenset({"command", "entrypoint", "healthcheck"})
_TEXTS = frozenset({"labels", "build", "image"})
_COMMAND_LINES = frozenset({("command",), ("entrypoint",)})
# Where the value of a secret may be repeated: here, and in all that no field of the model is for.
_REPEATING = _COMMANDS | {"environment", "labels", "logging"}
_FIELDS = frozenset(record_fields(Service).keys() | {"volumes", "env_file"})
_NO_OPTIONS = frozenset({"source", "target"})
_Edit: TypeAlias = tuple[int, int, str]
_Resource = TypeVar("_Resource", Network, Volume)


class SecretPass:
    """The way over the texts of a stack on which secrets go into the vault; `notes` say which did."""

    def __init__(self, vault: Vault, flowing: frozenset[str] = frozenset()) -> None:
        self._vault = vault
        # Passwords of addresses: a variable that holds one of them alone is where it comes from.
        self._flowing = flowing
        self.notes: list[Note] = []
        self._asked_names: set[str] = set()

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
            if path[2] in _COMMANDS or path in in_commands:
                # A command that is one text with variables is read as a shell's line.
                is_line = path[2:] in _COMMAND_LINES
                line_secrets = command_secrets((text,)) if is_line else []
                text_secrets = in_commands.get(path, line_secrets)
                return self._safe_word(service, path, text, text_secrets)
            holder = _holder_of(service, path, text, origins.get(path[-1]))
            return text if holder is None else self._safe_text(holder, text)

        return map_texts_within(layer, owner, without_secrets)

    def resource_without_secrets(self, resource: _Resource) -> _Resource:
        """The network or volume with references to settings in the place of secrets of its options."""
        section = "networks" if isinstance(resource, Network) else "volumes"
        owner = ModelPath.of(section, resource.name)
        service = Service(name=resource.name)

        def without_secrets(path: ModelPath, text: str) -> str:
            return self._safe_text(option_holder(service, owner, path[2:]), text)

        return map_texts_within(resource, owner, without_secrets)

    def config_without_secrets(self, config: FileResource) -> FileResource:
        """The config with references to settings in the place of the secrets of its content, which Compose fills in."""
        if not config.content:
            return config
        owner = ModelPath.of("configs", config.name)
        holder = option_holder(Service(name=config.name), owner, ("content",))
        edits = self._part_edits(holder, config.content, secret_spans(config.content))
        return replace(config, content=replace_spans(config.content, edits))

    def extensions_without_secrets(
        self, stack: Stack
    ) -> dict[ComposeFileRole, dict[str, Plain]]:
        """The `x-` sections of each file without their secrets, also those of the parts of services in them."""
        return {
            role: {
                section: self._extension_without_secrets(section, body)
                for section, body in sections.items()
            }
            for role, sections in stack.extensions.items()
        }

    def _extension_without_secrets(self, section: str, body: Plain) -> Plain:
        owner = ModelPath.of(section)
        service = Service(name=section.removeprefix("x-"))
        in_commands = {
            owner.child(*keys): secrets for keys, secrets in nested_command_secrets(body)
        }

        def without_secrets(path: ModelPath, text: str) -> str:
            holder = option_holder(service, owner, path)._replace(is_shared=True)
            if path not in in_commands:
                return self._safe_text(holder, text)
            return self._safe_word(service, path, text, in_commands[path])

        # A section may be no more than one text.
        return map_texts_within({section: body}, (), without_secrets)[section]

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
        extensions = map_texts_within(
            stack.extensions, (), lambda _, text: self._vault.replace_secrets(anybody, text)
        )
        settings = tuple(self._vault.settings.values())
        return replace(
            stack,
            services=services,
            configs=configs,
            settings=settings,
            extensions=extensions,
        )

    def _without_repeated(self, service: Service) -> Service:
        """A password repeated in a health command, a variable that is known to be a secret."""
        origins = {variable.name: variable.origin for variable in service.environment}

        def without_repeated(path: ModelPath, text: str) -> str:
            if path[2] in _FIELDS - _REPEATING:
                return text
            self._note_unset(service, path, text, origins.get(path[-1]))
            required = self._vault.require_secrets(text)
            replaced = self._vault.replace_secrets(service, required)
            if replaced != required or self._vault.repeats_value(text):
                self.notes.append(
                    text_holder(service, noted_path(path)).note_move("TC507", "")
                )
            return replaced

        return map_texts_within(service, ModelPath.service(service.name), without_repeated)

    def _note_unset(
        self, service: Service, path: ModelPath, text: str, origin: Span | None
    ) -> None:
        """Says once of each secret without a value that nothing starts until it has one."""
        for name in self._vault.unset_secrets(text):
            if name not in self._asked_names:
                self._asked_names.add(name)
                holder = variable_holder(service, noted_path(path), origin)
                self.notes.append(holder.note_move("TC553", name))

    def _safe_text(self, holder: SecretHolder, text: str) -> str:
        """The text without secrets: all of it a reference, or parts of it."""
        value = plain(text)
        spans = secret_spans(text, holder.name)
        if value is None:
            named_spans = [(0, len(text), holder)] if holder.is_named else []
            edits = [*self._part_edits(holder, text, spans)]
            edits += self._variable_edits(holder, text, named_spans)
            return replace_spans(text, edits)
        is_origin = value in self._flowing and not self._vault.is_held(value)
        by_name = holder.holds_secret(value) or (is_origin and may_be_secret(value))
        if holder.extent is Extent.PARTS and spans and not by_name:
            return replace_spans(text, self._part_edits(holder, text, spans))
        if not by_name and not secret_value(value, holder.name):
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
                edits.append((start, stop, self._command_reference(holder, value)))
        if "$" in text:
            holder = command_holder(service, path, "password")
            edits += self._variable_edits(holder, text, templates)
        return replace_spans(text, edits)

    def _command_reference(self, holder: SecretHolder, value: str) -> str:
        """The reference to the setting of a secret in a command; a job may set what another service has."""
        twin = setting_of_twin(holder.service, value)
        setting = self._vault.repeated_setting(holder.service, value)
        if twin is not None or setting is None:
            return self._move(holder, twin or holder.setting, value, "TC502")
        self.notes.append(holder.note_move("TC502", setting))
        return secret_reference(setting)

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
        shared_name = self._vault.any_setting(value) if holder.is_shared else None
        name = shared_name or self._vault.setting_for_service(
            holder.service, setting, value, holder.origin
        )
        self.notes.append(holder.note_move(code, name))
        return secret_reference(name)


def _holder_of(
    service: Service, path: ModelPath, text: str, origin: Span | None
) -> SecretHolder | None:
    """What of a service holds a text that may be a secret; None where none can be in it."""
    key, name = path[2], path[-1]
    if key == "environment":
        is_path = name.endswith("_FILE")
        return None if is_path else variable_holder(service, path, origin)
    if _is_option(key, name):
        return option_holder(service, ModelPath.service(service.name), path[2:])
    if key in _TEXTS or "labels" in path[3:4] or "$" in text:
        return text_holder(service, path)
    return None


def _is_option(key: str, name: str) -> bool:
    """Whether a driver or a program is given what stands at the key."""
    is_driver_option = key in _DRIVER_OPTIONS and name not in _NO_OPTIONS
    return is_driver_option or key in _OPTIONS or is_extension(key)
