"""Probes: the one healthcheck that Compose has, in a form that can work in the container's image."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.fields import values
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import items, text, value, whole
from tocompose.importers.kubernetes.tools import tools
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal

_ORDER = ("readinessProbe", "livenessProbe", "startupProbe")
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc")


def healthcheck(place: Place) -> Healthcheck | None:
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
    test = _test(chosen, place)
    if test is None:
        for _, cursor in probes:
            cursor.noted("TC231")
        return None
    startup = place.unit.cursor.at("startupProbe")
    check = _timed(
        chosen,
        startup if startup.kind == "map" and name != "startupProbe" else None,
        test,
        place,
    )
    _settle_others([each for each in usable if each[0] != name], chosen, place)
    return check


def _can_run(probe: Cursor, place: Place) -> bool:
    """Whether the container is known to hold what the probe's action needs."""
    action = _action(probe).key
    if action == "exec":
        return True
    held = tools(place.unit.cursor) or frozenset()
    return action != "grpc" and bool(
        held & ({"sh", "curl", "wget"} if action == "httpGet" else {"sh", "nc"})
    )


def _timed(
    probe: Cursor, startup: Cursor | None, test: tuple[str, ...], place: Place
) -> Healthcheck:
    """The check with the probe's times, Kubernetes' own defaults written out.

    A startup probe lengthens `start_period`; its period is no `start_interval`, for which an engine before 25 refuses
    to start the stack: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    to = place.path("healthcheck")
    times = _times(probe, to)
    start = times["initialDelaySeconds"]
    if startup is not None:
        first = _times(startup, to)
        if start:
            moot(probe.at("initialDelaySeconds"), place.workload.object, place.world)
        start = max(
            start,
            first["initialDelaySeconds"]
            + first["periodSeconds"] * first["failureThreshold"],
        )
    elif probe.key == "startupProbe":
        start += times["periodSeconds"] * times["failureThreshold"]
    start = _patient(
        start, times["periodSeconds"] * times["failureThreshold"], probe, place
    )
    if (whole(probe.at("successThreshold"), to) or 1) > 1:
        given = value(probe.at("successThreshold"))
        probe.at("successThreshold").remark(
            "TC233",
            object=str(place.workload.object),
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


def _patient(start: int, after: int, probe: Cursor, place: Place) -> int:
    """How long a first start may take. A pod that is not ready only gets no traffic; a service that is not healthy
    makes `docker compose up` give up on all that wait for it. So the longest of what is known counts: the delay of the
    liveness probe, and what the image needs to set up its data; `after` is the time that failures take beyond."""
    to = place.path("healthcheck")
    if probe.key == "readinessProbe":
        start = max(
            start,
            whole(place.unit.cursor.at("livenessProbe", "initialDelaySeconds"), to) or 0,
        )
    known = image_facts(value(place.unit.cursor.at("image")) or "")
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


def _times(probe: Cursor, to: str) -> dict[str, int]:
    """https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"""
    defaults = {
        "initialDelaySeconds": 0,
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
    }
    return {key: whole(probe.at(key), to) or default for key, default in defaults.items()}


def _settle_others(others: list[tuple[str, Cursor]], chosen: Cursor, place: Place) -> None:
    for name, cursor in others:
        action = _action(cursor)
        if name == "startupProbe" and _same(action, _action(chosen)):
            action.map(to=place.path("healthcheck"))
            cursor.noted("TC230")
            continue
        same = _same(action, _action(chosen))
        what = f"{name} ({_described(cursor)})"
        cursor.note(
            "TC230" if not same else "TC232",
            object=place.service,
            what=what,
            subject=place.path("healthcheck"),
        )


def _action(probe: Cursor) -> Cursor:
    return next((probe.at(action) for action in _ACTIONS if probe.at(action)), probe)


def _same(one: Cursor, other: Cursor) -> bool:
    return one.key == other.key and _content(one) == _content(other)


def _content(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        return [cursor.peek() or ""]
    return [f"{child.key}={'/'.join(_content(child))}" for child in cursor]


def _described(probe: Cursor) -> str:
    action = _action(probe)
    times = ", ".join(
        f"{child.key} {child.peek()}" for child in probe if child.kind == "leaf"
    )
    what = f"{action.key}, {values(action.node)}"
    return f"{what}; {times}" if times else what


def _test(probe: Cursor, place: Place) -> tuple[str, ...] | None:
    if (command := probe.at("exec", "command")).kind == "list":
        return ("CMD", *_words(command, place.path("healthcheck")))
    for key, build in (("httpGet", _http), ("tcpSocket", _tcp), ("grpc", _grpc)):
        if action := probe.at(key):
            return build(action, place)
    return None


def _words(command: Cursor, to: str) -> Iterator[str]:
    for entry in items(command):
        if (word := text(entry, to)) is not None:
            yield literal(word)


def _port(action: Cursor, place: Place) -> int | None:
    """The number of a probe's port, which may name a container port."""
    cursor = action.at("port")
    given = value(cursor)
    if given is None:
        return None
    number = integer(given)
    if number is None:
        for port in items(place.unit.cursor.at("ports")):
            if value(port.at("name")) == given:
                port.at("name").take(to=place.path())
                port.at("containerPort").take(to=place.path())
                number = integer(value(port.at("containerPort")) or "")
    if number is None:
        cursor.note(
            "TC227", service=place.service, port=given, subject=place.path("healthcheck")
        )
    return number


