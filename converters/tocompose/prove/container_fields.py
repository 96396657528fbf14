"""Fields of a container as the manifests say them, each beside what Compose asked the engine for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.patterns import regex
from tocompose.prove.kube_values import UNKNOWN
from tocompose.prove.kubelet import ContainerConfig
from tocompose.prove.recording import RecordedContainer

_ORDINAL = regex(r"-\d+$")


def command_pairs(
    wanted: ContainerConfig, config: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """The words that run, but for those with something that only a cluster knows."""
    for name, words, key in (
        ("entrypoint", wanted.entrypoint, "Entrypoint"),
        ("command", wanted.command, "Cmd"),
    ):
        if not any(UNKNOWN in word for word in words):
            yield name, words, tuple(config.get(key) or ())


def environment_pairs(
    wanted: ContainerConfig, config: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """The variables of both, but for values that only a cluster knows."""
    sent = dict(line.partition("=")[::2] for line in config.get("Env") or ())
    for name, text in wanted.env.items():
        if UNKNOWN not in text:
            yield f"environment.{name}", text, sent.get(name)
    for name in sent.keys() - wanted.env.keys():
        yield f"environment.{name}", None, sent[name]


def security_pairs(
    wanted: ContainerConfig, recorded: RecordedContainer
) -> Iterator[tuple[str, Any, Any]]:
    """As whom the container runs, and what it may do."""
    host = recorded.host
    yield "user", wanted.user, recorded.config.get("User") or ""
    yield "group_add", wanted.groups, frozenset(host.get("GroupAdd") or ())
    yield "privileged", wanted.privileged, bool(host.get("Privileged"))
    yield "read_only", wanted.read_only, bool(host.get("ReadonlyRootfs"))
    options = [str(option) for option in host.get("SecurityOpt") or ()]
    restricted = any(
        option.startswith("no-new-privileges") and not option.endswith("false")
        for option in options
    )
    yield "no_new_privileges", wanted.no_new_privileges, restricted
    yield "cap_add", wanted.cap_add, _plain_capabilities(host.get("CapAdd"))
    yield "cap_drop", wanted.cap_drop, _plain_capabilities(host.get("CapDrop"))


def _plain_capabilities(names: Any) -> frozenset[str]:
    return frozenset(str(name).upper().removeprefix("CAP_") for name in names or ())


def namespace_pairs(
    wanted: ContainerConfig, host: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Which namespaces of the host the container is in."""
    for name, is_host, key in (
        ("network_mode", wanted.host_network, "NetworkMode"),
        ("pid", wanted.host_pid, "PidMode"),
        ("ipc", wanted.host_ipc, "IpcMode"),
    ):
        yield name, is_host, host.get(key) == "host"


def name_pairs(
    wanted: ContainerConfig, recorded: RecordedContainer
) -> Iterator[tuple[str, Any, Any]]:
    """The host's own name and those of others, where the container has a network of its own."""
    if str(recorded.host.get("NetworkMode") or "").startswith(("container:", "service:")):
        return
    if wanted.hostname:
        hostname = str(recorded.config.get("Hostname") or "")
        if wanted.hostname.endswith("-N"):
            hostname = _ORDINAL.sub("-N", hostname)
        yield "hostname", wanted.hostname, hostname
    present = recorded.host.get("ExtraHosts") or ()
    for alias in sorted(wanted.extra_hosts):
        yield f"extra_hosts.{alias.partition(':')[0]}", True, alias in present
