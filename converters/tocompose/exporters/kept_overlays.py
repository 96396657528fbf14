"""The files beside the base that are written, and what is told of those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.compose.write import service_body
from tocompose.exporters.final_checks import Checked
from tocompose.model import ComposeFileRole, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

# The files beside the base, as `--env` names them.
OVERLAYS = {"dev": ComposeFileRole.DEV, "prod": ComposeFileRole.PROD}


def keep_overlays(stack: Stack, roles: Iterable[ComposeFileRole]) -> Checked:
    """The stack with the overlays of these files only; a note says what each service, and what file, loses with it."""
    kept_roles = frozenset(roles)
    absent_roles = [role for role in OVERLAYS.values() if role not in kept_roles]
    notes: list[Note] = []
    paths: set[ModelPath] = set()
    for role in absent_roles:
        for part in _parts_in(stack, role):
            subject = ModelPath.service(part.name)
            keys = sorted(service_body(part))
            shown, environment = ", ".join(keys), _ENVIRONMENTS[role]
            facts: dict[str, Any] = {
                "service": part.name,
                "keys": shown,
                "environment": environment,
            }
            notes.append(note("TC767", part.origin, subject=subject, **facts))
            paths.update(map(subject.child, keys))
        if sections := stack.extensions.get(role):
            facts = {"sections": ", ".join(sections), "environment": _ENVIRONMENTS[role]}
            notes.append(note("TC775", subject=ModelPath.of("files"), **facts))
    services = tuple(_with_overlays(service, kept_roles) for service in stack.services)
    development = stack.development if ComposeFileRole.DEV in kept_roles else ()
    kept_stack = replace(stack, services=services, development=development)
    return Checked(kept_stack, tuple(notes), frozenset(paths))


_ENVIRONMENTS = {ComposeFileRole.DEV: "development", ComposeFileRole.PROD: "production"}


def _parts_in(stack: Stack, role: ComposeFileRole) -> Iterator[Service]:
    """What services have in the file only, each with the place of its service."""
    for service in stack.services:
        overlay = service.overlays.get(role)
        if overlay is not None:
            yield replace(overlay, origin=service.origin)
    if role is ComposeFileRole.DEV:
        yield from stack.development


def _with_overlays(service: Service, roles: frozenset[ComposeFileRole]) -> Service:
    overlays = {
        role: overlay for role, overlay in service.overlays.items() if role in roles
    }
    return replace(service, overlays=overlays)
