"""Probes: the one healthcheck that Compose has, in a form that can work in the container's image."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_tools import container_tools
from tocompose.importers.kubernetes.http_checks import HttpRequest, quote_word
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_integer,
    take_text,
)
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_ORDER = ("readinessProbe", "livenessProbe", "startupProbe")
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")


def container_healthcheck(container: ContainerContext) -> Healthcheck | None:
    """The healthcheck made of the readiness probe, else the liveness probe, else the startup probe.

    A probe whose client may be missing in the image gives none, with a note: a check that cannot run would report a
    working container as unhealthy.
    """
    probes = [probe for probe in map(container.cursor.at, _ORDER) if probe.kind == "map"]
    usable = [probe for probe in probes if _has_action(probe)]
    if not usable:
        return None
    probe = _best_probe(usable, container)
    test = _check_command(probe, container)
    if test is None:
        probe.mark_noted("TC231")
        _settle_lost([lost for lost in probes if lost is not probe], container)
        return None
    startup = container.cursor.at("startupProbe")
    lengthens_start = startup.kind == "map" and probe.key != startup.key
    check = _timed_check(probe, startup if lengthens_start else None, test, container)
    usable.remove(probe)
    _settle_others(usable, probe, container)
    return check


def _best_probe(probes: list[Cursor], container: ContainerContext) -> Cursor:
    """The first that the container can run for sure, else the first."""
    for probe in probes:
        if _can_run(probe, container):
            return probe
    return probes[0]


def _has_action(probe: Cursor) -> bool:
    return any(probe.at(action) for action in _ACTIONS)


def _can_run(probe: Cursor, container: ContainerContext) -> bool:
    """Whether the container is known to hold what the probe's action needs."""
    action = _probe_action(probe).key
    if action == "exec":
        return True
    held = container_tools(container.cursor) or frozenset()
    return action != "grpc" and bool(
        held & ({"sh", "curl", "wget"} if action == "httpGet" else {"sh", "nc"})
    )


