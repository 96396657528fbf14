"""`docker run` and `docker create`: from one invocation to a service with its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.importers.docker_run.facts import Facts, FlagFact, read_facts
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import (
    CommandLine,
    Option,
    flag_rows,
    parse_command_line,
    program_name,
)
from tocompose.importers.docker_run.service import ContainerRefs, describe_service
from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.docker_run.unquoted_values import parse_joining_values
from tocompose.knowledge.images import image_ref
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.model import EnvFile, Mount, Port, Role, Service
from tocompose.record import NamedTuple, replace
from tocompose.syntax.host_paths import rebased_path
from tocompose.syntax.interpolation import plain, split_outside_variables, variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name

# What sudo sets anew for the user that it runs a command as (sudoers(5), env_reset).
_CHANGED_BY_SUDO = frozenset({"HOME", "USER", "LOGNAME"})
_TELLS_NOTHING = frozenset({"server", "docker", "image"})


class StartedContainer(NamedTuple):
    """A container of the script: its service, what it says of others, and how it was started."""

    service: Service
    refs: ContainerRefs
    invocation: Invocation
    is_detached: bool
    is_removed: bool

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits at its terminal, so that it is no service."""
        options = self.service.options
        has_terminal = options.get("tty") or options.get("stdin_open")
        return bool(has_terminal) and not self.is_detached

    @property
    def ends_first(self) -> bool:
        """Whether the script goes on only when the container has ended, and is gone."""
        is_alone = not self.service.ports and not self.is_interactive
        is_waited_for = self.invocation.waits and not self.is_detached
        return is_waited_for and self.is_removed and is_alone and not self.is_captured

    @property
    def is_captured(self) -> bool:
        """Whether the script takes what it prints, and forgets it."""
        return bool(self.invocation.variable) and self.is_removed and not self.is_detached

    def note_time(self, service: str) -> None:
        """Says when cron starts the container; units and AWS say in notes of their own when they start one."""
        when = self.invocation.schedule
        if " " in when or when.startswith("@"):
            for argument in self.invocation.head[:1]:
                subject = ModelPath.service(service, "profiles")
                argument.annotate("TC039", subject=subject, service=service, when=when)


def as_removed(started: StartedContainer) -> StartedContainer:
    """A container that is gone when the script ends: `up` does not start it, and another may have its name."""
    service, step = started.service, started.invocation
    path = ModelPath.service(service.name, "profiles")
    for argument in step.head[:1]:
        argument.annotate("TC083", subject=path, service=service.name)
    if step.renamed:
        for argument in step.head[:1]:
            for source in argument.sources:
                source.ledger.move(path.parent.child("container_name"), path)
        service = replace(service, container_name=None)
    profiles = service.profiles or (service.name,)
    return started._replace(service=replace(service, profiles=profiles))


class ContainerNames:
    """The names of a script's containers: one that a command states is its service's, whatever images are called."""

    def __init__(self, stated: Iterable[str] = ()) -> None:
        self._stated = frozenset(stated)
        self.names_in_use: set[str] = set()

    def name_service(
        self,
        line: CommandLine,
        fill_values: Callable[[str], str],
        invocation: Invocation,
    ) -> str:
        """A name for the service of a command, which no other service has."""
        name = _stated_name(line, fill_values)
        if invocation.renamed or (name is None and invocation.alias):
            name = name_of_container(fill_values(invocation.renamed or invocation.alias))
        if name is None:
            name = name_of_image(fill_values(line.operands[0].text))
            if name in self._stated:
                name = unique_name(_name_with_command(name, line), set(self._stated))
        return unique_name(name, self.names_in_use)


def _stated_name(line: CommandLine, fill_values: Callable[[str], str]) -> str | None:
    """The service name that `--name` makes; None without it."""
    name = line.value_of("--name")
    return None if name is None else name_of_container(fill_values(name.text))


def _name_with_command(name: str, line: CommandLine) -> str:
    """The name with that of the program which the container runs, where it can be told."""
    programs = [plain(argument.text) or "" for argument in line.operands[1:2]]
    return identifier(" ".join((name, *map(program_name, programs))))


