"""The Traefik service itself: pinned, listening where the routes need it, the Docker socket read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tocompose.importers.kubernetes.routing.proxy import EntryPoint, Proxy
from tocompose.model import (
    Attachment,
    File,
    Grant,
    Healthcheck,
    Mount,
    Port,
    Resource,
    Role,
    Service,
)

# Traefik 3.6 is the first that speaks to Docker Engine 29, which dropped the API versions of the older ones.
IMAGE = "traefik:v3.6"
SOCKET = "/var/run/docker.sock"
FILE = "config/traefik/dynamic.yml"
_INSIDE = "/etc/traefik/dynamic.yml"
SECRETS = "/run/secrets"
INSECURE = "insecure"


def service(
    proxy: Proxy, ports: dict[str, str], labels: dict[str, str], behind: list[Service]
) -> Service:
    """The proxy as a compose service; `ports` says where each entry point is published, `behind` are the services
    that it leads to."""
    host = any(each.network_mode == "host" for each in behind)
    networks = dict.fromkeys(item.network for each in behind for item in each.networks)
    socket = Mount(
        kind="bind", source=SOCKET, target=SOCKET, read_only=True, origin=proxy.origin
    )
    file = Mount(
        kind="bind", source=f"./{FILE}", target=_INSIDE, read_only=True, origin=proxy.origin
    )
    return Service(
        name=proxy.name,
        image=IMAGE,
        command=tuple(_arguments(proxy)),
        ports=tuple(_published(proxy, ports)),
        mounts=(socket, file) if dynamic(proxy) else (socket,),
        secrets=tuple(Grant(source=name) for name in proxy.secrets),
        labels=labels,
        networks=tuple(Attachment(network=name) for name in networks)
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


def _arguments(proxy: Proxy) -> Iterator[str]:
    yield "--providers.docker=true"
    yield "--providers.docker.exposedbydefault=false"
    for point in sorted(
        proxy.entrypoints.values(), key=lambda point: (point.port, point.name)
    ):
        yield f"--entrypoints.{point.name}.address=:{point.port}{'/udp' if point.protocol == 'udp' else ''}"
    yield "--ping=true"
    if dynamic(proxy):
        yield f"--providers.file.filename={_INSIDE}"


def _published(proxy: Proxy, ports: dict[str, str]) -> Iterator[Port]:
    for point in sorted(
        proxy.entrypoints.values(), key=lambda point: (point.port, point.name)
    ):
        yield Port(
            target=str(point.port),
            published=ports[point.name],
            protocol=point.protocol,
            origin=point.origin,
        )


def free_ports(
    proxy: Proxy, taken: set[tuple[str, str]]
) -> tuple[dict[str, str], list[tuple[EntryPoint, str]]]:
    """The host port of each entry point, and those that had to move because another service publishes theirs."""
    chosen: dict[str, str] = {}
    moved: list[tuple[EntryPoint, str]] = []
    for point in proxy.entrypoints.values():
        number = point.port
        while (str(number), point.protocol) in taken:
            number += 8000 if number < 1000 else 1
        taken.add((str(number), point.protocol))
        chosen[point.name] = str(number)
        if number != point.port:
            moved.append((point, str(number)))
    return chosen, moved


def dynamic(proxy: Proxy) -> bool:
    """Whether the proxy needs a file beside the labels."""
    return bool(proxy.certificates or proxy.weighted or proxy.addresses or proxy.insecure)


def file(proxy: Proxy) -> File:
    """What labels cannot say: certificates, weights, servers whose certificate is not checked."""
    return File(
        path=FILE, content=("\n".join(_lines(proxy)) + "\n").encode(), origin=proxy.origin
    )


def _lines(proxy: Proxy) -> Iterator[str]:
    if proxy.certificates:
        yield "tls:"
        yield "  certificates:"
        for item in proxy.certificates.values():
            yield f"    - certFile: {SECRETS}/{item.certificate}"
            yield f"      keyFile: {SECRETS}/{item.key}"
    if proxy.weighted or proxy.addresses or proxy.insecure:
        yield "http:"
    if proxy.weighted or proxy.addresses:
        yield "  services:"
        for name, urls in proxy.addresses.items():
            yield from (f"    {name}:", "      loadBalancer:", "        servers:")
            yield from (f"          - url: {json.dumps(url)}" for url in urls)
        for name, parts in proxy.weighted.items():
            yield from (f"    {name}:", "      weighted:", "        services:")
            for part, weight in parts:
                yield from (
                    f"          - name: {json.dumps(part)}",
                    f"            weight: {weight}",
                )
    if proxy.insecure:
        yield from (
            "  serversTransports:",
            f"    {INSECURE}:",
            "      insecureSkipVerify: true",
        )


def resource(name: str, path: str) -> Resource:
    """A secret of the stack that is a file."""
    return Resource(name=name, file=f"./{path}")
