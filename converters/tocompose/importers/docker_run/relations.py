"""What the containers of a script say about each other: pods, links, shared volumes and namespaces, start order."""

from __future__ import annotations

from typing import Any

from tocompose.compose.start_order import NAMESPACE_KEYS, joined_container
from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.containers import StartedContainer
from tocompose.importers.docker_run.image_builds import image_key
from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.wait_gates import with_wait_gates
from tocompose.ledger import Ledger
from tocompose.model import Dependency, NetworkAttachment, Role, Service
from tocompose.notes import note
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

# What docker compose drops behind the name in `volumes_from`.
_LOST_SHARE_MODES = {"ro": "TC138", "z": "TC185", "Z": "TC185"}


class RelatedServices:
    """The services of a script's containers, into which what they say about each other is worked."""

    def __init__(self, assembly: Assembly, ledger: Ledger) -> None:
        self._assembly = assembly
        self._ledger = ledger
        self._services = {
            container.service.name: container.service for container in assembly.containers
        }
        self._of_podman = {
            container.service.name
            for container in assembly.containers
            if container.invocation.tool == "podman"
        }

    def resolve(self) -> tuple[Service, ...]:
        """The services in the order in which the script starts them, each with what it says about others."""
        self._join_pods()
        self._change_networks()
        for container in self._assembly.containers:
            name = container.service.name
            self._join_namespaces(name)
            for text, argument in container.refs.links:
                self._add_link(name, text, argument)
            self._link_addresses(container)
            for text, argument in container.refs.volumes_from:
                self._share_volumes(name, text, argument)
            for text, argument in container.refs.requires:
                self._require(name, text, argument)
            for unit in container.invocation.after:
                self._depend(name, self._assembly.service_of(unit))
            self._use_build(name)
        self._run_jobs_first()
        self._services = with_wait_gates(self._assembly, self._services, self._ledger)
        return tuple(self._as_tool(container) for container in self._assembly.containers)

    def _change_networks(self) -> None:
        """What `docker network connect` and `disconnect` make of the networks."""
        for name, attachment in self._assembly.connections:
            attachments = _attachments(self._services[name])
            if all(attached.network != attachment.network for attached in attachments):
                self._change(name, networks=(*attachments, attachment))
        for name, network in self._assembly.disconnections:
            self._leave_network(name, network)

    def _change(self, name: str, **changes: Any) -> None:
        self._services[name] = replace(self._services[name], **changes)

    def _leave_network(self, name: str, network: str) -> None:
        """The service without the network; one that is on no other one has none at all."""
        if network == "bridge":
            network = "default"
        attachments = _attachments(self._services[name])
        remaining_attachments = [
            attachment for attachment in attachments if attachment.network != network
        ]
        self._change(name, networks=tuple(remaining_attachments))
        if not remaining_attachments and attachments:
            self._change(name, network_mode="none")
            path = ModelPath.service(name)
            self._ledger.move(path.child("networks"), path.child("network_mode"))

    def _join_pods(self) -> None:
        """The first container of a pod owns the network namespace, the others join it: localhost stays shared."""
        for owner, *partners in self._assembly.pod_members.values():
            for name in partners:
                own_ports = self._services[name].ports
                moved_ports = tuple(replace(port, listener=name) for port in own_ports)
                ports = self._services[owner].ports + moved_ports
                mode = f"service:{owner}"
                self._change(name, network_mode=mode, networks=(), ports=())
                self._change(owner, ports=tuple(dict.fromkeys(ports)))
            self._tell_of_pod(owner, partners)

    def _tell_of_pod(self, owner: str, partners: list[str]) -> None:
        """Says who shares a network in a pod, and who publishes the ports of all."""
        service = self._services[owner]
        if partners:
            ports = f"; {owner} publishes the ports of all" if service.ports else ""
            facts: dict[str, Any] = {
                "owner": owner,
                "members": enumerated([owner, *partners]),
                "ports": ports,
                "joined": " ".join(partners),
            }
            subject = ModelPath.service(owner)
            self._ledger.add_note(note("TC869", service.origin, subject=subject, **facts))

    def _join_namespaces(self, name: str) -> None:
        """`container:x` becomes `service:x` where x is a container of the stack."""
        service = self._services[name]
        options = {
            key: self._namespace(service, key, value) if key in NAMESPACE_KEYS else value
            for key, value in service.options.items()
        }
        mode = self._namespace(service, "network_mode", service.network_mode)
        self._change(name, options=options, network_mode=mode)
        self._share_memory(str(options.get("ipc", "")))

    def _share_memory(self, mode: str) -> None:
        """Lets the owner of an IPC namespace share it: podman's containers all do, Docker's only when they are told."""
        kind, _, owner = mode.partition(":")
        is_owned = kind == "service" and owner in self._of_podman
        if is_owned and "ipc" not in self._services[owner].options:
            options = {**self._services[owner].options, "ipc": "shareable"}
            self._change(owner, options=options)

    def _namespace(self, service: Service, key: str, value: Any) -> Any:
        container = joined_container(value)
        if container is None:
            return value
        target = container.name
        owner = self._other_service(service.name, target)
        if owner:
            return f"service:{owner}"
        subject = ModelPath.service(service.name, key)
        origin = self._stating_word(service, value)
        self._ledger.add_note(note("TC187", origin, subject=subject, target=target))
        return value

    def _stating_word(self, service: Service, text: str) -> Span | None:
        """Where the command of a service says the value of a flag; the command itself where that is not found."""
        stating_words = (
            _argument_with(container, text)
            for container in self._assembly.containers
            if container.service.name == service.name
        )
        word = next(filter(None, stating_words), None)
        return service.origin if word is None else word.span

    def _other_service(self, name: str, target: str) -> str | None:
        """The service of a container, if it is another one: none joins itself, whatever its image made of its name."""
        service = self._assembly.service_of(target)
        return None if service == name else service

    def _is_itself(self, name: str, target: str) -> bool:
        """Whether a container is told to join itself, which docker refuses: none of that name runs yet."""
        return self._services[name].container_name == target

    def _leave_out(self, name: str, key: str, flag: str, argument: Argument) -> None:
        """Says that what a container says of itself is left out."""
        path = ModelPath.service(name)
        for source in argument.sources:
            source.ledger.move(path.child(key), path)
        facts = {"key": flag, "rule": "no service refers to itself"}
        how = f"Delete {flag}, or name another container."
        argument.annotate("TC045", subject=path, owner=name, how=how, **facts)

    def _require(self, name: str, text: str, argument: Argument) -> None:
        """podman's `--requires`: the containers that must run first."""
        required = self._other_service(name, text)
        if required is not None:
            self._depend(name, required, argument)
            return
        path = ModelPath.service(name)
        for source in argument.sources:
            source.ledger.move(path.child("depends_on"), path)
        argument.annotate("TC192", subject=path, target=text)

    def _add_link(self, name: str, text: str, argument: Argument) -> None:
        target, _, alias = text.partition(":")
        if self._is_itself(name, target):
            self._leave_out(name, "depends_on", "--link", argument)
            return
        linked = self._other_service(name, target)
        if linked is None:
            path = ModelPath.service(name, "external_links")
            self._append_option(name, "external_links", text)
            for source in argument.sources:
                source.ledger.move(ModelPath.service(name, "depends_on"), path)
            return
        self._depend(name, linked, argument)
        service = self._services[linked]
        if not alias or alias in (linked, service.container_name):
            return
        self._services[linked] = _with_alias(service, self._services[name], alias)
        if self._services[linked] != service:
            subject = ModelPath.service(linked, "networks")
            argument.annotate("TC136", subject=subject, service=linked, alias=alias)

    def _link_addresses(self, container: StartedContainer) -> None:
        """`--add-host NAME:$(docker inspect …)`: a name of another container, whose address each start changes."""
        name = container.service.name
        entries = self._services[name].options.get("extra_hosts", ())
        stated_hosts = [
            entry for entry in entries if not self._links_address(container, entry)
        ]
        if len(stated_hosts) == len(entries):
            return
        options = {**self._services[name].options, "extra_hosts": stated_hosts}
        if not stated_hosts:
            del options["extra_hosts"]
        self._change(name, options=options)

    def _links_address(self, container: StartedContainer, entry: str) -> bool:
        """Whether an extra host is another container, which then is a link."""
        name = container.service.name
        host, _, address = entry.partition("=")
        argument = _argument_with(container, f"{host}:{address}")
        if argument is None or self._other_service(name, address) is None:
            return False
        paths = [ModelPath.service(name, key) for key in ("extra_hosts", "depends_on")]
        for source in argument.sources:
            source.ledger.move(*paths)
        self._add_link(name, f"{address}:{host}", argument)
        return True

    def _append_option(self, name: str, key: str, entry: str) -> None:
        options = self._services[name].options
        self._change(name, options={**options, key: [*options.get(key, ()), entry]})

    def _depend(
        self, name: str, required: str | None, argument: Argument | None = None
    ) -> None:
        """Lets a service start after another one, unless it does already."""
        depends_on = self._services[name].depends_on
        known_services = {name, None, *(dependency.service for dependency in depends_on)}
        if required is not None and required not in known_services:
            origin = argument.span if argument is not None else None
            dependency = Dependency(service=required, origin=origin)
            self._change(name, depends_on=(*depends_on, dependency))

    def _share_volumes(self, name: str, text: str, argument: Argument) -> None:
        target, colon, mode = text.partition(":")
        if self._is_itself(name, target):
            self._leave_out(name, "volumes_from", "--volumes-from", argument)
            return
        sharing = self._other_service(name, target)
        owner = sharing or f"container:{target}"
        self._append_option(name, "volumes_from", f"{owner}{colon}{mode}")
        subject = ModelPath.service(name, "volumes_from")
        for share_mode in mode.split(","):
            code = _LOST_SHARE_MODES.get(share_mode)
            if code:
                argument.annotate(code, subject=subject, target=target, label=share_mode)
        if sharing is None:
            argument.annotate("TC139", subject=subject, target=target)

    def _use_build(self, name: str) -> None:
        """The service with the build of its image, or with the name by which its image can be pulled."""
        image = self._services[name].image or ""
        key = image_key(image)
        source = self._assembly.tagged.get(key, image)
        build = self._assembly.builds.get(key) or self._assembly.builds.get(
            image_key(source)
        )
        if build is not None:
            self._change(name, build=build)
        elif source != image:
            self._change(name, image=source)
            path = ModelPath.service(name, "image")
            service = self._services[name]
            self._ledger.add_note(
                note("TC085", service.origin, subject=path, image=image, source=source)
            )

    def _run_jobs_first(self) -> None:
        """What the script starts when a container has ended waits for that here too: for the last one before it.

        What `up` never starts does not: `docker compose run` would run what has ended again, each time.
        """
        containers = self._assembly.containers
        last_starts = {
            container.service.name: index
            for index, container in enumerate(containers)
            if not container.service.profiles and not self._is_on_request(container)
        }
        # One of these two is another service than the one that has ended.
        last_started = sorted(last_starts, key=last_starts.__getitem__)[-2:]
        ended: dict[str, None] = {}
        for index, container in enumerate(containers):
            name = container.service.name
            if last_starts.get(name) == index:
                self._wait_for_end(name, ended)
            # The lines of a crontab do not come one after the other.
            if not container.ends_first or container.invocation.schedule:
                continue
            ended.pop(name, None)
            ended[name] = None
            if any(last_starts[one] > index for one in last_started if one != name):
                for argument in container.invocation.head[:1]:
                    subject = ModelPath.service(name)
                    argument.annotate("TC050", subject=subject, service=name)

    def _wait_for_end(self, name: str, ended: dict[str, None]) -> None:
        """Lets a service wait for the last of those that have ended, which waits for those before it."""
        gate_name = next((owner for owner in reversed(ended) if owner != name), None)
        if gate_name is None:
            return
        depends_on = self._services[name].depends_on
        kept_edges = [edge for edge in depends_on if edge.service not in ended]
        gate = Dependency(
            service=gate_name,
            condition="service_completed_successfully",
            evidence="the script runs it to its end first",
        )
        self._change(name, depends_on=(*kept_edges, gate))

    def _is_on_request(self, container: StartedContainer) -> bool:
        """Whether a person, a clock or another command starts the container when it is wanted, and `up` never does."""
        if _is_scheduled(container):
            return True
        service = self._services[container.service.name]
        if len(self._services) < 2 or service.ports:
            return False
        return container.is_interactive or container.is_captured

    def _as_tool(self, container: StartedContainer) -> Service:
        """The service; a tool of the stack, not a part that `up` starts, where a person talks to the container."""
        service = self._services[container.service.name]
        if not self._is_on_request(container):
            return service
        if _is_scheduled(container):
            profiles = service.profiles or ("scheduled",)
            container.note_time(service.name)
            return replace(service, role=Role.JOB, profiles=profiles)
        code = "TC140" if container.is_interactive else "TC181"
        for argument in container.invocation.head[:1]:
            subject = ModelPath.service(service.name, "profiles")
            argument.annotate(code, subject=subject, service=service.name)
        role = Role.TOOL if container.is_interactive else service.role
        return replace(service, role=role, profiles=service.profiles or ("tools",))


