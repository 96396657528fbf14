"""RESTART: a restart policy for every service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.knowledge.wrappers import stated_argv
from tocompose.model import Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    map_services,
    remark,
)
from tocompose.rules.programs import command_text, is_interactive, runs_client
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import judge_lasting
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import is_shell

# Languages whose images run a server of their own when they are given no command.
_SERVING_LANGUAGES = ("php", "tomcat")
_HELD_UP = ("always", "unless-stopped", "on-failure")


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `unless-stopped` on what runs for long and `no` on what ends; a policy of the source stays."""
    return map_services(stack, _set_restart)


def _set_restart(service: Service) -> tuple[Service, Iterable[Note]]:
    if _has_deploy_policy(service):
        return service, ()
    if service.restart is not None:
        stays_down = service.restart == "no" and not _may_end(service)
        return service, [remark("TC622", service)] if stays_down else ()
    if _may_end(service) or is_interactive(service):
        return replace(service, restart="no"), [remark("TC621", service, "restart")]
    return replace(service, restart="unless-stopped"), [remark("TC620", service, "restart")]


def _has_deploy_policy(service: Service) -> bool:
    return "restart_policy" in (service.options.get("deploy") or {})


def _may_end(service: Service) -> bool:
    return service.role is Role.JOB or ends(service)


def ends(service: Service) -> bool:
    """Whether the container stops by itself when nobody types: a bare base image, or a shell to work in."""
    command = command_text(service)
    if command is not None:
        return _is_only_shell(service) or runs_client(service)
    image = facts_of(service)
    if image is None or image.id in _SERVING_LANGUAGES:
        return False
    return image.kind in ("base", "runtime")


def _is_only_shell(service: Service) -> bool:
    """Whether the container starts a shell and gives it nothing to run."""
    argv_words = stated_argv(service)
    return len(argv_words) == 1 and is_shell(argv_words[0])


def _judge_restart(startup: Startup, service: Service) -> Iterator[Verdict]:
    if service.role is Role.TOOL or service.profiles or _may_end(service):
        return
    policy = plain(service.restart or "")
    held_up = policy is None or policy.startswith(_HELD_UP)
    held_up = held_up or _has_deploy_policy(service)
    key, code = ("restart", "TC531") if service.restart else ("", "TC707")
    yield startup.verdict(service, key, "Q-02 A-05", held_up, code)


RULE = Rule(
    id="RESTART",
    title="Set a restart policy",
    summary=(
        "Adds `restart: unless-stopped`, so that a service comes back after a crash or a "
        "reboot. Jobs get `restart: 'no'`."
    ),
    tells=("TC531", "TC707"),
    severity="must",
    mend=apply,
    covers=("Q-02", "A-05"),
    url="https://docs.docker.com/reference/compose-file/services/#restart",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1'}
              api: {image: 'corp/api:1', restart: always}
              migrate: {image: 'corp/api:1', command: [python, manage.py, migrate]}
            """,
            """
            services:
              web: {image: 'corp/web:1', restart: unless-stopped}
              api: {image: 'corp/api:1', restart: always}
              migrate: {image: 'corp/api:1', command: [python, manage.py, migrate], restart: 'no'}
            """,
        ),
    ),
    judge=judge_lasting(_judge_restart),
    edit=("restart",),
    said_by={"TC531": ("TC622",)},
)
