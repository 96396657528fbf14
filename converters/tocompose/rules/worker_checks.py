"""Health commands of workers, which listen nowhere: their framework asks them, by a program that comes with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tocompose.knowledge.wrappers import stated_argv
from tocompose.model import Healthcheck, Service, Stack
from tocompose.patterns import HintedPattern
from tocompose.record import NamedTuple
from tocompose.rules import Context
from tocompose.rules.endings import script_commands, script_of, started_commands
from tocompose.rules.service_images import as_started, services_of_same_image
from tocompose.tables import table


class Worker(NamedTuple):
    """A program that takes work from a queue or a clock: what to call it, and how it can be asked."""

    title: str
    how: str


@cache
def worker_patterns() -> tuple[tuple[HintedPattern, Worker], ...]:
    """What the command of each known worker looks like."""
    rows = table("workers", required={"hints", "runs", "title", "how"}, optional=set())
    return tuple(
        (
            HintedPattern(row["runs"], 0, row["hints"]),
            Worker(str(row["title"]), str(row["how"])),
        )
        for row in rows.values()
    )


def worker_of(service: Service) -> Worker | None:
    """The worker among the commands that the service starts; None where there is no known one."""
    for arguments in started_commands(service):
        text = " ".join((arguments[0].rpartition("/")[2], *arguments[1:]))
        for pattern, worker in worker_patterns():
            if pattern.match(text):
                return worker
    return None


def worker_beside_server(
    service: Service, port: str, stack: Stack, context: Context
) -> Worker | None:
    """The worker that the service runs, where the server of the same image has that port: the worker got it with all
    else that both share, and does not listen there."""
    worker = worker_of(as_started(service, stack, context))
    if worker is None:
        return None
    for sibling in services_of_same_image(service, stack):
        open_ports = {mapped.target for mapped in sibling.ports} | set(sibling.expose)
        if port in open_ports and worker_of(as_started(sibling, stack, context)) is None:
            return worker
    return None


def is_unheard_worker(service: Service, stack: Stack, context: Context) -> bool:
    """Whether a known worker runs, and no port is said to be open but those of the server that shares its image."""
    ports = [*(mapped.target for mapped in service.ports), *service.expose]
    return worker_of(service) is not None and all(
        worker_beside_server(service, port, stack, context) for port in ports
    )


def worker_check(service: Service) -> Healthcheck | None:
    """The health command of the worker that the service runs; None where its framework has none.

    https://docs.celeryq.dev/en/stable/userguide/monitoring.html#commands
    https://laravel.com/docs/horizon#running-horizon
    """
    for worker_command in _commands_of(service):
        test = _celery_test(worker_command) or _horizon_test(worker_command)
        if test is not None:
            # The program is started anew each time, and the worker needs its time to answer.
            return Healthcheck(
                test=("CMD-SHELL", test), interval="60s", timeout="30s", start_period="30s"
            )
    return None


def _commands_of(service: Service) -> Iterator[tuple[str, ...]]:
    script = script_of(service)
    if script is not None:
        yield from script_commands(script)
    else:
        argv_words = stated_argv(service)
        yield tuple(word.replace("$$", "$") for word in argv_words)


def _celery_test(worker_command: tuple[str, ...]) -> str | None:
    """`celery -A proj inspect ping`, to this worker alone where it has its usual name."""
    names = [word.rpartition("/")[2] for word in worker_command]
    if "celery" not in names or "worker" not in names[names.index("celery") :]:
        return None
    program = worker_command[: names.index("celery") + 1]
    if program[0] == "exec":
        program = program[1:]
    application = list(_application(worker_command[len(program) :]))
    named = any(word in ("-n", "--hostname") for word in worker_command) or any(
        word.startswith("--hostname=") for word in worker_command
    )
    aimed = [] if named else ["-d", '"celery@$$HOSTNAME"']
    command = " ".join((*program, *application)).replace("$", "$$")
    return " ".join((command, "inspect", "ping", *aimed))


def _application(worker_command: tuple[str, ...]) -> Iterator[str]:
    """The options that name the application."""
    for word, following in zip(worker_command, (*worker_command[1:], ""), strict=True):
        if word in ("-A", "--app"):
            yield from (word, following)
        elif word.startswith("--app="):
            yield word


def _horizon_test(worker_command: tuple[str, ...]) -> str | None:
    if "artisan" not in worker_command or "horizon" not in worker_command:
        return None
    program = worker_command[: worker_command.index("artisan") + 1]
    command = " ".join(program).replace("$", "$$")
    return f"{command} horizon:status | grep -q running"