def _argument_with(container: StartedContainer, ending: str) -> Argument | None:
    """The word of the container's command that ends as said."""
    arguments = container.invocation.arguments
    return next((word for word in arguments if word.text.endswith(ending)), None)


def _is_scheduled(container: StartedContainer) -> bool:
    return container.invocation.schedule not in ("", "@reboot")


def _attachments(service: Service) -> tuple[NetworkAttachment, ...]:
    """The networks that a service is on; one that names none is on the default network."""
    if service.networks or service.network_mode:
        return service.networks
    return (NetworkAttachment(network="default"),)


def _with_alias(target: Service, client: Service, alias: str) -> Service:
    """The target under one more name, on the networks that it shares with the client."""
    attachments = _attachments(target)
    client_networks = {attachment.network for attachment in _attachments(client)}
    shared = [
        attachment for attachment in attachments if attachment.network in client_networks
    ]
    networks = [
        _add_alias(attachment, alias)
        if attachment in (shared or attachments)
        else attachment
        for attachment in attachments
    ]
    return replace(target, networks=tuple(networks))


def _add_alias(attachment: NetworkAttachment, alias: str) -> NetworkAttachment:
    aliases = tuple(dict.fromkeys((*attachment.aliases, alias)))
    return replace(attachment, aliases=aliases)
