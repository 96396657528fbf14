"""`docker run` and `docker create`: from one invocation to a service with its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tocompose.images import image_ref
from tocompose.importers.docker_run.facts import Facts, Said, read
from tocompose.importers.docker_run.folders import below
from tocompose.importers.docker_run.invocation import Invocation, Word
from tocompose.importers.docker_run.options import CommandLine, flags, parse
from tocompose.importers.docker_run.service import Ties, service
from tocompose.importers.docker_run.unquoted import parsed
from tocompose.model import Role, Service, Variable
from tocompose.record import replace
from tocompose.secrecy.texts import concealed
from tocompose.values import identifier, plain, split, unique, variables

_SAYS_NOTHING = frozenset({"server", "docker", "image"})


class Container(NamedTuple):
    """A container of the script: its service, what ties it to others, and how it was started."""

    service: Service
    ties: Ties
    invocation: Invocation
    detached: bool
    removed: bool

    @property
    def interactive(self) -> bool:
        """Whether a person sits at its terminal, so that it is no service."""
        return not self.detached and bool(
            self.service.options.get("tty") or self.service.options.get("stdin_open")
        )


def container(
    invocation: Invocation,
    taken: set[str],
    stated: Callable[[str], str] = str,
    extra: tuple[Said, ...] = (),
) -> Container | None:
    """The container that an invocation starts; None, with a note, when it names no image.

    `taken` are the service names in use; `stated` puts the script's own values for its variables into a name; `extra`
    are facts from elsewhere (the pod that it joins).
    """
    tables = ("run", "podman") if invocation.tool == "podman" else ("run",)
    line = parse(invocation.words, flags(*tables))
    if invocation.tool != "podman" and any(option.row is None for option in line.options):
        tables = ("run", "podman")
    line = parsed(invocation.words, flags(*tables))
    if not line.arguments:
        _say_no_image(invocation, line)
        return None
    name = unique(_service_name(line, stated), taken)
    path = f"services.{name}"
    said = below(read(line.options, path, f"{invocation.tool} run"), invocation.directory)
    facts = Facts((*extra, *said))
    image = line.arguments[0].take(f"{path}.image")
    if "$" not in image and image_ref(image) is None:
        line.arguments[0].remark("TC183", subject=f"{path}.image", image=concealed(image))
    command = tuple(word.take(f"{path}.command") for word in line.arguments[1:])
    found, ties = service(name, facts, image, command, invocation.span)
    given = {option.row["name"]: option.value.text for option in line.options if option.row}
    detached = (
        given.get("--detach") == "true"
        or invocation.verb == ("create",)
        or bool(invocation.unit)
    )
    removed = given.get("--rm") == "true"
    if not detached and removed and not found.ports:
        found = replace(found, role=Role.JOB)
    found = _kept_running(_with_exports(found, invocation), invocation)
    return Container(found, ties, invocation, detached, removed)


def _say_no_image(invocation: Invocation, line: CommandLine) -> None:
    for word in (*line.arguments, *(option.value for option in line.options)):
        word.skip("the command names no image: see TC106")
    for word in (*invocation.head, *invocation.words)[:1]:
        word.remark("TC106", command=" ".join((invocation.tool, *invocation.verb)))


def _with_exports(found: Service, invocation: Invocation) -> Service:
    """The service with the values that `-e NAME` passes on from variables that the script exports."""
    known = dict(invocation.environment)
    return replace(
        found,
        environment=tuple(
            _passed_on(item, known, found.name) for item in found.environment
        ),
    )


def _passed_on(item: Variable, known: dict[str, Word], service: str) -> Variable:
    if item.value is not None or item.name not in known:
        return item
    return replace(
        item, value=known[item.name].take(f"services.{service}.environment.{item.name}")
    )


def _kept_running(found: Service, invocation: Invocation) -> Service:
    """The service as systemd would restart it, where the command itself says nothing."""
    if not invocation.restart or found.restart is not None:
        return found
    for word in invocation.head[:1]:
        word.remark(
            "TC149",
            subject=f"services.{found.name}.restart",
            unit=invocation.unit,
            policy=invocation.restart,
        )
    return replace(found, restart=invocation.restart)


def _service_name(line: CommandLine, stated: Callable[[str], str]) -> str:
    given = next(
        (o.value for o in line.options if o.row and o.row["name"] == "--name"), None
    )
    return (
        _name_of(stated(given.text))
        if given
        else _name_of_image(stated(line.arguments[0].text))
    )


def _name_of(name: str) -> str:
    """The container's name; of one that holds an open variable, the variable's. systemd's `%n` ends in `.service`."""
    text = plain(name)
    if text is None:
        text = next(variables(name)).replace("_", "-")
    return identifier(text.removesuffix(".service"))


def _name_of_image(image: str) -> str:
    """The last part of the repository, without tag and digest; the owner where that says nothing (`gotify/server`)."""
    *before, last = split(image, ":")
    untagged = ":".join(before) if before and "/" not in last else image
    text = plain(untagged)
    if text is None:
        return identifier(next(variables(untagged)).replace("_", "-"))
    owner, _, name = text.partition("@")[0].rpartition("/")
    name, owner = name.partition(":")[0], owner.rpartition("/")[2]
    return identifier(
        owner
        if name in _SAYS_NOTHING and owner and ":" not in owner and "." not in owner
        else name
    )
