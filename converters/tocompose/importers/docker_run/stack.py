"""Ties the containers of a script together: networks, links, shared volumes, start order, one stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.containers import StartedContainer
from tocompose.importers.docker_run.environment import (
    adapt_env_file,
    note_stand_ins,
    open_settings,
)
from tocompose.importers.docker_run.heredocs import written_files
from tocompose.importers.docker_run.invocation import Argument, Script
from tocompose.importers.docker_run.resources import network_key
from tocompose.importers.docker_run.wait_loops import WaitTarget
from tocompose.ledger import Ledger
from tocompose.model import (
    Attachment,
    Dependency,
    EnvFile,
    Healthcheck,
    Mount,
    Network,
    Resource,
    Role,
    Service,
    Setting,
    Stack,
    Volume,
)
from tocompose.notes import note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, variable_name

_HEALTHY = "service_healthy"


def build_stack(
    scripts: Iterable[Script], project: Project, ledger: Ledger, name: str | None
) -> Stack:
    """The stack of one or several scripts of a folder."""
    assembly = Assembly()
    script_values: dict[str, str | None] = {}
    secret_names: set[str] = set()
    for script in scripts:
        assembly.read_script(script)
        script_values.update(script.variables)
        secret_names.update(script.secrets)
    services = _tied_services(assembly, project, ledger)
    networks = _used_networks(services, assembly, ledger)
    services = tuple(_with_network_keys(service) for service in services)
    stack = Stack(
        name=identifier(name or (services[0].name if len(services) == 1 else project.name)),
        services=services,
        networks=networks,
        volumes=_used_volumes(services, assembly),
        secrets=_used_secrets(services),
        files=written_files(assembly.files, services),
    )
    note_stand_ins(script_values, stack, ledger)
    return replace(
        _without_driver_marks(stack),
        settings=(
            *open_settings(script_values, secret_names, stack),
            *_secret_settings(stack),
        ),
    )


def _tied_services(
    assembly: Assembly, project: Project, ledger: Ledger
) -> tuple[Service, ...]:
    services = {
        container.service.name: container.service for container in assembly.containers
    }
    _join_pods(services, assembly)
    for name, attachment, _ in assembly.connections:
        attachments = _attachments(services[name])
        if all(attached.network != attachment.network for attached in attachments):
            services[name] = replace(services[name], networks=(*attachments, attachment))
    for container in assembly.containers:
        _join_namespaces(services, container, assembly)
        _add_links(services, container, assembly)
        _share_volumes(services, container, assembly)
        _add_requirements(services, container, assembly)
        _use_build(services, container, assembly)
    for index, probe in assembly.wait_targets:
        _add_wait_gate(services, assembly, index, probe, ledger)
    ordered = [
        _as_tool(services[container.service.name], container, len(services))
        for container in assembly.containers
    ]
    return tuple(_with_env_files(service, project, ledger) for service in ordered)


def _join_pods(services: dict[str, Service], assembly: Assembly) -> None:
    """The first container of a pod owns the network namespace, the others join it: localhost stays shared."""
    for members in assembly.pod_members.values():
        owner, *partners = members
        for name in partners:
            services[name] = replace(
                services[name], network_mode=f"service:{owner}", networks=(), ports=()
            )
            moved = services[owner].ports + _published_ports(assembly, name)
            services[owner] = replace(services[owner], ports=tuple(dict.fromkeys(moved)))


def _published_ports(assembly: Assembly, name: str) -> tuple[Any, ...]:
    """The ports that a container published itself, before it joined another's network namespace."""
    return next(
        (
            container.service.ports
            for container in assembly.containers
            if container.service.name == name
        ),
        (),
    )


def _join_namespaces(
    services: dict[str, Service], container: StartedContainer, assembly: Assembly
) -> None:
    """`container:x` becomes `service:x` where x is a container of the stack."""
    service = services[container.service.name]
    options = {
        key: _service_namespace(value, assembly) for key, value in service.options.items()
    }
    mode = _service_namespace(service.network_mode, assembly)
    services[service.name] = replace(service, options=options, network_mode=mode)


def _service_namespace(value: Any, assembly: Assembly) -> Any:
    if not isinstance(value, str) or not value.startswith("container:"):
        return value
    service = assembly.service_of(value.removeprefix("container:"))
    return f"service:{service}" if service else value


