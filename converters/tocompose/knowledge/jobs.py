"""Which jobs of a stack somebody waits for.

`docker compose up --wait` waits for a service to run, unless another service says that it waits for its completion: a
container that ends by itself makes it fail. https://github.com/docker/compose/blob/v2.40.0/pkg/compose/start.go
"""

from __future__ import annotations

from tocompose.model import Role, Service, Stack

COMPLETED = "service_completed_successfully"
RESTARTING = ("always", "unless-stopped")


def unawaited_jobs(stack: Stack) -> list[Service]:
    """The jobs that `up` starts and whose end nobody waits for."""
    awaited = {
        edge.service
        for service in stack.services
        for edge in service.depends_on
        if edge.condition == COMPLETED
    }
    return [
        service
        for service in stack.services
        if service.role is Role.JOB
        and not service.profiles
        and service.restart not in RESTARTING
        and service.name not in awaited
    ]
