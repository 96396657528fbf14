"""HC-EVERY: a health command for every service whose image is known to hold one that works."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.knowledge.images import ImageFacts
from tocompose.model import Healthcheck, Role, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.health_commands import tcp_probe
from tocompose.rules.services import (
    base_facts,
    command_text,
    environment,
    image_name,
    interactive,
    remark,
    runs_server,
    usable_checks,
)
from tocompose.syntax.units import is_whole_number

_PORT_OPTION = regex(r"(?:^|\s)(?:--port|-p|--bind_port|--http-port)[= ](\d+)\b")


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a healthcheck where there was none and one is known to work, and a note where none is."""
    return each(stack, lambda service: _check(service, stack, context))


def _check(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, Iterable[Note]]:
    if service.healthcheck is not None:
        return service, ()
    if service.role is Role.JOB or interactive(service):
        return service, [remark("TC618", service)]
    found = known_healthcheck(service, stack, context)
    if isinstance(found, Healthcheck):
        return replace(service, healthcheck=found), [
            remark("TC610", service, "healthcheck", command=_shown(found))
        ]
    code, facts = found
    return service, [remark(code, service, "", **facts)]


def known_healthcheck(
    service: Service, stack: Stack, context: Context
) -> Healthcheck | tuple[str, dict[str, str]]:
    """The health command known to work in the service's image, or the code and facts of the note that says why not."""
    known = base_facts(service, stack, context)
    if known is None:
        return "TC613", {"image": image_name(service)}
    if has_own_check(service, known):
        return "TC611", {"image": image_name(service)}
    if known.kind not in ("runtime", "base"):
        return _of_server(service, known)
    return _of_port(service, known)


def has_own_check(service: Service, known: ImageFacts) -> bool:
    """Whether the image brings a HEALTHCHECK of its own that counts for this service."""
    return (
        known.has_healthcheck
        and known.sure
        and service.build is None
        and runs_server(service)
    )


def _shown(check: Healthcheck, width: int = 60) -> str:
    text = " ".join((check.test or ())[1:]).replace("$$", "$")
    return text if len(text) <= width else f"{text[:width]}…"


def _of_server(
    service: Service, known: ImageFacts
) -> Healthcheck | tuple[str, dict[str, str]]:
    port = main_port(service, known)
    check = next(usable_checks(service, known), None)
    if not runs_server(service) or _moved_port(service, known):
        return "TC615", {"image": image_name(service)}
    if (
        check is None
        or not known.sure
        or (port is None and any("PORT" in word for word in check.test))
    ):
        return _none(service, known)
    test = tuple(word.replace("PORT", port) if port else word for word in check.test)
    return Healthcheck(test=test, start_period=check.start_period)


def _of_port(
    service: Service, known: ImageFacts
) -> Healthcheck | tuple[str, dict[str, str]]:
    port = main_port(service, known)
    if port is None:
        return "TC616", {"image": image_name(service)}
    test = tcp_probe(known.tools or (), port)
    return Healthcheck(test=test, start_period="20s") if test else _none(service, known)


def _none(service: Service, known: ImageFacts) -> tuple[str, dict[str, str]]:
    """The note for an image without tools, or one in which no command is known to work."""
    return "TC612" if known.tools == () else "TC614", {"image": image_name(service)}


def main_port(service: Service, known: ImageFacts | None) -> str | None:
    """The TCP port that the service surely listens on: published, exposed, told by PORT, or usual for the image."""
    declared = [port.target for port in service.ports if port.protocol == "tcp"]
    declared += [text.removesuffix("/tcp") for text in service.expose]
    declared += [environment(service).get("PORT") or ""]
    declared += [text for text in (known.ports if known else ()) if "/" not in text]
    return next((text for text in declared if is_whole_number(text)), None)


def _moved_port(service: Service, known: ImageFacts) -> bool:
    """Whether the command makes the server listen elsewhere than its health command would ask."""
    match = _PORT_OPTION.search(command_text(service) or "")
    return match is not None and bool(known.ports) and match[1] not in known.ports


PRACTICE = Practice(
    id="HC-EVERY",
    title="Check the health of every service",
    severity="must",
    apply=apply,
    covers=("Q-01", "M-06", "T-03", "T-04"),
    url="https://docs.docker.com/reference/compose-file/services/#healthcheck",
    examples=(
        Example(
            "services: {cache: {image: 'redis:7'}}",
            """
            services:
              cache:
                image: redis:7
                healthcheck:
                  test: [CMD-SHELL, "redis-cli ping | grep -qE 'PONG|NOAUTH'"]
                  start_period: 5s
            """,
        ),
        Example(
            "services: {web: {image: 'node:22-alpine', command: [node, server.js], ports: ['3000:3000']}}",
            """
            services:
              web:
                image: node:22-alpine
                ports: ["3000:3000"]
                command: [node, server.js]
                healthcheck:
                  test: [CMD-SHELL, "nc -z 127.0.0.1 3000"]
                  start_period: 20s
            """,
        ),
    ),
)
