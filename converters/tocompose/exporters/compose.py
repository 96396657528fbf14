"""From the stack model to a compose document: plain maps and lists in the order in which people read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.exporters.mounts import mount, volume
from tocompose.exporters.yaml_text import RESET, Flow, Quoted
from tocompose.merging import merge_services
from tocompose.model import (
    Attachment,
    Build,
    Dependency,
    EnvFile,
    Grant,
    Healthcheck,
    Home,
    Logging,
    Network,
    Port,
    Resource,
    Resources,
    Service,
    Stack,
)
from tocompose.syntax.interpolation import split
from tocompose.syntax.units import is_whole_number

# dclint's order of service keys (services-keys-order rule), the rest alphabetical.
KEY_ORDER = (
    *(
        "image",
        "build",
        "container_name",
        "depends_on",
        "volumes",
        "volumes_from",
        "configs",
        "secrets",
    ),
    *(
        "environment",
        "env_file",
        "ports",
        "networks",
        "network_mode",
        "extra_hosts",
        "command",
        "entrypoint",
    ),
    *("working_dir", "restart", "healthcheck", "logging", "labels", "user", "isolation"),
)

_LINE = 100  # characters of a command that stands on one line


def compose(stack: Stack, home: Home | None = None) -> dict[str, Any]:
    """The document of one file of the stack: base, dev override or production; None puts base and dev into one."""
    ordered = sorted(stack.services, key=lambda item: alphabetical(item.name))
    services = {
        item.name: body
        for item in ordered
        if (body := service_in(item, home)) or _needed(item, home)
    }
    elsewhere = {
        item.name: service_in(item, Home.DEV) | service_in(item, Home.PROD)
        for item in ordered
    }
    document: dict[str, Any] = {"name": stack.name, "services": services}
    for key, entries in _top_level(stack).items():
        used = {
            name: body
            for name, body in entries.items()
            if _belongs(key, name, services, elsewhere, home)
        }
        if used:
            document[key] = used
    return document


def alphabetical(name: str) -> tuple[tuple[int, ...], str]:
    """A sort key in the order of the Unicode collation that dclint uses: `_`, `-`, `.`, digits, letters."""
    return tuple(
        "_-.".find(char) if char in "_-." else ord(char) for char in name.lower()
    ), name.swapcase()


def _needed(service: Service, home: Home | None) -> bool:
    return home in (Home.BASE, None) and not service.overlays


def service_in(service: Service, home: Home | None) -> dict[str, Any]:
    """What a service contributes to one file."""
    if home is None:
        body = service_body(service)
        overlay = service.overlays.get(Home.DEV)
        return (
            _in_order(_with_short_networks(merge_services(body, service_body(overlay))))
            if overlay
            else body
        )
    part = service if home is Home.BASE else service.overlays.get(home)
    return service_body(part) if part else {}


def _with_short_networks(body: dict[str, Any]) -> dict[str, Any]:
    """The service with its networks as a list, as other services have them, where merging made an empty map of it."""
    networks = body.get("networks")
    plain = isinstance(networks, Mapping) and networks and not any(networks.values())
    return {**body, "networks": list(networks)} if plain and networks else body


def service_body(service: Service) -> dict[str, Any]:
    """The keys of a service that are set, in order."""
    body: dict[str, Any] = {}
    for key, value in _service_keys(service):
        if value not in (None, (), [], {}):
            body[key] = value
    body.update(_explicit(service))
    return _in_order(merge_services(body, service.options))


def _in_order(body: Mapping[str, Any]) -> dict[str, Any]:
    rank = {key: index for index, key in enumerate(KEY_ORDER)}
    return dict(
        sorted(body.items(), key=lambda item: (rank.get(item[0], len(rank)), item[0]))
    )


def _service_keys(service: Service) -> Iterator[tuple[str, Any]]:
    yield "image", service.image
    yield "build", _build(service.build)
    yield "container_name", service.container_name
    yield "depends_on", _dependencies(service.depends_on)
    yield (
        "volumes",
        [mount(item) for item in service.mounts if item.kind != "tmpfs" or item.options],
    )
    yield (
        "tmpfs",
        [
            item.target + (f":{item.mode}" if item.mode else "")
            for item in _plain_tmpfs(service)
        ],
    )
    yield "configs", [_grant(item) for item in service.configs]
    yield "secrets", [_grant(item) for item in service.secrets]
    yield (
        "environment",
        {item.name: RESET if item.remove else item.value for item in service.environment},
    )
    yield "env_file", [_env_file(item) for item in service.env_files]
    yield "ports", [port(item) for item in sorted(service.ports, key=_port_order)]
    yield "expose", [Quoted(item) for item in service.expose]
    yield "networks", _attachments(service.networks)
    yield "network_mode", service.network_mode
    yield "restart", service.restart
    yield "healthcheck", _healthcheck(service.healthcheck)
    yield "logging", _logging(service.logging)
    yield "labels", dict(service.labels)
    yield "profiles", list(service.profiles)
    yield "stop_signal", service.stop.signal
    yield "stop_grace_period", service.stop.grace_period
    yield "init", service.init
    yield "deploy", _deploy(service)
    yield from _security(service)


def _plain_tmpfs(service: Service) -> list[Any]:
    return [item for item in service.mounts if item.kind == "tmpfs" and not item.options]


def _explicit(service: Service) -> dict[str, Any]:
    """Command and entrypoint: an empty list clears the image's own, so it is not the same as none."""
    lists = {"command": service.command, "entrypoint": service.entrypoint}
    return {key: _words(value) for key, value in lists.items() if value is not None}