def _http(action: Cursor, place: Place) -> tuple[str, ...] | None:
    number = _port(action, place)
    held = tools(place.unit.cursor)
    if number is None:
        return None
    moot(action.at("protocol"), place.workload.object, place.world)
    scheme = (value(action.at("scheme")) or "HTTP").lower()
    path = value(action.at("path")) or "/"
    url = f"{scheme}://{value(action.at('host')) or '127.0.0.1'}:{number}{path if path.startswith('/') else '/' + path}"
    headers = [
        f"{value(entry.at('name')) or ''}: {value(entry.at('value')) or ''}"
        for entry in items(action.at("httpHeaders"))
    ]
    if held is None or not held & {"wget", "curl"}:
        if held and "sh" in held:
            return _listening(action, number, place, fallback=_both(url, headers, scheme))
        return _impossible(action, place, f"an HTTP request to {url}", held)
    action.map(to=place.path("healthcheck"))
    return (
        "CMD-SHELL",
        literal(
            _curl(url, headers, scheme) if "curl" in held else _wget(url, headers, scheme)
        ),
    )


def _both(url: str, headers: list[str], scheme: str) -> str:
    """Whichever client the image turns out to hold; without any, the last resort that follows."""
    return (
        f"if command -v curl >/dev/null; then {_curl(url, headers, scheme)}; "
        f"elif command -v wget >/dev/null; then {_wget(url, headers, scheme)}; else "
    )


def _curl(url: str, headers: list[str], scheme: str) -> str:
    insecure = "k" if scheme == "https" else ""
    given = "".join(f" -H {_quote(header)}" for header in headers)
    return f"curl -fsS{insecure} -o /dev/null{given} {_quote(url)}"


def _wget(url: str, headers: list[str], scheme: str) -> str:
    insecure = " --no-check-certificate" if scheme == "https" else ""
    given = "".join(f" --header {_quote(header)}" for header in headers)
    return f"wget -q -O /dev/null{insecure}{given} {_quote(url)}"


def _quote(given: str) -> str:
    safe = given.isascii() and all(char.isalnum() or char in "/:.,_-=@%+" for char in given)
    return given if safe else "'" + given.replace("'", "'\\''") + "'"


def _tcp(action: Cursor, place: Place) -> tuple[str, ...] | None:
    number = _port(action, place)
    if number is None:
        return None
    held = tools(place.unit.cursor)
    host = value(action.at("host")) or "127.0.0.1"
    if held is not None and "nc" in held:
        action.map(to=place.path("healthcheck"))
        return ("CMD-SHELL", literal(f"nc -z {_quote(host)} {number}"))
    if held and "sh" in held and host == "127.0.0.1":
        return _listening(action, number, place)
    return _impossible(action, place, f"a connection to port {number}", held)


def _listening(
    action: Cursor, number: int, place: Place, fallback: str = ""
) -> tuple[str, ...]:
    """Whether something listens on the port, read from the kernel's table: needs only a shell and grep."""
    action.map(to=place.path("healthcheck"))
    check = f"grep -qE ':{number:04X} 0+:0000 0A' /proc/net/tcp /proc/net/tcp6"
    return ("CMD-SHELL", literal(f"{fallback}{check}{'; fi' if fallback else ''}"))


def _grpc(action: Cursor, place: Place) -> tuple[str, ...] | None:
    number = _port(action, place)
    return (
        None
        if number is None
        else _impossible(action, place, f"a gRPC health request to port {number}", None)
    )


def _impossible(
    action: Cursor, place: Place, what: str, held: frozenset[str] | None
) -> tuple[str, ...] | None:
    """Says that no client is known to be in the image, in place of a test."""
    why = "is not known to hold a client" if held is None else "holds no client"
    image = value(place.unit.cursor.at("image")) or "the image"
    what = f"{what} ({values(*(place.unit.cursor.at(name).node for name in _ORDER))})"
    action.note("TC231", what=what, image=image, why=why, subject=place.path("healthcheck"))
    return None
