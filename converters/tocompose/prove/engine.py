"""An engine that creates nothing: it answers a Docker client just enough for the client to go on, and keeps a record.

The replies stand in `replies.py`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any, TypeAlias

from tocompose.prove.recording import EngineResource, RecordedContainer, Recording
from tocompose.record import NamedTuple

API_VERSION = "1.51"
CREATED = "2024-01-01T00:00:00Z"
PREDEFINED = ("bridge", "host", "none")

Query: TypeAlias = Mapping[str, str]


class EngineRequest(NamedTuple):
    """One request: the parts of the path that the route names, the query, and the JSON body."""

    path_groups: tuple[str, ...]
    query: Query
    body: Any


class EngineReply(NamedTuple):
    """The engine's reply; `payload` is sent as JSON, a `stream` ends by closing the connection."""

    status: int = 200
    payload: Any = None
    stream: bool = False


class DraftContainer:
    """A container while its record grows."""

    def __init__(
        self, identity: str, name: str, body: Mapping[str, Any], platform: str, group: int
    ) -> None:
        self.id = identity
        self.name = name
        self.host = body.get("HostConfig") or {}
        self.endpoints = dict(
            (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        )
        self.config = {
            key: value
            for key, value in body.items()
            if key not in ("HostConfig", "NetworkingConfig")
        }
        self.platform = platform
        self.group = group
        self.pulled = False
        self.copies: tuple[str, ...] = ()

    def record(self) -> RecordedContainer:
        """The container as it stands now."""
        return RecordedContainer(**vars(self))

    def labels(self) -> Mapping[str, str]:
        """The labels that it was created with."""
        return self.config.get("Labels") or {}


class Engine:
    """The record, and the replies that depend on it. Safe for the several connections of one client."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self, networks: tuple[str, ...] = (), volumes: tuple[str, ...] = ()) -> None:
        """Forgets everything; the networks and volumes named here are there from the start."""
        with self.lock:
            self.group = 0
            self.drafts: list[DraftContainer] = []
            self.networks: dict[str, Mapping[str, Any]] = {}
            self.volumes: dict[str, Mapping[str, Any]] = {}
            self.pulled: set[str] = set()
            self.given = (networks, volumes)
            self.unanswered: list[str] = []
            self.renewing = False
            self._gone: set[str] = set()

    def recording(self) -> Recording:
        """Everything created since the last reset."""
        with self.lock:
            for draft in self.drafts:
                draft.pulled = (
                    full_reference(str(draft.config.get("Image", ""))) in self.pulled
                )
            return Recording(
                containers=tuple(draft.record() for draft in self.drafts),
                networks=tuple(
                    EngineResource(name, body) for name, body in self.networks.items()
                ),
                volumes=tuple(
                    EngineResource(name, body) for name, body in self.volumes.items()
                ),
                external_networks=self.given[0],
                external_volumes=self.given[1],
            )

    def find(self, name: str) -> DraftContainer | None:
        """The container of that name or id (or its first characters)."""
        live_drafts = (draft for draft in self.drafts if draft.id not in self._gone)
        return next(
            (
                draft
                for draft in live_drafts
                if name == draft.name or draft.id.startswith(name)
            ),
            None,
        )

    def make_room(self, name: str) -> bool:
        """Whether the name is free; with `renewing`, the container that an earlier command called so gives it up."""
        # By name alone: an id may begin with what another container is called, such as `c4`.
        live_drafts = (draft for draft in self.drafts if draft.id not in self._gone)
        holder = next((draft for draft in live_drafts if draft.name == name), None)
        if holder is not None and self.renewing and holder.group != self.group:
            self._gone.add(holder.id)
            return True
        return holder is None


def full_reference(image: str) -> str:
    """The image reference in full, as the engine keeps it: docker.io, library and latest put in."""
    if not image or image.startswith("sha256:"):
        return image
    registry, _, repository = image.partition("/")
    is_registry = registry == "localhost" or "." in registry or ":" in registry
    if not (repository and is_registry):
        registry, repository = "docker.io", image
    if registry == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    is_pinned = "@" in repository or ":" in repository.rpartition("/")[2]
    return f"{registry}/{repository}{'' if is_pinned else ':latest'}"


def digest_of(*values: object) -> str:
    """An id as the engine makes one, the same for the same values."""
    return hashlib.sha256("\0".join(map(str, values)).encode()).hexdigest()
