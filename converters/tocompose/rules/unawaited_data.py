"""Servers of data that nobody waits for: the images of applications may name them where nothing can be read."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Role, Stack
from tocompose.notes import Note
from tocompose.rules import remark
from tocompose.rules.endings import stays_idle
from tocompose.rules.roles import is_data
from tocompose.wording import listed_names

_SHOWN_NAMES = 5


def note_unawaited(stack: Stack) -> Iterator[Note]:
    """A note on each server of data that no service depends on, where applications depend on nothing."""
    awaited = {edge.service for service in stack.services for edge in service.depends_on}
    applications = [
        service.name
        for service in stack.services
        if service.role is Role.APP and not service.depends_on and not stays_idle(service)
    ]
    for service in stack.services if applications else ():
        if is_data(service) and service.name not in awaited:
            names = listed_names(applications, _SHOWN_NAMES)
            yield remark("TC685", service, "", applications=names)
