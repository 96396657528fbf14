"""Puts the stack together: services, the networks, volumes and secrets that they use, files that the script writes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import TypeVar

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.deployed_stacks import with_deployed
from tocompose.importers.docker_run.environment import (
    adapt_env_file,
    ask_for_values,
    described_by_commands,
    known_label_files,
    open_folders,
    open_settings,
)
from tocompose.importers.docker_run.granted_files import granted_files
from tocompose.importers.docker_run.invocation import Script, WrittenFile
from tocompose.importers.docker_run.made_folders import note_made_folders
from tocompose.importers.docker_run.relations import RelatedServices
from tocompose.importers.docker_run.resources import network_key, volume_key
from tocompose.importers.docker_run.stated_names import with_new_names
from tocompose.importers.docker_run.written_env_files import WrittenEnvFiles
from tocompose.importers.special_files import without_special_files
from tocompose.knowledge.wrappers import stated_argv
from tocompose.ledger import Ledger
from tocompose.model import (
    EnvSetting,
    File,
    FileResource,
    Mount,
    Network,
    Service,
    Stack,
    Volume,
)
from tocompose.notes import Note, note
from tocompose.project import Project, normal_path
from tocompose.record import replace
from tocompose.source import Span
from tocompose.syntax.interpolation import (
    Variable,
    plain,
    replace_variables,
    required_reference,
)
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.mounts import path_of_folder
from tocompose.syntax.names import identifier, variable_name


def build_stack(
    scripts: Iterable[Script], project: Project, ledger: Ledger, name: str | None
) -> Stack:
    """The stack of one or several scripts of a folder."""
    scripts = tuple(map(with_new_names, scripts))
    assembly = Assembly(scripts)
    script_values: dict[str, str | None] = {}
    secret_names: set[str] = set()
    demanded: set[str] = set()
    commands: dict[str, str] = {}
    for script in scripts:
        assembly.read_script(script)
        script_values.update(script.variables)
        secret_names.update(script.secrets)
        demanded.update(script.demanded)
        commands.update(script.printing_commands)
    services = RelatedServices(assembly, ledger).resolve()
    services = tuple(_with_volume_keys(service, assembly) for service in services)
    name = name or (services[0].name if len(services) == 1 else project.name)
    networks = _used_networks(services, assembly, ledger, identifier(name))
    note_made_folders(services, project, ledger)
    env_files = WrittenEnvFiles(assembly.files, ledger)
    services = tuple(map(env_files.put_into, services))
    services = tuple(_settle_service(service, project, ledger) for service in services)
    stack = Stack(
        name=identifier(name),
        services=services,
        networks=networks,
        volumes=_used_volumes(services, assembly),
        secrets=_used_secrets(services, assembly),
        configs=_used_configs(services, assembly, ledger),
        files=_written_files(
            [file for file in assembly.files if not env_files.is_used(file)], services
        ),
    )
    settings = open_settings(script_values, secret_names, stack)
    settings = described_by_commands(settings, commands)
    stack = replace(
        stack,
        services=tuple(map(without_volume_marks, services)),
        networks=tuple(_with_required_name(network) for network in stack.networks),
        volumes=tuple(_with_required_name(volume) for volume in stack.volumes),
        settings=(*settings, *_secret_settings(stack)),
    )
    stack = with_deployed(stack, assembly.deployed, project, ledger)
    return ask_for_values(stack, {*demanded, *open_folders(script_values, stack)})


def _settle_service(service: Service, project: Project, ledger: Ledger) -> Service:
    """The service with its env files in the right dialect and its networks by their keys."""
    service = without_special_files(service, project, ledger)
    env_files = [
        adapt_env_file(env_file, project, service.name, ledger)
        for env_file in service.env_files
    ]
    attachments = [
        replace(attachment, network=network_key(attachment.network))
        for attachment in service.networks
    ]
    settled = replace(service, env_files=tuple(env_files), networks=tuple(attachments))
    return known_label_files(settled, project, ledger)


def _used_networks(
    services: Iterable[Service], assembly: Assembly, ledger: Ledger, project: str
) -> tuple[Network, ...]:
    called_names = {*_called_networks(services), *_named_networks(assembly)}
    networks: dict[str, Network] = {}
    for name, span in _spans_of_networks(services).items():
        created = assembly.networks.get(name)
        networks[name] = created or Network(name=name, external=True, origin=span)
        if created is not None and name not in called_names:
            ledger.add_note(_new_network_note(created, project))
    networks |= assembly.networks
    return tuple(
        _with_own_key(_with_engine_name(network, called_names))
        for network in networks.values()
    )


def _spans_of_networks(services: Iterable[Service]) -> dict[str, Span | None]:
    """The networks to which services are attached, each with the last place that says so."""
    return {
        attachment.network: attachment.origin or service.origin
        for service in services
        for attachment in service.networks
        if attachment.network != "default"
    }


def _with_engine_name(network: Network, called_names: Container[str]) -> Network:
    """The network; one of the stack that something calls by its name keeps that at the engine."""
    if network.external or network.name not in called_names:
        return network
    return replace(network, engine_name=network.engine_name or network.name)


def _new_network_note(network: Network, project: str) -> Note:
    """Says how Compose calls the network, and what has to go before it can be made."""
    has_subnet = "ipam" in network.options
    before = "; remove the old one first: both have the same subnet" if has_subnet else ""
    subject = ModelPath.of("networks", network.name)
    return note(
        "TC120",
        network.origin,
        subject=subject,
        network=network.name,
        created=f"{project}_{network.name}",
        before=before,
    )


def _named_networks(assembly: Assembly) -> Iterator[str]:
    """The networks for which the source states a name that the engine shall know, or that no key can be."""
    for name, network in assembly.networks.items():
        if network.engine_name or network_key(name) != name:
            yield network.name


def _called_networks(services: Iterable[Service]) -> Iterator[str]:
    """The names by which options, labels and variables call networks of the engine: these keep their names.

    Such as Traefik's `--providers.docker.network=edge`, `traefik.docker.network` or `CADDY_INGRESS_NETWORKS`.
    """
    for service in services:
        argv_words = stated_argv(service)
        for word, following in zip(argv_words, [*argv_words, ""][1:], strict=True):
            option, equals, name = word.partition("=")
            if option.startswith("-") and option.lower().endswith("network"):
                yield name if equals else following
        variables = ((setting.name, setting.value) for setting in service.environment)
        for key, text in (*service.labels.items(), *variables):
            if key.lower().endswith(("network", "networks")):
                yield from (text or "").replace(",", " ").split()


_Named = TypeVar("_Named", Network, Volume)


def _with_required_name(resource: _Named) -> _Named:
    """The network or volume whose name asks for its variables: with one that is empty the engine refuses the rest."""
    name = resource.engine_name
    if name is None or "$" not in name:
        return resource
    return replace(resource, engine_name=replace_variables(name, _required_variable))


def _required_variable(variable: Variable) -> str:
    return variable.source if variable.operator else required_reference(variable.name)


def _with_own_key(network: Network) -> Network:
    """A network whose name is a variable under a key of its own, which Compose takes no variable in."""
    key = network_key(network.name)
    if key == network.name:
        return network
    return replace(network, name=key, engine_name=network.name)


def _used_volumes(services: Iterable[Service], assembly: Assembly) -> tuple[Volume, ...]:
    volumes: dict[str, Volume] = {}
    for service in services:
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source is not None:
                key = volume_key(mount.source)
                volumes.setdefault(key, volume_of_mount(key, mount))
    return tuple({**volumes, **assembly.volumes}.values())


def _with_volume_keys(service: Service, assembly: Assembly) -> Service:
    """The service with its volumes by their keys; what begins with a variable is one if the script creates it."""
    mounts = []
    for mount in service.mounts:
        created = assembly.volumes.get(volume_key(mount.source or ""))
        is_created = created is not None and created.engine_name == mount.source
        if mount.kind == "bind" and is_created:
            mount = replace(mount, kind="volume")
        mounts.append(mount)
    return replace(service, mounts=tuple(mounts))


def volume_of_mount(key: str, mount: Mount) -> Volume:
    """The volume of a mount, with the driver that the mount says."""
    driver = mount.options.get("x-driver", {})
    options = {key: setting for key, setting in driver.items() if key == "driver_opts"}
    return Volume(
        name=key,
        engine_name=mount.source,
        driver=driver.get("driver"),
        options=options,
        origin=mount.origin,
    )


def without_volume_marks(service: Service) -> Service:
    """Takes out what the mounts said of their volume's driver and name: both stand in the volume now."""
    mounts = []
    for mount in service.mounts:
        options = {key: value for key, value in mount.options.items() if key != "x-driver"}
        source = mount.source
        if source is not None and mount.kind == "volume":
            source = volume_key(source)
        mounts.append(replace(mount, source=source, options=options))
    return replace(service, mounts=tuple(mounts))


