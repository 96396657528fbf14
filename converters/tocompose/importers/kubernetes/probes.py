"""Probes: the one healthcheck that Compose has, in a form that can work in the container's image."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.fields import values_in_words
from tocompose.importers.kubernetes.moot import not_applicable
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_integer,
    take_text,
)
from tocompose.importers.kubernetes.tools import container_tools
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal

_ORDER = ("readinessProbe", "livenessProbe", "startupProbe")
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")


def container_healthcheck(place: ContainerContext) -> Healthcheck | None:
    """The healthcheck made of the readiness probe, else the liveness probe, else the startup probe.

    A probe whose client may be missing in the image gives none, with a note: a check that cannot run would report a
    working container as unhealthy.
    """
    probes = [
        (name, cursor)
        for name in _ORDER
        if (cursor := place.unit.cursor.at(name)).kind == "map"
    ]
    usable = [
        (name, cursor)
        for name, cursor in probes
        if any(cursor.at(action) for action in _ACTIONS)
    ]
    if not usable:
        return None
    name, chosen = next((each for each in usable if _can_run(each[1], place)), usable[0])
    test = _check_command(chosen, place)
    if test is None:
        for _, cursor in probes:
            cursor.noted("TC231")
        return None
    startup = place.unit.cursor.at("startupProbe")
    check = _timed_check(
        chosen,
        startup if startup.kind == "map" and name != "startupProbe" else None,
        test,
        place,
    )
    _settle_others([each for each in usable if each[0] != name], chosen, place)
    return check


def _can_run(probe: Cursor, place: ContainerContext) -> bool:
    """Whether the container is known to hold what the probe's action needs."""
    action = _probe_action(probe).key
    if action == "exec":
        return True
    held = container_tools(place.unit.cursor) or frozenset()
    return action != "grpc" and bool(
        held & ({"sh", "curl", "wget"} if action == "httpGet" else {"sh", "nc"})
    )


def _timed_check(
    probe: Cursor, startup: Cursor | None, test: tuple[str, ...], place: ContainerContext
) -> Healthcheck:
    """The check with the probe's times, Kubernetes' own defaults written out.

    A startup probe lengthens `start_period`; its period is no `start_interval`, for which an engine before 25 refuses
    to start the stack: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    to = place.path("healthcheck")
    times = _probe_times(probe, to)
    start = times["initialDelaySeconds"]
    if startup is not None:
        first = _probe_times(startup, to)
        if start:
            not_applicable(
                probe.at("initialDelaySeconds"), place.workload.kube_object, place.model
            )
        start = max(
            start,
            first["initialDelaySeconds"]
            + first["periodSeconds"] * first["failureThreshold"],
        )
    elif probe.key == "startupProbe":
        start += times["periodSeconds"] * times["failureThreshold"]
    start = _start_period(
        start, times["periodSeconds"] * times["failureThreshold"], probe, place
    )
    if (take_integer(probe.at("successThreshold"), to) or 1) > 1:
        given = peek_text(probe.at("successThreshold"))
        probe.at("successThreshold").remark(
            "TC233",
            object=str(place.workload.kube_object),
            fields=f"successThreshold: {given}",
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


def _start_period(start: int, after: int, probe: Cursor, place: ContainerContext) -> int:
    """How long a first start may take. A pod that is not ready only gets no traffic; a service that is not healthy
    makes `docker compose up` give up on all that wait for it. So the longest of what is known counts: the delay of the
    liveness probe, and what the image needs to set up its data; `after` is the time that failures take beyond."""
    to = place.path("healthcheck")
    if probe.key == "readinessProbe":
        start = max(
            start,
            take_integer(place.unit.cursor.at("livenessProbe", "initialDelaySeconds"), to)
            or 0,
        )
    known = image_facts(peek_text(place.unit.cursor.at("image")) or "")
    usual = (
        [
            int(check.start_period.removesuffix("s"))
            for check in known.checks
            if check.start_period
        ]
        if known
        else []
    )
    if not usual or usual[0] <= start + after:
        return start
    what = f"{place.service}: its image may need {usual[0]}s for its first start, the probe allows {start + after}s"
    probe.remark("TC259", what=what, subject=to)
    return usual[0]


def _probe_times(probe: Cursor, to: str) -> dict[str, int]:
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


def _settle_others(
    others: list[tuple[str, Cursor]], chosen: Cursor, place: ContainerContext
) -> None:
    for name, cursor in others:
        action = _probe_action(cursor)
        if name == "startupProbe" and _same_action(action, _probe_action(chosen)):
            action.map(to=place.path("healthcheck"))
            cursor.noted("TC230")
            continue
        same = _same_action(action, _probe_action(chosen))
        what = f"{name} ({_describe_probe(cursor)})"
        cursor.note(
            "TC230" if not same else "TC232",
            object=place.service,
            what=what,
            subject=place.path("healthcheck"),
        )


def _probe_action(probe: Cursor) -> Cursor:
    return next((probe.at(action) for action in _ACTIONS if probe.at(action)), probe)


def _same_action(one: Cursor, other: Cursor) -> bool:
    return one.key == other.key and _flat_content(one) == _flat_content(other)


def _flat_content(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        return [cursor.peek() or ""]
    return [f"{child.key}={'/'.join(_flat_content(child))}" for child in cursor]


def _describe_probe(probe: Cursor) -> str:
    action = _probe_action(probe)
    times = ", ".join(
        f"{child.key} {child.peek()}" for child in probe if child.kind == "leaf"
    )
    what = f"{action.key}, {values_in_words(action.node)}"
    return f"{what}; {times}" if times else what


def _check_command(probe: Cursor, place: ContainerContext) -> tuple[str, ...] | None:
    if (command := probe.at("exec", "command")).kind == "list":
        return ("CMD", *_exec_words(command, place.path("healthcheck")))
    for key, build in (
        ("httpGet", _http_command),
        ("tcpSocket", _tcp_command),
        ("grpc", _grpc_command),
    ):
        if action := probe.at(key):
            return build(action, place)
    return None


def _exec_words(command: Cursor, to: str) -> Iterator[str]:
    for entry in list_entries(command):
        if (word := take_text(entry, to)) is not None:
            yield literal(word)


def _probe_port(action: Cursor, place: ContainerContext) -> int | None:
    """The number of a probe's port, which may name a container port."""
    cursor = action.at("port")
    given = peek_text(cursor)
    if given is None:
        return None
    number = integer(given)
    if number is None:
        for port in list_entries(place.unit.cursor.at("ports")):
            if peek_text(port.at("name")) == given:
                port.at("name").take(to=place.path())
                port.at("containerPort").take(to=place.path())
                number = integer(peek_text(port.at("containerPort")) or "")
    if number is None:
        cursor.note(
            "TC227", service=place.service, port=given, subject=place.path("healthcheck")
        )
    return number


