"""From one service of a swarm to a service of one machine."""

from __future__ import annotations

from tocompose.importers.docker_run.facts import Facts
from tocompose.importers.docker_run.swarm_services import describe_swarm_service
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.object_facts import read_object
from tocompose.model import Service


def read_service(context: ObjectContext) -> Service:
    """The service; its replicas, secrets and configs as the swarm's own."""
    by_target = Facts(read_object(context, "Service"))
    context.cursor.at("Spec").take("Name", to=context.path)
    image, command = by_target.last("image"), by_target.last("command")
    span = context.cursor.value_span
    service, _ = describe_swarm_service(context.name, by_target, image, command or (), span)
    return service