def _used_secrets(
    services: Iterable[Service], assembly: Assembly
) -> tuple[FileResource, ...]:
    """The secrets that services are given: from the file of which the script makes one, else from a variable."""
    services = tuple(services)
    names = dict.fromkeys(grant.source for service in services for grant in service.secrets)
    builds = [service.build for service in services if service.build is not None]
    built_with = [name for build in builds for name in build.options.get("secrets", ())]
    resources = {name: assembly.build_secrets[name] for name in built_with}
    resources |= {name: _secret_of(name, assembly) for name in names}
    return tuple(resources.values())


def _secret_of(name: str, assembly: Assembly) -> FileResource:
    path = assembly.granted_files.get(("secret", name))
    if path is None:
        return FileResource(name=name, environment=variable_name(name))
    return FileResource(name=name, file=path_of_folder(path))


def _used_configs(
    services: Iterable[Service], assembly: Assembly, ledger: Ledger
) -> tuple[FileResource, ...]:
    """The configs of services of a swarm: from the file of which the script makes one, else from one to be written."""
    made_from = {
        name: path
        for (kind, name), path in assembly.granted_files.items()
        if kind == "config"
    }
    return granted_files(services, "configs", made_from, ledger)


def _secret_settings(stack: Stack) -> tuple[EnvSetting, ...]:
    return tuple(
        EnvSetting(
            name=secret.environment,
            secret=True,
            required=True,
            description=f"Value of the secret {secret.name}",
        )
        for secret in stack.secrets
        if secret.environment
    )