def read_container(
    invocation: Invocation,
    names: ContainerNames,
    fill_values: Callable[[str], str] = str,
    pod_facts: tuple[FlagFact, ...] = (),
    updates: Iterable[Invocation] = (),
) -> StartedContainer | None:
    """The container that an invocation starts; None, with a note, when it names no image.

    `fill_values` puts the script's own values for its variables into a name; `pod_facts` are what the pod says that the
    container joins; `updates` are the `docker update` of it that follow.
    """
    line = _parse_run(invocation)
    if not line.operands or not line.operands[0].text:
        _note_no_image(invocation, line)
        return None
    image, *command = line.operands
    if "$" not in image.text and image_ref(image.text) is None:
        _note_unusable_image(line)
        return None
    name = names.name_service(line, fill_values, invocation)
    path = ModelPath.service(name)
    options = tuple(_with_exported(_options_that_agree(line, path), invocation))
    facts = read_facts(options, path, f"{invocation.tool} run")
    facts += _read_updates(updates, path)
    facts = _podman_tmpfs(line, invocation, path, _mounted_folders(facts)) + facts
    moved = (fact_below(fact, invocation.directory) for fact in facts)
    image.take(path.child("image"))
    service, refs = describe_service(
        name,
        Facts((*pod_facts, *moved)),
        image.text,
        tuple(argument.take(path.child("command")) for argument in command),
        invocation.span,
    )
    if line.has_switch("--publish-all"):
        service = replace(service, ports=(*service.ports, *_exposed_ports(service)))
    _note_folder_under_sudo(service, invocation)
    return _as_started(service, refs, invocation, line)


def _as_started(
    service: Service, refs: ContainerRefs, invocation: Invocation, line: CommandLine
) -> StartedContainer:
    """The container with what follows from how it is started: whether it ends, and what starts it again."""
    is_detached = invocation.verb == ("create",) or bool(invocation.unit)
    is_detached = is_detached or line.has_switch("--detach")
    is_removed = line.has_switch("--rm")
    if is_removed and not is_detached and not service.ports:
        service = replace(service, role=Role.JOB)
    if is_removed and service.restart is None and not invocation.restart:
        # The engine refuses a restart policy beside --rm: the container is meant to end.
        service = replace(service, restart="no")
    service = replace(service, was_removed=is_removed)
    service = _with_unit_restart(service, invocation)
    return StartedContainer(service, refs, invocation, is_detached, is_removed)


def _note_folder_under_sudo(service: Service, invocation: Invocation) -> None:
    """Says that `sudo docker compose` would fill in root's home folder, where the user's shell filled in the user's."""
    if "sudo" not in [program_name(argument.text) for argument in invocation.head]:
        return
    for mount in service.mounts:
        source = (mount.source or "") if mount.kind == "bind" else ""
        for variable in _CHANGED_BY_SUDO.intersection(variable_names(source)):
            subject = ModelPath.service(service.name, "volumes")
            facts = {"service": service.name, "path": source, "variable": variable}
            invocation.head[0].annotate("TC177", subject=subject, **facts)
            return


def _exposed_ports(service: Service) -> Iterator[Port]:
    """The ports of `--expose` as `-P` publishes them: each at a host port that the engine chooses."""
    published = {(port.target, port.protocol) for port in service.ports}
    for exposed in service.expose:
        target, _, protocol = exposed.partition("/")
        if (target, protocol or "tcp") not in published:
            yield Port(target=target, protocol=protocol or "tcp")


def _options_that_agree(line: CommandLine, path: ModelPath) -> Iterator[Option]:
    """The options without those of a healthcheck that another switches off: docker refuses the two together.

    https://github.com/docker/cli/blob/master/cli/command/container/opts.go
    """
    is_off = line.has_switch("--no-healthcheck")
    for option in line.options:
        name = option.row["name"] if option.row else ""
        if is_off and name.startswith(("--health-", "--healthcheck-")):
            subject = path.child("healthcheck")
            option.value.note("TC194", subject=subject, flag=name)
        else:
            yield option


# https://docs.podman.io/en/latest/markdown/podman-run.1.html#read-only-tmpfs
_PODMAN_TMPFS = ("/run", "/tmp", "/var/tmp")


def _mounted_folders(facts: Iterable[FlagFact]) -> frozenset[str]:
    """What the command itself mounts, by the paths in the container."""
    values = [
        flag_fact.fact.value
        for flag_fact in facts
        if flag_fact.target in ("volumes", "tmpfs")
    ]
    return frozenset(
        value.target if isinstance(value, Mount) else str(value).partition(":")[0]
        for value in values
    )


def _podman_tmpfs(
    line: CommandLine,
    invocation: Invocation,
    path: ModelPath,
    mounted_folders: frozenset[str],
) -> tuple[FlagFact, ...]:
    """The folders in which podman lets a container write that may only be read otherwise, without those mounted."""
    argument = line.value_of("--read-only")
    wish = line.value_of("--read-only-tmpfs")
    is_refused = wish is not None and wish.text in ("false", "0")
    if invocation.tool != "podman" or argument is None or is_refused:
        return ()
    if not line.has_switch("--read-only"):
        return ()
    argument.annotate("TC191", subject=path.child("tmpfs"))
    return tuple(
        FlagFact("tmpfs", Fact(folder, FactMerge.APPEND), argument)
        for folder in _PODMAN_TMPFS
        if folder not in mounted_folders
    )


