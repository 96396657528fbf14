"""Collects the words of the command of podman that Quadlet makes of one unit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.quadlet.references import References
from tocompose.importers.quadlet.texts import OpenVariables, UnitTexts
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.units import parse_byte_size

_MODES = ("host", "none", "ns", "pasta", "slirp4netns")
_PODMANS_SOCKET = "/podman/podman.sock"


class CommandWriter:
    """Collects the words of the command of one unit."""

    def __init__(
        self,
        unit: QuadletUnit,
        references: References,
        opens: OpenVariables,
        texts_of: Callable[[QuadletUnit], UnitTexts],
    ) -> None:
        self.unit = unit
        self.texts = texts_of(unit)
        self.references = references
        self.opens = opens
        self.arguments: list[Argument] = []
        self.mount_options: list[Argument] = []
        # What counts before the same in other words of the command: of several docker takes the last.
        self.last_arguments: list[Argument] = []
        self._texts_of = texts_of

    def invocation(self, verb: tuple[str, ...]) -> Invocation:
        """The command so far."""
        stated = self.unit.own("ContainerName") or self.unit.own("Image")
        head = (Argument("podman", self.unit.span, (stated,) if stated else ()),)
        arguments = tuple(self.arguments)
        folder = self.unit.folder
        return Invocation("podman", verb, arguments, self.unit.span, head, directory=folder)

    def add(self, flag: str, value: Argument) -> None:
        """A flag with its value; what stands behind a blank of the flag comes in front of the value."""
        name, _, prefix = flag.partition(" ")
        self.arguments.append(value.with_text(f"{name}={prefix}{value.text}"))

    def leave_out(self, setting: Cursor, code: str = "TC780", remark: str = "") -> None:
        """Says of a setting that nothing comes of it."""
        text = setting.peek()
        fields = setting.key if text is None else f"{setting.key}: {text}"
        self.say_left_out(setting, f"{fields}{remark}", code)

    def say_left_out(self, cursor: Cursor, fields: str, code: str = "TC780") -> None:
        """Says that nothing comes of what stands here, by its key and value."""
        cursor.note(
            code,
            subject=self.unit.subject,
            object=self.unit.name,
            service=self.unit.service_name,
            fields=fields,
        )

    def last(self, settings: tuple[Cursor, ...]) -> Cursor:
        """The line that holds of several."""
        return self.unit.last_of(settings)

    def write_of_pod(self) -> None:
        """What the pod of the container mounts in each of its containers."""
        setting = self.unit.own("Pod")
        pod = self.references.unit(setting.peek() or "", self.unit) if setting else None
        if pod is not None:
            texts = self._texts_of(pod)
            for volume in pod.every("Pod", "Volume"):
                self.add_volume(texts.value(volume), volume)

    def add_volume(self, volume: Argument, setting: Cursor) -> None:
        """A mount, that of a volume unit by its name in the stack."""
        source, *mount_fields = split_outside_variables(volume.text, ":")
        if source.endswith(_PODMANS_SOCKET) and mount_fields:
            setting.annotate("TC783", subject=self.unit.subject, path=source)
            source = "/var/run/docker.sock"
        unit = self.references.unit(source, self.unit) if mount_fields else None
        if mount_fields and source.endswith(".volume"):
            source = self.references.key(source, UnitKind.VOLUME, self.unit, setting)
        if unit is not None and unit.own("Copy") is not None and not unit.has("Copy"):
            mount_fields = [*mount_fields[:1], ",".join([*mount_fields[1:], "nocopy"])]
        self.add("--volume", volume.with_text(":".join([source, *mount_fields])))

    def write_arguments(self) -> None:
        """The words that go to podman as they are."""
        unit_words = self.unit.words(self.unit.kind.value, "PodmanArgs")
        self.arguments += [self.texts.word(unit_word) for unit_word in unit_words]
        self.arguments += self.last_arguments

    def lower_limit(self, flag: str, limit: str) -> str:
        """The flag of podman that sets a limit no higher than this one; empty where none does."""
        unit_words = self.unit.words(self.unit.kind.value, "PodmanArgs")
        texts = [argument.text for argument in self.arguments]
        texts += [self.texts.word(unit_word).text for unit_word in unit_words]
        for text in texts:
            name, _, stated = text.partition("=")
            if name == flag and _is_no_higher(stated, limit):
                return text
        return ""

    def write_alias(self) -> None:
        """The name of the pod, by which its containers and others know it."""
        setting = self.unit.own("PodName")
        networks = self.unit.every("Pod", "Network")
        if any((network.peek() or "").partition(":")[0] in _MODES for network in networks):
            if setting is not None:
                setting.skip("Compose has no pods, and this network knows no names")
            return
        name = self.texts.value(setting) if setting else Argument("", self.unit.span)
        self.add("--network-alias", name.with_text(name.text or self.unit.stem))

    def write_mount_options(self) -> None:
        """The options of the mount that a volume is, as one."""
        if self.mount_options:
            text = ",".join(option.text for option in self.mount_options)
            sources = [source for option in self.mount_options for source in option.sources]
            argument = Argument(f"--opt=o={text}", self.unit.span, tuple(sources))
            self.arguments.append(argument)

    def context(self) -> Argument:
        """The folder or address of a build: what it says, the folder of its file, or that of the unit."""
        setting, file = self.unit.own("SetWorkingDirectory"), self.unit.own("File")
        file_path = self.texts.value(file).text if file else ""
        context = self.texts.value(setting) if setting else Argument("unit", self.unit.span)
        if setting is None and file_path.startswith("/"):
            context = context.with_text("file")
        match context.text.lower():
            case "unit":
                return context.with_text(".")
            case "file":
                return context.with_text(posixpath.dirname(file_path) or ".")
        return context


def _is_no_higher(stated: str, limit: str) -> bool:
    """Whether one size or number is at most another one; False where one of them cannot be told."""
    numbers = [parse_byte_size(text) for text in (stated, limit)]
    known = [number for number in numbers if number is not None]
    return len(known) == 2 and known[0] <= known[1]
