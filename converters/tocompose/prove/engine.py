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

from tocompose.prove.recording import Container, Recording, Resource

API_VERSION = "1.51"
CREATED = "2024-01-01T00:00:00Z"
PREDEFINED = ("bridge", "host", "none")

Query: TypeAlias = Mapping[str, str]


class Request(NamedTuple):
    """One request: the parts of the path that the route names, the query, and the JSON body."""

    parts: tuple[str, ...]
    query: Query
    body: Any


class Answer(NamedTuple):
    """The engine's reply; `payload` is sent as JSON, a `stream` ends by closing the connection."""

    status: int = 200
    payload: Any = None
    stream: bool = False


class Draft:
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

    def record(self) -> Container:
        """The container as it stands now."""
        return Container(**vars(self))

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
            self.drafts: list[Draft] = []
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
                draft.pulled = tagged(str(draft.config.get("Image", ""))) in self.pulled
            return Recording(
                containers=tuple(draft.record() for draft in self.drafts),
                networks=tuple(
                    Resource(name, body) for name, body in self.networks.items()
                ),
                volumes=tuple(Resource(name, body) for name, body in self.volumes.items()),
                external_networks=self.given[0],
                external_volumes=self.given[1],
            )

    def answer(self, method: str, path: str, query: Query, body: Any) -> Answer:
        """The reply to one request; 501 for a path that is not known, which is remembered in `unanswered`."""
        plain = re.sub(r"^/v\d+\.\d+(?=/)", "", path)
        for verb, pattern, reply in ROUTES:
            found = pattern.fullmatch(plain) if verb == method else None
            if found:
                with self._lock:
                    return reply(self, Request(found.groups(), query, body))
        self.unanswered.append(f"{method} {plain}")
        return Answer(
            501, {"message": f"the recording engine has no answer for {method} {plain}"}
        )

    def find(self, name: str) -> Draft | None:
        """The container of that name or id (or its first characters)."""
        found = (one for one in self.drafts if one.id not in self._gone)
        return next(
            (one for one in found if name == one.name or one.id.startswith(name)), None
        )

    def make_room(self, name: str) -> bool:
        """Whether the name is free; with `renewing`, the container that an earlier command called so gives it up."""
        taken = self.find(name)
        if taken is not None and self.renewing and taken.group != self.group:
            self._gone.add(taken.id)
            return True
        return taken is None


def tagged(image: str) -> str:
    """The image reference in full, as the engine keeps it: docker.io, library and latest put in."""
    if not image or image.startswith("sha256:"):
        return image
    first, _, rest = image.partition("/")
    if not rest or not ("." in first or ":" in first or first == "localhost"):
        image = f"docker.io/{image}" if rest else f"docker.io/library/{image}"
    elif first == "docker.io" and "/" not in rest:
        image = f"docker.io/library/{rest}"
    return image if "@" in image or ":" in image.rsplit("/", 1)[-1] else f"{image}:latest"


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def _missing(kind: str, name: str) -> Answer:
    return Answer(404, {"message": f"No such {kind}: {name}"})


def _wanted(query: Query) -> dict[str, list[str]]:
    """The `filters` of a list request, in either of its two spellings."""
    filters = json.loads(query.get("filters") or "{}")
    return {key: list(value) for key, value in filters.items()}


def _chosen(labels: Mapping[str, str], wanted: list[str]) -> bool:
    pairs = [item.partition("=") for item in wanted]
    return all(
        key in labels and (not equals or labels[key] == value)
        for key, equals, value in pairs
    )


def _ping(_engine: Engine, _request: Request) -> Answer:
    return Answer(200, "OK")


def _version(_engine: Engine, _request: Request) -> Answer:
    facts = {
        "Version": "28.5.2",
        "ApiVersion": API_VERSION,
        "MinAPIVersion": "1.24",
        "Os": "linux",
        "Arch": "amd64",
    }
    return Answer(200, {**facts, "Components": [], "KernelVersion": "6.1.0"})


def _info(_engine: Engine, _request: Request) -> Answer:
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
    return Answer(
        200,
        {**facts, **server, "SecurityOptions": [], "Swarm": {"LocalNodeState": "inactive"}},
    )


