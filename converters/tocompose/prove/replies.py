"""What the recording engine replies to each request of a Docker client.

The paths and shapes are those of https://docs.docker.com/reference/api/engine/version/v1.51/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tocompose.patterns import regex
from tocompose.prove.changes import (
    connect_container,
    disconnect_container,
    known_networks,
    rename_container,
    reply_missing,
    update_container,
)
from tocompose.prove.engine import (
    API_VERSION,
    CREATED,
    DraftContainer,
    Engine,
    EngineReply,
    EngineRequest,
    Query,
    digest_of,
    full_reference,
)


def answer_request(
    engine: Engine, method: str, path: str, query: Query, body: Any
) -> EngineReply:
    """The reply to one request; 501 for a path that is not known, which is remembered in `unanswered`."""
    plain_path = re.sub(r"^/v\d+\.\d+(?=/)", "", path)
    for verb, pattern, reply in ROUTES:
        match = pattern.fullmatch(plain_path) if verb == method else None
        if match:
            with engine.lock:
                return reply(engine, EngineRequest(match.groups(), query, body))
    engine.unanswered.append(f"{method} {plain_path}")
    message = f"the recording engine has no answer for {method} {plain_path}"
    return EngineReply(501, {"message": message})


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


def _always(
    status: int = 200, payload: Any = None, stream: bool = False
) -> Callable[[Engine, EngineRequest], EngineReply]:
    """What gives the same reply whatever was asked."""
    reply = EngineReply(status, payload, stream)
    return lambda _engine, _request: reply


_VERSION = {
    "Version": "28.5.2",
    "ApiVersion": API_VERSION,
    "MinAPIVersion": "1.24",
    "Os": "linux",
    "Arch": "amd64",
    "Components": [],
    "KernelVersion": "6.1.0",
}
_INFO = {
    "ID": "recording",
    "Name": "recording",
    "OSType": "linux",
    "Architecture": "x86_64",
    "ServerVersion": _VERSION["Version"],
    "IndexServerAddress": "https://index.docker.io/v1/",
    "DefaultRuntime": "runc",
    "Driver": "overlay2",
    "SecurityOptions": [],
    "Swarm": {"LocalNodeState": "inactive"},
}


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
        else reply_missing("container", request.path_groups[0])
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


def _remove_container(engine: Engine, request: EngineRequest) -> EngineReply:
    draft = engine.find(request.path_groups[0])
    if not draft:
        return reply_missing("container", request.path_groups[0])
    engine.drafts.remove(draft)
    return EngineReply(204)


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


def _inspect_network(engine: Engine, request: EngineRequest) -> EngineReply:
    reference = request.path_groups[0]
    for name in known_networks(engine):
        if reference in (name, digest_of("network", name)):
            return EngineReply(200, _describe_network(engine, name))
    return EngineReply(404, {"message": f"network {reference} not found"})


def _list_networks(engine: Engine, request: EngineRequest) -> EngineReply:
    filters = _filters_of(request.query)
    fragments = filters.get("name") or [""]
    names = (
        name
        for name in known_networks(engine)
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
        return reply_missing("container", request.path_groups[0])
    draft.copies += (request.query.get("path", ""),)
    return EngineReply(200)


Reply: TypeAlias = Callable[[Engine, EngineRequest], EngineReply]

ROUTES: tuple[tuple[str, re.Pattern[str], Reply], ...] = tuple(
    (method, regex(path), reply)
    for method, path, reply in (
        ("HEAD", "/_ping", _always(200, "OK")),
        ("GET", "/_ping", _always(200, "OK")),
        ("GET", "/version", _always(200, _VERSION)),
        ("GET", "/info", _always(200, _INFO)),
        ("POST", "/containers/create", _create_container),
        ("GET", "/containers/json", _list_containers),
        ("GET", "/containers/([^/]+)/json", _inspect_container),
        ("GET", "/containers/([^/]+)/logs", _always(stream=True)),
        ("POST", "/containers/([^/]+)/attach", _always(101)),
        ("POST", "/containers/([^/]+)/wait", _always(200, {"StatusCode": 0})),
        ("POST", "/containers/([^/]+)/rename", rename_container),
        ("POST", "/containers/([^/]+)/update", update_container),
        (
            "POST",
            "/containers/([^/]+)/(?:start|stop|restart|kill|resize|pause|unpause)",
            _always(204),
        ),
        ("DELETE", "/containers/([^/]+)", _remove_container),
        ("PUT", "/containers/([^/]+)/archive", _put_archive),
        ("POST", "/images/create", _pull_image),
        ("GET", "/images/json", _always(200, [])),
        ("GET", "/images/(.+)/json", _inspect_image),
        ("POST", "/networks/create", _create_network),
        ("GET", "/networks", _list_networks),
        ("GET", "/networks/([^/]+)", _inspect_network),
        ("POST", "/networks/([^/]+)/connect", connect_container),
        ("POST", "/networks/([^/]+)/disconnect", disconnect_container),
        ("DELETE", "/networks/([^/]+)", _always(204)),
        ("POST", "/volumes/create", _create_volume),
        ("GET", "/volumes", _list_volumes),
        ("GET", "/volumes/([^/]+)", _inspect_volume),
        ("DELETE", "/volumes/([^/]+)", _always(204)),
    )
)
