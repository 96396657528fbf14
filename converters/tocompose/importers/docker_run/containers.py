"""`docker run` and `docker create`: from one invocation to a service with its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tocompose.importers.docker_run.facts import Facts, FlagFact, read_facts
from tocompose.importers.docker_run.folders import facts_below
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import (
    CommandLine,
    flag_rows,
    parse_command_line,
)
from tocompose.importers.docker_run.service import ContainerRefs, describe_service
from tocompose.importers.docker_run.unquoted_values import parse_joining_values
from tocompose.knowledge.images import image_ref
from tocompose.knowledge.secrets.texts import concealed
from tocompose.model import Role, Service, Variable
from tocompose.record import replace
from tocompose.syntax.interpolation import plain, split, variable_names
from tocompose.syntax.names import identifier, unique

_TELLS_NOTHING = frozenset({"server", "docker", "image"})


class StartedContainer(NamedTuple):
    """A container of the script: its service, what ties it to others, and how it was started."""

    service: Service
    refs: ContainerRefs
    invocation: Invocation
    detached: bool
    removed: bool

    @property
    def interactive(self) -> bool:
        """Whether a person sits at its terminal, so that it is no service."""
        return not self.detached and bool(
            self.service.options.get("tty") or self.service.options.get("stdin_open")
        )


def read_container(
    invocation: Invocation,
    names_in_use: set[str],
    fill_values: Callable[[str], str] = str,
    pod_facts: tuple[FlagFact, ...] = (),
) -> StartedContainer | None:
    """The container that an invocation starts; None, with a note, when it names no image.

    `taken` are the service names in use; `stated` puts the script's own values for its variables into a name; `extra`
    are facts from elsewhere (the pod that it joins).
    """
    tables = ("run", "podman") if invocation.tool == "podman" else ("run",)
    line = parse_command_line(invocation.arguments, flag_rows(*tables))
    if invocation.tool != "podman" and any(option.row is None for option in line.options):
        tables = ("run", "podman")
    line = parse_joining_values(invocation.arguments, flag_rows(*tables))
    if not line.operands:
        _say_no_image(invocation, line)
        return None
    name = unique(_service_name(line, fill_values), names_in_use)
    path = f"services.{name}"
    flag_facts = facts_below(
        read_facts(line.options, path, f"{invocation.tool} run"), invocation.directory
    )
    facts = Facts((*pod_facts, *flag_facts))
    image = line.operands[0].take(f"{path}.image")
    if "$" not in image and image_ref(image) is None:
        line.operands[0].remark("TC183", subject=f"{path}.image", image=concealed(image))
    command = tuple(argument.take(f"{path}.command") for argument in line.operands[1:])
    service, refs = describe_service(name, facts, image, command, invocation.span)
    flag_values = {
        option.row["name"]: option.value.text for option in line.options if option.row
    }
    detached = (
        flag_values.get("--detach") == "true"
        or invocation.verb == ("create",)
        or bool(invocation.unit)
    )
    removed = flag_values.get("--rm") == "true"
    if not detached and removed and not service.ports:
        service = replace(service, role=Role.JOB)
    service = _with_unit_restart(_with_exports(service, invocation), invocation)
    return StartedContainer(service, refs, invocation, detached, removed)


def _say_no_image(invocation: Invocation, line: CommandLine) -> None:
    for argument in (*line.operands, *(option.value for option in line.options)):
        argument.skip("the command names no image: see TC106")
    for argument in (*invocation.head, *invocation.arguments)[:1]:
        argument.remark("TC106", command=" ".join((invocation.tool, *invocation.verb)))


def _with_exports(service: Service, invocation: Invocation) -> Service:
    """The service with the values that `-e NAME` passes on from variables that the script exports."""
    exported = dict(invocation.environment)
    return replace(
        service,
        environment=tuple(
            _filled_from_export(variable, exported, service.name)
            for variable in service.environment
        ),
    )


def _filled_from_export(
    variable: Variable, exported: dict[str, Argument], service: str
) -> Variable:
    if variable.value is not None or variable.name not in exported:
        return variable
    return replace(
        variable,
        value=exported[variable.name].take(
            f"services.{service}.environment.{variable.name}"
        ),
    )


def _with_unit_restart(service: Service, invocation: Invocation) -> Service:
    """The service as systemd would restart it, where the command itself says nothing."""
    if not invocation.restart or service.restart is not None:
        return service
    for argument in invocation.head[:1]:
        argument.remark(
            "TC149",
            subject=f"services.{service.name}.restart",
            unit=invocation.unit,
            policy=invocation.restart,
        )
    return replace(service, restart=invocation.restart)


def _service_name(line: CommandLine, fill_values: Callable[[str], str]) -> str:
    name_flag = next(
        (o.value for o in line.options if o.row and o.row["name"] == "--name"), None
    )
    return (
        _name_of(fill_values(name_flag.text))
        if name_flag
        else _name_of_image(fill_values(line.operands[0].text))
    )


def _name_of(name: str) -> str:
    """The container's name; of one that holds an open variable, the variable's. systemd's `%n` ends in `.service`."""
    text = plain(name)
    if text is None:
        text = next(variable_names(name)).replace("_", "-")
    return identifier(text.removesuffix(".service"))


def _name_of_image(image: str) -> str:
    """The last part of the repository, without tag and digest; the owner where that says nothing (`gotify/server`)."""
    *before, last = split(image, ":")
    untagged = ":".join(before) if before and "/" not in last else image
    text = plain(untagged)
    if text is None:
        return identifier(next(variable_names(untagged)).replace("_", "-"))
    owner, _, name = text.partition("@")[0].rpartition("/")
    name, owner = name.partition(":")[0], owner.rpartition("/")[2]
    return identifier(
        owner
        if name in _TELLS_NOTHING and owner and ":" not in owner and "." not in owner
        else name
    )
