"""An engine that creates nothing: it answers a Docker client just enough for the client to go on, and keeps a record.

The paths and shapes are those of https://docs.docker.com/reference/api/engine/version/v1.51/.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from tocompose.prove.recording import EngineResource, RecordedContainer, Recording

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
        self._lock = threading.RLock()
        self.reset()

    def reset(self, networks: tuple[str, ...] = (), volumes: tuple[str, ...] = ()) -> None:
        """Forgets everything; the networks and volumes named here are there from the start."""
        with self._lock:
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
        with self._lock:
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

    def answer(self, method: str, path: str, query: Query, body: Any) -> EngineReply:
        """The reply to one request; 501 for a path that is not known, which is remembered in `unanswered`."""
        plain = re.sub(r"^/v\d+\.\d+(?=/)", "", path)
        for verb, pattern, reply in ROUTES:
            match = pattern.fullmatch(plain) if verb == method else None
            if match:
                with self._lock:
                    return reply(self, EngineRequest(match.groups(), query, body))
        self.unanswered.append(f"{method} {plain}")
        return EngineReply(
            501, {"message": f"the recording engine has no answer for {method} {plain}"}
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
        holder = self.find(name)
        if holder is not None and self.renewing and holder.group != self.group:
            self._gone.add(holder.id)
            return True
        return holder is None


def full_reference(image: str) -> str:
    """The image reference in full, as the engine keeps it: docker.io, library and latest put in."""
    if not image or image.startswith("sha256:"):
        return image
    registry, _, repository = image.partition("/")
    if not repository or not (
        "." in registry or ":" in registry or registry == "localhost"
    ):
        image = f"docker.io/{image}" if repository else f"docker.io/library/{image}"
    elif registry == "docker.io" and "/" not in repository:
        image = f"docker.io/library/{repository}"
    return image if "@" in image or ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"


def digest_of(*values: object) -> str:
    return hashlib.sha256("\0".join(map(str, values)).encode()).hexdigest()


def _reply_missing(kind: str, name: str) -> EngineReply:
    return EngineReply(404, {"message": f"No such {kind}: {name}"})


def _filters_of(query: Query) -> dict[str, list[str]]:
    """The `filters` of a list request, in either of its two spellings."""
    filters = json.loads(query.get("filters") or "{}")
    return {key: list(value) for key, value in filters.items()}


def _has_labels(labels: Mapping[str, str], label_filters: list[str]) -> bool:
    pairs = [filter_text.partition("=") for filter_text in label_filters]
    return all(
        key in labels and (not equals or labels[key] == value)
        for key, equals, value in pairs
    )


def _reply_to_ping(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(200, "OK")


def _describe_version(_engine: Engine, _request: EngineRequest) -> EngineReply:
    facts = {
        "Version": "28.5.2",
        "ApiVersion": API_VERSION,
        "MinAPIVersion": "1.24",
        "Os": "linux",
        "Arch": "amd64",
    }
    return EngineReply(200, {**facts, "Components": [], "KernelVersion": "6.1.0"})


def _describe_engine(_engine: Engine, _request: EngineRequest) -> EngineReply:
    facts = {
        "ID": "recording",
        "Name": "recording",
        "OSType": "linux",
        "Architecture": "x86_64",
        "ServerVersion": "28.5.2",
    }
    server = {
        "IndexServerAddress": "https://index.docker.io/v1/",
        "DefaultRuntime": "runc",
        "Driver": "overlay2",
    }
    return EngineReply(
        200,
        {**facts, **server, "SecurityOptions": [], "Swarm": {"LocalNodeState": "inactive"}},
    )


def _create_container(engine: Engine, request: EngineRequest) -> EngineReply:
    name = request.query.get("name", "")
    if name and not engine.make_room(name):
        return EngineReply(
            409, {"message": f'Conflict. The container name "/{name}" is already in use'}
        )
    identity = digest_of("container", len(engine.drafts), name)
    platform = request.query.get("platform", "")
    engine.drafts.append(
        DraftContainer(identity, name, request.body, platform, engine.group)
    )
    return EngineReply(201, {"Id": identity, "Warnings": []})


def _inspect_container(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.path_groups[0])
    return (
        EngineReply(200, _describe_container(draft))
        if draft
        else _reply_missing("container", request.path_groups[0])
    )


def _describe_container(draft: DraftContainer) -> Mapping[str, Any]:
    state = {
        "Status": "created",
        "Running": False,
        "ExitCode": 0,
        "StartedAt": CREATED,
        "FinishedAt": CREATED,
    }
    networks = {
        name: {"NetworkID": digest_of("network", name), **(endpoint or {})}
        for name, endpoint in draft.endpoints.items()
    }
    image = f"sha256:{digest_of('image', draft.config.get('Image'))}"
    facts = {
        "Id": draft.id,
        "Name": f"/{draft.name}",
        "Created": CREATED,
        "State": state,
        "Mounts": [],
        "Image": image,
    }
    return {
        **facts,
        "Config": draft.config,
        "HostConfig": draft.host,
        "NetworkSettings": {"Networks": networks},
    }


def _list_containers(engine: Engine, request: EngineRequest) -> EngineReply:
    filters = _filters_of(request.query)
    drafts = [
        draft
        for draft in engine.drafts
        if _has_labels(draft.labels(), filters.get("label", []))
    ]
    patterns = filters.get("name", ())
    if patterns:
        drafts = [
            draft
            for draft in drafts
            if any(re.search(pattern, draft.name) for pattern in patterns)
        ]
    return EngineReply(200, [_summarize_container(draft) for draft in drafts])


def _summarize_container(draft: DraftContainer) -> Mapping[str, Any]:
    facts = {
        "Id": draft.id,
        "Names": [f"/{draft.name}"],
        "Image": draft.config.get("Image"),
        "State": "created",
    }
    return {
        **facts,
        "Labels": draft.labels(),
        "Created": 0,
        "Status": "Created",
        "HostConfig": {},
        "Mounts": [],
    }


def _rename_container(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.path_groups[0])
    if not draft:
        return _reply_missing("container", request.path_groups[0])
    draft.name = request.query.get("name", draft.name)
    return EngineReply(204)


def _remove_container(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.path_groups[0])
    if not draft:
        return _reply_missing("container", request.path_groups[0])
    engine.drafts.remove(draft)
    return EngineReply(204)


def _accept_silently(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(204)


def _reply_to_wait(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(200, {"StatusCode": 0})


def _attach_streams(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(101)


def _open_stream(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(200, None, stream=True)


def _pull_image(engine: Engine, request: EngineRequest) -> EngineReply:
    name, tag = request.query.get("fromImage", ""), request.query.get("tag", "")
    reference = f"{name}{'@' if tag.startswith('sha256:') else ':'}{tag}" if tag else name
    engine.pulled.add(full_reference(reference))
    return EngineReply(200, {"status": "Downloaded"})


def _inspect_image(_engine: Engine, request: EngineRequest) -> EngineReply:
    identity = f"sha256:{digest_of('image', request.path_groups[0])}"
    facts = {
        "Id": identity,
        "RepoTags": [request.path_groups[0]],
        "RepoDigests": [],
        "Created": CREATED,
        "Config": {},
    }
    return EngineReply(
        200, {**facts, "Os": "linux", "Architecture": "amd64", "RootFS": {}, "Size": 0}
    )


def _create_network(engine: Engine, request: EngineRequest) -> EngineReply:
    name = request.body["Name"]
    if name in engine.networks:
        return EngineReply(409, {"message": f"network with name {name} already exists"})
    engine.networks[name] = request.body
    return EngineReply(201, {"Id": digest_of("network", name), "Warning": ""})


def _describe_network(engine: Engine, name: str) -> Mapping[str, Any]:
    body = engine.networks.get(name, {})
    facts = {
        "Name": name,
        "Id": digest_of("network", name),
        "Created": CREATED,
        "Scope": "local",
        "Driver": "bridge",
    }
    return {
        **facts,
        "Containers": {},
        "Labels": {},
        "Options": {},
        **{k: v for k, v in body.items() if v is not None},
    }


def _known_networks(engine: Engine) -> tuple[str, ...]:
    return (*PREDEFINED, *engine.given[0], *engine.networks)


def _inspect_network(engine: Engine, request: EngineRequest) -> EngineReply:
    reference = request.path_groups[0]
    for name in _known_networks(engine):
        if reference in (name, digest_of("network", name)):
            return EngineReply(200, _describe_network(engine, name))
    return EngineReply(404, {"message": f"network {reference} not found"})


def _list_networks(engine: Engine, request: EngineRequest) -> EngineReply:
    filters = _filters_of(request.query)
    fragments = filters.get("name") or [""]
    names = (
        name
        for name in _known_networks(engine)
        if any(fragment in name for fragment in fragments)
    )
    described = [_describe_network(engine, name) for name in names]
    return EngineReply(
        200,
        [
            network
            for network in described
            if _has_labels(network["Labels"], filters.get("label", []))
        ],
    )


def _connect_container(engine: Engine, request: EngineRequest) -> EngineReply:
    name = request.body.get("Container", "")
    draft = engine.find(name)
    if not draft:
        return _reply_missing("container", name)
    network = _name_of_network(engine, request.path_groups[0])
    if network in draft.endpoints:
        return EngineReply(
            403,
            {"message": f"endpoint with name {name} already exists in network {network}"},
        )
    draft.endpoints[network] = request.body.get("EndpointConfig") or {}
    return EngineReply(200)


def _disconnect_container(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.body.get("Container", ""))
    if draft:
        draft.endpoints.pop(_name_of_network(engine, request.path_groups[0]), None)
    return EngineReply(200)


def _name_of_network(engine: Engine, reference: str) -> str:
    return next(
        (
            name
            for name in _known_networks(engine)
            if digest_of("network", name) == reference
        ),
        reference,
    )


def _create_volume(engine: Engine, request: EngineRequest) -> EngineReply:
    name = request.body.get("Name") or digest_of("volume", len(engine.volumes))
    engine.volumes.setdefault(name, request.body)
    return EngineReply(201, _describe_volume(engine, name))


def _describe_volume(engine: Engine, name: str) -> Mapping[str, Any]:
    body = engine.volumes.get(name, {})
    facts = {
        "Name": name,
        "Driver": "local",
        "Mountpoint": f"/volumes/{name}",
        "Scope": "local",
        "CreatedAt": CREATED,
    }
    return {
        **facts,
        "Labels": body.get("Labels") or {},
        "Options": body.get("DriverOpts") or {},
    }


def _inspect_volume(engine: Engine, request: EngineRequest) -> EngineReply:
    name = request.path_groups[0]
    if name in engine.volumes or name in engine.given[1]:
        return EngineReply(200, _describe_volume(engine, name))
    return EngineReply(404, {"message": f"get {name}: no such volume"})


def _list_volumes(engine: Engine, request: EngineRequest) -> EngineReply:
    label_filters = _filters_of(request.query).get("label", [])
    described = [
        _describe_volume(engine, name) for name in (*engine.given[1], *engine.volumes)
    ]
    return EngineReply(
        200,
        {
            "Volumes": [
                volume
                for volume in described
                if _has_labels(volume["Labels"], label_filters)
            ],
            "Warnings": [],
        },
    )


def _put_archive(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.path_groups[0])
    if not draft:
        return _reply_missing("container", request.path_groups[0])
    draft.copies += (request.query.get("path", ""),)
    return EngineReply(200)


def _list_images(_engine: Engine, _request: EngineRequest) -> EngineReply:
    return EngineReply(200, [])


Reply: TypeAlias = Callable[[Engine, EngineRequest], EngineReply]

ROUTES: tuple[tuple[str, re.Pattern[str], Reply], ...] = tuple(
    (method, re.compile(path), reply)
    for method, path, reply in (
        ("HEAD", "/_ping", _reply_to_ping),
        ("GET", "/_ping", _reply_to_ping),
        ("GET", "/version", _describe_version),
        ("GET", "/info", _describe_engine),
        ("POST", "/containers/create", _create_container),
        ("GET", "/containers/json", _list_containers),
        ("GET", "/containers/([^/]+)/json", _inspect_container),
        ("GET", "/containers/([^/]+)/logs", _open_stream),
        ("POST", "/containers/([^/]+)/attach", _attach_streams),
        ("POST", "/containers/([^/]+)/wait", _reply_to_wait),
        ("POST", "/containers/([^/]+)/rename", _rename_container),
        (
            "POST",
            "/containers/([^/]+)/(?:start|stop|restart|kill|resize|update|pause|unpause)",
            _accept_silently,
        ),
        ("DELETE", "/containers/([^/]+)", _remove_container),
        ("PUT", "/containers/([^/]+)/archive", _put_archive),
        ("POST", "/images/create", _pull_image),
        ("GET", "/images/json", _list_images),
        ("GET", "/images/(.+)/json", _inspect_image),
        ("POST", "/networks/create", _create_network),
        ("GET", "/networks", _list_networks),
        ("GET", "/networks/([^/]+)", _inspect_network),
        ("POST", "/networks/([^/]+)/connect", _connect_container),
        ("POST", "/networks/([^/]+)/disconnect", _disconnect_container),
        ("DELETE", "/networks/([^/]+)", _accept_silently),
        ("POST", "/volumes/create", _create_volume),
        ("GET", "/volumes", _list_volumes),
        ("GET", "/volumes/([^/]+)", _inspect_volume),
        ("DELETE", "/volumes/([^/]+)", _accept_silently),
    )
)
