"""Servers that share a network namespace: a port of it is one server's, whoever else usually listens there."""

from __future__ import annotations

from tocompose.compose.start_order import joined_service
from tocompose.model import Service, Stack
from tocompose.rules import Context
from tocompose.rules.listening import listening_of
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import runs_own_server
from tocompose.rules.service_images import base_facts


class SharedPorts:
    """Who else may have the port that a server usually listens on, by the namespaces of a stack."""

    def __init__(self, stack: Stack, context: Context) -> None:
        self._stack, self._context = stack, context
        self._members: dict[str, list[Service]] = {}
        for service in stack.services:
            self._members.setdefault(_namespace(service), []).append(service)
        self._names_by_port: dict[str, dict[str, list[str]]] = {}

    def rivals_of(self, service: Service) -> tuple[str, tuple[str, ...]]:
        """The port that it only usually listens on, and the services of its namespace that may have it too."""
        namespace = _namespace(service)
        if len(self._members[namespace]) == 1 or service.ports or service.expose:
            return "", ()
        port = _usual_port(service, self._stack, self._context)
        names = self._names_in(namespace).get(port, ()) if port else ()
        return port, tuple(name for name in names if name != service.name)

    def _names_in(self, namespace: str) -> dict[str, list[str]]:
        """The services that may have each port of a namespace, looked at once for all of them."""
        if namespace not in self._names_by_port:
            names_by_port: dict[str, list[str]] = {}
            for member in self._members[namespace]:
                usual_port = _usual_port(member, self._stack, self._context)
                for port in {usual_port, *_exposed(member)}:
                    names_by_port.setdefault(port, []).append(member.name)
            self._names_by_port[namespace] = names_by_port
        return self._names_by_port[namespace]


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
