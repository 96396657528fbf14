"""What the fields of one container are read against: its image, its tools' labels, the other containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tocompose.importers.docker_run.shapes import Fact
from tocompose.importers.engine.image_config import ImageConfig
from tocompose.importers.engine.json_values import is_true, text_at, words_at
from tocompose.importers.engine.resource_names import ResourceNames
from tocompose.importers.engine.tool_labels import tool_label
from tocompose.ledger import Cursor
from tocompose.model import Mount
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load

_DESKTOP_ROOTS = ("/run/desktop/mnt/host", "/host_mnt")


class ObjectContext(NamedTuple):
    """A container with what is known beside it.

    `container_names` are the names of all by their ids, `own_names` those that tools and the engine gave this one;
    `infra` is the id of the infra container for which it stands in its pod.
    """

    name: str
    cursor: Cursor
    image: ImageConfig | None
    container_names: Mapping[str, str]
    own_names: frozenset[str]
    takes_part_in_links: bool
    volume_names: ResourceNames
    network_names: ResourceNames
    infra: str = ""

    @property
    def path(self) -> ModelPath:
        """The model path of its service."""
        return ModelPath.service(self.name)

    @property
    def network_mode(self) -> str:
        """The network mode as the engine writes it; a container without a network keeps `default` there."""
        if is_true(self.cursor, "Config", "NetworkDisabled"):
            return "none"
        return text_at(self.cursor, "HostConfig", "NetworkMode")

    @property
    def is_podman(self) -> bool:
        """Whether podman made it."""
        return is_podmans(self.cursor)

    def image_text(self, key: str) -> str:
        """A text of the image's settings; empty where the image is not known."""
        return self.image.text(key) if self.image else ""

    def image_texts(self, key: str) -> tuple[str, ...]:
        """A list of the image's settings."""
        return self.image.texts(key) if self.image else ()

    def image_pairs(self, key: str) -> Mapping[str, Any]:
        """A map of the image's settings."""
        return self.image.pairs(key) if self.image else {}

    def image_variables(self, written: Sequence[str]) -> frozenset[str]:
        """The variables, as `NAME=value`, that the image or the engine sets; without the image those from `PATH` on.

        Docker appends the image's variables to the user's; they begin with PATH in nearly every image. podman puts
        them first, with a few of its own.
        """
        names = [variable.partition("=")[0] for variable in written]
        of_engine = frozenset(
            variable
            for variable, name in zip(written, names, strict=True)
            if self.is_podman and name in load("engine/podman")["variables"]
        )
        if self.image is not None:
            return of_engine | self.image.variables
        if self.is_podman:
            return of_engine
        return frozenset(written[names.index("PATH") :] if "PATH" in names else ())

    @property
    def has_own_entrypoint(self) -> bool:
        """Whether the entry point is not the image's, or is given again, which drops the image's command."""
        text_words = words_at(self.cursor, "Config", "Entrypoint")
        if text_words != self.image_texts("Entrypoint"):
            return True
        has_command = bool(words_at(self.cursor, "Config", "Cmd"))
        return bool(text_words and self.image_texts("Cmd")) and not has_command

    @property
    def has_own_command(self) -> bool:
        """Whether the command has to be written: it differs, or the entry point does, which drops the image's."""
        text_words = words_at(self.cursor, "Config", "Cmd")
        return bool(text_words) and (
            self.has_own_entrypoint or text_words != self.image_texts("Cmd")
        )

    def tool_label_reason(self, label: str) -> str:
        """Why a label is not written; empty for one of the user's own."""
        row = tool_label(label)
        return row.reason if row else ""

    def with_container_name(self, mode: str) -> str:
        """A namespace mode that calls a container by its name instead of its id."""
        kind, colon, target = mode.partition(":")
        if kind != "container" or not colon:
            return mode
        return f"container:{self.container_names.get(target, target)}"

    def user_path(self, bind: str) -> str:
        """A bind with the user's own path where Docker Desktop wrote that of its virtual machine."""
        root = next((root for root in _DESKTOP_ROOTS if bind.startswith(f"{root}/")), "")
        if not root:
            return bind
        labels = self.cursor.at("Config", "Labels")
        target = bind.removeprefix(root).partition(":")[2].partition(":")[0]
        for label in labels:
            prefix, _, name = label.key.rpartition("/")
            if name == "Target" and label.peek() == target:
                source = labels.peek(f"{prefix}/Source")
                if source:
                    return f"{source}:{bind.partition(':')[2]}"
        return bind.removeprefix(root)

    def network_key(self, engine_name: str) -> str:
        """The key of a network in the compose file."""
        return self.network_names.key_of(engine_name)

    def with_volume_key(self, fact: Fact) -> Fact:
        """The fact with its volume by the key that it has in the compose file."""
        mount = fact.value
        if not isinstance(mount, Mount) or mount.kind != "volume" or mount.source is None:
            return fact
        key = self.volume_names.key_of(mount.source)
        return fact._replace(value=replace(mount, source=key))


def is_podmans(container: Cursor) -> bool:
    """Whether podman made a container; in the shape of Docker's API only its runtime and a variable tell."""
    if container.at("OCIRuntime") or container.at("ImageName"):
        return True
    if text_at(container, "HostConfig", "Runtime") == "oci":
        return True
    return "container=podman" in words_at(container, "Config", "Env")
