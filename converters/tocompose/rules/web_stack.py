"""The full web stack behind Traefik: T-01 to T-05, judged only where Traefik is part of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service, Stack
from tocompose.record import NamedTuple
from tocompose.rules import Excuse, Rule, Startup, Verdict, View, verdict
from tocompose.rules.networks import networks_of, span_of_networks
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import image_id, image_title
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
        facts = {"service": "the stack", "problem": "no network is internal, for its data"}
        facts["how"] = (
            "Declare a network with `internal: true`, and attach the data services to it."
        )
        span = span_of_networks(startup)
        yield verdict(
            "T-05", bool(internal), "TC749", span, ModelPath.of("networks"), **facts
        )


def _is_routed(service: Service) -> bool:
    return any(label.startswith(_ROUTER) for label in service.labels)


def _data_names(stack: Stack) -> frozenset[str]:
    kinds = (_DATABASE, *_CACHES)
    return frozenset(member.name for member in stack.services if image_id(member) in kinds)


class _Part(NamedTuple):
    """What should stand at a key of a service: whether it does, else what is wrong, and what to do."""

    key: str
    holds: bool
    problem: str
    how: str


def _judge_parts(
    startup: Startup, service: Service, line: str, parts: tuple[_Part, ...]
) -> Iterator[Verdict]:
    """One verdict for each key of the service."""
    for part in parts:
        facts = {"problem": part.problem, "how": part.how}
        yield startup.verdict(service, part.key, line, part.holds, "TC749", **facts)


def _judge_proxy(
    startup: Startup, service: Service, data: frozenset[str]
) -> Iterator[Verdict]:
    proxy_parts = (
        _Part(
            "image",
            ":v3" in (service.image or ""),
            f"{image_title(service)} is asked for in another version than v3",
            "Write a tag that begins with v3; Traefik's migration guide lists what changes.",
        ),
        _Part(
            "command",
            _finds_containers(service),
            "no docker provider, or no entry point on port 80, is set in its command",
            "Add --providers.docker=true and --entrypoints.web.address=:80 to the command.",
        ),
        _judge_socket(service),
        _Part(
            "networks",
            not data or bool(networks_of(service) - {"default"}),
            "it is on no network but the default one, where the data is",
            "Attach it to a network on which no data service is.",
        ),
    )
    yield from _judge_parts(startup, service, "T-01", proxy_parts)


def _finds_containers(service: Service) -> bool:
    """Whether the proxy asks Docker what to route, on the port of browsers; a file of settings may say so."""
    command = command_text(service) or ""
    is_told = "providers.docker" in command and ":80" in command
    return is_told or _is_configured(service)


def _judge_socket(service: Service) -> _Part:
    """Whether the proxy reads Docker's socket without being able to write to it."""
    sockets = [mount for mount in service.mounts if mount.target == "/var/run/docker.sock"]
    if sockets:
        guarded = all(mount.read_only for mount in sockets)
    else:
        # Another service may hand the socket on, as the settings say or a file that is not read here.
        guarded = _is_configured(service) or "tcp://" in (command_text(service) or "")
    mounted = "is mounted for writing" if sockets else "is not mounted"
    return _Part(
        "volumes",
        guarded,
        f"the Docker socket {mounted}",
        "Mount /var/run/docker.sock:/var/run/docker.sock:ro.",
    )


def _is_configured(service: Service) -> bool:
    return any(mount.target.startswith(_SETTINGS) for mount in service.mounts)


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
    application_parts = (
        _Part(
            "labels",
            ruled,
            "none of its labels is the rule of a router",
            f"Add a label such as {_ROUTER}{service.name}.rule=Host(`…`).",
        ),
        _Part(
            "depends_on",
            not bare,
            f"it does not wait until {bare} is healthy",
            "Set `condition: service_healthy`.",
        ),
        _Part(
            "networks",
            between,
            "it is on one network with both the proxy and the data",
            "Attach it to two networks: the proxy's, and that of the data.",
        ),
    )
    yield from _judge_parts(startup, service, "T-02", application_parts)


def _judge_data(
    startup: Startup, service: Service, internal: frozenset[str]
) -> Iterator[Verdict]:
    line = "T-03" if image_id(service) == _DATABASE else "T-04"
    named = any(mount.kind == "volume" and mount.source for mount in service.mounts)
    networks = networks_of(service)
    is_inner = bool(networks) and networks <= internal
    data_parts = (
        _Part(
            "volumes",
            named,
            "it has no named volume",
            "Mount a named volume where it keeps its data.",
        ),
        _database_check(service) if line == "T-03" else _cache_check(service),
        _Part(
            "networks",
            is_inner,
            "it is on a network that is not internal",
            "Attach it to networks with `internal: true` only.",
        ),
    )
    yield from _judge_parts(startup, service, line, data_parts)


def _test_of(service: Service) -> str:
    check = service.healthcheck
    return " ".join((check.test or ()) if check else ())


def _cache_check(service: Service) -> _Part:
    is_asked = "ping" in _test_of(service).lower()
    problem = "its health check does not ping it" if _test_of(service) else _NO_CHECK
    how = "Add the health check `redis-cli ping | grep -q PONG`."
    return _Part("healthcheck", is_asked, problem, how)


def _database_check(service: Service) -> _Part:
    test = _test_of(service)
    if "pg_isready" not in test:
        problem = "its health check does not call pg_isready" if test else _NO_CHECK
        how = "Add the health check `pg_isready -U USER -d DATABASE`."
        return _Part("healthcheck", False, problem, how)
    missing_options = [option for option in _ASKED_OPTIONS if option not in test]
    names = " and ".join(_ASKED_OPTIONS[option][0] for option in missing_options)
    added = " and ".join(_ASKED_OPTIONS[option][1] for option in missing_options)
    problem = f"pg_isready in its health check does not name {names}"
    return _Part("healthcheck", not missing_options, problem, f"Add {added}.")


_NO_CHECK = "it has no health check in the file"
# What pg_isready is asked about: the option, what it names, and how to add it.
_ASKED_OPTIONS = {
    "-U": ("the user", "`-U` with the user"),
    "-d": ("the database", "`-d` with the database"),
}


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
