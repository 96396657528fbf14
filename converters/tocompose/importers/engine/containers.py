"""From one container of an engine to a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.containers import StartedContainer
from tocompose.importers.docker_run.facts import Facts, FlagFact
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.service import describe_service
from tocompose.importers.docker_run.shapes import Fact
from tocompose.importers.engine.json_values import text_at, words_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.object_facts import read_object
from tocompose.record import replace


def read_container(
    context: ObjectContext, container_name: str, pod_facts: Iterable[FlagFact] = ()
) -> StartedContainer:
    """The service of a container; `container_name` is empty where the engine or a tool made the name.

    `pod_facts` are the settings of the pod for which the container stands.
    """
    facts = [*_name_facts(context, container_name), *_emptied_entrypoint(context)]
    by_target = Facts((*facts, *read_object(context, "Container"), *pod_facts))
    image, command = by_target.last("image"), by_target.last("command")
    span = context.cursor.value_span
    service, refs = describe_service(context.name, by_target, image, command or (), span)
    if not service.command and context.has_own_command:
        service = replace(service, command=())
    is_removed = text_at(context.cursor.at("HostConfig", "AutoRemove")) == "true"
    service = replace(service, was_removed=is_removed)
    tool = "podman" if context.is_podman else "docker"
    invocation = Invocation(tool, ("create",), (), span)
    return StartedContainer(service, refs, invocation, True, False)


def _name_facts(context: ObjectContext, container_name: str) -> Iterator[FlagFact]:
    cursor = context.cursor.at("Name")
    path = context.path
    argument = Argument("", cursor.span, (cursor,))
    if container_name:
        argument.take(path.child("container_name"))
        yield FlagFact("container_name", Fact(container_name), argument)
    else:
        argument.take(path)


def _emptied_entrypoint(context: ObjectContext) -> Iterator[FlagFact]:
    """The entry point that was taken away (`--entrypoint ""`): the image has one, the container none."""
    cursor = context.cursor.at("Config", "Entrypoint")
    if context.image_texts("Entrypoint") and not words_at(cursor):
        argument = Argument("", cursor.span, (cursor,))
        argument.take(context.path.child("entrypoint"))
        yield FlagFact("entrypoint", Fact(()), argument)
