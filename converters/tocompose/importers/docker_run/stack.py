"""Ties the containers of a script together: networks, links, shared volumes, start order, one stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.containers import Container
from tocompose.importers.docker_run.environment import env_file, open_places, settings
from tocompose.importers.docker_run.heredocs import written_files
from tocompose.importers.docker_run.invocation import Script, Word
from tocompose.importers.docker_run.probes import Probe
from tocompose.importers.docker_run.resources import network_key
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
from tocompose.values import identifier, variable_name

_HEALTHY = "service_healthy"


def stack(
    scripts: Iterable[Script], project: Project, ledger: Ledger, name: str | None
) -> Stack:
    """The stack of one or several scripts of a folder."""
    assembly = Assembly()
    known: dict[str, str | None] = {}
    secret: set[str] = set()
    for script in scripts:
        assembly.read(script)
        known.update(script.variables)
        secret.update(script.secrets)
    services = _services(assembly, project, ledger)
    networks = _networks(services, assembly, ledger)
    services = tuple(_with_network_keys(service) for service in services)
    found = Stack(
        name=identifier(name or (services[0].name if len(services) == 1 else project.name)),
        services=services,
        networks=networks,
        volumes=_volumes(services, assembly),
        secrets=_secrets(services),
        files=written_files(assembly.files, services),
    )
    open_places(known, found, ledger)
    return replace(
        _without_marks(found),
        settings=(*settings(known, secret, found), *_secret_settings(found)),
    )


def _services(assembly: Assembly, project: Project, ledger: Ledger) -> tuple[Service, ...]:
    services = {found.service.name: found.service for found in assembly.containers}
    _join_pods(services, assembly)
    for name, attachment, _ in assembly.connections:
        before = _attached(services[name])
        if all(item.network != attachment.network for item in before):
            services[name] = replace(services[name], networks=(*before, attachment))
    for found in assembly.containers:
        _resolve_namespaces(services, found, assembly)
        _link(services, found, assembly)
        _share_volumes(services, found, assembly)
        _require(services, found, assembly)
        _build(services, found, assembly)
    for index, probe in assembly.probes:
        _gate(services, assembly, index, probe, ledger)
    ordered = [
        _one_shot(services[found.service.name], found, len(services))
        for found in assembly.containers
    ]
    return tuple(_with_env_files(service, project, ledger) for service in ordered)


def _join_pods(services: dict[str, Service], assembly: Assembly) -> None:
    """The first container of a pod owns the network namespace, the others join it: localhost stays shared."""
    for members in assembly.members.values():
        owner, *partners = members
        for name in partners:
            services[name] = replace(
                services[name], network_mode=f"service:{owner}", networks=(), ports=()
            )
            moved = services[owner].ports + assembly_ports(assembly, name)
            services[owner] = replace(services[owner], ports=tuple(dict.fromkeys(moved)))


def assembly_ports(assembly: Assembly, name: str) -> tuple[Any, ...]:
    """The ports that a container published itself, before it joined another's network namespace."""
    return next(
        (
            found.service.ports
            for found in assembly.containers
            if found.service.name == name
        ),
        (),
    )


def _resolve_namespaces(
    services: dict[str, Service], found: Container, assembly: Assembly
) -> None:
    """`container:x` becomes `service:x` where x is a container of the stack."""
    service = services[found.service.name]
    options = {key: _namespace(value, assembly) for key, value in service.options.items()}
    mode = _namespace(service.network_mode, assembly)
    services[service.name] = replace(service, options=options, network_mode=mode)


def _namespace(value: Any, assembly: Assembly) -> Any:
    if not isinstance(value, str) or not value.startswith("container:"):
        return value
    known = assembly.service_of(value.removeprefix("container:"))
    return f"service:{known}" if known else value


