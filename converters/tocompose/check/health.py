"""Whether services are watched, waited for and restarted: Q-01, Q-02, A-01, A-05, M-02, M-06 and traps about checks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.check.scene import Scene, Verdict, dependents, named_facts, of_service
from tocompose.model import Healthcheck, Role, Service
from tocompose.rules.conditions import COMPLETED, HEALTHY, STARTED, shows_health
from tocompose.rules.dependencies import PRACTICE as DEPENDENCIES
from tocompose.rules.healthchecks import has_own_check
from tocompose.rules.services import base_facts, dockerfile, facts
from tocompose.syntax.interpolation import plain

_RESTARTING = ("always", "unless-stopped")
_CLIENTS = ("curl", "wget", "nc", "bash", "python", "python3", "node", "ruby", "php")
_SOCKET_PING = re.compile(
    r"\b(?:pg_isready|(?:mysql|mariadb)-?admin\b[^|;&]*\bping|(?:mysql|mariadb)admin\b[^|;&]*\bping)\b"
)
_OVER_TCP = re.compile(r"(?:^|\s)(?:-h[ =]?|--host[ =])[\"']?(?!localhost\b)\S")
_PG_OVER_TCP = re.compile(r"(?:^|\s)(?:-h[ =]?|--host[ =])\S")


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on every service."""
    for service in scene.main.stack.services:
        yield from _watched(scene, service)
        yield from _restarted(scene, service)
        if service.healthcheck is not None:
            yield from _test(scene, service, service.healthcheck)
    yield from _waited_for(scene)
    yield from _undeclared(scene)


def _watched(scene: Scene, service: Service) -> Iterator[Verdict]:
    known = base_facts(service, scene.main.stack, scene.context)
    toolless = known is not None and known.tools == ()
    if service.role is Role.JOB or (toolless and service.healthcheck is None):
        return
    ids = "Q-01 M-06" if service.role in (Role.DATA, Role.CACHE, Role.QUEUE) else "Q-01"
    watched = (
        shows_health(service)
        or (known is not None and has_own_check(service, known))
        or _in_image(scene, service)
    )
    disabled = service.healthcheck is not None and service.healthcheck.disable
    yield of_service(
        scene.main, service, "healthcheck" if disabled else "", ids, watched, "TC706"
    )


def _in_image(scene: Scene, service: Service) -> bool:
    """Whether the Dockerfile of a built image brings a HEALTHCHECK."""
    text = dockerfile(service, scene.main.stack, scene.context)
    return (
        text is not None
        and re.search(r"(?im)^[ \t]*HEALTHCHECK\s+(?!NONE)", text) is not None
    )


def _restarted(scene: Scene, service: Service) -> Iterator[Verdict]:
    policy = (
        service.options.get("deploy", {}).get("restart_policy")
        if service.options.get("deploy")
        else None
    )
    restart = plain(service.restart or "")
    held = (
        restart is None
        or bool(policy)
        or (restart or "").startswith((*_RESTARTING, "on-failure"))
    )
    if service.role is Role.JOB or service.role is Role.TOOL or service.profiles:
        return
    yield of_service(
        scene.main,
        service,
        "restart" if service.restart else "",
        "Q-02 A-05",
        held,
        "TC707",
    )


def _waited_for(scene: Scene) -> Iterator[Verdict]:
    for service, target, item in dependents(scene.main.stack):
        key = f"depends_on.{target.name}"
        healthy = shows_health(target) or _in_image(scene, target)
        bare = item.condition == STARTED and item.required
        yield of_service(
            scene.main, service, key, "A-01 M-06", not bare, "TC720", target=target.name,
            instead=COMPLETED if target.role is Role.JOB else HEALTHY,
            first="" if healthy or target.role is Role.JOB else f" once {target.name} has a healthcheck",
        )  # fmt: skip
        if item.condition == HEALTHY:
            unknown = target.healthcheck is None and facts(target) is None
            yield of_service(
                scene.main,
                service,
                key,
                "T8",
                healthy or unknown,
                "TC721",
                target=target.name,
            )
        if item.condition == COMPLETED:
            ends = (target.restart or "no") not in _RESTARTING
            yield of_service(
                scene.main,
                service,
                key,
                "T10",
                ends,
                "TC731",
                target=target.name,
                restart=target.restart,
            )


def _undeclared(scene: Scene) -> Iterator[Verdict]:
    """Services that name another one in their environment or command, and do not wait for it."""
    stack = scene.main.stack
    inferred = DEPENDENCIES.apply(stack, scene.context).stack
    for service, told in zip(stack.services, inferred.services, strict=True):
        stated = {item.service for item in service.depends_on}
        for item in told.depends_on:
            waits = item.service in stated
            yield of_service(
                scene.main,
                service,
                "",
                "M-02",
                waits,
                "TC700",
                target=item.service,
                evidence=item.evidence,
            )


def _test(scene: Scene, service: Service, check: Healthcheck) -> Iterator[Verdict]:
    key = "healthcheck.test"
    yield of_service(
        scene.main, service, "healthcheck", "T4", check.start_interval is None, "TC726"
    )
    if not check.test:
        return
    form = check.test[0] in ("CMD", "CMD-SHELL", "NONE")
    wrong = "the first word of the list must be CMD, CMD-SHELL or NONE"
    yield of_service(
        scene.main,
        service,
        key,
        "T25",
        form,
        "TC743",
        what="healthcheck.test",
        problem=wrong,
    )
    text = " ".join(check.test[1:])
    known = facts(service)
    if known is not None and known.tools is not None and service.build is None:
        missing = [
            tool
            for tool in _CLIENTS
            if re.search(rf"(?:^|[\s;&|(]){tool}\s", text) and tool not in known.tools
        ]
        # A test that asks for its clients first is right with any of them, and with none.
        missing = [tool for tool in missing if f"command -v {tool}" not in text]
        there = not missing or "apk add" in text or "apt" in text
        yield of_service(
            scene.main,
            service,
            key,
            "T9",
            there,
            "TC730",
            tool=", ".join(missing),
            image=service.image or "",
        )
    if match := _SOCKET_PING.search(text):
        over_tcp = _PG_OVER_TCP if match[0].startswith("pg_isready") else _OVER_TCP
        yield of_service(
            scene.main,
            service,
            key,
            "T21",
            bool(over_tcp.search(text)),
            "TC740",
            tool=match[0].split()[0],
        )
    if named_facts(service) in ("redis", "valkey") or "redis-cli" in text:
        sure = "ping" not in text.lower() or "grep" in text or "PONG" in text
        yield of_service(scene.main, service, key, "T22", sure, "TC741")
