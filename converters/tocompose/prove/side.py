"""One side of a comparison: a recording, and how its own names are told from the user's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tocompose.prove.mounts import Mount, container_mounts
from tocompose.prove.recording import Payload, RecordedContainer, Recording

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
# The labels in which Compose keeps the key that a network and a volume have in the file.
KEYS = ("com.docker.compose.network", "com.docker.compose.volume")


class Side:
    """A recording with its names made comparable: project prefixes dropped (R2), automatic names known (R14, R15)."""

    def __init__(self, recording: Recording, exact_names: bool = False) -> None:
        self.recording = recording
        self.project = recording.project
        self.prefix = (
            "" if exact_names or not recording.project else f"{recording.project}_"
        )
        self.identities: dict[str, str] = {}

    def service(self, container: RecordedContainer) -> str:
        """The Compose service that it belongs to; empty for docker's."""
        return container.label(SERVICE)

    def is_automatic(self, container: RecordedContainer) -> bool:
        """Whether Compose chose its name."""
        return (
            container.name
            == f"{self.project}-{self.service(container)}-{container.label(NUMBER)}"
        )

    def default_network(self, name: str) -> bool:
        """Whether it is the network that one gets without asking (R3)."""
        return name in ("", "default", "bridge", f"{self.project}_default")

    def resource(self, name: str) -> str:
        """The name of a network or volume without the project's prefix; one that the file states itself stays."""
        return name if name in self._stated else name.removeprefix(self.prefix)

    @cached_property
    def _stated(self) -> frozenset[str]:
        """The engine names of what Compose made under a `name:` of the file (`app_data` in the project `app`)."""
        resources = [(KEYS[0], resource) for resource in self.recording.networks] + [
            (KEYS[1], resource) for resource in self.recording.volumes
        ]
        keys = (
            (resource.name, (resource.payload.get("Labels") or {}).get(label))
            for label, resource in resources
        )
        return frozenset(
            name for name, key in keys if key is not None and name != f"{self.prefix}{key}"
        )

    def find(self, reference: str) -> RecordedContainer | None:
        """The container that a name or an id stands for."""
        name = reference.removeprefix("/")
        containers = self.recording.containers
        by_name = (container for container in containers if container.name == name)
        # Docker's short ids have twelve digits; fewer could be the beginning of a name.
        by_id = (
            container
            for container in containers
            if len(name) >= 12 and container.id.startswith(name)
        )
        return next(by_name, None) or next(by_id, None)

    def identity(self, reference: str) -> str:
        """What both sides call the container that a name or an id stands for (R15)."""
        container = self.find(reference)
        return self.identities.get(container.id, container.name) if container else reference

    def mounts(self, container: RecordedContainer) -> dict[str, Mount]:
        """The container's mounts by target, volumes by their plain name (R2, R9)."""
        mounts_by_target = container_mounts(container, self.volumes)
        return {
            target: self._plain_source(mount) for target, mount in mounts_by_target.items()
        }

    def _plain_source(self, mount: Mount) -> Mount:
        return (
            {**mount, "source": self.resource(mount["source"])}
            if mount.get("source")
            else mount
        )

    @cached_property
    def volumes(self) -> Mapping[str, Payload]:
        """The payload of each volume created, by the engine's name."""
        return {volume.name: volume.payload for volume in self.recording.volumes}

    @cached_property
    def networks(self) -> Mapping[str, Payload]:
        """The payload of each network created, by its plain name."""
        return {
            self.resource(network.name): network.payload
            for network in self.recording.networks
        }

    def primary(self, container: RecordedContainer) -> str:
        """The network of its network mode by plain name; empty for host, none and another container's."""
        mode = str(container.host.get("NetworkMode") or "")
        return (
            ""
            if mode in ("host", "none") or mode.startswith("container:")
            else self.network(mode)
        )

    def network(self, name: str) -> str:
        """The plain name of a network; the default network is called `default`."""
        return "default" if self.default_network(name) else self.resource(name)

    def endpoints(self, container: RecordedContainer) -> dict[str, Mapping[str, Any]]:
        """The container's attachments by plain network name, that of its network mode among them."""
        endpoints = {
            self.network(name): endpoint or {}
            for name, endpoint in container.endpoints.items()
        }
        primary = self.primary(container)
        return (
            endpoints if not primary or primary in endpoints else {primary: {}, **endpoints}
        )
