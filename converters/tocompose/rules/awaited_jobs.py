"""Somebody waits for the end of each job: `docker compose up --wait` would fail where nobody does."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.start_order import all_awaited, awaited_by
from tocompose.knowledge.jobs import COMPLETED, unawaited_jobs
from tocompose.model import Dependency, Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import remark, runs_container, with_services
from tocompose.rules.endings import stays_idle
from tocompose.rules.roles import is_data
from tocompose.syntax.interpolation import variable_names


def with_awaited_jobs(stack: Stack) -> tuple[Stack, list[Note]]:
    """The stack in which a service waits for each job that has none yet, without needing it, as far as one can."""
    notes: list[Note] = []
    for job in unawaited_jobs(stack):
        waiter = _choose_waiter(job, stack)
        if waiter is not None:
            edge = Dependency(
                service=job.name, condition=COMPLETED, required=False, evidence="it ends"
            )
            awaiting = replace(waiter, depends_on=(*waiter.depends_on, edge))
            stack = with_services(
                stack,
                (
                    awaiting if service.name == waiter.name else service
                    for service in stack.services
                ),
            )
            notes.append(remark("TC433", waiter, ("depends_on", job.name), job=job.name))
    return stack, notes


def _choose_waiter(job: Service, stack: Stack) -> Service | None:
    """An application rather than another service, one that the source starts later rather than one before.

    Best is one that reads a variable of the job's, such as the password that the job sets; one that does nothing needs
    it least.
    """
    before = _needed_by(job, stack)
    job_variables = _variables_of(job)
    candidates = [
        (
            stays_idle(service),
            is_data(service),
            job_variables.isdisjoint(_variables_of(service)),
            service.role is not Role.APP,
            index < _position(job, stack),
            index,
        )
        for index, service in enumerate(stack.services)
        if _may_wait(service, job) and service.name not in before
    ]
    return stack.services[min(candidates)[-1]] if candidates else None


def _variables_of(service: Service) -> set[str]:
    """The variables of `.env` that its own ones are made of."""
    return {
        name
        for variable in service.environment
        for name in variable_names(variable.value or "")
    }


def _position(job: Service, stack: Stack) -> int:
    return [service.name for service in stack.services].index(job.name)


def _may_wait(service: Service, job: Service) -> bool:
    """Whether it goes on for ever, and the job cannot need it: what keeps data is called in ways that nothing shows."""
    lasts = service.role not in (Role.JOB, Role.TOOL) and not service.profiles
    if not lasts or not runs_container(service):
        return False
    return not (is_data(service) and _networks(service) & _networks(job))


def _networks(service: Service) -> set[str]:
    return {attachment.network for attachment in service.networks}


def _needed_by(job: Service, stack: Stack) -> set[str]:
    """The job and all that starts before it."""
    by_name = {service.name: service for service in stack.services}

    def targets_of(name: str) -> Iterator[str]:
        return awaited_by(by_name[name]) if name in by_name else iter(())

    return set(all_awaited(job.name, targets_of))