def _written_files(
    written: Iterable[WrittenFile], services: Iterable[Service]
) -> tuple[File, ...]:
    """The files with constant content that some service mounts, itself or with its folder; others are noted."""
    bind_sources = _bind_sources(services)
    contents: dict[str, bytes] = {}
    for file in written:
        path = normal_path((plain(file.path.text) or "/").removeprefix("./"))
        content = plain(file.body.text)
        service = _mounting_service(path, bind_sources) if path else None
        if not path or content is None or service is None:
            file.path.note("TC108", path=file.path.text.replace("$$", "$"))
            file.body.mark_noted("TC108")
            continue
        start = contents.get(path, b"") if file.append else b""
        contents[path] = start + content.encode()
        model_path = ModelPath.of("files", path)
        file.path.take(model_path)
        file.body.take(model_path)
        file.path.annotate("TC107", subject=model_path, path=path, service=service)
    return tuple(File(path=path, content=content) for path, content in contents.items())


def _bind_sources(services: Iterable[Service]) -> dict[str | None, str]:
    """The host paths that services mount, each with the last service that does."""
    return {
        mount.source: service.name
        for service in services
        for mount in service.mounts
        if mount.kind == "bind"
    }


def _mounting_service(path: str, bind_sources: dict[str | None, str]) -> str | None:
    """The service that mounts the file or a folder above it."""
    for source, service in bind_sources.items():
        folder = normal_path(source or "/")
        if folder is not None and (folder in ("", path) or path.startswith(f"{folder}/")):
            return service
    return None
