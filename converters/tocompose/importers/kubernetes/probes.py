"""Probes: the one healthcheck that Compose has, in a form that can work in the container's image."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_tools import (
    container_interpreter,
    container_tools,
)
from tocompose.importers.kubernetes.http_checks import (
    ASKING_INTERPRETERS,
    HttpRequest,
    quote_word,
)
from tocompose.importers.kubernetes.probe_fields import (
    LIVENESS,
    READINESS,
    STARTUP,
    Probe,
    ProbeAction,
    find_probe,
)
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.knowledge.images import image_facts
from tocompose.model import Healthcheck
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_ADVICE = {
    LIVENESS: (
        "Let the application exit when it cannot go on. Or give the service a health check and the label"
        " `autoheal=true`, and run the container willfarrell/autoheal, which restarts unhealthy containers with that"
        " label."
    ),
    READINESS: "Ask for both in one health command.",
}


def container_healthcheck(container: ContainerContext) -> Healthcheck | None:
    """The healthcheck made of the readiness probe, else the liveness probe, else the startup probe.

    A probe whose client may be missing in the image gives none, with a note: a check that cannot run would report a
    working container as unhealthy.
    """
    probes = container.fields.probes
    usable = [probe for probe in probes if probe.action is not None]
    if not usable:
        return None
    probe = _best_probe(usable, container)
    test = _check_command(probe, container)
    if test is None:
        probe.settle_filled_in()
        probe.cursor.mark_noted("TC231")
        _settle_lost([lost for lost in probes if lost is not probe], container)
        return None
    startup = find_probe(probes, STARTUP)
    check = _timed_check(probe, None if startup is probe else startup, test, container)
    _settle_others([other for other in usable if other is not probe], probe, container)
    return check


def _best_probe(probes: list[Probe], container: ContainerContext) -> Probe:
    """The first that the container can run for sure, else the first."""
    for probe in probes:
        if probe.action is not None and _can_run(probe.action, container):
            return probe
    return probes[0]


# The programs of which one is enough to ask; a command brings its own.
_CLIENTS = {
    "httpGet": frozenset({"sh", "curl", "wget", *ASKING_INTERPRETERS}),
    "tcpSocket": frozenset({"sh", "nc"}),
    "grpc": frozenset[str](),
}


def _can_run(action: ProbeAction, container: ContainerContext) -> bool:
    """Whether the container is known to hold what the probe's action needs."""
    if action.kind == "exec":
        return True
    held = container_tools(container) or frozenset()
    programs = {*held, container_interpreter(container)}
    return not programs.isdisjoint(_CLIENTS[action.kind])


