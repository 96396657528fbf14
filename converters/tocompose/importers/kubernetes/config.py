"""ConfigMaps and Secrets by namespace: their keys, contents, and the `.env` entries that secret values become."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.absent import AbsentObjects
from tocompose.importers.kubernetes.objects import (
    COMPOSED,
    GENERATED,
    KubeObject,
    KubeObjects,
    MadeObject,
)
from tocompose.importers.kubernetes.scalars import peek_text, take_text
from tocompose.importers.kubernetes.stack_builder import StackBuilder
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import SHADOWED_BY_THE_SHELL, variable_name

_PLACEHOLDER = regex(r"\{([\w./-]+)\}")


class ConfigEntry(NamedTuple):
    """One key of a ConfigMap or Secret; `encoded` for base64."""

    cursor: Cursor
    encoded: bool

    def content(self, to: ModelPath) -> bytes | None:
        """The bytes, mapped to `to`; None, with a note, when they are no base64."""
        if not self.encoded:
            text = take_text(self.cursor, to)
            return b"" if text is None else text.encode()
        decoded = self._decoded()
        if decoded is not None:
            self.cursor.take(to=to)
        return decoded

    def text(self) -> str | None:
        """The content as text for a variable; None, with a note, when it is none; settles nothing else."""
        decoded = (
            self._decoded() if self.encoded else (peek_text(self.cursor) or "").encode()
        )
        try:
            return None if decoded is None else decoded.decode()
        except UnicodeDecodeError:
            self.cursor.note(
                "TC209",
                field=self.cursor.key,
                expected="base64 of a text: a variable holds no bytes",
            )
            return None

    def _decoded(self) -> bytes | None:
        text = peek_text(self.cursor) or ""
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.cursor.note("TC209", field=self.cursor.key, expected="base64")
            return None


def config_entries(kube_object: KubeObject) -> dict[str, ConfigEntry]:
    """The keys of a ConfigMap or Secret. A Secret's stringData wins over its data."""
    secret = kube_object.title == "Secret"
    entry_by_key: dict[str, ConfigEntry] = {}
    for section, encoded in (("data", secret), ("binaryData", True), ("stringData", False)):
        for cursor in kube_object.at(section):
            if section == "stringData" and cursor.key in entry_by_key:
                entry_by_key[cursor.key].cursor.skip("stringData of the same key wins")
            entry_by_key[cursor.key] = ConfigEntry(cursor, encoded)
    return entry_by_key


class ConfigStore:
    """The ConfigMaps and Secrets of the input, and who uses them."""

    def __init__(self, objects: KubeObjects, builder: StackBuilder) -> None:
        self._objects = objects
        self._draft = builder
        self._entries: dict[KubeObject, dict[str, ConfigEntry]] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._taken: set[str] = set()
        self.used: dict[KubeObject, None] = {}
        self.absent = AbsentObjects(objects)

    def find(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The ConfigMap or Secret of that name, which thereby counts as used."""
        kube_object = self._objects.get(kind, namespace, name)
        if kube_object is not None:
            self.used[kube_object] = None
        return kube_object

    def entries(self, kube_object: KubeObject) -> dict[str, ConfigEntry]:
        """The keys of a ConfigMap or Secret."""
        if kube_object not in self._entries:
            self._entries[kube_object] = config_entries(kube_object)
        return self._entries[kube_object]

    def setting(self, kube_object: KubeObject, key: str, variable: str) -> str | None:
        """The name of the `.env` entry that holds a key of a Secret, made on first use; None when it is not text.

        It is named after the variable that first asks for it, or after the Secret where that name is taken.
        """
        setting_name = self._names.get((kube_object.namespace, kube_object.name, key))
        if setting_name is not None:
            return setting_name
        config_entry = self.entries(kube_object)[key]
        text = config_entry.text()
        if text is None:
            return None
        name = self._free(variable, f"{kube_object.name}_{key}")
        config_entry.content(ModelPath.of("settings", name))
        self._names[(kube_object.namespace, kube_object.name, key)] = name
        kube_object.count_identity_as_mapped(ModelPath.of("settings", name))
        self._draft.settings[name] = EnvSetting(
            name=name,
            value=text,
            secret=True,
            description=f"from Secret {kube_object.name}, key {key}",
            origin=config_entry.cursor.span,
        )
        return name

    def made_value(self, kube_object: KubeObject, key: str) -> str | None:
        """The value of a key of a Secret that an operator makes, as Compose reads it; None for any other object.

        What the operator would make up is a setting, which the user fills in.
        """
        if not isinstance(kube_object, MadeObject):
            return None
        config_entry = self.entries(kube_object)[key].cursor
        text = config_entry.peek() or ""
        if config_entry.style == COMPOSED:
            return _PLACEHOLDER.sub(
                lambda match: self._composed_part(kube_object, match[1]), literal(text)
            )
        if config_entry.style != GENERATED:
            return literal(text)
        setting_name = self.missing(
            kube_object.namespace,
            f"Secret {kube_object.name}",
            key,
            f"{kube_object.name.partition('.')[0]}_{key}",
            kube_object.span,
        )
        return f"${{{setting_name}:?{key} of Secret {kube_object.name}}}"

    def _composed_part(self, kube_object: MadeObject, reference: str) -> str:
        """The value of another key of the Secret, or of another Secret (`secret/key`)."""
        secret, _, key = reference.rpartition("/")
        if not secret:
            return self.made_value(kube_object, key) or ""
        other = self.find("Secret", kube_object.namespace, secret)
        if other is None or key not in self.entries(other):
            name = self.missing(
                kube_object.namespace,
                f"Secret {secret}",
                key,
                f"{secret}_{key}",
                kube_object.span,
            )
            return f"${{{name}:?{key} of Secret {secret}}}"
        made_value = self.made_value(other, key)
        return made_value or f"${{{self.setting(other, key, f'{secret}_{key}')}}}"

    def missing(
        self, namespace: str, source: str, key: str, variable: str, span: Span
    ) -> str:
        """The `.env` entry for a key that the input does not hold: the user must fill it in."""
        setting_name = self._names.get((namespace, source, key))
        if setting_name is not None:
            return setting_name
        name = self._free(variable, f"{source}_{key}")
        self._names[(namespace, source, key)] = name
        self._draft.settings[name] = EnvSetting(
            name=name,
            secret=True,
            required=True,
            description=f"from {source}, key {key}, which the manifests do not hold",
            origin=span,
        )
        return name

    def _free(self, preferred: str, fallback: str) -> str:
        name = variable_name(preferred)
        if (
            name in SHADOWED_BY_THE_SHELL
            or name in self._taken
            or name.startswith(("COMPOSE_", "DOCKER_"))
        ):
            name = variable_name(fallback)
        # A hyphen would make `${NAME-2}` a default value.
        number, free = 2, name
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return free

    def each(self) -> Iterator[KubeObject]:
        """Every ConfigMap and Secret that something uses."""
        yield from self.used
