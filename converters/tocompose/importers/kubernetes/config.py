"""ConfigMaps and Secrets by namespace: their keys, contents, and the `.env` entries that secret values become."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocompose.importers.kubernetes.absent import AbsentObjects, absent_objects
from tocompose.importers.kubernetes.objects import (
    COMPOSED,
    GENERATED,
    KubeObject,
    KubeObjects,
    MadeObject,
)
from tocompose.importers.kubernetes.scalars import peek_text, take_text
from tocompose.knowledge.secrets.names import secret_name
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting
from tocompose.patterns import regex
from tocompose.record import NamedTuple, field, record
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_PLACEHOLDER = regex(r"\{([\w./-]+)\}")
# What SOPS leaves of a value: https://getsops.io/docs/#encryption-protocol
_ENCRYPTED = regex(r"\s*ENC\[AES256_GCM,data:.*,type:\w+\]\s*", re.DOTALL)


class ConfigEntry(NamedTuple):
    """One key of a ConfigMap or Secret; `encoded` for base64."""

    cursor: Cursor
    encoded: bool

    def content(self, to: ModelPath) -> bytes | None:
        """The bytes, mapped to `to`; None, with a note, when they are no base64, or encrypted."""
        if not self.encoded and not self.is_encrypted:
            text = take_text(self.cursor, to)
            return b"" if text is None else text.encode()
        decoded = self._decoded()
        if decoded is None:
            self.note_bytes()
        else:
            self.cursor.take(to=to)
        return decoded

    @property
    def is_encrypted(self) -> bool:
        """Whether SOPS has encrypted the value, which only who has its key can read."""
        return _ENCRYPTED.fullmatch(peek_text(self.cursor) or "") is not None

    @property
    def text(self) -> str | None:
        """The content as text for a variable; None when it is none. No variable of a process holds a zero byte."""
        decoded = self._decoded()
        if decoded is None or b"\0" in decoded:
            return None
        try:
            return decoded.decode()
        except UnicodeDecodeError:
            return None

    def note_bytes(self) -> None:
        """Says that the content is no text for a variable, or that it cannot be read."""
        if self.is_encrypted:
            file = self.cursor.span.file
            self.cursor.note("TC548", field=self.cursor.key, file=file)
            return
        expected = "base64"
        if self._decoded() is not None:
            expected = "base64 of a text: a variable holds no bytes"
        self.cursor.note("TC209", field=self.cursor.key, expected=expected)

    def _decoded(self) -> bytes | None:
        text = peek_text(self.cursor) or ""
        if self.is_encrypted:
            return None
        if not self.encoded:
            return text.encode()
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return None


_SECTIONS = (("data", None), ("binaryData", True), ("stringData", False))


def config_entries(kube_object: KubeObject) -> dict[str, ConfigEntry]:
    """The keys of a ConfigMap or Secret. A Secret's stringData wins over its data."""
    is_secret = kube_object.title == "Secret"
    return {
        cursor.key: ConfigEntry(cursor, is_secret if encoded is None else encoded)
        for section, encoded in _SECTIONS
        for cursor in kube_object.at(section)
    }


def skip_overridden(kube_object: KubeObject) -> None:
    """Counts the keys of a Secret's data that its stringData holds too as ignored."""
    for cursor in kube_object.at("stringData"):
        for section in ("data", "binaryData"):
            kube_object.at(section, cursor.key).skip("stringData of the same key wins")


class SecretValue(NamedTuple):
    """A value that becomes an entry of `.env`: the key of a Secret, or of an object that the input does not hold.

    It is named after the variable that first asks for it, or after the object (`fallback`) where that name is taken.
    Without an `entry` the user must fill it in; `meaning` says what it is, `is_new` that the cluster's is not needed.
    """

    namespace: str
    source: str
    key: str
    variable: str
    fallback: str
    origin: Span
    owner: KubeObject | None = None
    entry: ConfigEntry | None = None
    meaning: str = ""
    is_new: bool = False

    @property
    def identity(self) -> ValueKey:
        """What two uses of one value have in common."""
        return self.namespace, self.source, self.key, self.entry is None

    def named(self, name: str) -> EnvSetting:
        """The entry of `.env` of that name."""
        if self.entry is None:
            absent = f"from {self.source}, key {self.key}, which the manifests do not hold"
            return EnvSetting(
                name=name,
                secret=self.source.startswith("Secret ") or secret_name(name),
                required=True,
                description=self.meaning or absent,
                origin=self.origin,
            )
        return EnvSetting(
            name=name,
            value=self.entry.text,
            secret=True,
            description=f"from {self.source}, key {self.key}",
            origin=self.origin,
        )