def _timed_check(
    probe: Probe,
    startup: Probe | None,
    test: tuple[str, ...],
    container: ContainerContext,
) -> Healthcheck:
    """The check with the probe's times, Kubernetes' own defaults written out.

    A startup probe lengthens `start_period`; its period is no `start_interval`, for which an engine before 25 refuses
    to start the stack: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    times = probe.take_times(container.path("healthcheck"))
    start = _start_period(probe, startup, container)
    _note_successes(probe, container)
    return Healthcheck(
        test=test,
        interval=f"{times.period}s",
        timeout=f"{times.timeout}s",
        retries=str(times.failure_threshold),
        start_period=f"{start}s" if start else None,
        origin=probe.span,
    )


def _note_successes(probe: Probe, container: ContainerContext) -> None:
    to = container.path("healthcheck")
    successes = probe.stated_times["successThreshold"]
    if (successes.take_integer(to) or 1) > 1:
        successes.cursor.annotate(
            "TC233",
            object=container.workload_title,
            fields=f"successThreshold: {successes.text}",
            subject=to,
        )


def _start_period(probe: Probe, startup: Probe | None, container: ContainerContext) -> int:
    """How long a first start may take. A pod that is not ready only gets no traffic; a service that is not healthy
    makes `docker compose up` give up on all that wait for it. So the longest of what is known counts: the delay of the
    liveness probe, and what the image needs to set up its data."""
    start = _stated_start(probe, startup, container)
    to = container.path("healthcheck")
    liveness = find_probe(container.fields.probes, LIVENESS)
    if probe.key == READINESS and liveness is not None:
        delay = liveness.stated_times["initialDelaySeconds"]
        start = max(start, delay.take_integer(to) or 0)
    needed, allowed = _usual_start(container), start + probe.times.until_failure
    if needed <= allowed:
        return start
    what = f"{container.service}: its image may need {needed}s for its first start"
    probe.cursor.annotate(
        "TC259",
        what=f"{what}, the probe allows {allowed}s; start_period is {needed}s",
        subject=to,
    )
    return needed


def _stated_start(probe: Probe, startup: Probe | None, container: ContainerContext) -> int:
    """How long the probes of the manifest let a container start."""
    start = probe.times.initial_delay
    if startup is not None:
        startup_times = startup.take_times(container.path("healthcheck"))
        if start:
            container.not_applicable(probe.stated_times["initialDelaySeconds"].cursor)
        return max(start, startup_times.initial_delay + startup_times.until_failure)
    return start + probe.times.until_failure if probe.key == STARTUP else start


def _usual_start(container: ContainerContext) -> int:
    """How long the image may take to set up its data, as far as it is known."""
    facts = image_facts(container.fields.image.text or "")
    for check in facts.checks if facts else ():
        if check.start_period:
            return int(check.start_period.removesuffix("s"))
    return 0


def _settle_lost(lost_probes: list[Probe], container: ContainerContext) -> None:
    """Says of each probe beside the one that cannot work that it is lost too, with what it asks."""
    for probe in lost_probes:
        if probe.action is None:
            probe.cursor.mark_noted("TC231")
        else:
            _note_lost(probe, container)


def _settle_others(
    other_probes: list[Probe], checked_probe: Probe, container: ContainerContext
) -> None:
    for probe in other_probes:
        action, checked_action = probe.action, checked_probe.action
        is_same = action and checked_action and action.equals(checked_action)
        if action and is_same and probe.key == STARTUP:
            action.cursor.map(to=container.path("healthcheck"))
            probe.cursor.mark_noted("TC230")
        elif is_same:
            _note_joined(probe, "checks the same as the health check", container)
        elif probe.key == STARTUP:
            _note_joined(probe, _TIME_KEPT, container)
        else:
            _note_lost(probe, container)


# What becomes of a startup probe beside another check.
_TIME_KEPT = "gives the health check its `start_period`; what it asks itself was left out"


def _note_joined(probe: Probe, outcome: str, container: ContainerContext) -> None:
    """Says of a probe what the health check has of it."""
    probe.settle_filled_in()
    probe.cursor.note(
        "TC232",
        object=container.service,
        what=f"{probe.key} ({probe.describe()})",
        outcome=outcome,
        subject=container.path("healthcheck"),
    )


def _note_lost(probe: Probe, container: ContainerContext) -> None:
    probe.settle_filled_in()
    probe.cursor.note(
        "TC230",
        object=container.service,
        what=f"{probe.key} ({probe.describe()})",
        advice_text=_ADVICE.get(probe.key) or _startup_advice(probe),
        subject=container.path("healthcheck"),
    )


def _startup_advice(probe: Probe) -> str:
    """What to do with the time of a startup probe where there is no check."""
    allowed = probe.times.initial_delay + probe.times.until_failure
    return f"When you add a health check, give it `start_period: {allowed}s`, the time that the startup probe allows."


def _check_command(probe: Probe, container: ContainerContext) -> tuple[str, ...] | None:
    action = probe.action
    assert action is not None, "a probe that asks nothing gives no check"
    if action.kind == "exec":
        to = container.path("healthcheck")
        return ("CMD", *_exec_words(action.command, to)) if action.command else None
    number = _probe_port(action, container)
    if number is None:
        return None
    return _BUILDERS[action.kind](probe, action, number, container)


def _exec_words(command: tuple[Stated, ...], to: ModelPath) -> Iterator[str]:
    for argument in command:
        if (text := argument.take_text(to)) is not None:
            yield literal(text)


def _probe_port(action: ProbeAction, container: ContainerContext) -> int | None:
    """The number of a probe's port, which may name a container port."""
    stated_port = action.port.text
    if stated_port is None:
        return None
    number = integer(stated_port)
    if number is None:
        number = _named_port(stated_port, container)
    if number is None:
        action.port.cursor.note(
            "TC227",
            service=container.service,
            port=stated_port,
            subject=container.path("healthcheck"),
        )
    return number


