"""HC-EVERY: a health command for every service whose image is known to hold one that works."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.knowledge.images import Check, ImageFacts
from tocompose.knowledge.wrappers import Front
from tocompose.model import Healthcheck, Role, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    map_services,
    remark,
)
from tocompose.rules.endings import stays_idle
from tocompose.rules.evidence import data_addresses, is_called
from tocompose.rules.fronts import front_of_service
from tocompose.rules.listening import (
    Listening,
    effective_environment,
    listening_of,
    secure_listening,
)
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.network_namespaces import SharedPorts
from tocompose.rules.programs import (
    command_text,
    interpreters_of,
    is_interactive,
    runs_own_server,
)
from tocompose.rules.restart import ends
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import (
    as_started,
    base_facts,
    brings_foreign_check,
    environment_of,
    has_own_check,
    image_title,
    services_of_same_image,
    timed_check,
)
from tocompose.rules.tcp_probes import at_port, tcp_probe
from tocompose.rules.views import judge_lasting
from tocompose.rules.worker_checks import is_unheard_worker, worker_check, worker_of
from tocompose.syntax.units import is_whole_number
from tocompose.wording import enumerated

# The port that a health command asks, and the commands that only connect, whatever is spoken there.
_ASKED_PORT = regex(r"(?:127\.0\.0\.1|localhost)['\"]?[:/ ,]+(\d+)|connect\((\d+)")
_CONNECTS_ONLY = regex(
    r"/dev/tcp/|\bnc -z |connect\(|fsockopen|TCPSocket|create_connection"
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a healthcheck where there was none and one is known to work, and a note where none is."""
    ports = SharedPorts(stack, context)
    return map_services(stack, lambda service: _add_check(service, stack, context, ports))


def _add_check(
    service: Service, stack: Stack, context: Context, ports: SharedPorts
) -> tuple[Service, Iterable[Note]]:
    if service.healthcheck is not None:
        return service, ()
    if service.role is Role.JOB or is_interactive(service):
        return service, [remark("TC618", service)]
    check = known_healthcheck(service, stack, context)
    facts = {"image": image_title(service)}
    if not isinstance(check, Healthcheck) and _is_asked_wrongly(service, stack, context):
        off = replace(service, healthcheck=Healthcheck(disable=True))
        return off, [remark("TC434", service, "healthcheck", **facts)]
    if not isinstance(check, Healthcheck):
        facts |= _reasons(check, service, stack, context)
        return service, [remark(check, service, "", **facts)]
    port, rivals = ports.rivals_of(service)
    if rivals:
        return service, [remark("TC688", service, port=port, names=enumerated(rivals))]
    note = remark("TC610", service, "healthcheck", command=_shorten(check))
    return replace(service, healthcheck=timed_check(check, service, stack, context)), [note]


def _reasons(code: str, service: Service, stack: Stack, context: Context) -> dict[str, str]:
    """What the note of that code says beside the image."""
    if code == "TC613":
        from tocompose.rules.example_checks import example_check

        speaks_no_http = is_data(service) or service.name in data_addresses(stack)
        port = main_port(service, None)
        return {"example": example_check(service, port, speaks_no_http=speaks_no_http)}
    if code == "TC619":
        return {"setting": blocking_setting(service, stack, context)}
    worker = worker_of(as_started(service, stack, context))
    if code == "TC870" and worker is not None:
        return {"worker": worker.title, "how": worker.how}
    return {}


