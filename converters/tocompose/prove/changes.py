"""How the recording engine answers what changes a container that is there: a new name, limits, networks."""

from __future__ import annotations

from tocompose.prove.engine import PREDEFINED, Engine, EngineReply, EngineRequest, digest_of


def reply_missing(kind: str, name: str) -> EngineReply:
    """The reply about what is not there."""
    return EngineReply(404, {"message": f"No such {kind}: {name}"})


def rename_container(engine: Engine, request: EngineRequest) -> EngineReply:
    """The reply to `docker rename`."""
    draft = engine.find(request.path_groups[0])
    if not draft:
        return reply_missing("container", request.path_groups[0])
    draft.name = request.query.get("name", draft.name)
    return EngineReply(204)


def connect_container(engine: Engine, request: EngineRequest) -> EngineReply:
    """The reply to `docker network connect`."""
    name = request.body.get("Container", "")
    draft = engine.find(name)
    if not draft:
        return reply_missing("container", name)
    network = name_of_network(engine, request.path_groups[0])
    if network in draft.endpoints:
        return EngineReply(
            403,
            {"message": f"endpoint with name {name} already exists in network {network}"},
        )
    draft.endpoints[network] = request.body.get("EndpointConfig") or {}
    return EngineReply(200)


def disconnect_container(engine: Engine, request: EngineRequest) -> EngineReply:
    """The reply to `docker network disconnect`; the container's own network may be the one that it leaves."""
    draft = engine.find(request.body.get("Container", ""))
    if draft:
        network = name_of_network(engine, request.path_groups[0])
        modes = ("", "default", "bridge") if network == "bridge" else (network,)
        for mode in modes:
            draft.endpoints.pop(mode, None)
        if (draft.host.get("NetworkMode") or "") in modes:
            mode = next(iter(draft.endpoints), "none")
            draft.host = {**draft.host, "NetworkMode": mode}
    return EngineReply(200)


def update_container(engine: Engine, request: EngineRequest) -> EngineReply:
    """The reply to `docker update`, which sends zeros for all that it leaves as it is."""
    draft = engine.find(request.path_groups[0])
    if not draft:
        return reply_missing("container", request.path_groups[0])
    policy = request.body.get("RestartPolicy") or {}
    changes = {key: value for key, value in request.body.items() if value}
    if not policy.get("Name"):
        changes.pop("RestartPolicy", None)
    draft.host = {**draft.host, **changes}
    return EngineReply(200, {"Warnings": []})


def name_of_network(engine: Engine, reference: str) -> str:
    """The name of a network, for which a client may say its id."""
    return next(
        (
            name
            for name in known_networks(engine)
            if digest_of("network", name) == reference
        ),
        reference,
    )


def known_networks(engine: Engine) -> tuple[str, ...]:
    """The names of the networks that there are."""
    return (*PREDEFINED, *engine.given[0], *engine.networks)