def _timed_check(
    probe: Cursor,
    startup: Cursor | None,
    test: tuple[str, ...],
    container: ContainerContext,
) -> Healthcheck:
    """The check with the probe's times, Kubernetes' own defaults written out.

    A startup probe lengthens `start_period`; its period is no `start_interval`, for which an engine before 25 refuses
    to start the stack: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    to = container.path("healthcheck")
    times = _probe_times(probe, to)
    start = times["initialDelaySeconds"]
    if startup is not None:
        startup_times = _probe_times(startup, to)
        if start:
            container.not_applicable(probe.at("initialDelaySeconds"))
        start = max(
            start,
            startup_times["initialDelaySeconds"]
            + startup_times["periodSeconds"] * startup_times["failureThreshold"],
        )
    elif probe.key == "startupProbe":
        start += times["periodSeconds"] * times["failureThreshold"]
    start = _start_period(
        start, times["periodSeconds"] * times["failureThreshold"], probe, container
    )
    if (take_integer(probe.at("successThreshold"), to) or 1) > 1:
        threshold = peek_text(probe.at("successThreshold"))
        probe.at("successThreshold").annotate(
            "TC233",
            object=container.workload_title,
            fields=f"successThreshold: {threshold}",
            subject=to,
        )
    return Healthcheck(
        test=test,
        interval=f"{times['periodSeconds']}s",
        timeout=f"{times['timeoutSeconds']}s",
        retries=str(times["failureThreshold"]),
        start_period=f"{start}s" if start else None,
        origin=probe.span,
    )


def _start_period(
    start: int, failure_time: int, probe: Cursor, container: ContainerContext
) -> int:
    """How long a first start may take. A pod that is not ready only gets no traffic; a service that is not healthy
    makes `docker compose up` give up on all that wait for it. So the longest of what is known counts: the delay of the
    liveness probe, and what the image needs to set up its data; `after` is the time that failures take beyond."""
    to = container.path("healthcheck")
    if probe.key == "readinessProbe":
        start = max(
            start,
            take_integer(container.cursor.at("livenessProbe", "initialDelaySeconds"), to)
            or 0,
        )
    facts = image_facts(peek_text(container.cursor.at("image")) or "")
    usual = (
        [
            int(check.start_period.removesuffix("s"))
            for check in facts.checks
            if check.start_period
        ]
        if facts
        else []
    )
    if not usual or usual[0] <= start + failure_time:
        return start
    needed = f"{container.service}: its image may need {usual[0]}s for its first start"
    comparison = (
        f"{needed}, the probe allows {start + failure_time}s; start_period is {usual[0]}s"
    )
    probe.annotate("TC259", what=comparison, subject=to)
    return usual[0]


def _probe_times(probe: Cursor, to: ModelPath) -> dict[str, int]:
    """https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"""
    defaults = {
        "initialDelaySeconds": 0,
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
    }
    return {
        key: take_integer(probe.at(key), to) or default for key, default in defaults.items()
    }


_ADVICE = {
    "livenessProbe": "Let the application exit when it cannot go on, or run autoheal.",
    "readinessProbe": "Ask for both in one health command.",
    "startupProbe": "Give the healthcheck of the service a start_period as long as the application may take.",
}


def _settle_lost(lost_probes: list[Cursor], container: ContainerContext) -> None:
    """Says of each probe beside the one that cannot work that it is lost too, with what it asks."""
    for probe in lost_probes:
        if not _has_action(probe):
            probe.mark_noted("TC231")
            continue
        probe.note(
            "TC230",
            object=container.service,
            what=f"{probe.key} ({_describe_probe(probe)})",
            advice_text=_ADVICE[probe.key],
            subject=container.path("healthcheck"),
        )


def _settle_others(
    other_probes: list[Cursor], checked_probe: Cursor, container: ContainerContext
) -> None:
    to = container.path("healthcheck")
    for probe in other_probes:
        action = _probe_action(probe)
        is_same = _same_action(action, _probe_action(checked_probe))
        if is_same and probe.key == "startupProbe":
            action.map(to=to)
            probe.mark_noted("TC230")
        else:
            probe.note(
                "TC232" if is_same else "TC230",
                object=container.service,
                what=f"{probe.key} ({_describe_probe(probe)})",
                advice_text=_ADVICE[probe.key],
                subject=to,
            )


def _probe_action(probe: Cursor) -> Cursor:
    return next((probe.at(action) for action in _ACTIONS if probe.at(action)), probe)


def _same_action(action: Cursor, other_action: Cursor) -> bool:
    return action.key == other_action.key and _flat_content(action) == _flat_content(
        other_action
    )


def _flat_content(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        return [cursor.peek() or ""]
    return [f"{child.key}={'/'.join(_flat_content(child))}" for child in cursor]


def _describe_probe(probe: Cursor) -> str:
    action = _probe_action(probe)
    times = _times_in_words(probe)
    description = f"{action.key}, {_describe_action(action)}"
    return f"{description}; {times}" if times else description


def _describe_action(action: Cursor) -> str:
    """What an action asks: a path and a port where it has them, else all that it says."""
    port = peek_text(action.at("port"))
    if port is None:
        return values_in_words(action.node)
    path = peek_text(action.at("path"))
    address = f"{path} on {port}" if path else f"port {port}"
    further = _further_values(action)
    return f"{address} ({further})" if further else address


def _further_values(action: Cursor) -> str:
    """What an action says beside its path and port, in words."""
    further = [child for child in action if child.key not in ("path", "port")]
    if not further:
        return ""
    keys = ", ".join(child.key for child in further)
    return f"{keys}: {values_in_words(*(child.node for child in further))}"


def _times_in_words(probe: Cursor) -> str:
    return ", ".join(
        f"{child.key} {child.peek()}" for child in probe if child.kind == "leaf"
    )


def _check_command(probe: Cursor, container: ContainerContext) -> tuple[str, ...] | None:
    if (command := probe.at("exec", "command")).kind == "list":
        return ("CMD", *_exec_words(command, container.path("healthcheck")))
    for key, build in (
        ("httpGet", _http_command),
        ("tcpSocket", _tcp_command),
        ("grpc", _grpc_command),
    ):
        if action := probe.at(key):
            return build(action, container)
    return None


def _exec_words(command: Cursor, to: ModelPath) -> Iterator[str]:
    for argument in list_entries(command):
        if (text := take_text(argument, to)) is not None:
            yield literal(text)


def _probe_port(action: Cursor, container: ContainerContext) -> int | None:
    """The number of a probe's port, which may name a container port."""
    cursor = action.at("port")
    port_text = peek_text(cursor)
    if port_text is None:
        return None
    number = integer(port_text)
    if number is None:
        for port in list_entries(container.cursor.at("ports")):
            if peek_text(port.at("name")) == port_text:
                port.at("name").take(to=container.path())
                port.at("containerPort").take(to=container.path())
                number = integer(peek_text(port.at("containerPort")) or "")
    if number is None:
        cursor.note(
            "TC227",
            service=container.service,
            port=port_text,
            subject=container.path("healthcheck"),
        )
    return number