def _link(services: dict[str, Service], found: Container, assembly: Assembly) -> None:
    for text, word in found.ties.links:
        target, _, alias = text.partition(":")
        known = assembly.service_of(target)
        service = services[found.service.name]
        if known is None:
            _external_link(services, service, text, word)
            continue
        services[service.name] = _depending(
            service, Dependency(service=known, origin=word.span)
        )
        if alias and alias not in (known, services[known].container_name):
            before = services[known]
            services[known] = _with_alias(before, service, alias)
            if services[known] != before:
                word.remark(
                    "TC136",
                    subject=f"services.{known}.networks",
                    service=known,
                    alias=alias,
                )


def _external_link(
    services: dict[str, Service], service: Service, text: str, word: Word
) -> None:
    links = [*service.options.get("external_links", ()), text]
    services[service.name] = replace(
        service, options={**service.options, "external_links": links}
    )
    path = f"services.{service.name}.external_links"
    for source in word.sources:
        source.ledger.moves[f"services.{service.name}.depends_on"] = path
    word.remark("TC137", subject=path, target=text.partition(":")[0])


def _attached(service: Service) -> tuple[Attachment, ...]:
    """The networks that a service is on; one that names none is on the default network."""
    return service.networks or (
        () if service.network_mode else (Attachment(network="default"),)
    )


def _with_alias(target: Service, client: Service, alias: str) -> Service:
    """The target under one more name, on the networks that it shares with the client."""
    attachments = _attached(target)
    shared = {item.network for item in _attached(client)} & {
        item.network for item in attachments
    }
    return replace(
        target,
        networks=tuple(
            replace(item, aliases=tuple(dict.fromkeys((*item.aliases, alias))))
            if item.network in shared or not shared
            else item
            for item in attachments
        ),
    )


def _depending(service: Service, dependency: Dependency) -> Service:
    if dependency.service == service.name or any(
        item.service == dependency.service for item in service.depends_on
    ):
        return service
    return replace(service, depends_on=(*service.depends_on, dependency))


def _share_volumes(
    services: dict[str, Service], found: Container, assembly: Assembly
) -> None:
    for text, word in found.ties.volumes_from:
        target, colon, mode = text.partition(":")
        known = assembly.service_of(target)
        service = services[found.service.name]
        suffix = f":{mode}" if colon else ""
        entry = f"{known}{suffix}" if known else f"container:{target}{suffix}"
        entries = [*service.options.get("volumes_from", ()), entry]
        services[service.name] = replace(
            service, options={**service.options, "volumes_from": entries}
        )
        if mode == "ro":
            word.remark(
                "TC138", subject=f"services.{service.name}.volumes_from", target=target
            )
        if known is None:
            word.remark(
                "TC139", subject=f"services.{service.name}.volumes_from", target=target
            )


def _require(services: dict[str, Service], found: Container, assembly: Assembly) -> None:
    for name in (*found.ties.requires, *found.invocation.after):
        known = assembly.service_of(name)
        if known:
            services[found.service.name] = _depending(
                services[found.service.name], Dependency(service=known)
            )


def _build(services: dict[str, Service], found: Container, assembly: Assembly) -> None:
    service = services[found.service.name]
    build = assembly.builds.get(service.image or "") or assembly.builds.get(
        f"{service.image}:latest"
    )
    if build is not None:
        services[service.name] = replace(service, build=build)


def _gate(
    services: dict[str, Service],
    assembly: Assembly,
    index: int,
    probe: Probe,
    ledger: Ledger,
) -> None:
    """What starts after a wait loop waits for the health of what the loop asks."""
    known = assembly.service_of(probe.target) or (
        probe.target if probe.target in services else None
    )
    if known is None:
        return
    if probe.command and services[known].healthcheck is None:
        services[known] = replace(
            services[known], healthcheck=Healthcheck(test=("CMD", *probe.command))
        )
        ledger.say(
            note(
                "TC180",
                services[known].origin,
                subject=f"services.{known}.healthcheck.test",
                service=known,
            )
        )
    condition = _HEALTHY if services[known].healthcheck else "service_started"
    for later in assembly.containers[index:]:
        name = later.service.name
        others = tuple(item for item in services[name].depends_on if item.service != known)
        gate = Dependency(
            service=known, condition=condition, evidence="the script waits for it first"
        )
        services[name] = replace(
            _depending(replace(services[name], depends_on=others), gate)
        )