def _read_updates(updates: Iterable[Invocation], path: ModelPath) -> tuple[FlagFact, ...]:
    """What `docker update` changes in the container, by the flags of `docker run` that it has."""
    facts: tuple[FlagFact, ...] = ()
    for update in updates:
        line = parse_command_line(update.arguments, flag_rows("run"), interspersed=True)
        for argument in line.operands:
            argument.take(path)
        facts += read_facts(line.options, path, "docker update")
    return facts


def _parse_run(invocation: Invocation) -> CommandLine:
    """The command line as its tool reads it; docker's has podman's flags too where it has one that docker lacks."""
    rows = flag_rows("run")
    if invocation.tool == "podman":
        rows = flag_rows("podman", "run")
    elif None in [
        option.row for option in parse_command_line(invocation.arguments, rows).options
    ]:
        rows = flag_rows("run", "podman")
    return parse_joining_values(invocation.arguments, rows)


def _note_no_image(invocation: Invocation, line: CommandLine) -> None:
    for argument in (*line.operands, *(option.value for option in line.options)):
        argument.mark_noted("TC106")
    call_arguments = (*invocation.head, *invocation.arguments)
    for argument in call_arguments[:1]:
        last_line = call_arguments[-1].span.end_line
        is_long = last_line > argument.span.line
        end = f"; line {last_line} ends without a backslash" if is_long else ""
        command = " ".join((invocation.tool, *invocation.verb))
        argument.annotate("TC106", command=command, end=end)


def _note_unusable_image(line: CommandLine) -> None:
    image, *command = line.operands
    image.note("TC183", image=_shown_image(image, line.options))
    for argument in (*command, *(option.value for option in line.options)):
        argument.mark_noted("TC183")


def _shown_image(image: Argument, options: Iterable[Option]) -> str:
    """The image as a note shows it; behind an option that is not known it may be that option's value, and a secret."""
    match list(options):
        case [*_, Option(row=None, name=name)]:
            return f"the word after {name}"
    return redact_secrets(image.text)


def _with_exported(options: Iterable[Option], invocation: Invocation) -> Iterator[Option]:
    """The options with the values that `-e NAME` passes on from variables that the script exports."""
    exported = dict(invocation.environment)
    for option in options:
        is_passed = option.row is not None and option.row["name"] == "--env"
        value = exported.get(option.value.text) if is_passed else None
        if value is None:
            yield option
        else:
            sources = (*option.value.sources, *value.sources)
            text = f"{option.value.text}={value.text}"
            yield option._replace(value=option.value._replace(text=text, sources=sources))


def _with_unit_restart(service: Service, invocation: Invocation) -> Service:
    """The service as systemd would restart it, where the command itself says nothing."""
    if not invocation.restart or service.restart is not None:
        return service
    for argument in invocation.head[:1]:
        subject = ModelPath.service(service.name, "restart")
        argument.annotate(
            "TC149", subject=subject, unit=invocation.unit, policy=invocation.restart
        )
    return replace(service, restart=invocation.restart)


def name_of_container(name: str) -> str:
    """The container's name; of one that holds an open variable, the variable's. systemd's `%n` ends in `.service`."""
    text = plain(name)
    if text is None:
        text = next(variable_names(name)).replace("_", "-")
    return identifier(text.removesuffix(".service"))


def name_of_image(image: str) -> str:
    """The last part of the repository, without tag and digest; the owner where that says nothing (`gotify/server`)."""
    *repository, tag = split_outside_variables(image, ":")
    untagged = ":".join(repository) if repository and "/" not in tag else image
    text = plain(untagged)
    if text is None:
        return identifier(next(variable_names(untagged)).replace("_", "-"))
    owner, _, name = text.partition("@")[0].rpartition("/")
    name, owner = name.partition(":")[0], owner.rpartition("/")[2]
    is_owner = bool(owner) and not {":", "."} & set(owner)
    return identifier(owner if is_owner and name in _TELLS_NOTHING else name)


def fact_below(fact: FlagFact, directory: str) -> FlagFact:
    """The fact with a relative host path (`cd app && docker run -v ./data:/data …`) as the script's folder sees it."""
    # `$PWD` and `$(pwd)` were replaced by the folder itself when the script was read.
    if any("pwd" in (source.peek() or "").lower() for source in fact.argument.sources):
        return fact
    match fact.fact.value:
        case Mount(kind="bind", source=str(source)) as mount if source:
            value: object = replace(mount, source=rebased_path(source, directory))
        case EnvFile() as env_file:
            value = replace(env_file, path=rebased_path(env_file.path, directory))
        case _:
            return fact
    return fact._replace(fact=fact.fact._replace(value=value))
