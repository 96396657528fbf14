"""What a service adds in the override and in the production file."""

from __future__ import annotations

from tocompose.model import ComposeFileRole, Mount, Service
from tocompose.record import replace


def overlay_of(service: Service, home: ComposeFileRole) -> Service:
    """What the service adds in that file so far."""
    return service.overlays.get(home) or Service(name=service.name, role=service.role)


def with_overlay(service: Service, home: ComposeFileRole, overlay: Service) -> Service:
    """The service with its part of that file replaced."""
    return replace(service, overlays={**service.overlays, home: overlay})


def mounts_of(service: Service) -> tuple[Mount, ...]:
    """The mounts of the service in base and dev, which is what starts when nothing is said."""
    overlay = service.overlays.get(ComposeFileRole.DEV)
    return (*service.mounts, *overlay.mounts) if overlay else service.mounts