def _words(words: tuple[str, ...]) -> list[str]:
    """On one line where it fits and holds no line breaks."""
    fits = sum(len(word) + 4 for word in words) <= _LINE and not any(
        "\n" in word for word in words
    )
    return Flow(words) if fits or not words else list(words)


def _security(service: Service) -> Iterator[tuple[str, Any]]:
    security = service.security
    yield "user", security.user
    yield "group_add", list(security.group_add)
    yield "privileged", security.privileged
    yield "read_only", security.read_only
    yield "cap_add", list(security.cap_add)
    yield "cap_drop", list(security.cap_drop)
    yield "security_opt", list(security.security_opt)


def _build(build: Build | None) -> Any:
    if build is None:
        return None
    body = {
        "context": build.context,
        "dockerfile": build.dockerfile,
        "target": build.target,
        "args": dict(build.args),
    }
    return {key: value for key, value in body.items() if value not in (None, {})} | dict(
        build.options
    )


def _dependencies(items: Iterable[Dependency]) -> dict[str, Any]:
    return {
        item.service: _dependency(item)
        for item in sorted(items, key=lambda item: item.service)
    }


def _dependency(item: Dependency) -> dict[str, Any]:
    body: dict[str, Any] = {"condition": item.condition}
    if not item.required:
        body["required"] = False
    if item.restart:
        body["restart"] = True
    return body


def _grant(item: Grant) -> Any:
    body = {
        "source": item.source,
        "target": item.target,
        "uid": item.uid,
        "gid": item.gid,
        "mode": item.mode,
    }
    body = {key: value for key, value in body.items() if value is not None}
    return item.source if len(body) == 1 else body


def _env_file(item: EnvFile) -> Any:
    if item.required and item.format is None:
        return item.path
    body: dict[str, Any] = {"path": item.path}
    if not item.required:
        body["required"] = False
    return body | ({"format": item.format} if item.format else {})


def _port_order(item: Port) -> tuple[Any, ...]:
    """Signs, then numbers by value, then letters: as dclint sorts ports."""
    shown = re.split(r"(\d+)", item.published or item.target)
    return tuple(_rank(part) for part in shown if part), item.host_ip or ""


def _rank(part: str) -> tuple[int, int, str]:
    return (
        (1, int(part), "")
        if is_whole_number(part)
        else (2 if part[0].isalpha() else 0, 0, part)
    )


