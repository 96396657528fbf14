"""`docker service create`, `update` and `scale`: services of a swarm, which run on one machine here.

https://docs.docker.com/reference/cli/docker/service/create/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tocompose.importers.docker_run.containers import (
    StartedContainer,
    name_of_container,
    name_of_image,
)
from tocompose.importers.docker_run.facts import Facts, FlagFact, read_facts
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import (
    CommandLine,
    Option,
    flag_rows,
    parse_command_line,
)
from tocompose.importers.docker_run.service import ContainerRefs, describe_service
from tocompose.importers.docker_run.shapes import read_integer
from tocompose.importers.docker_run.task_templates import (
    fill_service_name,
    fill_task_number,
    has_template,
)
from tocompose.model import Service
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name

_POLICIES = {"none": "no", "on-failure": "on-failure", "any": "always"}
_JOBS = ("replicated-job", "global-job")


def parse_service(invocation: Invocation) -> CommandLine:
    """The command line of `docker service create`."""
    return parse_command_line(invocation.arguments, flag_rows("service_create"))


def updated_services(step: Invocation) -> tuple[str, ...]:
    """The services that `docker service update` or `scale` changes; empty for other commands."""
    if step.verb == ("service", "scale"):
        texts = (argument.text for argument in step.arguments)
        return tuple(text.partition("=")[0] for text in texts if "=" in text)
    if step.verb != ("service", "update"):
        return ()
    rows = flag_rows("service_create")
    line = parse_command_line(step.arguments, rows, interspersed=True)
    return tuple(argument.text for argument in line.operands)


def read_swarm_service(
    invocation: Invocation,
    names_in_use: set[str],
    fill_values: Callable[[str], str],
    updates: Iterable[Invocation] = (),
) -> StartedContainer | None:
    """The service that an invocation creates; None, with a note, when it names no image."""
    line = parse_service(invocation)
    if not line.operands:
        _note_no_image(invocation)
        return None
    image, *arguments = line.operands
    stated = line.value_of("--name")
    name = (
        name_of_container(fill_values(stated.text)) if stated else name_of_image(image.text)
    )
    path = ModelPath.service(unique_name(name, names_in_use))
    options = _of_first_task(line.options, path)
    facts = list(read_facts(options, path, "docker service create"))
    for update in updates:
        facts += _read_update(update, path)
    facts = [fact for fact in facts if not _is_template(fact, path)]
    image.take(path.child("image"))
    command = tuple(argument.take(path.child("command")) for argument in arguments)
    service, refs = describe_swarm_service(
        path[-1], Facts(facts), image.text, command, invocation.span
    )
    return StartedContainer(service, refs, invocation, True, False)


def _of_first_task(options: Iterable[Option], path: ModelPath) -> Iterator[Option]:
    """The flags, with the mounts of the first task where each has its own; those of a machine's own are left out."""
    for option in options:
        text = option.value.text
        if option.name != "--mount" or not has_template(text):
            yield option
            continue
        text = fill_service_name(text, path[-1])
        of_first_task = fill_task_number(text)
        subject = path.child("volumes")
        if has_template(of_first_task):
            option.value.note("TC485", subject=subject, field=option.name)
            continue
        if of_first_task != text:
            facts = {"name": of_first_task, "service": path[-1]}
            option.value.annotate("TC498", subject=subject, **facts)
        yield option._replace(value=option.value.with_text(of_first_task))


def _note_no_image(invocation: Invocation) -> None:
    for argument in invocation.head[:1]:
        argument.annotate("TC106", command="docker service create", end="")
    for argument in invocation.arguments:
        argument.mark_noted("TC106")


def _read_update(update: Invocation, path: ModelPath) -> tuple[FlagFact, ...]:
    """What `docker service update` or `scale` changes."""
    if update.verb == ("service", "scale"):
        return tuple(_scale_facts(update.arguments, path))
    rows = flag_rows("service_create")
    line = parse_command_line(update.arguments, rows, interspersed=True)
    for argument in line.operands:
        argument.skip("it names the service")
    return read_facts(line.options, path, "docker service update")


def _scale_facts(arguments: Iterable[Argument], path: ModelPath) -> list[FlagFact]:
    facts: list[FlagFact] = []
    for argument in arguments:
        name, _, count = argument.text.partition("=")
        if name_of_container(name) == path[-1] and count.isdigit():
            argument.take(path.child("deploy", "replicas"))
            facts += [FlagFact("replicas", fact, argument) for fact in read_integer(count)]
    return facts


def _is_template(fact: FlagFact, path: ModelPath) -> bool:
    """Whether the value is one that only a swarm fills in; a note says so then."""
    value = getattr(fact.fact.value, "value", fact.fact.value)
    if not isinstance(value, str) or not has_template(value):
        return False
    field = fact.fact.key or fact.target
    fact.argument.annotate(
        "TC485", subject=path.child(*fact.target.split(".")), field=field
    )
    for source in fact.argument.sources:
        source.ledger.move(path.child(*fact.target.split("."), fact.fact.key), path)
        source.ledger.move(path.child(*fact.target.split(".")), path)
    return True


def describe_swarm_service(
    name: str, facts: Facts, image: str | None, command: tuple[str, ...], origin: Span
) -> tuple[Service, ContainerRefs]:
    """The service with what only services of a swarm have: replicas, configs, a restart condition."""
    replicas, mode = facts.last("replicas"), facts.last("mode")
    attempts = facts.last("restart_attempts")
    configs = facts.values("configs")
    facts.pop("name")
    stated_image, stated_command = facts.last("image"), facts.last("args")
    service, refs = describe_service(
        name, facts, stated_image or image, stated_command or command, origin
    )
    return (
        replace(
            service,
            configs=configs,
            replicas=None if replicas in (None, 1) else replicas,
            restart=_restart_policy(service.restart, attempts, mode),
        ),
        refs,
    )


def _restart_policy(condition: str | None, attempts: Any, mode: str | None) -> str:
    """The policy of Compose: a swarm starts a service again whatever its end was, a job never."""
    if mode in _JOBS:
        return "no"
    policy = _POLICIES.get(condition or "any", condition or "always")
    return f"{policy}:{attempts}" if policy == "on-failure" and attempts else policy