def _http_command(action: Cursor, container: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, container)
    if number is None:
        return None
    container.not_applicable(action.at("protocol"))
    tools = container_tools(container.cursor)
    request = HttpRequest.of(action, number)
    if tools and tools & {"wget", "curl"}:
        action.map(to=container.path("healthcheck"))
        command = request.curl_command() if "curl" in tools else request.wget_command()
        return ("CMD-SHELL", literal(command))
    if tools and "sh" in tools:
        return _listening_command(action, number, container, request.with_either_client())
    return _note_impossible(action, container, f"an HTTP request to {request.url}", tools)


def _tcp_command(action: Cursor, container: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, container)
    if number is None:
        return None
    held = container_tools(container.cursor)
    host = peek_text(action.at("host")) or "127.0.0.1"
    if held is not None and "nc" in held:
        action.map(to=container.path("healthcheck"))
        return ("CMD-SHELL", literal(f"nc -z {quote_word(host)} {number}"))
    if held and "sh" in held and host == "127.0.0.1":
        return _listening_command(action, number, container)
    return _note_impossible(action, container, f"a connection to port {number}", held)


def _listening_command(
    action: Cursor, number: int, container: ContainerContext, fallback: str = ""
) -> tuple[str, ...]:
    """Whether something listens on the port, read from the kernel's table: needs only a shell and grep."""
    action.map(to=container.path("healthcheck"))
    check = f"grep -qE ':{number:04X} 0+:0000 0A' /proc/net/tcp /proc/net/tcp6"
    return ("CMD-SHELL", literal(f"{fallback}{check}{'; fi' if fallback else ''}"))


def _grpc_command(action: Cursor, container: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, container)
    return (
        None
        if number is None
        else _note_impossible(
            action, container, f"a gRPC health request to port {number}", None
        )
    )


def _note_impossible(
    action: Cursor, container: ContainerContext, check: str, held: frozenset[str] | None
) -> tuple[str, ...] | None:
    """Says that no client is known to be in the image, in place of a test."""
    why = "is not known to hold a client" if held is None else "holds no client"
    image = peek_text(container.cursor.at("image")) or "the image"
    probe = next(
        probe
        for probe in map(container.cursor.at, _ORDER)
        if probe.at(action.key).span == action.span
    )
    details = "; ".join(filter(None, (_further_values(action), _times_in_words(probe))))
    check = f"{check} ({details})" if details else check
    action.note(
        "TC231", what=check, image=image, why=why, subject=container.path("healthcheck")
    )
    return None