def _add_links(
    services: dict[str, Service], container: StartedContainer, assembly: Assembly
) -> None:
    for text, argument in container.refs.links:
        target, _, alias = text.partition(":")
        linked = assembly.service_of(target)
        service = services[container.service.name]
        if linked is None:
            _external_link(services, service, text, argument)
            continue
        services[service.name] = _with_dependency(
            service, Dependency(service=linked, origin=argument.span)
        )
        if alias and alias not in (linked, services[linked].container_name):
            linked_service = services[linked]
            services[linked] = _with_alias(linked_service, service, alias)
            if services[linked] != linked_service:
                argument.remark(
                    "TC136",
                    subject=f"services.{linked}.networks",
                    service=linked,
                    alias=alias,
                )


def _external_link(
    services: dict[str, Service], service: Service, text: str, argument: Argument
) -> None:
    links = [*service.options.get("external_links", ()), text]
    services[service.name] = replace(
        service, options={**service.options, "external_links": links}
    )
    path = ModelPath.service(service.name, "external_links")
    for source in argument.sources:
        source.ledger.move(ModelPath.service(service.name, "depends_on"), path)
    argument.remark("TC137", subject=path, target=text.partition(":")[0])


def _attachments(service: Service) -> tuple[Attachment, ...]:
    """The networks that a service is on; one that names none is on the default network."""
    return service.networks or (
        () if service.network_mode else (Attachment(network="default"),)
    )


def _with_alias(target: Service, client: Service, alias: str) -> Service:
    """The target under one more name, on the networks that it shares with the client."""
    attachments = _attachments(target)
    shared = {attachment.network for attachment in _attachments(client)} & {
        attachment.network for attachment in attachments
    }
    return replace(
        target,
        networks=tuple(
            replace(attachment, aliases=tuple(dict.fromkeys((*attachment.aliases, alias))))
            if attachment.network in shared or not shared
            else attachment
            for attachment in attachments
        ),
    )


def _with_dependency(service: Service, dependency: Dependency) -> Service:
    if dependency.service == service.name or any(
        depended.service == dependency.service for depended in service.depends_on
    ):
        return service
    return replace(service, depends_on=(*service.depends_on, dependency))


def _share_volumes(
    services: dict[str, Service], container: StartedContainer, assembly: Assembly
) -> None:
    for text, argument in container.refs.volumes_from:
        target, colon, mode = text.partition(":")
        sharing = assembly.service_of(target)
        service = services[container.service.name]
        suffix = f":{mode}" if colon else ""
        volume_source = f"{sharing}{suffix}" if sharing else f"container:{target}{suffix}"
        volumes_from = [*service.options.get("volumes_from", ()), volume_source]
        services[service.name] = replace(
            service, options={**service.options, "volumes_from": volumes_from}
        )
        if mode == "ro":
            argument.remark(
                "TC138", subject=f"services.{service.name}.volumes_from", target=target
            )
        if sharing is None:
            argument.remark(
                "TC139", subject=f"services.{service.name}.volumes_from", target=target
            )


def _add_requirements(
    services: dict[str, Service], container: StartedContainer, assembly: Assembly
) -> None:
    for name in (*container.refs.requires, *container.invocation.after):
        required = assembly.service_of(name)
        if required:
            services[container.service.name] = _with_dependency(
                services[container.service.name], Dependency(service=required)
            )


def _use_build(
    services: dict[str, Service], container: StartedContainer, assembly: Assembly
) -> None:
    service = services[container.service.name]
    build = assembly.builds.get(service.image or "") or assembly.builds.get(
        f"{service.image}:latest"
    )
    if build is not None:
        services[service.name] = replace(service, build=build)


def _add_wait_gate(
    services: dict[str, Service],
    assembly: Assembly,
    index: int,
    wait_target: WaitTarget,
    ledger: Ledger,
) -> None:
    """What starts after a wait loop waits for the health of what the loop asks."""
    awaited = assembly.service_of(wait_target.target) or (
        wait_target.target if wait_target.target in services else None
    )
    if awaited is None:
        return
    if wait_target.command and services[awaited].healthcheck is None:
        services[awaited] = replace(
            services[awaited], healthcheck=Healthcheck(test=("CMD", *wait_target.command))
        )
        ledger.say(
            note(
                "TC180",
                services[awaited].origin,
                subject=f"services.{awaited}.healthcheck.test",
                service=awaited,
            )
        )
    condition = _HEALTHY if services[awaited].healthcheck else "service_started"
    for later in assembly.containers[index:]:
        name = later.service.name
        dependencies = tuple(
            dependency
            for dependency in services[name].depends_on
            if dependency.service != awaited
        )
        gate = Dependency(
            service=awaited, condition=condition, evidence="the script waits for it first"
        )
        services[name] = replace(
            _with_dependency(replace(services[name], depends_on=dependencies), gate)
        )


