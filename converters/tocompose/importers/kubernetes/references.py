"""References to Services in texts: where a Service's port is not the container's, the text names the container's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.services import KubeService, KubeServices, ServicePort
from tocompose.importers.kubernetes.stack_builder import AddressCaller, UnresolvedHost
from tocompose.knowledge.servers import scheme_ports
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath

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
WITH_PORT = regex(
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

_HTTPS = regex(rf"(?<![a-z0-9+])https://(?:[^/\s@\"']*@)?(?P<host>{_NAME})")


def is_client(command_words: Iterable[str]) -> bool:
    """Whether a command's first word is a program that takes a host and a port as two words."""
    return any(
        _CLIENTS.fullmatch(command_word.rpartition("/")[2])
        for command_word in list(command_words)[:1]
    )


class PortRewrite(NamedTuple):
    """One changed reference."""

    old: str
    new: str
    kube_service: KubeService


ListensItself: TypeAlias = Callable[[KubeService, int], bool]


def _listens_nowhere(kube_service: KubeService, number: int) -> bool:
    return False


def rewrite_ports(
    text: str,
    namespace: str,
    kube_services: KubeServices,
    listens_itself: ListensItself = _listens_nowhere,
) -> tuple[str, list[PortRewrite]]:
    """The text with the ports of Services replaced by those of their containers, and what was replaced.

    `listens_itself` says whether the pod that holds the text listens on a port of a Service:
    then it is left alone.
    """
    done: list[PortRewrite] = []
    spaced = _CLIENTS.search(text) is not None
    if ":" not in text and not spaced:
        return text, done

    def port(match: re.Match[str]) -> str:
        target = _translated_target(
            match["host"], int(match["port"]), namespace, kube_services, listens_itself
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
            _translated_target(
                match["host"], implied, namespace, kube_services, listens_itself
            )
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
            match["host"], int(match["port"]), namespace, kube_services, listens_itself
        )
        return (
            _record_rewrite(
                match[0], f"{match['host']}{match['gap']}{target[1]}", target[0], done
            )
            if target
            else match[0]
        )

    text = _SPACED.sub(words, text) if spaced else text
    return _URL.sub(url, WITH_PORT.sub(port, text)), done


def _record_rewrite(
    old: str, new: str, kube_service: KubeService, done: list[PortRewrite]
) -> str:
    visible_old, visible_new = old.rpartition("@")[2], new.rpartition("@")[2]
    done.append(PortRewrite(visible_old, visible_new, kube_service))
    return new


def _translated_target(
    host: str,
    number: int,
    namespace: str,
    kube_services: KubeServices,
    listens_itself: ListensItself,
) -> tuple[KubeService, int] | None:
    """The Service and the container port behind a host and port; None where they are the same or unknown.

    A headless Service does not translate ports: its clients reach the pods themselves.
    """
    kube_service = kube_services.resolve(host, namespace)
    if (
        kube_service is None
        or kube_service.headless
        or listens_itself(kube_service, number)
    ):
        return None
    translation = translated_port(kube_service, number)
    return (kube_service, translation[1]) if translation else None


def translated_port(
    kube_service: KubeService, number: int
) -> tuple[ServicePort, int] | None:
    """The port of that number with the container port behind it, where the two differ."""
    port = kube_service.port(number)
    if port is None or str(number) != str(port.number):
        return None
    target = kube_service.target(port)
    return (port, target) if target is not None and target != number else None


_DOTTED = r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9.-]*[a-z0-9]"
_IN_CLUSTER = (
    r"(?<![\w.-])[a-z0-9][a-z0-9-]*\.[a-z0-9-]+\.svc(?:\.cluster\.local)?(?![\w-])"
)
_ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+"


