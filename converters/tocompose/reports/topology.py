"""Who talks to whom: the stack as layers of nodes and edges, for the diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.model import Port, Role, Service, Stack

# With a space, so that no service can have that name.
PUBLIC = "the internet"
# From the outside in; the titles of the layers in the order in which they are drawn.
LAYERS = {"public": "Public", "proxy": "Proxy", "apps": "Applications", "data": "Data"}
_LAYER_OF = {Role.PROXY: "proxy", Role.DATA: "data", Role.CACHE: "data", Role.QUEUE: "data"}
_LOCAL = ("127.", "::1", "localhost")


_DEFAULT = re.compile(r"\$\{\w+:?-([^{}$]*)\}")


class Node(NamedTuple):
    """A service, or the outside world."""

    name: str
    layer: str
    detail: str = ""


class Edge(NamedTuple):
    """A connection; `label` holds the ports, `inferred` says that the source does not state it."""

    start: str
    end: str
    label: str = ""
    inferred: bool = False


class Topology(NamedTuple):
    """All nodes by layer, and all edges."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def layer(self, name: str) -> tuple[Node, ...]:
        """The nodes of one layer."""
        return tuple(node for node in self.nodes if node.layer == name)


def topology(stack: Stack) -> Topology:
    """The nodes and edges of a stack: published ports, stated dependencies, and hosts named in variables."""
    services = [_node(item) for item in stack.services]
    published = [edge for item in stack.services for edge in _published(item)]
    inside = [
        edge
        for item in stack.services
        for edge in (*_inside(item, stack), *_routed(item, stack))
    ]
    outside = [Node(PUBLIC, "public")] if published else []
    return Topology((*outside, *services), (*published, *inside))


def _node(service: Service) -> Node:
    image = service.image or ("build" if service.build else "")
    return Node(service.name, _LAYER_OF.get(service.role, "apps"), shown(image))


def shown(text: str) -> str:
    """The text with `${NAME:-default}` shown as its default, which is what holds until someone sets the variable."""
    return _DEFAULT.sub(r"\1", text)


def _published(service: Service) -> Iterator[Edge]:
    """One edge from outside for all ports that other machines can reach."""
    ports = [
        _port(item) for item in service.ports if not (item.host_ip or "").startswith(_LOCAL)
    ]
    if ports:
        yield Edge(PUBLIC, service.name, ", ".join(dict.fromkeys(ports)))


def _port(item: Port) -> str:
    protocol = "" if item.protocol == "tcp" else f"/{item.protocol}"
    target, published = shown(item.target), shown(item.published or "")
    return (
        f"{target}{protocol}"
        if published in ("", target)
        else f"{published}→{target}{protocol}"
    )


def _inside(service: Service, stack: Stack) -> Iterator[Edge]:
    named = _hosts(service, stack)
    stated = {item.service: item for item in service.depends_on}
    for name in dict.fromkeys([*stated, *named]):
        if stack.service(name) is None or name == service.name:
            continue
        dependency = stated.get(name)
        inferred = dependency is None or bool(dependency.evidence)
        yield Edge(service.name, name, named.get(name) or _only_port(stack, name), inferred)


def _routed(service: Service, stack: Stack) -> Iterator[Edge]:
    """Edges from a Traefik to the services that its labels send requests to (`traefik.enable`, the port of theirs)."""
    if service.role is not Role.PROXY or "traefik" not in (service.image or ""):
        return
    stated = {item.service for item in service.depends_on}
    for other in stack.services:
        if (
            other.name != service.name
            and other.name not in stated
            and other.labels.get("traefik.enable") == "true"
        ):
            ports = [
                value
                for key, value in other.labels.items()
                if key.endswith("loadbalancer.server.port")
            ]
            yield Edge(service.name, other.name, ", ".join(dict.fromkeys(ports)))


def _hosts(service: Service, stack: Stack) -> dict[str, str]:
    """Services that a variable names as a host (`redis://cache:6379`, `DB_HOST=db`), with the port where it is said."""
    hosts = _aliases(stack)
    found: dict[str, str] = {}
    for variable in service.environment:
        for host, port in _named_in(variable.value or ""):
            name = hosts.get(host)
            if name and not found.get(name):
                found[name] = port
    return found


def _aliases(stack: Stack) -> dict[str, str]:
    names = {
        alias: item.name
        for item in stack.services
        for at in item.networks
        for alias in at.aliases
    }
    names |= {
        item.container_name: item.name for item in stack.services if item.container_name
    }
    return names | {item.name: item.name for item in stack.services}


_AT_HOST = re.compile(
    r"(?:^|//|@|,)(?P<host>[A-Za-z0-9][\w.-]*)(?::(?P<port>\d{1,5}))?(?=$|[/,?;])"
)


def _named_in(value: str) -> Iterator[tuple[str, str]]:
    for match in _AT_HOST.finditer(value):
        yield match["host"], match["port"] or ""


def _only_port(stack: Stack, name: str) -> str:
    """The port of a service that has only one: nothing is guessed for the others."""
    service = stack.service(name)
    if service is None:
        return ""
    ports = dict.fromkeys([*service.expose, *(item.target for item in service.ports)])
    return next(iter(ports)) if len(ports) == 1 else ""