def _is_asked_wrongly(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the image's own check asks where nothing answers in this service."""
    image = base_facts(service, stack, context)
    return brings_foreign_check(service, stack, context) or _misses_server(
        service, image, stack, context
    )


def known_healthcheck(
    service: Service, stack: Stack, context: Context
) -> Healthcheck | str:
    """The health command known to work in the service's image, or the code of the note that says why there is none."""
    started = as_started(service, stack, context)
    worker = worker_check(started)
    if worker is not None:
        return worker
    image = base_facts(service, stack, context)
    if _serves_nothing(started) and not (image and image.tools == ()):
        return "TC871"
    if has_own_check(service, stack, context) and not _misses_server(
        service, image, stack, context
    ):
        return "TC611"
    if is_unheard_worker(started, stack, context):
        return "TC870"
    return _known_of_image(service, image, stack, context)


def _known_of_image(
    service: Service, image: ImageFacts | None, stack: Stack, context: Context
) -> Healthcheck | str:
    """The health command for what the image is there for, or the code of the note that says why there is none."""
    if image is None:
        return _interpreter_check(service, stack, context)
    if image.kind not in ("runtime", "base") or image.checks:
        return _server_check(service, image, stack, context)
    with_variables = MountedFiles(stack, context).with_env_files(service)
    front = front_of_service(with_variables, stack, context)
    return _port_check(with_variables, image, front)


def _interpreter_check(
    service: Service, stack: Stack, context: Context
) -> Healthcheck | str:
    """A check by the interpreter that the image must hold, because a command that it is started with needs it."""
    port = main_port(service, None)
    # A worker may share the variable PORT with the server; what is published or exposed is listened at.
    if port is None or not (service.ports or service.expose):
        return "TC613"
    siblings = services_of_same_image(service, stack)
    started = (as_started(other, stack, context) for other in siblings)
    tools = [tool for other in started for tool in interpreters_of(other)]
    test = tcp_probe(tools, port)
    if test is None:
        return "TC613"
    return Healthcheck(test=test, interval="30s", timeout="5s", start_period="60s")


def _serves_nothing(service: Service) -> bool:
    """Whether nothing runs that could answer: the container only stays, or its image has but a shell to start."""
    return stays_idle(service) or (command_text(service) is None and ends(service))


def _misses_server(
    service: Service, image: ImageFacts | None, stack: Stack, context: Context
) -> bool:
    """Whether the image's own check asks where the server usually answers, and settings have moved it."""
    if image is None or not image.own_check or service.build is not None:
        return False
    moved = listening_of(service, image, MountedFiles(stack, context))
    elsewhere = moved.port is not None and image.own_check not in moved.port.ports
    return bool(elsewhere or moved.path or moved.tls or moved.elsewhere)


def shows_health(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the engine will know the service's health: otherwise waiting for it makes `up` fail."""
    check = service.healthcheck
    if check is not None and (check.is_off or check.test):
        return not check.is_off
    return has_own_check(service, stack, context)


def _shorten(check: Healthcheck, width: int = 60) -> str:
    text = " ".join((check.test or ())[1:]).replace("$$", "$")
    return text if len(text) <= width else f"{text[:width]}…"


def _server_check(
    service: Service, image: ImageFacts, stack: Stack, context: Context
) -> Healthcheck | str:
    if not runs_own_server(service, image):
        return "TC615"
    files = MountedFiles(stack, context)
    environment = effective_environment(service, image, files)
    command = next(image.usable_checks(environment, command_text(service)), None)
    if image.is_family and any(port.protocol == "tcp" for port in service.ports):
        return _port_check(service, image, None)
    if command is None or not image.sure:
        return _no_check(image)
    if command.follows:
        return Healthcheck(test=command.test, start_period=command.start_period)
    test = _moved_test(command, service, image, stack, files)
    if isinstance(test, str):
        return test
    return Healthcheck(test=test, start_period=command.start_period)


def _moved_test(
    command: Check, service: Service, image: ImageFacts, stack: Stack, files: MountedFiles
) -> tuple[str, ...] | str:
    """The command that asks where the server listens, or the code of the note that says why there is none."""
    listening = secure_listening if command.secure else listening_of
    moved = listening(service, image, files)
    port = moved.sure_port or main_port(files.with_env_files(service), image)
    if port is None and any("PORT" in word for word in command.test):
        return _no_check(image)
    test = _follow_settings(at_port(command.test, port), command, moved, image)
    if test is not None and moved.unread is not None:
        test = _confirmed(test, service, image, stack, files)
    return "TC619" if test is None or moved.elsewhere is not None else test


def _follow_settings(
    test: tuple[str, ...], command: Check, moved: Listening, image: ImageFacts
) -> tuple[str, ...] | None:
    """The health command that asks where and how the settings make the server answer; None where that is unknown."""
    asked_port = _asked_port(test)
    port = asked_port or moved.usual_port
    if moved.port and port not in moved.answering_ports:
        new_port = moved.sure_port
        if new_port is None:
            return None
        if command.moved:
            test = at_port(command.moved, new_port)
        elif asked_port is not None:
            test = tuple(_with_port(word, port, new_port) for word in test)
        else:
            return tcp_probe(image.tools or (), new_port)
        port = new_port
    return test if _fits_protocol(test, moved) else tcp_probe(image.tools or (), port)


def _with_port(word: str, port: str, new_port: str) -> str:
    return re.sub(rf"\b{port}\b", lambda _: new_port, word)


def _confirmed(
    test: tuple[str, ...],
    service: Service,
    image: ImageFacts,
    stack: Stack,
    files: MountedFiles,
) -> tuple[str, ...] | None:
    """A command that connects to the port, where something else than an unread file shows that the server has it."""
    port = _asked_port(test) or next(iter(image.ports), "").partition("/")[0]
    shown = {mapped.target for mapped in service.ports} | set(service.expose)
    if port in shown or is_called(service, port, stack, files):
        return (
            test
            if _CONNECTS_ONLY.search(" ".join(test))
            else (tcp_probe(image.tools or (), port))
        )
    return None


def _asked_port(test: tuple[str, ...]) -> str | None:
    match = _ASKED_PORT.search(" ".join(test))
    return match[1] or match[2] if match else None


def _fits_protocol(test: tuple[str, ...], moved: Listening) -> bool:
    """Whether the command still speaks as the server does, to a path that it answers."""
    text = " ".join(test)
    if _CONNECTS_ONLY.search(text):
        return True
    if moved.tls and "https://" not in text:
        return False
    return not (moved.path and "://" in text)


def blocking_setting(service: Service, stack: Stack, context: Context) -> str:
    """The setting that keeps the image's usual health command from asking in the right place."""
    image = base_facts(service, stack, context)
    if image is None:
        return "a setting"
    moved = listening_of(service, image, MountedFiles(stack, context))
    settings = (moved.elsewhere, moved.unread, moved.port, moved.path, moved.tls)
    return next((setting.title for setting in settings if setting), "a setting")


def _port_check(
    service: Service, image: ImageFacts, front: Front | None
) -> Healthcheck | str:
    port = front.port if front else main_port(service, image)
    if port is None:
        return "TC616"
    test = tcp_probe(image.tools or (), port)
    return Healthcheck(test=test, start_period="20s") if test else _no_check(image)


def _no_check(image: ImageFacts) -> str:
    """The note for an image without tools, or one in which no command is known to work."""
    return "TC612" if image.tools == () else "TC614"


def main_port(service: Service, image: ImageFacts | None) -> str | None:
    """The TCP port that the service surely listens on: published, exposed, told by PORT, or usual for the image.

    Of several published ones it is the one that is usual for the image: not all are always answered.
    """
    ports = [port.target for port in service.ports if port.protocol == "tcp"]
    ports += [text.removesuffix("/tcp") for text in service.expose]
    usual_ports = image.ports if image else ()
    ports = [*filter(set(ports).__contains__, usual_ports), *ports]
    ports.append(environment_of(service).get("PORT") or "")
    ports += usual_ports
    return next(filter(is_whole_number, ports), None)


def _is_disabled(service: Service | None, stack: Stack) -> bool:
    check = service.healthcheck if service else None
    return check is not None and not check.test


def _judge_watched(startup: Startup, service: Service) -> Iterator[Verdict]:
    stack, context = startup.stack, startup.context
    check = service.healthcheck
    image = base_facts(service, stack, context)
    has_no_tools = image is not None and image.tools == ()
    if service.role is Role.JOB or (has_no_tools and check is None):
        return
    yield startup.verdict(
        service,
        "healthcheck" if check is not None and check.is_off else "",
        "Q-01 M-06" if is_data(service) else "Q-01",
        shows_health(service, stack, context),
        "TC706",
    )


RULE = Rule(
    id="HC-EVERY",
    title="Check the health of every service",
    summary="Adds a health check if the image has a command that works, so that others can wait for it.",
    tells=("TC706",),
    severity="must",
    mend=apply,
    covers=("Q-01", "M-06", "T-03", "T-04"),
    url="https://docs.docker.com/reference/compose-file/services/#healthcheck",
    examples=(
        Example(
            "services: {cache: {image: 'redis:7'}}",
            """
            services:
              cache:
                image: redis:7
                healthcheck: {test: [CMD-SHELL, "redis-cli ping | grep -qE 'PONG|NOAUTH'"],
                  interval: 10s, timeout: 5s, retries: 5, start_period: 5s}
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
                healthcheck: {test: [CMD-SHELL, "nc -z 127.0.0.1 3000"],
                  interval: 30s, timeout: 5s, retries: 3, start_period: 20s}
            """,
        ),
    ),
    judge=judge_lasting(_judge_watched),
    edit=("healthcheck",),
    said_by={
        "TC706": (
            *("TC611", "TC612", "TC613", "TC614", "TC615", "TC616", "TC618", "TC619"),
            *("TC434", "TC870", "TC871", "TC688"),
        )
    },
    excuses=(Excuse("TC706", "the source switches its check off", _is_disabled),),
)
