"""What a recording engine was asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from tocompose.record import NamedTuple

Payload: TypeAlias = Mapping[str, Any]


class RecordedContainer(NamedTuple):
    """One container as a client asked for it.

    `config`, `host` and `endpoints` are the create payload's Config, HostConfig and EndpointsConfig, the endpoints with
    what `network connect` added later. `pulled` says that its image was pulled before. `group` is the number of the
    docker command that made it, counted from 0; for Compose always 0. `copies` are the paths that files were copied to.
    """

    id: str
    name: str
    config: Payload
    host: Payload
    endpoints: Payload
    platform: str = ""
    pulled: bool = False
    group: int = 0
    copies: tuple[str, ...] = ()

    def label(self, key: str) -> str:
        """The value of a label of the container; empty when it has none of that name."""
        return str((self.config.get("Labels") or {}).get(key, ""))


class EngineResource(NamedTuple):
    """A network or a volume: its name in the engine, and the payload that it was created with."""

    name: str
    payload: Payload


class ClientRefusal(NamedTuple):
    """A command that the client itself refused: its number, and what it said on stderr."""

    group: int
    message: str


class Recording(NamedTuple):
    """Everything that one side created, in order.

    `external_networks` and `external_volumes` are what Compose expected to be there already.
    """

    containers: tuple[RecordedContainer, ...] = ()
    networks: tuple[EngineResource, ...] = ()
    volumes: tuple[EngineResource, ...] = ()
    external_networks: tuple[str, ...] = ()
    external_volumes: tuple[str, ...] = ()
    refusals: tuple[ClientRefusal, ...] = ()
    project: str = ""


def user_labels(labels: Payload | None) -> dict[str, str]:
    """The labels without those by which Compose knows its own containers, networks and volumes again (R1)."""
    return {
        name: value
        for name, value in (labels or {}).items()
        if not name.startswith("com.docker.compose.")
    }