def rewrite_text(
    text: str, cursor: Cursor, container: ContainerContext, to: ModelPath
) -> str:
    """The text with Service ports replaced by container ports; each change is noted at the cursor."""

    def own(kube_service: KubeService, number: int) -> bool:
        return container.workload in kube_service.workloads and container.listens_on(number)

    changed, done = rewrite_ports(text, container.namespace, container.kube_services, own)
    changed = _plain_urls(changed, container.namespace, container.kube_services, done)
    record_hosts(text, cursor, container)
    annotate_rewrites(done, cursor, to)
    return replace_outside_names(changed, cursor, container, to)


def rewrite_references(
    text: str, namespace: str, kube_services: KubeServices
) -> tuple[str, list[PortRewrite]]:
    """The text of a file with the ports and schemes under which Services are reached here, and what was replaced."""
    changed, done = rewrite_ports(text, namespace, kube_services)
    return _plain_urls(changed, namespace, kube_services, done), done


def _plain_urls(
    text: str, namespace: str, kube_services: KubeServices, done: list[PortRewrite]
) -> str:
    """The text with http for the hosts whose servers speak no https here."""
    if "https://" not in text or not any(map(_is_plain, kube_services)):
        return text

    def scheme(match: re.Match[str]) -> str:
        kube_service = kube_services.resolve(match["host"], namespace)
        if kube_service is None or not _is_plain(kube_service):
            return match[0]
        return _record_rewrite(match[0], f"http{match[0][5:]}", kube_service, done)

    return _HTTPS.sub(scheme, text)


def _is_plain(kube_service: KubeService) -> bool:
    kube_object = kube_service.kube_object
    return isinstance(kube_object, MadeObject) and kube_object.is_plain


def record_hosts(text: str, cursor: Cursor, container: ContainerContext) -> None:
    """Takes note of the Services of other namespaces that the text names, and of names in the cluster that no Service
    of the input has."""
    if "." in text and len(container.kube_services.namespaces) > 1:
        for host in re.findall(_DOTTED, text):
            called_service(host, container)
    if ".svc" in text:
        for host in re.findall(_IN_CLUSTER, text):
            if called_service(host, container) is None:
                container.contribute(UnresolvedHost(host, cursor.span, container.service))


def called_service(host: str, container: ContainerContext) -> KubeService | None:
    """The Service that a host name means to the container, which thereby calls it."""
    call = container.kube_services.call(host, container.namespace)
    if call is not None:
        container.contribute(call)
    return container.kube_services.resolve(host, container.namespace)


def annotate_rewrites(done: list[PortRewrite], cursor: Cursor, to: ModelPath) -> None:
    """Notes the changes at the place of the text."""
    for rewrite in done:
        # Another scheme alone: the port is as it was.
        is_plain = rewrite.old.removeprefix("https:") == rewrite.new.removeprefix("http:")
        cursor.annotate(
            "TC398" if is_plain else "TC221",
            subject=to,
            old=rewrite.old,
            new=rewrite.new,
            service=rewrite.kube_service.name,
        )


def replace_outside_names(
    text: str, cursor: Cursor, container: ContainerContext, to: ModelPath
) -> str:
    """The text with the names of external Services replaced by what they stand for. Names that the network does not
    know become extra hosts of the container."""
    pattern = container.kube_services.outside_names
    if pattern is None or not text:
        return text
    return pattern.sub(_replacement(cursor, container, to), text)


def _replacement(
    cursor: Cursor, container: ContainerContext, to: ModelPath
) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        host = match["host"]
        kube_service = container.kube_services.resolve(host, container.namespace)
        if kube_service is None or not kube_service.is_outside:
            return host
        if kube_service.external and not re.fullmatch(_ADDRESS, kube_service.external):
            cursor.annotate(
                "TC225", subject=to, service=kube_service.name, host=kube_service.external
            )
            return kube_service.external
        if kube_service.external:
            container.add_host(host, kube_service.external)
        elif kube_service.workloads:
            container.add_host(host, "host-gateway")
        else:
            container.contribute(AddressCaller(kube_service, container.pod.network_owner))
        return host

    return replaced