def port(item: Port) -> Quoted:
    """The short form, in quotes, brackets around an IPv6 address."""
    host = (
        f"[{item.host_ip}]"
        if item.host_ip and ":" in item.host_ip and "$" not in item.host_ip
        else item.host_ip
    )
    text = item.target if item.protocol == "tcp" else f"{item.target}/{item.protocol}"
    if item.published is not None or host:
        text = f"{item.published or ''}:{text}"
    return Quoted(f"{host}:{text}" if host else text)


def _attachments(items: tuple[Attachment, ...]) -> Any:
    if all(not item.aliases and not item.options for item in items):
        return [item.network for item in items]
    return {item.network: _attachment(item) for item in items}


def _attachment(item: Attachment) -> dict[str, Any] | None:
    body = ({"aliases": list(item.aliases)} if item.aliases else {}) | dict(item.options)
    return body or None


def _healthcheck(check: Healthcheck | None) -> Any:
    if check is None:
        return None
    if check.disable:
        return {"disable": True}
    body: dict[str, Any] = {"test": Flow(check.test)} if check.test is not None else {}
    for key in ("interval", "timeout", "retries", "start_period", "start_interval"):
        if (value := getattr(check, key)) is not None:
            body[key] = number(value) if key == "retries" else value
    return body


def number(text: str) -> int | str:
    """A whole number as a number; a text with variables stays text."""
    return int(text) if is_whole_number(text.removeprefix("-")) else text


def _logging(logging: Logging | None) -> Any:
    if logging is None:
        return None
    body: dict[str, Any] = {"driver": logging.driver} if logging.driver else {}
    return body | ({"options": dict(logging.options)} if logging.options else {})


def _deploy(service: Service) -> dict[str, Any]:
    deploy: dict[str, Any] = {}
    if service.replicas is not None:
        deploy["replicas"] = service.replicas
    if resources := _resources(service.resources):
        deploy["resources"] = resources
    return deploy


def _resources(resources: Resources) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name in ("limits", "reservations"):
        amounts = getattr(resources, name)
        given = {"cpus": amounts.cpus, "memory": amounts.memory}
        part: dict[str, Any] = {
            key: Quoted(value) if key == "cpus" else value
            for key, value in given.items()
            if value
        }
        if amounts.pids and name == "limits":
            part["pids"] = number(amounts.pids)
        if part:
            body[name] = part
    return body


def _top_level(stack: Stack) -> dict[str, dict[str, Any]]:
    return {
        "networks": {item.name: _network(item) for item in stack.networks},
        "volumes": {item.name: volume(item) for item in stack.volumes},
        "secrets": {item.name: _resource(item) for item in stack.secrets},
        "configs": {item.name: _resource(item) for item in stack.configs},
    }


def _network(item: Network) -> dict[str, Any] | None:
    body: dict[str, Any] = {"name": item.engine_name} if item.engine_name else {}
    if item.external:
        return body | {"external": True}
    body |= {"driver": item.driver} if item.driver else {}
    body |= {"internal": True} if item.internal else {}
    return (body | dict(item.options)) or None


def _resource(item: Resource) -> dict[str, Any]:
    if item.external:
        return {"external": True}
    given = {"file": item.file, "content": item.content, "environment": item.environment}
    return {key: value for key, value in given.items() if value is not None}


def _belongs(
    key: str,
    name: str,
    services: Mapping[str, Any],
    elsewhere: Mapping[str, Any],
    home: Home | None,
) -> bool:
    """Each file declares what its services refer to; the base also what no file refers to."""
    if name in _references(key, services):
        return True
    return (
        home in (Home.BASE, None)
        and key in ("networks", "volumes")
        and name not in _references(key, elsewhere)
    )


def _references(key: str, services: Mapping[str, Any]) -> set[str]:
    names: set[str] = set()
    for body in services.values():
        for item in (body or {}).get(key) or ():
            if isinstance(item, Mapping):
                names.add(str(item.get("source", "")))
            else:
                names.add(split(item, ":")[0] if key == "volumes" else item)
    return names


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Every dotted path of a document: what the ledger's second check compares with."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            here = f"{path}.{key}" if path else str(key)
            yield here
            yield from paths(item, here)
