"""A stack as one file that needs nothing beside it: standard output has no place for `.env` or `config/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.exporters.conflicts import given_to_read_only
from tocompose.exporters.final_checks import Checked, for_each_overlay
from tocompose.knowledge.servers import has_development_password
from tocompose.model import ConfigMount, EnvSetting, File, FileResource, Service, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.interpolation import (
    Variable,
    literal,
    plain,
    replace_in_document,
    required_reference,
)
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

# Stands in `${NAME:-…}` and in plain YAML without any escaping.
_HARMLESS = regex(r"[A-Za-z0-9_./:@,-]+")


def self_contained(stack: Stack, inline_secrets: bool) -> Checked:
    """The stack with generated configs and secrets inside it; a note for each file that cannot stand there."""
    inliner = _Inliner(stack, inline_secrets)
    configs = tuple(map(inliner.inline_config, stack.configs))
    secrets = tuple(filter(None, map(inliner.inline_secret, stack.secrets)))
    stack = replace(
        stack,
        configs=(*configs, *inliner.configs_of_secrets.values()),
        secrets=secrets,
        settings=(*stack.settings, *inliner.new_settings),
        files=(),
    )
    stack = for_each_overlay(stack, lambda _, layer: inliner.grant_configs(layer))
    paths = {ModelPath.of("files", path) for path in inliner.files}
    paths |= {ModelPath.of("secrets", name) for name in inliner.configs_of_secrets}
    return Checked(stack, tuple(inliner.notes_on_files_outside()), frozenset(paths))


class _Inliner:
    """The files of a stack, and what becomes of them."""

    def __init__(self, stack: Stack, inline_secrets: bool) -> None:
        self.files = {file.path: file for file in stack.files}
        self.configs_of_secrets: dict[str, FileResource] = {}
        self.new_settings: list[EnvSetting] = []
        self._inline_secrets = inline_secrets
        self._inlined: set[str] = set()
        self._must_be_files = given_to_read_only(stack)

    def _file_of(self, resource: FileResource) -> File | None:
        """The file of ours from which a config or secret comes, if it may stand elsewhere."""
        if resource.name in self._must_be_files:
            return None
        return self.files.get((resource.file or "").removeprefix("./"))

    def inline_config(self, config: FileResource) -> FileResource:
        """The config with its content, where that is text and no secret stands in it."""
        file = self._file_of(config)
        if file is not None and file.secret and not self._inline_secrets:
            return config
        text = _text_of(file) if file else None
        if file is None or text is None:
            return config
        self._inlined.add(file.path)
        return replace(config, file=None, content=literal(text))

    def inline_secret(self, secret: FileResource) -> FileResource | None:
        """The secret from a variable of the environment; None where it is a config now, which can hold content."""
        file = self._file_of(secret)
        if file is None:
            return secret
        self._inlined.add(file.path)
        text = _text_of(file) if self._inline_secrets else None
        if text is not None:
            self.configs_of_secrets[secret.name] = FileResource(
                name=secret.name, content=literal(text), origin=secret.origin
            )
            return None
        name = variable_name(secret.name)
        origin = file.origin or secret.origin
        self.new_settings.append(
            EnvSetting(name=name, secret=True, required=True, origin=origin)
        )
        return FileResource(name=secret.name, environment=name, origin=secret.origin)

    def grant_configs(self, layer: Service) -> Service:
        """The layer with the configs that were secrets at the place of these."""
        moved = [
            grant for grant in layer.secrets if grant.source in self.configs_of_secrets
        ]
        if not moved:
            return layer
        grants = [replace(grant, target=_secret_target(grant)) for grant in moved]
        secrets = tuple(grant for grant in layer.secrets if grant not in moved)
        return replace(layer, secrets=secrets, configs=(*layer.configs, *grants))

    def notes_on_files_outside(self) -> Iterator[Note]:
        """A note for each file that nobody will find beside the one file."""
        for path, file in self.files.items():
            if path not in self._inlined:
                yield note(
                    "TC759", file.origin, subject=ModelPath.of("files", path), path=path
                )


def _text_of(file: File) -> str | None:
    try:
        return file.content.decode()
    except UnicodeDecodeError:
        return None


def _secret_target(grant: ConfigMount) -> str:
    target = grant.target or grant.source
    return target if target.startswith("/") else f"/run/secrets/{target}"


def settle_variables(
    document: dict[str, Any], stack: Stack, inline_secrets: bool
) -> dict[str, Any]:
    """The document with the values of `.env` as defaults; a secret is asked for unless it is to stand inline."""
    settings = {setting.name: setting for setting in stack.settings}

    def settle(variable: Variable) -> str:
        setting = settings.get(variable.name)
        if setting is None or variable.operator in (":+", "+"):
            return variable.source
        return _settle_variable(variable, setting, inline_secrets)

    return {key: replace_in_document(value, settle) for key, value in document.items()}


def _settle_variable(variable: Variable, setting: EnvSetting, inline_secrets: bool) -> str:
    """What stands in the place of a variable that `.env` would set."""
    value = setting.value
    if setting.secret and not (inline_secrets and value is not None):
        return variable.source if variable.operator else required_reference(variable.name)
    if value is None or (variable.default is not None and plain(variable.default) == value):
        return variable.source
    if not setting.secret and _HARMLESS.fullmatch(value):
        return f"${{{variable.name}:-{value}}}"
    return literal(value)


def ask_for_secrets(
    stack: Stack, open_settings: frozenset[str], inline_secrets: bool
) -> tuple[Note, ...]:
    """A note for each secret that the user must set, with the place of its value in the source and never the value;
    the source holds none for the `open_settings`. One that the importer requires of the user was said there."""
    return tuple(
        note(
            "TC758",
            setting.origin,
            subject=ModelPath.of("settings", setting.name),
            name=setting.name,
            place=_where_value_is(setting, setting.name in open_settings),
        )
        for setting in stack.settings
        if setting.secret
        and not (inline_secrets and setting.value is not None)
        and not (setting.required and setting.name in open_settings)
    )


def _where_value_is(setting: EnvSetting, is_open: bool) -> str:
    if is_open:
        return "; the source has at most an example of it"
    if has_development_password(setting):
        return "; a server of this stack takes any value for it"
    return "" if setting.origin else "; its value is in the source"
