"""One unit of Quadlet: its kind, its names, and its settings as systemd reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier

_RESET = "a later empty line resets it"
_OVERRULED = "a drop-in overrides it"


class UnitKind(Enum):
    """What a unit describes; the value is the group that holds it, in small letters its file's ending."""

    CONTAINER = "Container"
    POD = "Pod"
    KUBE = "Kube"
    NETWORK = "Network"
    VOLUME = "Volume"
    BUILD = "Build"
    IMAGE = "Image"
    ARTIFACT = "Artifact"


# What Quadlet puts behind the stem for the name of the service that it makes.
_SUFFIXES = {
    UnitKind.POD: "-pod",
    UnitKind.NETWORK: "-network",
    UnitKind.VOLUME: "-volume",
    UnitKind.BUILD: "-build",
    UnitKind.IMAGE: "-image",
    UnitKind.ARTIFACT: "-artifact",
}


_SECTIONS = {UnitKind.NETWORK: "networks", UnitKind.VOLUME: "volumes"}


class QuadletUnit(NamedTuple):
    """A unit; `sections` are its groups and those of its drop-ins, in the order in which they count."""

    kind: UnitKind
    path: str
    name: str
    sections: tuple[Cursor, ...]
    span: Span

    @property
    def folder(self) -> str:
        """The folder of its file, from the root of the source."""
        return self.path.rpartition("/")[0] or "."

    @property
    def stem(self) -> str:
        """Its name without the ending; of a template the name of the instance."""
        return self.name.rpartition(".")[0]

    @property
    def subject(self) -> ModelPath:
        """What notes about the unit are about."""
        section = _SECTIONS.get(self.kind, "services")
        return ModelPath.of(section, identifier(self.stem))

    @property
    def service_name(self) -> str:
        """What commands of notes call its service; the word SERVICE for a unit that is none."""
        return self.subject.service_name or "SERVICE"

    @property
    def service_unit(self) -> str:
        """The unit of systemd that Quadlet makes of it."""
        stated = self.last(self.kind.value, "ServiceName")
        name = stated.peek() if stated else None
        return f"{name or self.stem + _SUFFIXES.get(self.kind, '')}.service"

    def every(self, section: str, key: str) -> tuple[Cursor, ...]:
        """The settings of a key that count; an empty one takes back those before it."""
        effective: list[Cursor] = []
        for setting in self._settings(section, key):
            if _is_empty(setting):
                for earlier in (*effective, setting):
                    earlier.skip(_RESET)
                effective = []
            else:
                effective.append(setting)
        return tuple(effective)

    def last(self, section: str, key: str) -> Cursor | None:
        """The setting that holds of a key that has one value."""
        effective = self.every(section, key)
        return self.last_of(effective) if effective else None

    def last_of(self, settings: Sequence[Cursor]) -> Cursor:
        """The setting that holds of several; one before it in the same file is told of."""
        *earlier_settings, last_setting = settings
        for earlier in earlier_settings:
            if earlier.span.file == last_setting.span.file:
                earlier.note("TC011", subject=self.subject, key=earlier.key)
            else:
                earlier.skip(_OVERRULED)
        return last_setting

    def words(self, section: str, key: str) -> Iterator[Cursor]:
        """The words of every line of a key."""
        for setting in self.every(section, key):
            yield from setting

    def own(self, key: str) -> Cursor | None:
        """The setting that holds of a key of the unit's own group."""
        return self.last(self.kind.value, key)

    def has(self, key: str) -> bool:
        """Whether a switch of the unit's own group is on."""
        setting = self.own(key)
        return setting is not None and is_on(setting.peek() or "")

    def _settings(self, section: str, key: str) -> Iterator[Cursor]:
        for group in self.sections:
            if group.key.removeprefix("X-") == section:
                yield from (setting for setting in group if setting.key == key)


def _is_empty(setting: Cursor) -> bool:
    return not len(setting) if setting.kind != "leaf" else not setting.peek()


def is_on(text: str) -> bool:
    """The truth value as Quadlet reads it: everything else is false."""
    return text.strip().lower() in ("1", "yes", "true", "on")
