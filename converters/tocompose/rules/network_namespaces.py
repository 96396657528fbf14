"""Servers that share a network namespace: a port of it is one server's, whoever else usually listens there."""

from __future__ import annotations

from tocompose.compose.start_order import joined_service
from tocompose.model import Service, Stack
from tocompose.rules import Context
from tocompose.rules.listening import listening_of
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import runs_own_server
from tocompose.rules.service_images import base_facts


def rivals_for_port(
    service: Service, stack: Stack, context: Context
) -> tuple[str, tuple[str, ...]]:
    """The port that the service only usually listens on, and the services of its namespace that may have it too."""
    namespace = _namespace(service)
    mates = [
        other
        for other in stack.services
        if other != service and _namespace(other) == namespace
    ]
    if not mates or service.ports or service.expose:
        return "", ()
    port = _usual_port(service, stack, context)
    rivals = (
        other.name
        for other in mates
        if port in {_usual_port(other, stack, context), *_exposed(other)}
    )
    return port, tuple(rivals) if port else ()


def _namespace(service: Service) -> str:
    """What tells the namespace: the service whose own it is, or the host's."""
    mode = service.network_mode or ""
    return "host" if mode == "host" else f"service:{joined_service(mode) or service.name}"


def _exposed(service: Service) -> set[str]:
    """The ports that are its own; those that it publishes may be meant for any server of its namespace."""
    return {text.partition("/")[0] for text in service.expose}


def _usual_port(service: Service, stack: Stack, context: Context) -> str:
    """The port of the image, unless a setting moves the server."""
    image = base_facts(service, stack, context)
    if image is None or _exposed(service) or not runs_own_server(service, image):
        return ""
    listening = listening_of(service, image, MountedFiles(stack, context))
    return "" if listening.port else listening.usual_port