def _as_tool(service: Service, container: StartedContainer, total: int) -> Service:
    """A container that a person talks to is a tool of the stack, not a part that `up` starts."""
    captured = (
        bool(container.invocation.variable) and container.removed and not container.detached
    )
    if total < 2 or not (container.interactive or captured) or service.ports:
        return service
    for argument in container.invocation.head[:1]:
        code = "TC140" if container.interactive else "TC181"
        argument.remark(
            code, subject=f"services.{service.name}.profiles", service=service.name
        )
    role = Role.TOOL if container.interactive else service.role
    return replace(service, role=role, profiles=service.profiles or ("tools",))


def _with_env_files(service: Service, project: Project, ledger: Ledger) -> Service:
    files: list[EnvFile] = [
        adapt_env_file(file, project, service.name, ledger) for file in service.env_files
    ]
    return replace(service, env_files=tuple(files))


def _used_networks(
    services: Iterable[Service], assembly: Assembly, ledger: Ledger
) -> tuple[Network, ...]:
    used = {
        attachment.network: service
        for service in services
        for attachment in service.networks
        if attachment.network != "default"
    }
    networks: dict[str, Network] = {}
    for name, service in used.items():
        created = assembly.networks.get(name)
        networks[name] = created or Network(name=name, external=True)
        code, origin = (
            ("TC141", service.origin) if created is None else ("TC120", created.origin)
        )
        ledger.say(note(code, origin, subject=f"networks.{name}", network=name))
    return tuple(
        _with_own_key(attachment)
        for attachment in {**networks, **assembly.networks}.values()
    )


def _with_own_key(network: Network) -> Network:
    """A network whose name is a variable under a key of its own, which Compose takes no variable in."""
    key = network_key(network.name)
    return (
        network
        if key == network.name
        else replace(network, name=key, engine_name=network.name)
    )


def _with_network_keys(service: Service) -> Service:
    attachments = tuple(
        replace(attachment, network=network_key(attachment.network))
        for attachment in service.networks
    )
    return replace(service, networks=attachments)


def _used_volumes(services: Iterable[Service], assembly: Assembly) -> tuple[Volume, ...]:
    volumes: dict[str, Volume] = {}
    for service in services:
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source is not None:
                driver = mount.options.get("x-driver", {})
                volume = assembly.volumes.get(mount.source) or volumes.get(mount.source)
                fresh = Volume(
                    name=mount.source,
                    engine_name=mount.source,
                    driver=driver.get("driver"),
                    options={"driver_opts": driver["driver_opts"]}
                    if "driver_opts" in driver
                    else {},
                    origin=mount.origin,
                )
                volumes[mount.source] = volume or fresh
    return tuple({**volumes, **assembly.volumes}.values())


def _used_secrets(services: Iterable[Service]) -> tuple[Resource, ...]:
    names = dict.fromkeys(grant.source for service in services for grant in service.secrets)
    return tuple(Resource(name=name, environment=variable_name(name)) for name in names)


def _secret_settings(stack: Stack) -> tuple[Setting, ...]:
    return tuple(
        Setting(
            name=secret.environment,
            secret=True,
            required=True,
            description=f"podman secret {secret.name}",
        )
        for secret in stack.secrets
        if secret.environment
    )


def _without_driver_marks(stack: Stack) -> Stack:
    """Takes out what the mounts said about their volume's driver: it stands in the volume now."""
    return replace(
        stack,
        services=tuple(
            replace(s, mounts=tuple(_without_driver_mark(m) for m in s.mounts))
            for s in stack.services
        ),
    )


def _without_driver_mark(mount: Mount) -> Mount:
    options: Mapping[str, Any] = {
        key: value for key, value in mount.options.items() if key != "x-driver"
    }
    return replace(mount, options=options)
