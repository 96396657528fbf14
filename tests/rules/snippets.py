"""Reads the compose snippets of examples and tests into stacks: only what they use, without any checks."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

import yaml

from tocompose.model import (
    Build,
    ComposeFileRole,
    ConfigMount,
    Dependency,
    EnvFile,
    EnvVariable,
    FileResource,
    Healthcheck,
    Limits,
    Logging,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    ResourceLimits,
    Security,
    Service,
    Stack,
    Stop,
    Volume,
)
from tocompose.syntax.interpolation import split_outside_variables


class _Loader(yaml.SafeLoader):
    """YAML as Compose reads it, as far as snippets need it: `yes` and `on` are text."""


_Loader.add_constructor("!reset", lambda loader, node: "!reset null")
_Loader.yaml_implicit_resolvers = {
    key: [
        (tag, pattern)
        for tag, pattern in rules
        if not (tag.endswith(":bool") and key in "yYnNoO")
    ]
    for key, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def document(text: str) -> dict[str, Any]:
    """The plain content of a snippet."""
    return yaml.load(dedent(text), Loader=_Loader) or {}


def stack(text: str, name: str = "app") -> Stack:
    """The stack that a compose snippet describes."""
    body = document(text)
    return Stack(
        name=body.get("name", name),
        services=tuple(
            service(key, value or {}) for key, value in (body.get("services") or {}).items()
        ),
        networks=tuple(
            _network(key, value or {})
            for key, value in (body.get("networks") or {}).items()
        ),
        volumes=tuple(
            _volume(key, value or {}) for key, value in (body.get("volumes") or {}).items()
        ),
        secrets=tuple(
            FileResource(name=key, **value)
            for key, value in (body.get("secrets") or {}).items()
        ),
        configs=tuple(
            FileResource(name=key, **value)
            for key, value in (body.get("configs") or {}).items()
        ),
    )


def service(name: str, given: Mapping[str, Any]) -> Service:
    """One service; a key that is not known goes to its options."""
    body = dict(given)
    deploy = dict(body.pop("deploy", {}))
    resources = deploy.pop("resources", {})
    limits, reservations = (
        Limits(**_texts(resources.get(key, {}))) for key in ("limits", "reservations")
    )
    return Service(
        name=name,
        image=body.pop("image", None),
        build=_build(body.pop("build", None)),
        container_name=body.pop("container_name", None),
        command=_words(body.pop("command", None)),
        entrypoint=_words(body.pop("entrypoint", None)),
        environment=tuple(
            EnvVariable(name=key, value=_text(value))
            for key, value in body.pop("environment", {}).items()
        ),
        env_files=tuple(EnvFile(path=path) for path in body.pop("env_file", ())),
        ports=tuple(port(text) for text in body.pop("ports", ())),
        expose=tuple(map(str, body.pop("expose", ()))),
        mounts=(*map(mount, body.pop("volumes", ())), *map(_tmpfs, body.pop("tmpfs", ()))),
        networks=_attachments(body.pop("networks", ())),
        network_mode=body.pop("network_mode", None),
        depends_on=_dependencies(body.pop("depends_on", ())),
        healthcheck=_healthcheck(body.pop("healthcheck", None)),
        restart=body.pop("restart", None),
        resources=ResourceLimits(limits=limits, reservations=reservations),
        security=Security(
            user=_text(body.pop("user", None)),
            privileged=body.pop("privileged", None),
            read_only=body.pop("read_only", None),
            **{
                key: tuple(body.pop(key, ()))
                for key in ("cap_add", "cap_drop", "security_opt", "group_add")
            },
        ),
        labels=body.pop("labels", {}),
        logging=_logging(body.pop("logging", None)),
        secrets=tuple(_grant(item) for item in body.pop("secrets", ())),
        configs=tuple(_grant(item) for item in body.pop("configs", ())),
        profiles=tuple(body.pop("profiles", ())),
        stop=Stop(
            signal=body.pop("stop_signal", None),
            grace_period=body.pop("stop_grace_period", None),
        ),
        init=body.pop("init", None),
        replicas=deploy.pop("replicas", None),
        overlays={
            ComposeFileRole(key): service(name, part)
            for key, part in body.pop("x-overlays", {}).items()
        },
        options=body | ({"deploy": deploy} if deploy else {}),
    )


def port(text: str) -> Port:
    """A port in the short form."""
    text, _, protocol = str(text).partition("/")
    *host, target = split_outside_variables(text, ":")
    published = host.pop() if host else None
    return Port(
        target=target,
        published=published or None,
        host_ip=":".join(host).strip("[]") or None,
        protocol=protocol or "tcp",
    )


def mount(item: Any) -> Mount:
    """A mount in the short or long form."""
    if isinstance(item, Mapping):
        body = dict(item)
        return Mount(
            kind=body.pop("type"),
            target=body.pop("target"),
            source=body.pop("source", None),
            read_only=body.pop("read_only", False),
            options=body,
        )
    parts = split_outside_variables(item, ":")
    if len(parts) == 1:
        return Mount(kind="volume", target=parts[0])
    modes = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if parts[0][0] in "/.~" else "volume"
    rest = ",".join(mode for mode in modes if mode not in ("ro", "rw"))
    return Mount(
        kind=kind, source=parts[0], target=parts[1], read_only="ro" in modes, mode=rest
    )


def _tmpfs(item: str) -> Mount:
    target, _, mode = item.partition(":")
    return Mount(kind="tmpfs", target=target, mode=mode)


def _text(value: Any) -> str | None:
    return (
        None
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _words(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(value.split()) if isinstance(value, str) else tuple(map(str, value))


def _build(value: Any) -> Build | None:
    if value is None or isinstance(value, str):
        return Build(context=value) if value else None
    body = dict(value)
    known = {
        key: body.pop(key)
        for key in ("context", "dockerfile", "target", "args")
        if key in body
    }
    return Build(**known, options=body)


def _dependencies(value: Any) -> tuple[Dependency, ...]:
    items = value.items() if isinstance(value, Mapping) else ((name, {}) for name in value)
    return tuple(Dependency(service=name, **body) for name, body in items)


def _healthcheck(value: Any) -> Healthcheck | None:
    if value is None:
        return None
    body = {key: str(item) for key, item in value.items() if key not in ("test", "disable")}
    test = value.get("test")
    words = ("CMD-SHELL", test) if isinstance(test, str) else tuple(test) if test else None
    return Healthcheck(test=words, disable=value.get("disable", False), **body)


def _logging(value: Any) -> Logging | None:
    if value is None:
        return None
    return Logging(driver=value.get("driver"), options=_texts(value.get("options", {})))


def _attachments(value: Any) -> tuple[NetworkAttachment, ...]:
    items = (
        value.items() if isinstance(value, Mapping) else ((name, None) for name in value)
    )
    result = []
    for name, body in items:
        rest = dict(body or {})
        result.append(
            NetworkAttachment(
                network=name, aliases=tuple(rest.pop("aliases", ())), options=rest
            )
        )
    return tuple(result)


def _grant(item: Any) -> ConfigMount:
    return ConfigMount(source=item) if isinstance(item, str) else ConfigMount(**item)


def _network(name: str, given: Mapping[str, Any]) -> Network:
    body = dict(given)
    known = {
        key: body.pop(key) for key in ("external", "internal", "driver") if key in body
    }
    return Network(name=name, engine_name=body.pop("name", None), options=body, **known)


def _volume(name: str, given: Mapping[str, Any]) -> Volume:
    body = dict(given)
    known = {key: body.pop(key) for key in ("external", "driver") if key in body}
    return Volume(name=name, engine_name=body.pop("name", None), options=body, **known)