def _http_command(action: Cursor, place: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, place)
    held = container_tools(place.unit.cursor)
    if number is None:
        return None
    not_applicable(action.at("protocol"), place.workload.kube_object, place.model)
    scheme = (peek_text(action.at("scheme")) or "HTTP").lower()
    path = peek_text(action.at("path")) or "/"
    host = peek_text(action.at("host")) or "127.0.0.1"
    url = f"{scheme}://{host}:{number}{path if path.startswith('/') else '/' + path}"
    headers = [
        f"{peek_text(entry.at('name')) or ''}: {peek_text(entry.at('value')) or ''}"
        for entry in list_entries(action.at("httpHeaders"))
    ]
    if held is None or not held & {"wget", "curl"}:
        if held and "sh" in held:
            return _listening_command(
                action, number, place, fallback=_curl_or_wget(url, headers, scheme)
            )
        return _note_impossible(action, place, f"an HTTP request to {url}", held)
    action.map(to=place.path("healthcheck"))
    return (
        "CMD-SHELL",
        literal(
            _curl_command(url, headers, scheme)
            if "curl" in held
            else _wget_command(url, headers, scheme)
        ),
    )


def _curl_or_wget(url: str, headers: list[str], scheme: str) -> str:
    """Whichever client the image turns out to hold; without any, the last resort that follows."""
    return (
        f"if command -v curl >/dev/null; then {_curl_command(url, headers, scheme)}; "
        f"elif command -v wget >/dev/null; then {_wget_command(url, headers, scheme)}; else "
    )


def _curl_command(url: str, headers: list[str], scheme: str) -> str:
    insecure = "k" if scheme == "https" else ""
    given = "".join(f" -H {_quote_word(header)}" for header in headers)
    return f"curl -fsS{insecure} -o /dev/null{given} {_quote_word(url)}"


def _wget_command(url: str, headers: list[str], scheme: str) -> str:
    insecure = " --no-check-certificate" if scheme == "https" else ""
    given = "".join(f" --header {_quote_word(header)}" for header in headers)
    return f"wget -q -O /dev/null{insecure}{given} {_quote_word(url)}"


def _quote_word(given: str) -> str:
    safe = given.isascii() and all(char.isalnum() or char in "/:.,_-=@%+" for char in given)
    return given if safe else "'" + given.replace("'", "'\\''") + "'"


def _tcp_command(action: Cursor, place: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, place)
    if number is None:
        return None
    held = container_tools(place.unit.cursor)
    host = peek_text(action.at("host")) or "127.0.0.1"
    if held is not None and "nc" in held:
        action.map(to=place.path("healthcheck"))
        return ("CMD-SHELL", literal(f"nc -z {_quote_word(host)} {number}"))
    if held and "sh" in held and host == "127.0.0.1":
        return _listening_command(action, number, place)
    return _note_impossible(action, place, f"a connection to port {number}", held)


def _listening_command(
    action: Cursor, number: int, place: ContainerContext, fallback: str = ""
) -> tuple[str, ...]:
    """Whether something listens on the port, read from the kernel's table: needs only a shell and grep."""
    action.map(to=place.path("healthcheck"))
    check = f"grep -qE ':{number:04X} 0+:0000 0A' /proc/net/tcp /proc/net/tcp6"
    return ("CMD-SHELL", literal(f"{fallback}{check}{'; fi' if fallback else ''}"))


def _grpc_command(action: Cursor, place: ContainerContext) -> tuple[str, ...] | None:
    number = _probe_port(action, place)
    return (
        None
        if number is None
        else _note_impossible(
            action, place, f"a gRPC health request to port {number}", None
        )
    )


def _note_impossible(
    action: Cursor, place: ContainerContext, what: str, held: frozenset[str] | None
) -> tuple[str, ...] | None:
    """Says that no client is known to be in the image, in place of a test."""
    why = "is not known to hold a client" if held is None else "holds no client"
    image = peek_text(place.unit.cursor.at("image")) or "the image"
    what = (
        f"{what} ({values_in_words(*(place.unit.cursor.at(name).node for name in _ORDER))})"
    )
    action.note("TC231", what=what, image=image, why=why, subject=place.path("healthcheck"))
    return None
