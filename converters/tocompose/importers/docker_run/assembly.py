"""The stack that a script's steps build up, one docker command after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tocompose.importers.docker_run import resources
from tocompose.importers.docker_run.compose_calls import read_compose_call
from tocompose.importers.docker_run.containers import (
    ContainerNames,
    StartedContainer,
    as_removed,
    read_container,
)
from tocompose.importers.docker_run.deployed_stacks import DeployedStack
from tocompose.importers.docker_run.facts import (
    UNKNOWN_SERVICE,
    Facts,
    FlagFact,
    read_facts,
)
from tocompose.importers.docker_run.image_builds import image_key, read_builds
from tocompose.importers.docker_run.invocation import (
    Invocation,
    Script,
    WaitLoop,
    WrittenFile,
)
from tocompose.importers.docker_run.options import (
    flag_rows,
    parse_command_line,
)
from tocompose.importers.docker_run.podman_values import MEMBER_TARGETS
from tocompose.importers.docker_run.stated_names import (
    name_text,
    pod_name,
    repeats,
    stated_names,
)
from tocompose.importers.docker_run.swarm_services import (
    parse_service,
    read_swarm_service,
    updated_services,
)
from tocompose.importers.docker_run.wait_loops import Address, WaitTarget, waited_for
from tocompose.limits import limit
from tocompose.model import Build, FileResource, Network, NetworkAttachment, Volume
from tocompose.record import replace
from tocompose.syntax.host_paths import rebased_path
from tocompose.syntax.interpolation import Variable, parse
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load


class Assembly:
    """What the steps so far have made, in order; `tocompose.importers.docker_run.stack` puts it together."""

    def __init__(self, scripts: Iterable[Script] = ()) -> None:
        self._names = ContainerNames(stated_names(scripts))
        self._updates: dict[str, list[Invocation]] = {}
        self._swarm_updates: dict[str, list[Invocation]] = {}
        self.disconnections: list[tuple[str, str]] = []
        self.containers: list[StartedContainer] = []
        self.networks: dict[str, Network] = {}
        self.volumes: dict[str, Volume] = {}
        self.builds: dict[str, Build] = {}
        # What other names of images stand for (`docker tag IMAGE NAME`).
        self.tagged: dict[str, str] = {}
        self.build_secrets: dict[str, FileResource] = {}
        # The files of secrets and configs that the script creates, by `secret` or `config` and the name.
        self.granted_files: dict[tuple[str, str], str] = {}
        self.deployed: list[DeployedStack] = []
        self.pods: dict[str, tuple[FlagFact, ...]] = {}
        self.pod_members: dict[str, list[str]] = {}
        self.wait_targets: list[tuple[int, WaitTarget]] = []

        self.connections: list[tuple[str, NetworkAttachment]] = []
        self.service_by_name: dict[str, str] = {}
        self.files: list[WrittenFile] = []
        self._fill_values: Callable[[str], str] = str
        self._is_full = False

    def read_script(self, script: Script) -> None:
        """Takes in a whole script."""
        self._fill_values = script.fill_values
        self.files += script.files
        self._collect_updates(script)
        for step in script.steps:
            self.add_step(step)

    def add_step(self, step: Invocation | WaitLoop) -> None:
        """Takes in one step of a script."""
        if isinstance(step, WaitLoop):
            self._add_wait(waited_for(step.arguments))
            return
        for argument in step.head:
            argument.skip("the docker command itself")
        handlers: dict[tuple[str, ...], Callable[[Invocation], None]] = {
            ("run",): self._add_container,
            ("create",): self._add_container,
            ("network", "create"): self._add_network,
            ("network", "connect"): self._connect_network,
            ("network", "disconnect"): self._disconnect_network,
            ("rename",): self._rename,
            ("rm",): self._remove,
            ("update",): self._check_update,
            ("volume", "create"): self._add_volume,
            ("build",): self._add_builds,
            ("tag",): self._add_tag,
            ("exec",): self._read_exec,
            ("pod", "create"): self._add_pod,
            ("service", "create"): self._add_swarm_service,
            ("service", "update"): self._check_swarm_update,
            ("service", "scale"): self._check_swarm_update,
            ("secret", "create"): self._add_granted_file,
            ("config", "create"): self._add_granted_file,
        }
        if step.verb[:1] == ("compose",) or step.verb == ("stack", "deploy"):
            self.deployed += read_compose_call(step)
            return
        if step.polled and step.verb[-1] in _SHOWN_VERBS:
            self._wait_for_shown(step)
        handlers.get(step.verb, self._settle_other)(step)

    def changes_container(self, step: Invocation) -> bool:
        """Whether a command changes a container that the script has started."""
        operands = [argument.text for argument in step.arguments]
        container = {
            ("rename",): operands[:1],
            ("update",): operands[-1:],
            ("network", "disconnect"): operands[-1:],
        }.get(step.verb, [])
        return any(self.service_of(name) is not None for name in container)

    def service_of(self, name: str) -> str | None:
        """The service of a container, by container name, service name, or the shell variable that holds its id."""
        match parse(name):
            case (Variable(name=variable, operator=""),):
                return self.service_by_name.get(variable)
        return self.service_by_name.get(name)

    def _add_container(self, step: Invocation) -> None:
        most_services = limit("SERVICES")
        if len(self.containers) >= most_services:
            self._leave_out(step, most_services)
            return
        if any(repeats(step, earlier.invocation) for earlier in self.containers):
            step.skip("the same command as before, for the same container")
            return
        pod = pod_name(step)
        pod_facts = self._facts_of_pod(pod)
        updates = self._updates.get(name_text(step), ())
        started = read_container(step, self._names, self._fill_values, pod_facts, updates)
        if started is not None:
            self._add_started(step, started, pod)

    def _add_started(self, step: Invocation, started: StartedContainer, pod: str) -> None:
        name, container_name = started.service.name, started.service.container_name
        if step.stdin is not None:
            step.stdin.note("TC109", subject=ModelPath.service(name), service=name)
        if pod:
            self.pod_members.setdefault(pod, []).append(name)
        if container_name in self.service_by_name:
            started = self._as_variant(started)
        self.containers.append(as_removed(started) if step.is_removed else started)
        for key in (container_name, name, step.variable, step.unit, step.alias):
            if key:
                self.service_by_name.setdefault(key, name)

    def _facts_of_pod(self, pod: str) -> tuple[FlagFact, ...]:
        """What the pod says that a container joins: the first one owns what they share."""
        facts = self.pods.get(pod, ()) if pod else ()
        if pod not in self.pod_members:
            return facts
        return tuple(fact for fact in facts if fact.target in MEMBER_TARGETS)

    def _leave_out(self, step: Invocation, most_services: int) -> None:
        """Counts a container beyond the limit as noted; the note stands at the first."""
        for argument in step.arguments[: 0 if self._is_full else 1]:
            argument.note("TC025", what="this container", most=most_services)
        self._is_full = True
        step.mark_noted("TC025")

    def _add_swarm_service(self, step: Invocation) -> None:
        line = parse_service(step)
        stated = line.value_of("--name")
        updates = self._swarm_updates.get(stated.text, ()) if stated else ()
        started = read_swarm_service(
            step, self._names.names_in_use, self._fill_values, updates
        )
        if started is not None:
            self.containers.append(started)
            self.service_by_name.setdefault(started.service.name, started.service.name)

    def _add_granted_file(self, step: Invocation) -> None:
        """`docker secret create NAME FILE`; from standard input the value stands nowhere that may be read."""
        rows = {"--label": {"name": "--label"}, "-l": {"name": "--label"}}
        line = parse_command_line(step.arguments, rows, interspersed=True)
        texts = [argument.text for argument in line.operands]
        if len(texts) == 2 and texts[1] != "-":
            self.granted_files[(step.verb[0], texts[0])] = texts[1]
        step.skip("stated by the secrets and configs of the stack")

    def _check_swarm_update(self, step: Invocation) -> None:
        """Says of an update whose service the script does not create that nothing comes of it."""
        if not any(self.service_of(name) for name in updated_services(step)):
            self._settle_other(step)

    def _as_variant(self, started: StartedContainer) -> StartedContainer:
        """A second container of one name cannot run beside the first: another branch, or a later start."""
        name, container_name = started.service.name, started.service.container_name or ""
        path = ModelPath.service(name, "container_name")
        for argument in started.invocation.head[:1]:
            argument.annotate(
                "TC104",
                subject=path,
                name=container_name,
                other=self.service_by_name[container_name],
                service=name,
            )
            for source in argument.sources:
                source.ledger.move(path, ModelPath.service(name, "profiles"))
        service = replace(started.service, container_name=None, profiles=(name,))
        return started._replace(service=service)

    def _add_network(self, step: Invocation) -> None:
        for network in resources.read_networks(step):
            named = replace(network, engine_name=step.alias or network.engine_name)
            self.networks.setdefault(network.name, named)

    def _add_volume(self, step: Invocation) -> None:
        for volume in resources.read_volumes(step):
            named = replace(volume, engine_name=step.alias or volume.engine_name)
            self.volumes.setdefault(volume.name, named)

    def _add_builds(self, step: Invocation) -> None:
        for tag, build in read_builds(step).items():
            options = dict(build.options)
            for secret in options.pop("x-secrets", ()):
                file = secret.file and rebased_path(secret.file, step.directory)
                self.build_secrets[secret.name] = replace(secret, file=file)
            self.builds[image_key(tag)] = replace(build, options=options)
            self.tagged.pop(image_key(tag), None)

    def _add_tag(self, step: Invocation) -> None:
        """`docker tag IMAGE NAME`: one more name of an image, which the stack has to build or pull by the first one."""
        texts = [argument.text for argument in step.arguments]
        if len(texts) != 2 or any(text.startswith("-") for text in texts):
            self._settle_other(step)
            return
        source = self.tagged.get(image_key(texts[0]), texts[0])
        self.tagged[image_key(texts[1])] = source
        step.skip("the stack builds or pulls the image by its first name")

    def _connect_network(self, step: Invocation) -> None:
        rows = flag_rows("network_connect")
        line = parse_command_line(step.arguments, rows, interspersed=True)
        network, container = [*line.operands, None, None][:2]
        service = self.service_of(container.text) if container else None
        if network is None or service is None or len(line.operands) != 2:
            self._settle_other(step)
            return
        facts = Facts(
            read_facts(line.options, ModelPath.service(service), "network connect")
        )
        aliases = facts.values("aliases")
        for argument in line.operands:
            argument.take(ModelPath.service(service, "networks"))
        attachment = NetworkAttachment(
            network=network.text, aliases=aliases, options=facts.remaining()
        )
        self.connections.append((service, attachment))

    def _disconnect_network(self, step: Invocation) -> None:
        rows = {"--force": {"name": "--force", "flag": True}}
        line = parse_command_line(step.arguments, rows, interspersed=True)
        network, container = [*line.operands, None, None][:2]
        service = self.service_of(container.text) if container else None
        if network is None or service is None:
            self._settle_other(step)
            return
        self.disconnections.append((service, network.text))
        step.skip("the service is not on that network")

    def _collect_updates(self, script: Script) -> None:
        """Keeps what the script changes in its containers later, by the names that their commands state."""
        commands = [step for step in script.steps if isinstance(step, Invocation)]
        for command in commands:
            for name in updated_services(command):
                self._swarm_updates.setdefault(name, []).append(command)
        for step in script.steps:
            if isinstance(step, Invocation) and step.verb == ("update",):
                line = parse_command_line(
                    step.arguments, flag_rows("run"), interspersed=True
                )
                for container in line.operands:
                    self._updates.setdefault(container.text, []).append(step)

    def _check_update(self, step: Invocation) -> None:
        """Says of an update whose container the script does not start that nothing comes of it."""
        line = parse_command_line(step.arguments, flag_rows("run"), interspersed=True)
        if any(self.service_of(container.text) is None for container in line.operands):
            self._settle_other(step)

    def _rename(self, step: Invocation) -> None:
        """Gives a container of the script its new name; the earlier one is free again."""
        texts = [argument.text for argument in step.arguments]
        name, new_name = [*texts, "", ""][:2]
        service = self.service_of(name)
        if service is None or len(texts) != 2:
            self._settle_other(step)
            return
        path = ModelPath.service(service, "container_name")
        for argument in step.arguments:
            argument.take(path)
        self.containers = [
            started._replace(service=replace(started.service, container_name=new_name))
            if started.service.name == service
            else started
            for started in self.containers
        ]
        self.service_by_name.pop(name, None)
        self.service_by_name[new_name] = service

    def _remove(self, step: Invocation) -> None:
        """Frees the names of containers that the script removes before it starts others."""
        removed = {
            started.service.name
            for started in self.containers
            if started.invocation.is_removed
        }
        for argument in step.arguments:
            if self.service_by_name.get(argument.text) in removed:
                del self.service_by_name[argument.text]
        self._settle_other(step)

    def _add_pod(self, step: Invocation) -> None:
        rows = flag_rows("pod_create")
        line = parse_command_line(step.arguments, rows, interspersed=True)
        name = line.value_of("--name") or next(iter(line.operands), None)
        for argument in line.operands:
            argument.skip("it groups the containers of the pod")
        # The first container of the pod owns the network namespace; its name is not known yet.
        facts = read_facts(line.options, UNKNOWN_SERVICE, "pod create")
        self.pods[name.text if name else "pod"] = facts

    def _add_wait(self, wait_target: WaitTarget) -> None:
        self.wait_targets.append((len(self.containers), wait_target))

    def _wait_for_shown(self, step: Invocation) -> None:
        """A loop that looks at a container until something of it is as it should be, such as its health."""
        for argument in step.arguments:
            if self.service_of(argument.text) is not None:
                self._add_wait(WaitTarget(Address(argument.text), span=argument.span))
                return

    def _read_exec(self, step: Invocation) -> None:
        line = parse_command_line(step.arguments, {**flag_rows("run"), **_EXEC_FLAGS})
        for option in line.options:
            option.value.skip("an option of docker exec")
        texts = [argument.text for argument in line.operands]
        service = self.service_of(texts[0]) if texts else None
        if service is None:
            self._settle_other(step)
            return
        from tocompose.importers.docker_run.executed_commands import read_command

        wait_target = read_command(service, step, line)
        if wait_target is not None:
            self._add_wait(wait_target)

    def _settle_other(self, step: Invocation) -> None:
        verb = " ".join(step.verb)
        instead = load("shell")["life_cycle"].get(verb)
        if step.verb and step.verb[-1] in load("shell")["looking"]:
            why = "it only shows, lists or removes something; no container depends on it"
        elif instead:
            why = f"Compose has a command for it: {instead}"
        else:
            code = _NOTED_VERBS.get(verb, "TC135")
            for argument in (*step.arguments, *step.head)[:1]:
                argument.annotate(code, command=" ".join((step.tool, *step.verb)))
            step.mark_noted(code)
            return
        step.skip(why)


# What shows the state of a container.
_SHOWN_VERBS = frozenset({"inspect", "logs", "port", "top"})
_NOTED_VERBS = {"cp": "TC133", "login": "TC134"}
_EXEC_FLAGS = {"--detach-keys": {"name": "--detach-keys"}}
