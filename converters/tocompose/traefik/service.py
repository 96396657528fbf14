"""The Traefik service itself: pinned, listening where the routes need it, the Docker socket read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tocompose.knowledge.versions import default_version
from tocompose.model import (
    ConfigMount,
    File,
    FileResource,
    Healthcheck,
    Mount,
    NetworkAttachment,
    Port,
    Role,
    Service,
)
from tocompose.traefik.proxy import WEB, EntryPoint, Proxy

SOCKET = "/var/run/docker.sock"
FILE = "config/traefik/dynamic.yml"
_INSIDE = "/etc/traefik/dynamic.yml"
SECRETS = "/run/secrets"
# Where the certificates are kept that the proxy obtains itself.
ACME_VOLUME, ACME_FOLDER = "letsencrypt", "/letsencrypt"
INSECURE = "insecure"


def traefik_service(
    proxy: Proxy,
    ports: dict[str, str],
    labels: dict[str, str],
    routed_services: list[Service],
) -> Service:
    """The proxy as a compose service; `ports` says where each entry point is published, `behind` are the services
    that it leads to."""
    host = any(routed_service.network_mode == "host" for routed_service in routed_services)
    networks = dict.fromkeys(
        attachment.network
        for routed_service in routed_services
        for attachment in routed_service.networks
    )
    socket = Mount(
        kind="bind", source=SOCKET, target=SOCKET, read_only=True, origin=proxy.origin
    )
    certificates = Mount(kind="volume", source=ACME_VOLUME, target=ACME_FOLDER)
    file_mount = Mount(
        kind="bind", source=f"./{FILE}", target=_INSIDE, read_only=True, origin=proxy.origin
    )
    return Service(
        name=proxy.name,
        image=f"traefik:{default_version('traefik')}",
        command=tuple(_command_arguments(proxy)),
        ports=tuple(_published_ports(proxy, ports)),
        mounts=tuple(
            mount
            for mount, is_needed in (
                (socket, True),
                (file_mount, needs_file(proxy)),
                (certificates, bool(proxy.acme)),
            )
            if is_needed
        ),
        secrets=tuple(ConfigMount(source=secret.name) for secret in proxy.secrets),
        labels=labels,
        networks=tuple(NetworkAttachment(network=name) for name in networks)
        if set(networks) - {"default"}
        else (),
        restart="unless-stopped",
        role=Role.PROXY,
        healthcheck=Healthcheck(
            test=("CMD", "traefik", "healthcheck", "--ping"),
            interval="10s",
            timeout="5s",
            retries="3",
        ),
        options={"extra_hosts": ["host.docker.internal=host-gateway"]} if host else {},
        origin=proxy.origin,
    )


def _command_arguments(proxy: Proxy) -> Iterator[str]:
    yield "--providers.docker=true"
    yield "--providers.docker.exposedbydefault=false"
    for entrypoint in sorted(
        proxy.entrypoints,
        key=lambda entrypoint: (entrypoint.port, entrypoint.name),
    ):
        suffix = "/udp" if entrypoint.protocol == "udp" else ""
        yield f"--entrypoints.{entrypoint.name}.address=:{entrypoint.port}{suffix}"
    yield "--ping=true"
    for resolver in proxy.acme:
        base = f"--certificatesresolvers.{resolver.name}.acme"
        yield f"{base}.email={resolver.email}"
        yield f"{base}.storage={ACME_FOLDER}/acme.json"
        yield f"{base}.httpchallenge.entrypoint={WEB}"
        if resolver.server:
            yield f"{base}.caserver={resolver.server}"
    if needs_file(proxy):
        yield f"--providers.file.filename={_INSIDE}"


def _published_ports(proxy: Proxy, ports: dict[str, str]) -> Iterator[Port]:
    for entrypoint in sorted(
        proxy.entrypoints,
        key=lambda entrypoint: (entrypoint.port, entrypoint.name),
    ):
        yield Port(
            target=str(entrypoint.port),
            published=ports[entrypoint.name],
            protocol=entrypoint.protocol,
            origin=entrypoint.origin,
        )


def free_ports(
    proxy: Proxy, taken_ports: set[tuple[str, str]]
) -> tuple[dict[str, str], list[tuple[EntryPoint, str]]]:
    """The host port of each entry point, and those that had to move because another service publishes theirs."""
    host_ports: dict[str, str] = {}
    moved: list[tuple[EntryPoint, str]] = []
    for entrypoint in proxy.entrypoints:
        host_port = entrypoint.port
        while (str(host_port), entrypoint.protocol) in taken_ports:
            host_port += 8000 if host_port < 1000 else 1
        taken_ports.add((str(host_port), entrypoint.protocol))
        host_ports[entrypoint.name] = str(host_port)
        if host_port != entrypoint.port:
            moved.append((entrypoint, str(host_port)))
    return host_ports, moved


def needs_file(proxy: Proxy) -> bool:
    """Whether the proxy needs a file beside the labels."""
    return bool(
        proxy.certificates or proxy.weighted or proxy.addresses or proxy.skips_verification
    )


def dynamic_file(proxy: Proxy) -> File:
    """What labels cannot say: certificates, weights, servers whose certificate is not checked."""
    return File(
        path=FILE,
        content=("\n".join(_file_lines(proxy)) + "\n").encode(),
        origin=proxy.origin,
    )


def _file_lines(proxy: Proxy) -> Iterator[str]:
    if proxy.certificates:
        yield "tls:"
        yield "  certificates:"
        for pair in proxy.certificates:
            yield f"    - certFile: {SECRETS}/{pair.certificate}"
            yield f"      keyFile: {SECRETS}/{pair.key}"
    if proxy.weighted or proxy.addresses or proxy.skips_verification:
        yield "http:"
    if proxy.weighted or proxy.addresses:
        yield "  services:"
        yield from _service_lines(proxy)
    if proxy.skips_verification:
        yield from (
            "  serversTransports:",
            f"    {INSECURE}:",
            "      insecureSkipVerify: true",
        )


def _service_lines(proxy: Proxy) -> Iterator[str]:
    for name, urls in proxy.addresses.items():
        yield from (f"    {name}:", "      loadBalancer:", "        servers:")
        yield from (f"          - url: {json.dumps(url)}" for url in urls)
    for name, weighted_parts in proxy.weighted.items():
        yield from (f"    {name}:", "      weighted:", "        services:")
        for target_name, weight in weighted_parts:
            yield f"          - name: {json.dumps(target_name)}"
            yield f"            weight: {weight}"


def file_secret(name: str, path: str) -> FileResource:
    """A secret of the stack that is a file."""
    return FileResource(name=name, file=f"./{path}")