def _named_port(name: str, container: ContainerContext) -> int | None:
    number = None
    for port in container.fields.ports:
        if port.name == name:
            port.cursor.at("name").take(to=container.path())
            port.cursor.at("containerPort").take(to=container.path())
            number = port.number
    return number


def _http_command(
    probe: Probe, action: ProbeAction, number: int, container: ContainerContext
) -> tuple[str, ...] | None:
    container.not_applicable(action.cursor.at("protocol"))
    tools = container_tools(container)
    request = HttpRequest.of(action, number)
    if tools and tools & {"wget", "curl"}:
        action.cursor.map(to=container.path("healthcheck"))
        command = request.curl_command() if "curl" in tools else request.wget_command()
        return ("CMD-SHELL", literal(command))
    if tools and "sh" in tools:
        return _listening_command(action, number, container, request.with_either_client())
    test = request.command_of(container_interpreter(container))
    if test is not None:
        action.cursor.map(to=container.path("healthcheck"))
        return tuple(map(literal, test))
    check = f"an HTTP request to {request.url}"
    trial = f"wget -q -O /dev/null {quote_word(request.url)}"
    return _note_impossible(probe, container, check, tools, ("curl or wget", trial))


def _tcp_command(
    probe: Probe, action: ProbeAction, number: int, container: ContainerContext
) -> tuple[str, ...] | None:
    held = container_tools(container)
    if held is not None and "nc" in held:
        action.cursor.map(to=container.path("healthcheck"))
        return ("CMD-SHELL", literal(f"nc -z {quote_word(action.host)} {number}"))
    if held and "sh" in held and action.host == "127.0.0.1":
        return _listening_command(action, number, container)
    check, trial = (
        f"a connection to port {number}",
        f"nc -z {quote_word(action.host)} {number}",
    )
    return _note_impossible(probe, container, check, held, ("nc", trial))


def _listening_command(
    action: ProbeAction, number: int, container: ContainerContext, fallback: str = ""
) -> tuple[str, ...]:
    """Whether something listens on the port, read from the kernel's table: needs only a shell and grep."""
    action.cursor.map(to=container.path("healthcheck"))
    check = f"grep -qE ':{number:04X} 0+:0000 0A' /proc/net/tcp /proc/net/tcp6"
    return ("CMD-SHELL", literal(f"{fallback}{check}{'; fi' if fallback else ''}"))


def _grpc_command(
    probe: Probe, action: ProbeAction, number: int, container: ContainerContext
) -> tuple[str, ...] | None:
    check = f"a gRPC health request to port {number}"
    trial = f"grpc_health_probe -addr {quote_word(action.host)}:{number}"
    return _note_impossible(probe, container, check, None, ("grpc_health_probe", trial))


_BUILDERS = {"httpGet": _http_command, "tcpSocket": _tcp_command, "grpc": _grpc_command}


def _note_impossible(
    probe: Probe,
    container: ContainerContext,
    check: str,
    held: frozenset[str] | None,
    client: tuple[str, str],
) -> tuple[str, ...] | None:
    """Says that no client is known to be in the image, in place of a test; `client` names it and asks with it."""
    action = probe.action
    assert action is not None, "a probe that asks nothing gives no check"
    programs, trial = client
    why = f"{'is not known to have' if held is None else 'does not have'} {programs}"
    advice = f"Add {programs} to the image, and use it in the health check of the service."
    if held is None:
        service = shlex.quote(container.service)
        advice = (
            f"Try `docker compose exec {service} {trial}`. If it works, make it the health check; otherwise add"
            f" {programs} to the image."
        )
    image = container.fields.image.text or "the image"
    details = "; ".join(filter(None, (action.further_values(), probe.times_in_words())))
    check = f"{check} ({details})" if details else check
    probe.settle_filled_in()
    action.cursor.note(
        "TC231",
        object=container.service,
        probe=probe.key,
        what=check,
        image=image,
        why=why,
        advice_text=advice,
        subject=container.path("healthcheck"),
    )
    return None
