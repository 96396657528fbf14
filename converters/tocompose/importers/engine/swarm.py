"""From one service of a swarm to a service of one machine."""

from __future__ import annotations

from tocompose.importers.docker_run.facts import Facts
from tocompose.importers.docker_run.service import describe_service
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.object_facts import read_object
from tocompose.model import Service
from tocompose.record import replace


def read_service(context: ObjectContext) -> Service:
    """The service; its replicas, secrets and configs as the swarm's own."""
    by_target = Facts(read_object(context, "Service"))
    context.cursor.at("Spec").take("Name", to=context.path)
    replicas = by_target.last("replicas")
    configs = by_target.values("configs")
    image, command = by_target.last("image"), by_target.last("command")
    span = context.cursor.value_span
    service, _ = describe_service(context.name, by_target, image, command or (), span)
    return replace(
        service, configs=configs, replicas=None if replicas in (None, 1) else replicas
    )
