"""The way over for containers that were started with `--rm`: stopping them removes them, and what they keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.knowledge.old_containers import (
    command_that_saves,
    first_copy_while_paused,
)
from tocompose.model import Service, Stack
from tocompose.reports.next_steps import NextStep
from tocompose.reports.old_data import mounts_to_fill, old_path
from tocompose.reports.values_in_use import running_name
from tocompose.wording import enumerated


def copies_before_stop(
    stack: Stack, services: Sequence[Service], client: str
) -> Iterator[NextStep]:
    """The data of such containers, copied while they are there: paused, so that nothing is written meanwhile."""
    for service, mount in mounts_to_fill(stack, services):
        path = old_path(service, mount.target)
        volume, name = mount.source or "", running_name(service)
        yield NextStep(
            f"Copy the data of {service.name} in {path} before its container is stopped",
            first_copy_while_paused(
                name, path, volume, stack.name, client, command_that_saves(service)
            ),
        )


def goes_with_unit(service: Service) -> bool:
    """Whether a unit of systemd starts the container, and removes it when the unit is stopped."""
    is_of_unit = service.origin is not None and service.origin.file.endswith(".service")
    return is_of_unit and service.was_removed


def warning_of_stop(services: Sequence[Service]) -> str:
    """What stopping such containers takes with it; empty where there are none."""
    if not services:
        return ""
    names = enumerated([service.name for service in services])
    was, it = ("were", "them") if services[1:] else ("was", "it")
    return (
        f"{names} {was} started with --rm, so stopping removes {it}, and all data that is neither"
        " in a named volume nor in a host folder."
    )


def started_as_before(services: Sequence[Service]) -> Iterator[NextStep]:
    """The step that makes such containers anew: nothing is left of them that could be started."""
    for service in services:
        if goes_with_unit(service):
            continue
        source_line = (
            f" ({service.origin.file}:{service.origin.line})" if service.origin else ""
        )
        title = f"Start {service.name} with its old command{source_line}; stopping has removed the old container"
        yield NextStep(title, "")
