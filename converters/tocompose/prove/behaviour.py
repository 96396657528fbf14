"""A simulation of what the written files do at `docker compose up`, by what Compose asks the engine for.

Which user can read which file, which routers of Traefik answer the same request, which host ports collide, which waits
can never be met, and what runs once, at each start or on request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from tocompose.compose.start_order import all_awaited
from tocompose.patterns import regex
from tocompose.prove.recording import RecordedContainer, Recording
from tocompose.prove.traefik_proxy import proxy_of
from tocompose.record import NamedTuple

_SERVICE = "com.docker.compose.service"
_EVERYWHERE = ("", "0.0.0.0", "::")
# A job leaves a marker where its command begins with this shell.
_MARKED = "/run-once/busybox"
# What is told of a service without a marker.
AT_EACH_UP = "runs at each docker compose up"
_ENDING = ("", "no", "on-failure")


class _BoundPort(NamedTuple):
    """A port of the host that a container takes at an address."""

    service: str
    address: str
    port: str
    protocol: str


class BehaviourFinding(NamedTuple):
    """Something that happens at `up`; `is_fault` for what the manifests cannot have meant."""

    service: str
    what: str
    is_fault: bool


def simulate(
    recording: Recording, document: Mapping[str, Any], folder: Path
) -> tuple[BehaviourFinding, ...]:
    """What the containers of a recording do with the files in the folder; `document` is the compose file."""
    containers = containers_by_service(recording)
    services = document.get("services") or {}
    return (
        *_unreadable_files(containers, folder),
        *_colliding_ports(containers),
        *_rival_routers(containers),
        *_wrong_redirects(containers, folder),
        *_hopeless_waits(services),
        *_runs(services),
    )


def containers_by_service(recording: Recording) -> dict[str, RecordedContainer]:
    """A container of each compose service."""
    return {container.label(_SERVICE): container for container in recording.containers}


def _unreadable_files(
    containers: Mapping[str, RecordedContainer], folder: Path
) -> Iterator[BehaviourFinding]:
    for name, container in containers.items():
        uid, groups = _identity(container)
        if uid == 0 and "ALL" not in (container.host.get("CapDrop") or ()):
            continue
        for source, target in _bound_paths(container):
            if folder not in source.parents or not source.exists():
                continue
            for path in (source, *source.rglob("*")):
                if not _can_read(path, uid, groups):
                    inside = path.relative_to(source).as_posix()
                    shown_path = target if inside == "." else f"{target}/{inside}"
                    text = f"user {uid} cannot read {shown_path}"
                    yield BehaviourFinding(name, text, True)


def _identity(container: RecordedContainer) -> tuple[int, frozenset[int]]:
    """The user and the groups; a name that only the image knows counts as some user other than root."""
    user, _, group = str(container.config.get("User") or "0").partition(":")
    added = [str(each) for each in container.host.get("GroupAdd") or ()]
    numbers = (int(each) for each in (group or "0", *added) if each.isdigit())
    return (int(user) if user.isdigit() else 65534), frozenset(numbers)


def _bound_paths(container: RecordedContainer) -> Iterator[tuple[Path, str]]:
    for bind in container.host.get("Binds") or ():
        source, target = str(bind).split(":")[:2]
        yield Path(source), target
    for mount in container.host.get("Mounts") or ():
        if mount.get("Type") == "bind":
            yield Path(str(mount.get("Source"))), str(mount.get("Target"))


def _can_read(path: Path, uid: int, groups: frozenset[int]) -> bool:
    """Whether a user other than the owner, who runs Compose, may read a file or enter a folder."""
    status = path.stat()
    needed = 0o5 if path.is_dir() else 0o4
    if uid == status.st_uid and uid != 0:
        return status.st_mode >> 6 & needed == needed
    if status.st_gid in groups and status.st_gid != 0:
        return status.st_mode >> 3 & needed == needed
    return status.st_mode & needed == needed


def _colliding_ports(
    containers: Mapping[str, RecordedContainer],
) -> Iterator[BehaviourFinding]:
    for bound_port, rival in combinations(_bound_ports(containers), 2):
        addresses = {bound_port.address, rival.address}
        is_shared = len(addresses) == 1 or not addresses.isdisjoint(_EVERYWHERE)
        if is_shared and bound_port[2:] == rival[2:]:
            port = f"{bound_port.port}/{bound_port.protocol}"
            text = f"the host's port {port} is taken by {rival.service} too"
            yield BehaviourFinding(bound_port.service, text, True)


def _bound_ports(containers: Mapping[str, RecordedContainer]) -> Iterator[_BoundPort]:
    for name, container in containers.items():
        for target, bindings in (container.host.get("PortBindings") or {}).items():
            for binding in bindings or ():
                address = str(binding.get("HostIp") or "")
                port = str(binding.get("HostPort") or "")
                if port:
                    yield _BoundPort(name, address, port, target.partition("/")[2])


def _rival_routers(
    containers: Mapping[str, RecordedContainer],
) -> Iterator[BehaviourFinding]:
    """Routers of one rule and priority on one entry point: which of them answers, Traefik does not say."""
    claimed: dict[tuple[str, str, str, str], str] = {}
    for service, container in containers.items():
        labels = container.config.get("Labels") or {}
        for key, rule in labels.items():
            if not (key.startswith("traefik.http.routers.") and key.endswith(".rule")):
                continue
            base = key.removesuffix(".rule")
            for point in str(labels.get(f"{base}.entrypoints", "")).split(","):
                priority = str(labels.get(f"{base}.priority", len(rule)))
                tls = str(labels.get(f"{base}.tls", ""))
                rival = claimed.setdefault((rule, point, priority, tls), base)
                if rival != base:
                    text = (
                        f"the routers {rival[21:]} and {base[21:]} answer the same requests"
                    )
                    yield BehaviourFinding(service, text, True)


def _wrong_redirects(
    containers: Mapping[str, RecordedContainer], folder: Path
) -> Iterator[BehaviourFinding]:
    """Redirects to a port at which the host does not answer, as where another service has it."""
    proxy = proxy_of(containers, folder)
    for middleware, port, secure in proxy.wrong_redirects() if proxy else ():
        text = f"{middleware} redirects to port {port}, https is at {secure}"
        yield BehaviourFinding("traefik", text, True)


def _hopeless_waits(services: Mapping[str, Any]) -> Iterator[BehaviourFinding]:
    yield from _early_questions(services)
    for name, service in services.items():
        waits = service.get("depends_on") or {}
        for target, wait in waits.items() if isinstance(waits, Mapping) else ():
            awaited = services.get(target) or {}
            if text := _why_hopeless(target, awaited, wait.get("condition")):
                yield BehaviourFinding(name, text, True)


def _why_hopeless(target: str, awaited: Mapping[str, Any], condition: Any) -> str:
    """Why what is waited for never comes; empty where it may."""
    if condition == "service_completed_successfully" and not _ends(awaited):
        return f"waits until {target} has ended, which always starts again"
    health = awaited.get("healthcheck") or {}
    if condition == "service_healthy" and health.get("disable"):
        return f"waits until {target} is healthy, which has no health check"
    return ""


_LOOPS = regex(r"\b(?:until|while)\b")
_HOST = regex(r"[A-Za-z0-9][\w.-]*[A-Za-z0-9]")


def _early_questions(services: Mapping[str, Any]) -> Iterator[BehaviourFinding]:
    """Jobs that ask again and again for a name to which only services answer that wait for the job's end."""
    answering: dict[str, set[str]] = {}
    for name, service in services.items():
        for host in _answered_names(name, service):
            answering.setdefault(host, set()).add(name)
    for name, service in services.items():
        argv_words = (*(service.get("entrypoint") or ()), *(service.get("command") or ()))
        script = " ".join(map(str, argv_words))
        if not _ends(service) or not _LOOPS.search(script):
            continue
        for host in dict.fromkeys(_HOST.findall(script)):
            others = answering.get(host, set())
            if others and all(name in _awaited(other, services) for other in others):
                text = f"asks for {host} until it answers, which starts after it"
                yield BehaviourFinding(name, text, True)


def _answered_names(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    if str(service.get("network_mode") or ""):
        return
    yield name
    networks = service.get("networks")
    for attachment in networks.values() if isinstance(networks, Mapping) else ():
        yield from (attachment or {}).get("aliases") or ()


def _awaited(name: str, services: Mapping[str, Any]) -> set[str]:
    """All that must have started or ended before a service, itself not counted."""

    def targets_of(waiting_name: str) -> Iterable[str]:
        return (services.get(waiting_name) or {}).get("depends_on") or ()

    return set(all_awaited(name, targets_of)) - {name}


def _ends(service: Mapping[str, Any]) -> bool:
    return str(service.get("restart") or "").partition(":")[0] in _ENDING


def _runs(services: Mapping[str, Any]) -> Iterator[BehaviourFinding]:
    """When each service that ends by itself runs."""
    for name, service in services.items():
        if not _ends(service) or "restart" not in service:
            continue
        profiles = service.get("profiles") or ()
        words = service.get("entrypoint") or ()
        if profiles:
            text = f"runs on request (profile {', '.join(profiles)})"
        elif words and words[0] == _MARKED:
            text = "runs once, until it succeeds"
        else:
            text = AT_EACH_UP
        yield BehaviourFinding(name, text, False)