ValueKey: TypeAlias = tuple[str, str, str, bool]


def absent_value(
    namespace: str, source: str, key: str, variable: str, origin: Span
) -> SecretValue:
    """The value of a key that the input does not hold."""
    return SecretValue(namespace, source, key, variable, f"{source}_{key}", origin)


class VolumeFile(NamedTuple):
    """One file of a volume: its path below the mount, and the key or field that it is made of."""

    path: str
    mode: int
    secret: bool
    owner: KubeObject | None
    entry: ConfigEntry | None
    text: str = ""


class VolumeFiles(NamedTuple):
    """The files of a volume; `name` and `secret` say whose they are."""

    name: str
    files: tuple[VolumeFile, ...]
    secret: bool

    def below(self, folder: str) -> VolumeFiles:
        """The files in a folder of the volume, with their paths from there."""
        inside = tuple(
            file._replace(path=file.path.removeprefix(f"{folder}/"))
            for file in self.files
            if file.path.startswith(f"{folder}/")
        )
        return self._replace(files=inside)


@record
class ConfigStore:
    """The ConfigMaps and Secrets of the input with their keys, the entries of `.env` that values become, and the
    folders that volumes of files become, by the service and the name of the volume, with what single files of them are
    called as configs and secrets, by their paths; `absent` knows of the objects that the input does not hold.
    """

    objects: KubeObjects
    absent: AbsentObjects = field(compare=False)
    entries_by_object: Mapping[KubeObject, Mapping[str, ConfigEntry]] = field(compare=False)
    settings: Mapping[ValueKey, EnvSetting] = field(default_factory=dict, compare=False)
    setting_names: frozenset[str] = field(default=frozenset(), compare=False)
    folders: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False)
    files_by_folder: Mapping[str, VolumeFiles] = field(default_factory=dict, compare=False)
    file_names: Mapping[str, str] = field(default_factory=dict, compare=False)

    def find(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The ConfigMap or Secret of that name."""
        return self.objects.get(kind, namespace, name)

    def entries(self, kube_object: KubeObject) -> Mapping[str, ConfigEntry]:
        """The keys of a ConfigMap or Secret."""
        return self.entries_by_object[kube_object]

    def variables(self, kube_object: KubeObject) -> Mapping[str, ConfigEntry]:
        """The keys of a ConfigMap or Secret that a variable can hold: not those of the binaryData of a ConfigMap.

        https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables)
        """
        config_entries = self.entries(kube_object)
        if kube_object.title == "Secret":
            return config_entries
        return {key: value for key, value in config_entries.items() if not value.encoded}

    def setting(self, value: SecretValue) -> str:
        """The name of the entry of `.env` that a value becomes."""
        return self.settings[value.identity].name

    def secret_value(
        self, kube_object: KubeObject, key: str, variable: str, user: Span
    ) -> SecretValue:
        """The value of a key of a Secret for its `user`, who must fill in one that is no text."""
        config_entry = self.entries(kube_object)[key]
        if config_entry.text is None:
            source = f"{kube_object.title} {kube_object.name}"
            return absent_value(kube_object.namespace, source, key, variable, user)
        return SecretValue(
            kube_object.namespace,
            f"Secret {kube_object.name}",
            key,
            variable,
            f"{kube_object.name}_{key}",
            config_entry.cursor.span,
            kube_object,
            config_entry,
        )

    def values_behind(
        self, kube_object: KubeObject, key: str, variable: str, user: Span
    ) -> Iterator[SecretValue]:
        """The values that the text of a key is made of, if it is no open one: itself, unless an operator makes it."""
        if not isinstance(kube_object, MadeObject):
            config_entry = self.entries(kube_object)[key]
            if kube_object.title == "Secret" or config_entry.is_encrypted:
                yield self.secret_value(kube_object, key, variable, user)
            return
        cursor = self.entries(kube_object)[key].cursor
        if cursor.style == GENERATED:
            yield _generated_value(kube_object, key)
        elif cursor.style == COMPOSED:
            for match in _PLACEHOLDER.finditer(literal(cursor.peek() or "")):
                yield from self._composed_values(kube_object, match[1])

    def _composed_values(
        self, kube_object: MadeObject, reference: str
    ) -> Iterator[SecretValue]:
        secret, _, key = reference.rpartition("/")
        other_secret = self._composed_of(kube_object, reference)
        if other_secret is None:
            yield _referred_value(kube_object, secret, key)
        else:
            variable = f"{secret}_{key}"
            yield from self.values_behind(other_secret, key, variable, kube_object.span)

    def _composed_of(self, kube_object: MadeObject, reference: str) -> KubeObject | None:
        """The Secret that a part of a composed value is taken from: its own or another (`secret/key`)."""
        secret, _, key = reference.rpartition("/")
        if not secret:
            return kube_object
        other_secret = self.find("Secret", kube_object.namespace, secret)
        return (
            other_secret
            if other_secret is not None and key in self.entries(other_secret)
            else None
        )

    def made_value(self, kube_object: KubeObject, key: str) -> str | None:
        """The value of a key of a Secret that an operator makes, as Compose reads it; None for any other object.

        What the operator would make up is a setting, which the user fills in.
        """
        if not isinstance(kube_object, MadeObject):
            return None
        cursor = self.entries(kube_object)[key].cursor
        text = literal(cursor.peek() or "")
        if cursor.style == COMPOSED:
            return _PLACEHOLDER.sub(
                lambda match: self._composed_part(kube_object, match[1]), text
            )
        if cursor.style != GENERATED:
            return text
        value = _generated_value(kube_object, key)
        name = self.setting(value)
        source = "" if value.is_new else f" ({key} of Secret {kube_object.name})"
        return f"${{{name}:?set {name} in .env{source}}}"

    def _composed_part(self, kube_object: MadeObject, reference: str) -> str:
        """The value of another key of the Secret, or of another Secret (`secret/key`)."""
        secret, _, key = reference.rpartition("/")
        other_secret = self._composed_of(kube_object, reference)
        if other_secret is None:
            name = self.setting(_referred_value(kube_object, secret, key))
            return f"${{{name}:?set {name} in .env ({key} of Secret {secret})}}"
        if isinstance(other_secret, MadeObject):
            return self.made_value(other_secret, key) or ""
        value = self.secret_value(other_secret, key, f"{secret}_{key}", kube_object.span)
        return f"${{{self.setting(value)}}}"


def _generated_value(kube_object: MadeObject, key: str) -> SecretValue:
    """What an operator makes up for a key."""
    source = f"Secret {kube_object.name}"
    variable = f"{kube_object.name.partition('.')[0]}_{key}"
    value = absent_value(kube_object.namespace, source, key, variable, kube_object.span)
    is_new = key in kube_object.new_keys
    made_up = f"The operator made it up ({source}, key {key}). With moved data: the old value; otherwise any"
    meaning = kube_object.meanings.get(key, "")
    sentences = filter(None, (meaning, kube_object.new_keys.get(key, made_up)))
    return value._replace(meaning=". ".join(sentences), is_new=is_new)


def _referred_value(kube_object: KubeObject, secret: str, key: str) -> SecretValue:
    """What an operator's Secret takes from one that the input does not hold."""
    return absent_value(
        kube_object.namespace, f"Secret {secret}", key, f"{secret}_{key}", kube_object.span
    )


def config_store(objects: KubeObjects) -> ConfigStore:
    """The ConfigMaps and Secrets of the input, none of their values with a name yet."""
    return ConfigStore(
        objects=objects,
        absent=absent_objects(objects),
        entries_by_object={
            kube_object: config_entries(kube_object)
            for kube_object in objects.of_kind("ConfigMap", "Secret")
        },
    )
