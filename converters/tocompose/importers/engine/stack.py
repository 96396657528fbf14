"""Puts the stack together: the services of the containers, and the networks and volumes that they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.assembly import Assembly
from tocompose.importers.docker_run.granted_files import granted_files
from tocompose.importers.docker_run.other_engine import held_by_podman
from tocompose.importers.docker_run.relations import RelatedServices
from tocompose.importers.docker_run.stack import volume_of_mount, without_volume_marks
from tocompose.importers.docker_run.subordinate_ids import note_subordinate_ids
from tocompose.importers.engine.containers import read_container
from tocompose.importers.engine.created_by_podman import create_command
from tocompose.importers.engine.dependencies import with_stated_dependencies
from tocompose.importers.engine.image_config import ImageConfig, Images
from tocompose.importers.engine.json_values import text_at
from tocompose.importers.engine.names import (
    container_name,
    is_generated,
    label_in,
    label_of,
    stated_name,
    wished_service_name,
)
from tocompose.importers.engine.object_context import ObjectContext, is_podmans
from tocompose.importers.engine.objects import EngineObject, ObjectKind
from tocompose.importers.engine.pods import Pods
from tocompose.importers.engine.replicas import Replicas, merge_replicas
from tocompose.importers.engine.resource_names import ResourceNames
from tocompose.importers.engine.resources import read_network, read_volume
from tocompose.importers.engine.skipped import running_parts
from tocompose.importers.engine.swarm import read_service
from tocompose.importers.engine.swarm_configs import config_files
from tocompose.importers.engine.tool_notes import note_compose_files, note_starting_unit
from tocompose.ledger import Ledger
from tocompose.limits import limit
from tocompose.model import Network, Runtime, Service, Stack, Volume
from tocompose.notes import note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name

_STARTED = frozenset({ObjectKind.CONTAINER, ObjectKind.SERVICE})


class EngineStack:
    """The stack of the containers of an input, built in the order in which they stand there."""

    def __init__(
        self, objects: Iterable[EngineObject], ledger: Ledger, project_name: str
    ) -> None:
        self._ledger = ledger
        self._by_kind: dict[ObjectKind, list[EngineObject]] = {}
        for engine_object in objects:
            self._by_kind.setdefault(engine_object.kind, []).append(engine_object)
        self._images = Images(self._of_kind(ObjectKind.IMAGE))
        containers, pods = (
            self._of_kind(ObjectKind.CONTAINER),
            self._of_kind(ObjectKind.POD),
        )
        self._pods = Pods(containers, pods)
        self._containers = running_parts(containers)
        self.is_podmans = any(is_podmans(one.cursor) for one in self._containers)
        self._compose_project = _common_project(self._containers)
        self._name = self._compose_project or project_name
        self._volume_names = self._resource_names(ObjectKind.VOLUME)
        self._network_names = self._resource_names(ObjectKind.NETWORK)
        self._container_names = {
            container.text("Id"): container_name(container)
            for container in self._containers
        } | self._pods.names_of_infra()
        self._linked = frozenset(_linked_names(self._containers))
        self._assembly = Assembly()
        self._names_in_use: set[str] = set()

    def _of_kind(self, kind: ObjectKind) -> list[EngineObject]:
        return self._by_kind.get(kind, [])

    def _resource_names(self, kind: ObjectKind) -> ResourceNames:
        return ResourceNames(self._of_kind(kind), self._compose_project)

    def build(self, stated_stack_name: str | None) -> Stack:
        """The stack; a note says what of the input is no part of it."""
        for cursor in self._pods.commands:
            for step in create_command(cursor, "podman pod"):
                self._assembly.add_step(step)
        replicas = merge_replicas(self._containers)
        for container in replicas.leaders:
            self._add_container(container, replicas)
        self._pods.settle()
        note_compose_files(self._containers)
        services = RelatedServices(self._assembly, self._ledger).resolve()
        services = with_stated_dependencies(services, self._service_by_container())
        services = tuple(_with_replicas(service, replicas) for service in services)
        services = tuple(self._with_image_checks(services))
        services = (*services, *map(self._swarm_service, self._of_kind(ObjectKind.SERVICE)))
        networks = tuple(self._networks(services))
        volumes = tuple(self._volumes(services))
        files = config_files(self._of_kind(ObjectKind.CONFIG), services)
        config_paths = {name: f"./{file.path}" for name, file in files.items()}
        return Stack(
            name=identifier(stated_stack_name or self._stack_name(services)),
            services=tuple(map(without_volume_marks, services)),
            networks=networks,
            volumes=volumes,
            secrets=granted_files(services, "secrets", {}, self._ledger),
            configs=granted_files(services, "configs", config_paths, self._ledger),
            files=tuple(files.values()),
        )

    def _swarm_service(self, swarm_service: EngineObject) -> Service:
        stack = label_in(swarm_service, "Spec", "Labels", use="stack")
        name = swarm_service.text("Spec", "Name").removeprefix(f"{stack}_")
        service_name = unique_name(identifier(name), self._names_in_use)
        context = self._context(swarm_service, service_name)._replace(image=ImageConfig({}))
        return self._with_image_check(read_service(context), self._tagged(swarm_service))

    def _with_image_checks(self, services: Iterable[Service]) -> Iterator[Service]:
        """The services with what the input says of the health checks of their images."""
        containers = self._service_by_container()
        for service in services:
            container = containers.get(service.name)
            image = self._image_of(container[0]) if container else None
            yield self._with_image_check(service, image)

    def _with_image_check(self, service: Service, image: ImageConfig | None) -> Service:
        if image is None:
            return service
        return replace(
            service, image_check=image.health_check, has_local_image=image.is_local
        )

    def _tagged(self, swarm_service: EngineObject) -> ImageConfig | None:
        reference = swarm_service.text("Spec", "TaskTemplate", "ContainerSpec", "Image")
        return self._images.by_tag(reference.partition("@")[0])

    def _stack_name(self, services: tuple[Service, ...]) -> str:
        if self._compose_project or len(services) != 1:
            return self._name
        return services[0].name

    def _service_by_container(self) -> dict[str, tuple[EngineObject, str]]:
        return {
            self._assembly.service_by_name[name]: (container, name)
            for container in self._containers
            if (name := container_name(container)) in self._assembly.service_by_name
        }

    def _add_container(self, container: EngineObject, replicas: Replicas) -> None:
        name = container_name(container)
        steps = create_command(container.cursor.at("Config"), "podman")
        if steps:
            for step in steps:
                self._assembly.add_step(step)
            container.cursor.skip("it repeats podman's command line")
            service_name = self._assembly.containers[-1].service.name
            note_starting_unit(container, ModelPath.service(service_name))
            return
        service_name = unique_name(wished_service_name(container), self._names_in_use)
        context = self._context(container, service_name)
        started = read_container(
            context, _written_name(container, replicas), self._pods.facts_for(context)
        )
        self._note_guesses(container, context)
        note_starting_unit(container, context.path)
        self._assembly.containers.append(started)
        for key in (name, service_name, container.text("Id"), container.text("Id")[:12]):
            self._assembly.service_by_name.setdefault(key, service_name)

    def _context(self, container: EngineObject, service_name: str) -> ObjectContext:
        return ObjectContext(
            name=service_name,
            cursor=container.cursor,
            image=self._image_of(container),
            container_names=self._container_names,
            own_names=frozenset(
                {container_name(container), label_of(container, "service")}
            ),
            takes_part_in_links=container_name(container) in self._linked,
            volume_names=self._volume_names,
            network_names=self._network_names,
            infra=self._pods.infra_of(container),
        )

    def _image_of(self, container: EngineObject) -> ImageConfig | None:
        by_id = self._images.by_id(container.text("Image"))
        return by_id or self._images.by_tag(container.text("Config", "Image"))

    def _note_guesses(self, container: EngineObject, context: ObjectContext) -> None:
        """Says what was concluded without the image, and that a name was made up."""
        subject = context.path
        if context.image is None:
            container.cursor.annotate("TC464", subject=subject, service=context.name)
        elif self._images.by_id(container.text("Image")) is None:
            image = container.text("Config", "Image")
            container.cursor.annotate("TC465", subject=subject, image=image)
        name, state = container_name(container), container.text("State", "Status")
        if state not in ("", "running"):
            container.cursor.annotate("TC491", subject=subject, name=name, state=state)
        if is_generated(name):
            container.cursor.annotate(
                "TC477",
                subject=subject.child("container_name"),
                name=name,
                service=context.name,
            )

    # Networks and volumes ---------------------------------------------------------------------------

    def _networks(self, services: Iterable[Service]) -> Iterator[Network]:
        inspected = {
            self._network_names.key_of(
                network.text("Name") or network.text("name")
            ): network
            for network in self._of_kind(ObjectKind.NETWORK)
        }
        for key in _used_networks(services):
            network = inspected.pop(key, None)
            if network is not None:
                exists = not self.is_podmans
                yield read_network(network, self._network_names, key, exists)
            elif self.is_podmans:
                yield Network(name=key)
            else:
                self._tell_unseen("TC478", "networks", key)
                yield Network(name=key, engine_name=key, external=True)
        for network in inspected.values():
            network.cursor.skip("no container of the input is on it")

    def _volumes(self, services: Iterable[Service]) -> Iterator[Volume]:
        inspected = {
            self._volume_names.key_of(volume.text("Name")): volume
            for volume in self._of_kind(ObjectKind.VOLUME)
        }
        volumes: dict[str, Volume] = {}
        for service in services:
            for mount in service.mounts:
                if mount.kind == "volume" and mount.source is not None:
                    volumes.setdefault(mount.source, volume_of_mount(mount.source, mount))
        for key, volume in volumes.items():
            engine_object = inspected.pop(key, None)
            if engine_object is None:
                yield replace(volume, engine_name=key)
            else:
                yield read_volume(engine_object, self._volume_names, key)
        for engine_object in inspected.values():
            engine_object.cursor.skip("no container of the input mounts it")

    def _tell_unseen(self, code: str, section: str, name: str) -> None:
        self._ledger.add_note(note(code, subject=ModelPath.of(section, name), name=name))


def _written_name(container: EngineObject, replicas: Replicas) -> str:
    """The container name to write; none where replicas would share it."""
    return "" if replicas.count_of(container) > 1 else literal(stated_name(container))


def _with_replicas(service: Service, replicas: Replicas) -> Service:
    count = replicas.count_by_service.get(service.name, 1)
    return replace(service, replicas=count) if count > 1 else service


def _common_project(containers: Iterable[EngineObject]) -> str:
    """The project of Compose that all containers belong to; empty where they do not."""
    projects = {label_of(container, "project") for container in containers}
    return projects.pop() if len(projects) == 1 else ""


def _linked_names(containers: tuple[EngineObject, ...]) -> Iterator[str]:
    """The containers that link others of the input on the default bridge, and those that are linked."""
    names = {container_name(container) for container in containers}
    for container in containers:
        for link in container.cursor.at("HostConfig", "Links"):
            linked = text_at(link).partition(":")[0].removeprefix("/")
            if linked in names:
                yield from (container_name(container), linked)


def _used_networks(services: Iterable[Service]) -> dict[str, None]:
    return {
        attachment.network: None
        for service in services
        for attachment in service.networks
        if attachment.network != "default"
    }


def _few_objects(objects: Iterable[EngineObject]) -> Iterator[EngineObject]:
    """The objects, of those that become services no more than one stack may have."""
    greatest, count = limit("SERVICES"), 0
    for engine_object in objects:
        becomes_service = engine_object.kind in _STARTED
        count += becomes_service
        if count <= greatest or not becomes_service:
            yield engine_object
        elif count == greatest + 1:
            object_name = container_name(engine_object) or engine_object.text(
                "Spec", "Name"
            )
            engine_object.cursor.note("TC025", what=object_name, most=greatest)
        else:
            engine_object.cursor.mark_noted("TC025")


def read_stack(
    objects: Iterable[EngineObject], project: Project, ledger: Ledger, name: str | None
) -> Stack:
    """The stack of all containers of the input."""
    engine_stack = EngineStack(_few_objects(objects), ledger, project.name)
    stack = engine_stack.build(name)
    if engine_stack.is_podmans:
        stack = held_by_podman(stack, Runtime.PODMAN, {}, ledger)
        note_subordinate_ids(stack, ledger)
        return stack
    return replace(stack, runs_in=Runtime.DOCKER)
