"""A service of a compose file as a service of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.compose.shapes import (
    attachments,
    dependencies,
    env_file,
    grant,
    many,
    mapping,
    mount,
    pairs,
    port,
    text,
    texts,
    tmpfs,
    variables,
    words,
)
from tocompose.model import (
    Amounts,
    Build,
    Healthcheck,
    Logging,
    Resources,
    Security,
    Service,
    Stop,
)
from tocompose.source import Span

# The keys that have a field of their own in the model; the rest are kept as they are.
_FIELDS = frozenset(
    {
        "image",
        "build",
        "container_name",
        "command",
        "entrypoint",
        "environment",
        "env_file",
        "ports",
        "expose",
    }
    | {
        "volumes",
        "tmpfs",
        "networks",
        "network_mode",
        "depends_on",
        "healthcheck",
        "restart",
        "deploy",
        "user",
    }
    | {
        "group_add",
        "privileged",
        "read_only",
        "cap_add",
        "cap_drop",
        "security_opt",
        "labels",
        "logging",
        "configs",
    }
    | {"secrets", "profiles", "stop_signal", "stop_grace_period", "init"}
)


def service_of(name: str, body: Mapping[str, Any], origin: Span | None = None) -> Service:
    """The service; what the model has no field for stands in its options."""
    deploy = mapping(body.get("deploy"))
    options = {key: value for key, value in body.items() if key not in _FIELDS}
    options |= {
        key: list(texts(options[key]))
        for key in ("links", "volumes_from")
        if key in options
    }
    rest = _rest_of_deploy(deploy)
    return Service(
        name=name,
        image=text(body.get("image")),
        build=_build(body.get("build")),
        container_name=text(body.get("container_name")),
        command=words(body.get("command")),
        entrypoint=words(body.get("entrypoint")),
        environment=variables(body.get("environment")),
        env_files=tuple(map(env_file, many(body.get("env_file")))),
        ports=tuple(map(port, many(body.get("ports")))),
        expose=texts(body.get("expose")),
        mounts=(
            *map(mount, many(body.get("volumes"))),
            *map(tmpfs, many(body.get("tmpfs"))),
        ),
        networks=attachments(body.get("networks")),
        network_mode=text(body.get("network_mode")),
        depends_on=dependencies(body.get("depends_on")),
        healthcheck=_healthcheck(body.get("healthcheck")),
        restart=text(body.get("restart")),
        resources=_resources(mapping(deploy.get("resources"))),
        security=_security(body),
        labels=pairs(body.get("labels")),
        logging=_logging(body.get("logging")),
        configs=tuple(map(grant, many(body.get("configs")))),
        secrets=tuple(map(grant, many(body.get("secrets")))),
        profiles=texts(body.get("profiles")),
        stop=Stop(
            signal=text(body.get("stop_signal")),
            grace_period=text(body.get("stop_grace_period")),
        ),
        init=body.get("init") if isinstance(body.get("init"), bool) else None,
        replicas=deploy.get("replicas")
        if isinstance(deploy.get("replicas"), int)
        else None,
        options=options | ({"deploy": rest} if rest else {}),
        origin=origin,
    )


def _build(value: Any) -> Build | None:
    if value is None:
        return None
    body = dict(value) if isinstance(value, Mapping) else {"context": value}
    args = {item.name: item.value for item in variables(body.pop("args", None))}
    fields = {key: text(body.pop(key, None)) for key in ("context", "dockerfile", "target")}
    return Build(
        context=fields["context"] or ".",
        dockerfile=fields["dockerfile"],
        target=fields["target"],
        args=args,
        options=body,
    )


def _healthcheck(value: Any) -> Healthcheck | None:
    if not isinstance(value, Mapping):
        return None
    test = value.get("test")
    durations = ("interval", "timeout", "retries", "start_period", "start_interval")
    given = {key: text(value.get(key)) for key in durations}
    return Healthcheck(
        test=texts(test)
        if isinstance(test, list)
        else (("CMD-SHELL", str(test)) if test is not None else None),
        disable=value.get("disable") is True,
        interval=given["interval"],
        timeout=given["timeout"],
        retries=given["retries"],
        start_period=given["start_period"],
        start_interval=given["start_interval"],
    )


def _amounts(value: Mapping[str, Any]) -> Amounts:
    return Amounts(
        cpus=text(value.get("cpus")),
        memory=text(value.get("memory")),
        pids=text(value.get("pids")),
    )


def _resources(value: Mapping[str, Any]) -> Resources:
    return Resources(
        limits=_amounts(mapping(value.get("limits"))),
        reservations=_amounts(mapping(value.get("reservations"))),
    )


def _rest_of_deploy(deploy: Mapping[str, Any]) -> dict[str, Any]:
    rest = {
        key: value for key, value in deploy.items() if key not in ("resources", "replicas")
    }
    if not isinstance(deploy.get("replicas"), int | None):
        rest["replicas"] = deploy["replicas"]
    resources = {}
    for name, amounts in mapping(deploy.get("resources")).items():
        more = {
            key: value
            for key, value in mapping(amounts).items()
            if key not in ("cpus", "memory", "pids")
        }
        if more:
            resources[name] = more
    return rest | ({"resources": resources} if resources else {})


def _security(body: Mapping[str, Any]) -> Security:
    def flag(key: str) -> bool | None:
        return body[key] if isinstance(body.get(key), bool) else None

    return Security(
        user=text(body.get("user")),
        group_add=texts(body.get("group_add")),
        privileged=flag("privileged"),
        read_only=flag("read_only"),
        cap_add=texts(body.get("cap_add")),
        cap_drop=texts(body.get("cap_drop")),
        security_opt=texts(body.get("security_opt")),
    )


def _logging(value: Any) -> Logging | None:
    if not isinstance(value, Mapping):
        return None
    return Logging(driver=text(value.get("driver")), options=pairs(value.get("options")))