def _create_container(engine: Engine, request: Request) -> Answer:
    name = request.query.get("name", "")
    if name and not engine.make_room(name):
        return Answer(
            409, {"message": f'Conflict. The container name "/{name}" is already in use'}
        )
    identity = _digest("container", len(engine.drafts), name)
    platform = request.query.get("platform", "")
    engine.drafts.append(Draft(identity, name, request.body, platform, engine.group))
    return Answer(201, {"Id": identity, "Warnings": []})


def _inspect_container(engine: Engine, request: Request) -> Answer:
    draft = engine.find(request.parts[0])
    return (
        Answer(200, _description(draft))
        if draft
        else _missing("container", request.parts[0])
    )


def _description(draft: Draft) -> Mapping[str, Any]:
    state = {
        "Status": "created",
        "Running": False,
        "ExitCode": 0,
        "StartedAt": CREATED,
        "FinishedAt": CREATED,
    }
    networks = {
        name: {"NetworkID": _digest("network", name), **(end or {})}
        for name, end in draft.endpoints.items()
    }
    image = f"sha256:{_digest('image', draft.config.get('Image'))}"
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


def _list_containers(engine: Engine, request: Request) -> Answer:
    wanted = _wanted(request.query)
    found = [one for one in engine.drafts if _chosen(one.labels(), wanted.get("label", []))]
    patterns = wanted.get("name", ())
    if patterns:
        found = [
            one
            for one in found
            if any(re.search(pattern, one.name) for pattern in patterns)
        ]
    return Answer(200, [_summary(one) for one in found])


def _summary(draft: Draft) -> Mapping[str, Any]:
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


def _rename_container(engine: Engine, request: Request) -> Answer:
    draft = engine.find(request.parts[0])
    if not draft:
        return _missing("container", request.parts[0])
    draft.name = request.query.get("name", draft.name)
    return Answer(204)


def _remove_container(engine: Engine, request: Request) -> Answer:
    draft = engine.find(request.parts[0])
    if not draft:
        return _missing("container", request.parts[0])
    engine.drafts.remove(draft)
    return Answer(204)


def _done(_engine: Engine, _request: Request) -> Answer:
    return Answer(204)


def _wait(_engine: Engine, _request: Request) -> Answer:
    return Answer(200, {"StatusCode": 0})


def _attach(_engine: Engine, _request: Request) -> Answer:
    return Answer(101)


def _stream(_engine: Engine, _request: Request) -> Answer:
    return Answer(200, None, stream=True)


def _pull(engine: Engine, request: Request) -> Answer:
    name, tag = request.query.get("fromImage", ""), request.query.get("tag", "")
    reference = f"{name}{'@' if tag.startswith('sha256:') else ':'}{tag}" if tag else name
    engine.pulled.add(tagged(reference))
    return Answer(200, {"status": "Downloaded"})


def _inspect_image(_engine: Engine, request: Request) -> Answer:
    identity = f"sha256:{_digest('image', request.parts[0])}"
    facts = {
        "Id": identity,
        "RepoTags": [request.parts[0]],
        "RepoDigests": [],
        "Created": CREATED,
        "Config": {},
    }
    return Answer(
        200, {**facts, "Os": "linux", "Architecture": "amd64", "RootFS": {}, "Size": 0}
    )


def _create_network(engine: Engine, request: Request) -> Answer:
    name = request.body["Name"]
    if name in engine.networks:
        return Answer(409, {"message": f"network with name {name} already exists"})
    engine.networks[name] = request.body
    return Answer(201, {"Id": _digest("network", name), "Warning": ""})