def _one_shot(service: Service, found: Container, total: int) -> Service:
    """A container that a person talks to is a tool of the stack, not a part that `up` starts."""
    captured = bool(found.invocation.variable) and found.removed and not found.detached
    if total < 2 or not (found.interactive or captured) or service.ports:
        return service
    for word in found.invocation.head[:1]:
        code = "TC140" if found.interactive else "TC181"
        word.remark(code, subject=f"services.{service.name}.profiles", service=service.name)
    role = Role.TOOL if found.interactive else service.role
    return replace(service, role=role, profiles=service.profiles or ("tools",))


def _with_env_files(service: Service, project: Project, ledger: Ledger) -> Service:
    files: list[EnvFile] = [
        env_file(item, project, service.name, ledger) for item in service.env_files
    ]
    return replace(service, env_files=tuple(files))


def _networks(
    services: Iterable[Service], assembly: Assembly, ledger: Ledger
) -> tuple[Network, ...]:
    used = {
        item.network: service
        for service in services
        for item in service.networks
        if item.network != "default"
    }
    found: dict[str, Network] = {}
    for name, service in used.items():
        known = assembly.networks.get(name)
        found[name] = known or Network(name=name, external=True)
        code, origin = (
            ("TC141", service.origin) if known is None else ("TC120", known.origin)
        )
        ledger.say(note(code, origin, subject=f"networks.{name}", network=name))
    return tuple(_keyed(item) for item in {**found, **assembly.networks}.values())


def _keyed(item: Network) -> Network:
    """A network whose name is a variable under a key of its own, which Compose takes no variable in."""
    key = network_key(item.name)
    return item if key == item.name else replace(item, name=key, engine_name=item.name)


def _with_network_keys(service: Service) -> Service:
    attachments = tuple(
        replace(item, network=network_key(item.network)) for item in service.networks
    )
    return replace(service, networks=attachments)


def _volumes(services: Iterable[Service], assembly: Assembly) -> tuple[Volume, ...]:
    found: dict[str, Volume] = {}
    for service in services:
        for item in service.mounts:
            if item.kind == "volume" and item.source is not None:
                driver = item.options.get("x-driver", {})
                known = assembly.volumes.get(item.source) or found.get(item.source)
                fresh = Volume(
                    name=item.source,
                    engine_name=item.source,
                    driver=driver.get("driver"),
                    options={"driver_opts": driver["driver_opts"]}
                    if "driver_opts" in driver
                    else {},
                    origin=item.origin,
                )
                found[item.source] = known or fresh
    return tuple({**found, **assembly.volumes}.values())


def _secrets(services: Iterable[Service]) -> tuple[Resource, ...]:
    names = dict.fromkeys(grant.source for service in services for grant in service.secrets)
    return tuple(Resource(name=name, environment=variable_name(name)) for name in names)


def _secret_settings(found: Stack) -> tuple[Setting, ...]:
    return tuple(
        Setting(
            name=item.environment,
            secret=True,
            required=True,
            description=f"podman secret {item.name}",
        )
        for item in found.secrets
        if item.environment
    )


def _without_marks(found: Stack) -> Stack:
    """Takes out what the mounts said about their volume's driver: it stands in the volume now."""
    return replace(
        found,
        services=tuple(
            replace(s, mounts=tuple(_unmarked(m) for m in s.mounts)) for s in found.services
        ),
    )


def _unmarked(item: Mount) -> Mount:
    rest: Mapping[str, Any] = {
        key: value for key, value in item.options.items() if key != "x-driver"
    }
    return replace(item, options=rest)
