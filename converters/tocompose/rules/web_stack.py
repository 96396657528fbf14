"""The full web stack behind Traefik: T-01 to T-05, judged only where Traefik is part of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service, Stack
from tocompose.rules import Excuse, Rule, Startup, Verdict, View, verdict
from tocompose.rules.networks import networks_of, span_of_networks
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import image_id
from tocompose.syntax.model_path import ModelPath

_DATABASE, _CACHES = "postgres", ("redis", "valkey")
# Where Traefik looks for its static configuration (https://doc.traefik.io/traefik/getting-started/configuration-overview/).
_SETTINGS = ("/etc/traefik", "/traefik.y", "/traefik.toml")
_ROUTER = "traefik.http.routers."


def _judge_stack(view: View) -> Iterator[Verdict]:
    startup = view.main
    stack = startup.stack
    proxies = [service for service in stack.services if image_id(service) == "traefik"]
    if not proxies:
        return
    data = _data_names(stack)
    internal = frozenset(network.name for network in stack.networks if network.internal)
    for service in proxies:
        yield from _judge_proxy(startup, service, data)
    for service in stack.services:
        if service not in proxies and _is_routed(service):
            yield from _judge_application(startup, service, data)
        if service.name in data:
            yield from _judge_data(startup, service, internal)
    if data:
        facts = {"service": "the stack", "missing": "an internal network for its data"}
        span = span_of_networks(startup)
        yield verdict(
            "T-05", bool(internal), "TC749", span, ModelPath.of("networks"), **facts
        )


def _is_routed(service: Service) -> bool:
    return any(label.startswith(_ROUTER) for label in service.labels)


def _data_names(stack: Stack) -> frozenset[str]:
    kinds = (_DATABASE, *_CACHES)
    return frozenset(member.name for member in stack.services if image_id(member) in kinds)


def _judge_parts(
    startup: Startup,
    service: Service,
    line: str,
    missing_parts: dict[str, tuple[str, bool]],
) -> Iterator[Verdict]:
    """One verdict for each key of the service: what should stand there, and whether it does."""
    for key, (missing, holds) in missing_parts.items():
        yield startup.verdict(service, key, line, holds, "TC749", missing=missing)


def _judge_proxy(
    startup: Startup, service: Service, data: frozenset[str]
) -> Iterator[Verdict]:
    command = command_text(service) or ""
    configured = any(mount.target.startswith(_SETTINGS) for mount in service.mounts)
    listens = configured or ("providers.docker" in command and ":80" in command)
    sockets = [
        member for member in service.mounts if member.target == "/var/run/docker.sock"
    ]
    # Another service may hand the socket on, as the settings say or a file that is not read here.
    elsewhere = not sockets and (configured or "tcp://" in command)
    guarded = elsewhere or (bool(sockets) and all(mount.read_only for mount in sockets))
    apart = not data or bool(networks_of(service) - {"default"})
    missing_parts = {
        "image": ("a v3 image", ":v3" in (service.image or "")),
        "command": ("the docker provider and an entry point web on :80", listens),
        "volumes": ("the Docker socket, mounted read-only", guarded),
        "networks": ("a network apart from the data's", apart),
    }
    yield from _judge_parts(startup, service, "T-01", missing_parts)


def _judge_application(
    startup: Startup, service: Service, data: frozenset[str]
) -> Iterator[Verdict]:
    conditions = {edge.service: edge.condition for edge in service.depends_on}
    used = sorted(conditions.keys() & data)
    bare = ", ".join(name for name in used if conditions[name] != "service_healthy")
    ruled = any(
        label.startswith(_ROUTER) and label.endswith(".rule") for label in service.labels
    )
    between = not used or len(networks_of(service)) > 1
    missing_parts = {
        "labels": ("a router rule among its labels", ruled),
        "depends_on": (f"the condition service_healthy for {bare}", not bare),
        "networks": ("a place on the proxy's and on the data's network", between),
    }
    yield from _judge_parts(startup, service, "T-02", missing_parts)


def _judge_data(
    startup: Startup, service: Service, internal: frozenset[str]
) -> Iterator[Verdict]:
    check = service.healthcheck
    test = " ".join((check.test or ()) if check else ())
    if image_id(service) == _DATABASE:
        line, command = "T-03", "pg_isready that names its user (-U) and its database (-d)"
        is_asked = all(word in test for word in ("pg_isready", "-U", "-d"))
    else:
        line, command = "T-04", "redis-cli ping"
        is_asked = "ping" in test.lower()
    named = any(mount.kind == "volume" and mount.source for mount in service.mounts)
    networks = networks_of(service)
    is_inner = bool(networks) and networks <= internal
    missing_parts = {
        "volumes": ("a named volume", named),
        "healthcheck": (f"a health check with {command}", is_asked),
        "networks": ("its place on the internal network only", is_inner),
    }
    yield from _judge_parts(startup, service, line, missing_parts)


RULE = Rule(
    id="WEB-STACK",
    title="Complete the web stack behind Traefik",
    summary=(
        "Where Traefik is part of the stack, reports what the proxy, its applications, "
        "PostgreSQL and Redis still lack."
    ),
    tells=("TC749",),
    severity="should",
    judge=_judge_stack,
    excuses=(
        Excuse(
            "TC749",
            "what stands behind Traefik is the source's, be it the template's stack or not",
        ),
    ),
)
