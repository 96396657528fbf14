"""References to Services in texts: where a Service's port is not the container's, the text names the container's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from tocompose.importers.kubernetes.services import KubeService, KubeServices, ServicePort
from tocompose.knowledge.servers import scheme_ports
from tocompose.patterns import regex

# Ports that a URL without a port means, beside those of servers.
_WEB_PORTS = {
    "http": 80,
    "ws": 80,
    "https": 443,
    "wss": 443,
    "ftp": 21,
    "grpc": 80,
}
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
# A host name may end in a dot, which says that it is whole.
_WITH_PORT = regex(
    rf"(?<![\w.-])(?P<host>{_NAME}\.?):(?P<port>[0-9]{{1,5}})(?![\w.]*:?//|[0-9])"
)
# `nc -z db 5432`, where host and port are two words.
_SPACED = regex(
    rf"(?<![\w./-])(?P<host>{_NAME})(?P<gap>[ \t]+)(?P<port>[0-9]{{2,5}})(?![\w.:/])"
)
_CLIENTS = regex(r"\b(?:nc|ncat|netcat|telnet|wait-for|wait-for-it)\b")
_URL = regex(
    rf"(?<![a-z0-9+])(?P<scheme>[a-z][a-z0-9+]*)://(?P<user>[^/\s@\"']*@)?(?P<host>{_NAME})(?=[/?#\s\"',;)\]]|$)"
)


def is_client(words: Iterable[str]) -> bool:
    """Whether a command's first word is a program that takes a host and a port as two words."""
    return any(_CLIENTS.fullmatch(word.rpartition("/")[2]) for word in list(words)[:1])


class PortRewrite(NamedTuple):
    """One changed reference."""

    old: str
    new: str
    kube_service: KubeService


ListensItself: TypeAlias = Callable[[KubeService, int], bool]


def _listens_nowhere(backend: KubeService, number: int) -> bool:
    return False


def rewrite_ports(
    text: str, namespace: str, backends: KubeServices, own: ListensItself = _listens_nowhere
) -> tuple[str, list[PortRewrite]]:
    """The text with the ports of Services replaced by those of their containers, and what was replaced.

    `own` says whether the pod that holds the text listens itself on a port of a Service: then it is left alone.
    """
    done: list[PortRewrite] = []
    spaced = _CLIENTS.search(text) is not None
    if ":" not in text and not spaced:
        return text, done

    def port(match: re.Match[str]) -> str:
        target = _translated_target(
            match["host"], int(match["port"]), namespace, backends, own
        )
        return (
            _record_rewrite(match[0], f"{match['host']}:{target[1]}", target[0], done)
            if target
            else match[0]
        )

    def url(match: re.Match[str]) -> str:
        scheme = match["scheme"].partition("+")[0]
        implied = _WEB_PORTS.get(scheme) or scheme_ports().get(scheme)
        target = (
            _translated_target(match["host"], implied, namespace, backends, own)
            if implied
            else None
        )
        return (
            _record_rewrite(match[0], f"{match[0]}:{target[1]}", target[0], done)
            if target
            else match[0]
        )

    def words(match: re.Match[str]) -> str:
        target = _translated_target(
            match["host"], int(match["port"]), namespace, backends, own
        )
        return (
            _record_rewrite(
                match[0], f"{match['host']}{match['gap']}{target[1]}", target[0], done
            )
            if target
            else match[0]
        )

    text = _SPACED.sub(words, text) if spaced else text
    return _URL.sub(url, _WITH_PORT.sub(port, text)), done


def _record_rewrite(
    old: str, new: str, backend: KubeService, done: list[PortRewrite]
) -> str:
    visible_old, visible_new = old.rpartition("@")[2], new.rpartition("@")[2]
    done.append(PortRewrite(visible_old, visible_new, backend))
    return new


def _translated_target(
    host: str, number: int, namespace: str, backends: KubeServices, own: ListensItself
) -> tuple[KubeService, int] | None:
    """The Service and the container port behind a host and port; None where they are the same or unknown.

    A headless Service does not translate ports: its clients reach the pods themselves.
    """
    backend = backends.resolve(host, namespace)
    if backend is None or backend.headless or own(backend, number):
        return None
    found = translated_port(backend, number)
    return (backend, found[1]) if found else None


def translated_port(backend: KubeService, number: int) -> tuple[ServicePort, int] | None:
    """The port of that number with the container port behind it, where the two differ."""
    port = backend.port(number)
    if port is None or str(number) != str(port.number):
        return None
    target = backend.target(port)
    return (port, target) if target is not None and target != number else None