def _network(engine: Engine, name: str) -> Mapping[str, Any]:
    body = engine.networks.get(name, {})
    facts = {
        "Name": name,
        "Id": _digest("network", name),
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


def _inspect_network(engine: Engine, request: Request) -> Answer:
    wanted = request.parts[0]
    for name in _known_networks(engine):
        if wanted in (name, _digest("network", name)):
            return Answer(200, _network(engine, name))
    return Answer(404, {"message": f"network {wanted} not found"})


def _list_networks(engine: Engine, request: Request) -> Answer:
    wanted = _wanted(request.query)
    parts = wanted.get("name") or [""]
    names = (
        name for name in _known_networks(engine) if any(part in name for part in parts)
    )
    described = [_network(engine, name) for name in names]
    return Answer(
        200, [one for one in described if _chosen(one["Labels"], wanted.get("label", []))]
    )


def _connect(engine: Engine, request: Request) -> Answer:
    name = request.body.get("Container", "")
    draft = engine.find(name)
    if not draft:
        return _missing("container", name)
    network = _name_of_network(engine, request.parts[0])
    if network in draft.endpoints:
        return Answer(
            403,
            {"message": f"endpoint with name {name} already exists in network {network}"},
        )
    draft.endpoints[network] = request.body.get("EndpointConfig") or {}
    return Answer(200)


def _disconnect(engine: Engine, request: Request) -> Answer:
    draft = engine.find(request.body.get("Container", ""))
    if draft:
        draft.endpoints.pop(_name_of_network(engine, request.parts[0]), None)
    return Answer(200)


def _name_of_network(engine: Engine, wanted: str) -> str:
    return next(
        (name for name in _known_networks(engine) if _digest("network", name) == wanted),
        wanted,
    )


def _create_volume(engine: Engine, request: Request) -> Answer:
    name = request.body.get("Name") or _digest("volume", len(engine.volumes))
    engine.volumes.setdefault(name, request.body)
    return Answer(201, _volume(engine, name))


def _volume(engine: Engine, name: str) -> Mapping[str, Any]:
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


def _inspect_volume(engine: Engine, request: Request) -> Answer:
    name = request.parts[0]
    if name in engine.volumes or name in engine.given[1]:
        return Answer(200, _volume(engine, name))
    return Answer(404, {"message": f"get {name}: no such volume"})


def _list_volumes(engine: Engine, request: Request) -> Answer:
    wanted = _wanted(request.query).get("label", [])
    described = [_volume(engine, name) for name in (*engine.given[1], *engine.volumes)]
    return Answer(
        200,
        {
            "Volumes": [one for one in described if _chosen(one["Labels"], wanted)],
            "Warnings": [],
        },
    )


def _put_archive(engine: Engine, request: Request) -> Answer:
    draft = engine.find(request.parts[0])
    if not draft:
        return _missing("container", request.parts[0])
    draft.copies += (request.query.get("path", ""),)
    return Answer(200)


def _list_images(_engine: Engine, _request: Request) -> Answer:
    return Answer(200, [])


Reply: TypeAlias = Callable[[Engine, Request], Answer]

ROUTES: tuple[tuple[str, re.Pattern[str], Reply], ...] = tuple(
    (method, re.compile(path), reply)
    for method, path, reply in (
        ("HEAD", "/_ping", _ping),
        ("GET", "/_ping", _ping),
        ("GET", "/version", _version),
        ("GET", "/info", _info),
        ("POST", "/containers/create", _create_container),
        ("GET", "/containers/json", _list_containers),
        ("GET", "/containers/([^/]+)/json", _inspect_container),
        ("GET", "/containers/([^/]+)/logs", _stream),
        ("POST", "/containers/([^/]+)/attach", _attach),
        ("POST", "/containers/([^/]+)/wait", _wait),
        ("POST", "/containers/([^/]+)/rename", _rename_container),
        (
            "POST",
            "/containers/([^/]+)/(?:start|stop|restart|kill|resize|update|pause|unpause)",
            _done,
        ),
        ("DELETE", "/containers/([^/]+)", _remove_container),
        ("PUT", "/containers/([^/]+)/archive", _put_archive),
        ("POST", "/images/create", _pull),
        ("GET", "/images/json", _list_images),
        ("GET", "/images/(.+)/json", _inspect_image),
        ("POST", "/networks/create", _create_network),
        ("GET", "/networks", _list_networks),
        ("GET", "/networks/([^/]+)", _inspect_network),
        ("POST", "/networks/([^/]+)/connect", _connect),
        ("POST", "/networks/([^/]+)/disconnect", _disconnect),
        ("DELETE", "/networks/([^/]+)", _done),
        ("POST", "/volumes/create", _create_volume),
        ("GET", "/volumes", _list_volumes),
        ("GET", "/volumes/([^/]+)", _inspect_volume),
        ("DELETE", "/volumes/([^/]+)", _done),
    )
)
