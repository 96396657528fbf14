"""ConfigMaps and Secrets by namespace: their keys, contents, and the `.env` entries that secret values become."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.draft import StackBuilder
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import peek_text, take_text
from tocompose.ledger import Cursor
from tocompose.model import Setting
from tocompose.source import Span
from tocompose.syntax.names import variable_name

# Compose takes these from the user's shell before it looks at `.env`.
_SHELL = frozenset(
    {
        "HOME",
        "HOST",
        "HOSTNAME",
        "LANG",
        "LOGNAME",
        "MAIL",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "TMPDIR",
        "USER",
        "USERNAME",
    }
)


class ConfigEntry(NamedTuple):
    """One key of a ConfigMap or Secret; `encoded` for base64."""

    cursor: Cursor
    encoded: bool

    def content(self, to: str) -> bytes | None:
        """The bytes, mapped to `to`; None, with a note, when they are no base64."""
        if not self.encoded:
            given = take_text(self.cursor, to)
            return b"" if given is None else given.encode()
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
        given = peek_text(self.cursor) or ""
        try:
            return base64.b64decode("".join(given.split()), validate=True)
        except (binascii.Error, ValueError):
            self.cursor.note("TC209", field=self.cursor.key, expected="base64")
            return None


def config_entries(item: KubeObject) -> dict[str, ConfigEntry]:
    """The keys of a ConfigMap or Secret. A Secret's stringData wins over its data."""
    secret = item.title == "Secret"
    found: dict[str, ConfigEntry] = {}
    for section, encoded in (("data", secret), ("binaryData", True), ("stringData", False)):
        for cursor in item.at(section):
            if section == "stringData" and cursor.key in found:
                found[cursor.key].cursor.skip("stringData of the same key wins")
            found[cursor.key] = ConfigEntry(cursor, encoded)
    return found


class ConfigStore:
    """The ConfigMaps and Secrets of the input, and who uses them."""

    def __init__(self, objects: KubeObjects, draft: StackBuilder) -> None:
        self._objects = objects
        self._draft = draft
        self._entries: dict[KubeObject, dict[str, ConfigEntry]] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._taken: set[str] = set()
        self.used: dict[KubeObject, None] = {}

    def find(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The ConfigMap or Secret of that name, which thereby counts as used."""
        item = self._objects.get(kind, namespace, name)
        if item is not None:
            self.used[item] = None
        return item

    def entries(self, item: KubeObject) -> dict[str, ConfigEntry]:
        """The keys of a ConfigMap or Secret."""
        if item not in self._entries:
            self._entries[item] = config_entries(item)
        return self._entries[item]

    def setting(self, item: KubeObject, key: str, wanted: str) -> str | None:
        """The name of the `.env` entry that holds a key of a Secret, made on first use; None when it is not text.

        It is named after the variable that first asks for it, or after the Secret where that name is taken.
        """
        known = self._names.get((item.namespace, item.name, key))
        if known is not None:
            return known
        entry = self.entries(item)[key]
        given = entry.text()
        if given is None:
            return None
        name = self._free(wanted, f"{item.name}_{key}")
        entry.content(f"settings.{name}")
        self._names[(item.namespace, item.name, key)] = name
        item.count_identity_as_mapped(f"settings.{name}")
        self._draft.settings[name] = Setting(
            name=name,
            value=given,
            secret=True,
            description=f"from Secret {item.name}, key {key}",
            origin=entry.cursor.span,
        )
        return name

    def missing(
        self, namespace: str, source: str, key: str, wanted: str, span: Span
    ) -> str:
        """The `.env` entry for a key that the input does not hold: the user must fill it in."""
        known = self._names.get((namespace, source, key))
        if known is not None:
            return known
        name = self._free(wanted, f"{source}_{key}")
        self._names[(namespace, source, key)] = name
        self._draft.settings[name] = Setting(
            name=name,
            secret=True,
            required=True,
            description=f"from {source}, key {key}, which the manifests do not hold",
            origin=span,
        )
        return name

    def _free(self, wanted: str, other: str) -> str:
        name = variable_name(wanted)
        if (
            name in _SHELL
            or name in self._taken
            or name.startswith(("COMPOSE_", "DOCKER_"))
        ):
            name = variable_name(other)
        # A hyphen would make `${NAME-2}` a default value.
        number, free = 2, name
        while free in self._taken:
            free, number = f"{name}_{number}", number + 1
        self._taken.add(free)
        return free

    def each(self) -> Iterator[KubeObject]:
        """Every ConfigMap and Secret that something uses."""
        yield from self.used
