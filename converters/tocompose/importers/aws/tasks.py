"""One task of ECS: its containers as commands, by the network that they share and the volumes that they mount."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.compose.start_order import all_awaited
from tocompose.importers.aws.commands import dependencies_of, write_fields
from tocompose.importers.aws.engine_shapes import host_path, note_storage
from tocompose.importers.aws.fields import (
    HOLDS_ANYWAY,
    AwsVariables,
    FieldWriter,
    is_absent,
    leaves_of,
    settle_rest,
)
from tocompose.importers.aws.sizes import task_size
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.names import identifier, unique_name
from tocompose.syntax.ports import is_loopback, parse_port
from tocompose.wording import enumerated

_HOST = regex(r"[\w.-]+")
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Volume.html
_STORAGE = {
    "efsVolumeConfiguration": "the EFS file system",
    "fsxWindowsFileServerVolumeConfiguration": "the FSx file system",
    "s3filesVolumeConfiguration": "the S3 file system",
}
_MACHINES = {"ARM64": "linux/arm64", "X86_64": ""}


class Wait(NamedTuple):
    """One container that waits for another one of its task, by their names in the stack."""

    waiting: str
    awaited: str
    condition: str
    cursor: Cursor


class TaskCommands:
    """The commands of one task; `waits` is what its containers wait for, `jobs` those that end."""

    def __init__(
        self, cursor: Cursor, variables: AwsVariables, names_in_use: set[str], path: str
    ) -> None:
        self._cursor = cursor
        self._variables = variables
        self._path = path
        definitions = cursor if cursor.kind == "list" else cursor.at("containerDefinitions")
        self._containers = [
            container for container in definitions if container.kind == "map"
        ]
        # The names in the stack by those of the containers.
        self.service_names = {
            _name_of(container): unique_name(_name_of(container), names_in_use)
            for container in self._containers
        }
        # Who listens at a port, by the service that publishes it for others and the port.
        self.listeners: dict[tuple[str, str], str] = {}
        self.family = (cursor.peek("family") or "").strip() or "the task"
        self.waits = list(self._stated_waits())

    def _stated_waits(self) -> Iterator[Wait]:
        for container in self._containers:
            waiting = self.service_names[_name_of(container)]
            for awaited, condition, element in dependencies_of(container):
                if awaited in self.service_names:
                    yield Wait(waiting, self.service_names[awaited], condition, element)

    @property
    def jobs(self) -> set[str]:
        """The containers that end, which others wait for."""
        own_names = {
            self.service_names[_name_of(container)]
            for container in self._containers
            if not _is_essential(container)
        }
        return own_names & self._awaited_ends()

    @property
    def kept_volumes(self) -> set[str]:
        """The volumes that stay on the host when the task ends."""
        volumes = self._cursor.at("volumes")
        return {_place_of(volume) for volume in volumes if _outlives_task(volume)}

    def _awaited_ends(self) -> set[str]:
        return {
            wait.awaited for wait in self.waits if wait.condition in ("COMPLETE", "SUCCESS")
        }

    def steps(self) -> Iterator[Invocation]:
        """The commands that make the volumes and the containers, each field settled."""
        yield from self._volume_steps()
        facts = self._facts()
        owner = self._owner(facts)
        writers: list[FieldWriter] = []
        for container in self._ordered(owner):
            name = self.service_names[_name_of(container)]
            writer = FieldWriter(
                name, self._variables, self._facts_of(container, facts), self._path
            )
            write_fields(writer, container, "ContainerDefinition")
            self._write_check_time(writer, container)
            self._settle_names(container)
            self._join(writer, owner, writers)
            writers.append(writer)
            self._write_task_level(writer)
            settle_rest(container, "ContainerDefinition", name, writer.subject)
        for writer, container in zip(writers, self._ordered(owner), strict=True):
            command = writer.invocation(container)
            if command is None:
                writer.leave_out("TC002", container)
            else:
                yield command
        self._tell_of_network(owner, facts["mode"])
        self._tell_of_limits()
        settle_rest(self._cursor, "TaskDefinition", self.family, ROOT)

    # What the containers share --------------------------------------------------------------------

    def _facts(self) -> dict[str, str]:
        is_fargate = any(
            text_word.peek() == "FARGATE"
            for text_word in self._cursor.at("requiresCompatibilities")
        )
        mode = self._cursor.peek("networkMode") or ("awsvpc" if is_fargate else "bridge")
        facts = {"mode": mode, "fargate": "yes" if is_fargate else ""}
        for volume in self._cursor.at("volumes"):
            facts[f"volume {volume.peek('name')}"] = _place_of(volume)
        for name, alias in self.service_names.items():
            facts[f"container {name}"] = alias
        for container in self._containers:
            facts[f"hostname {_name_of(container)}"] = container.peek("hostname") or ""
        return facts

    def _facts_of(self, container: Cursor, facts: dict[str, str]) -> dict[str, str]:
        memory = container.peek("memory") or ""
        # A sidecar is there for the others, which reach it on localhost; what is published leads to the application.
        is_sidecar = len(self._containers) > 1 and not _is_essential(container)
        sidecar = "yes" if is_sidecar and facts["mode"] == "awsvpc" else ""
        imageless = "" if container.peek("image") else "yes"
        own_facts = {"memory": memory.strip(), "sidecar": sidecar, "imageless": imageless}
        return {**facts, **own_facts}

    def _owner(self, facts: dict[str, str]) -> str:
        """The container whose network the others of a task join; empty where each can have its own.

        In awsvpc all talk over localhost. Where none does, names on one network are what Compose is made for.
        """
        if facts["mode"] != "awsvpc" or len(self._containers) < 2:
            return ""
        if not any(_uses_localhost(container) for container in self._containers):
            return ""
        return self._fittest()

    def _fittest(self) -> str:
        """The container that holds for the others what they share."""
        return self.service_names[_name_of(max(self._free(), key=_fitness_to_own))]

    def _free(self) -> list[Cursor]:
        """The containers that keep running and wait for none that does; all that keep running where each waits."""
        ending = self._awaited_ends()
        waiting = {wait.waiting for wait in self.waits if wait.awaited not in ending}
        lasting = self._named_outside(ending)
        return self._named_outside(ending | waiting) or lasting or self._containers

    def _named_outside(self, names: set[str]) -> list[Cursor]:
        return [
            container
            for container in self._containers
            if self.service_names[_name_of(container)] not in names
        ]

    def _started_before(self, name: str) -> Iterator[str]:
        """That container and all that have to start before it, which cannot be in its network yet."""

        def targets_of(waiting: str) -> Iterator[str]:
            return (wait.awaited for wait in self.waits if wait.waiting == waiting)

        return all_awaited(name, targets_of)

    def _ordered(self, owner: str) -> list[Cursor]:
        return sorted(
            self._containers,
            key=lambda container: self.service_names[_name_of(container)] != owner,
        )

    def _can_join(self, writer: FieldWriter, owner: str) -> bool:
        """Whether the container can share what another one owns, which runs by then."""
        return bool(owner) and writer.name not in self._started_before(owner)

    def _join(self, writer: FieldWriter, owner: str, writers: list[FieldWriter]) -> None:
        """Puts the container into the network of its task; its ports are published where that belongs."""
        mode = self._cursor.at("networkMode")
        if self._can_join(writer, owner):
            ports = [
                container
                for container in writer.arguments
                if container.text.startswith("--publish=")
            ]
            writers[0].arguments += ports
            for port in ports:
                target = parse_port(port.text.removeprefix("--publish=")).target
                self.listeners[identifier(owner), target] = identifier(writer.name)
            writer.arguments = [
                container for container in writer.arguments if container not in ports
            ]
            writer.arguments.append(Argument(f"--network=container:{owner}", mode.span))
        elif mode.peek() in ("host", "none"):
            writer.add_plain("--network", mode.peek() or "", mode)
        mode.skip("the network of the stack takes its place")

    def _tell_of_network(self, owner: str, mode: str) -> None:
        """Says that the containers share a network, which ends with the one that owns it, or that they share none."""
        if not owner and mode == "awsvpc" and len(self._containers) > 1:
            services = enumerated(
                [identifier(name) for name in self.service_names.values()]
            )
            subject = ModelPath.of("services")
            self._cursor.at("networkMode").annotate(
                "TC893", subject=subject, object=self.family, services=services
            )
        alone = set(self._started_before(owner))
        partners = [name for name in self.service_names.values() if name not in alone]
        if owner and partners:
            self._cursor.at("containerDefinitions").annotate(
                "TC891",
                subject=ModelPath.service(identifier(owner)),
                owner=owner,
                partners=enumerated(partners),
                joined=" ".join(map(identifier, partners)),
            )

    def _write_check_time(self, writer: FieldWriter, container: Cursor) -> None:
        """How long a check may take on ECS, which is less than an engine gives it."""
        check = container.at("healthCheck")
        if check.at("command") and not check.at("timeout"):
            writer.arguments.append(Argument("--health-timeout=5s", check.span))

    def _settle_names(self, container: Cursor) -> None:
        container.at("name").skip("the name of the service")
        container.at("essential").skip(self._reason_of_essential(container))
        for _, _, element in dependencies_of(container):
            if element.peek("containerName") not in self.service_names:
                element.note(
                    "TC790",
                    object=_name_of(container),
                    fields="dependsOn: no such container",
                )

    def _reason_of_essential(self, container: Cursor) -> str:
        """Why nothing says here that a task ends with a container."""
        if len(self._containers) == 1:
            return "the only container of its task"
        if not _is_essential(container):
            return "Compose too keeps the other containers running when this one ends"
        return "ECS ends the whole task when an essential container ends; Compose keeps the others running"

    # What the task says for all ---------------------------------------------------------------------

    def _write_task_level(self, writer: FieldWriter) -> None:
        for key, flag in (("pidMode", "--pid"), ("ipcMode", "--ipc")):
            mode = self._cursor.at(key)
            if mode.peek() == "host":
                writer.add_plain(flag, "host", mode)
            elif mode.peek() == "task":
                self._share(writer, flag, mode)
            elif mode:
                mode.skip(HOLDS_ANYWAY)
        machine = self._cursor.at("runtimePlatform", "cpuArchitecture")
        platform = _MACHINES.get(machine.peek() or "", "")
        if platform:
            writer.add_plain("--platform", platform, machine)
        elif machine:
            machine.skip("the engine picks the image for its own platform")
        self._write_limits(writer)

    def _share(self, writer: FieldWriter, flag: str, mode: Cursor) -> None:
        owner = self._fittest()
        if self._can_join(writer, owner):
            writer.add_plain(flag, f"container:{owner}", mode)
        elif flag == "--ipc" and writer.name == owner:
            writer.add_plain(flag, "shareable", mode)
        else:
            mode.skip("the others share that of this container")

    def _write_limits(self, writer: FieldWriter) -> None:
        """The limits of the task, which hold for all its containers together: each may use as much."""
        given_flags = {container.text.partition("=")[0] for container in writer.arguments}
        for key, flag, unit in (("cpu", "--cpus", 1024.0), ("memory", "--memory", 1.0)):
            limit = self._cursor.at(key)
            if is_absent(limit):
                continue
            number = task_size(limit.peek() or "", unit)
            if number is None:
                limit.note("TC790", object=self.family, fields=f"{key}: {limit.peek()}")
            elif flag in given_flags:
                limit.skip("stated by the containers")
            else:
                writer.add_plain(
                    flag, f"{number:g}" if key == "cpu" else f"{number:g}m", limit
                )

    def _tell_of_limits(self) -> None:
        """Says that a limit of the task, which holds for all its containers together, is one of each service."""
        limits = [self._cursor.at(key) for key in ("cpu", "memory")]
        stated = [limit for limit in limits if limit.peek()]
        if len(self._containers) > 1 and stated:
            fields = enumerated([f"{limit.key} {limit.peek()}" for limit in stated])
            count = len(self._containers)
            stated[0].annotate("TC892", object=self.family, fields=fields, count=count)

    def _tell_of_storage(self, volume: Cursor, name: str) -> None:
        """Says of a volume that its data lie in a file system of AWS."""
        for key, kind in _STORAGE.items():
            storage = volume.at(key)
            if storage and not is_absent(storage):
                ids = (storage.peek(id_key) for id_key in ("fileSystemId", "fileSystemArn"))
                origin = f"{kind} {next(filter(None, ids), '')}".rstrip()
                note_storage(storage, name, origin, self._mount_place(name))

    def _mount_place(self, volume_name: str) -> str:
        """Where the volume is mounted, as `docker compose cp` takes it."""
        for container in self._containers:
            for mount in container.at("mountPoints"):
                if mount.peek("sourceVolume") == volume_name:
                    service = identifier(self.service_names[_name_of(container)])
                    return f"{service}:{mount.peek('containerPath')}"
        return "SERVICE:PATH"

    def _volume_steps(self) -> Iterator[Invocation]:
        for volume in self._cursor.at("volumes"):
            name = volume.peek("name") or ""
            for nested in (volume.at("name"), volume.at("host")):
                nested.skip("it repeats what the mounts state")
            self._tell_of_storage(volume, name)
            docker = volume.at("dockerVolumeConfiguration")
            if not docker or is_absent(docker) or not name:
                continue
            writer = FieldWriter(name, self._variables, {}, self._path)
            write_fields(writer, docker, "DockerVolume")
            arguments = (*writer.arguments, Argument(name, volume.span))
            yield Invocation("podman", ("volume", "create"), arguments, volume.value_span)


def _name_of(container: Cursor) -> str:
    return (container.peek("name") or "").strip() or "app"


def _is_essential(container: Cursor) -> bool:
    return container.peek("essential") != "false"


def _fitness_to_own(container: Cursor) -> tuple[bool, bool]:
    """How well a container holds the network of the others: it has to run as long as they do."""
    return _is_essential(container), len(container.at("portMappings")) > 0


def _place_of(volume: Cursor) -> str:
    """The path on the host, or the name of a volume."""
    path = volume.peek("host", "sourcePath") or volume.peek("host", "SourcePath") or ""
    return host_path(path) or (volume.peek("name") or "")


def _outlives_task(volume: Cursor) -> bool:
    """Whether the host keeps the volume: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/docker-volumes.html"""
    return bool(volume.peek("host", "sourcePath") or volume.peek("host", "SourcePath")) or (
        volume.peek("dockerVolumeConfiguration", "scope") == "shared"
    )


def _uses_localhost(container: Cursor) -> bool:
    """Whether a container speaks to another one over a network that they share; health checks do not count."""
    leaves: Iterable[Cursor] = (
        leaf
        for key in ("environment", "command", "entryPoint")
        for leaf in leaves_of(container.at(key))
    )
    return any(
        is_loopback(host) for leaf in leaves for host in _HOST.findall(leaf.peek() or "")
    )
