"""Who talks to whom: the stack as layers of nodes and edges, for the diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocompose.compose.start_order import joined_service
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.model import EnvVariable, Port, Role, Service, Stack
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import apply_defaults
from tocompose.syntax.ports import is_loopback

# With a space, so that no service can have that name.
PUBLIC = "the internet"
# From the outside in; the titles of the layers in the order in which they are drawn.
LAYERS = {"public": "Public", "proxy": "Proxy", "apps": "Applications", "data": "Data"}
_LAYER_OF = {Role.PROXY: "proxy", Role.DATA: "data", Role.CACHE: "data", Role.QUEUE: "data"}


class Node(NamedTuple):
    """A service, or the outside world."""

    name: str
    layer: str
    detail: str = ""


class DiagramEdge(NamedTuple):
    """A connection; `label` holds the ports, `inferred` says that the source does not state it."""

    start: str
    end: str
    label: str = ""
    inferred: bool = False


class Topology(NamedTuple):
    """All nodes by layer, and all edges."""

    nodes: tuple[Node, ...]
    edges: tuple[DiagramEdge, ...]

    def layer(self, name: str) -> tuple[Node, ...]:
        """The nodes of one layer."""
        return tuple(node for node in self.nodes if node.layer == name)


def stack_topology(stack: Stack) -> Topology:
    """The nodes and edges of a stack: published ports, stated dependencies, and hosts named in variables."""
    services = [_service_node(service) for service in stack.services]
    published = [edge for service in stack.services for edge in _published_edges(service)]
    hosts = _service_by_host(stack)
    inside = [
        edge
        for service in stack.services
        for edge in (
            *_dependency_edges(service, stack, hosts),
            *_routed_edges(service, stack),
        )
    ]
    outside = [Node(PUBLIC, "public")] if published else []
    return Topology((*outside, *services), (*published, *inside))


def _service_node(service: Service) -> Node:
    image = redact_secrets(service.image or "") or ("build" if service.build else "")
    return Node(service.name, _LAYER_OF.get(service.role, "apps"), apply_defaults(image))


def _published_edges(service: Service) -> Iterator[DiagramEdge]:
    """One edge from outside for all ports that other machines can reach."""
    ports = [_port_label(port) for port in service.ports if not is_loopback(port.host_ip)]
    if ports:
        yield DiagramEdge(PUBLIC, service.name, ", ".join(dict.fromkeys(ports)))


def _port_label(port: Port) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    target, published = apply_defaults(port.target), apply_defaults(port.published or "")
    is_same = published == target
    return (
        f"{target}{protocol}" if is_same else f"{published or 'random'}→{target}{protocol}"
    )


def _dependency_edges(
    service: Service, stack: Stack, service_by_host: Mapping[str, str]
) -> Iterator[DiagramEdge]:
    hosts = _named_hosts(service, service_by_host)
    inferred_by_name = _stated_targets(service)
    for name in dict.fromkeys([*inferred_by_name, *hosts]):
        if stack.service(name) is None or name == service.name:
            continue
        # An order of starting says nothing of a port.
        port = hosts[name] or _only_port(stack, name) if name in hosts else ""
        is_stated = name in inferred_by_name
        target = name if is_stated else _answering_service(service, name, port, stack)
        if target is not None:
            inferred = inferred_by_name.get(name, True)
            yield DiagramEdge(service.name, target, port, inferred)


def _stated_targets(service: Service) -> dict[str, bool]:
    """The services that it waits for or has a link to, and whether that is inferred."""
    targets = {
        dependency.service: bool(dependency.evidence) for dependency in service.depends_on
    }
    links = service.options.get("links") or ()
    return targets | {str(link).partition(":")[0]: False for link in links}


def _answering_service(service: Service, name: str, port: str, stack: Stack) -> str | None:
    """Who answers behind a host name: of several that share a network namespace the one that is known to listen there.

    None where it is not known who of them does, and the caller is one of them.
    """
    members = [
        member
        for member in stack.services
        if name in (member.name, joined_service(member.network_mode))
    ]
    if len(members) < 2:
        return name
    listeners = [member.name for member in members if _listens_at(member, port)]
    if len(listeners) == 1:
        return listeners[0] if listeners != [service.name] else None
    return None if service in members else name


def _listens_at(service: Service, port: str) -> bool:
    """Whether the service says that it listens at a port: exposed, published, or the port that a variable sets."""
    ports = {*service.expose, *(mapped.target for mapped in service.ports)}
    set_ports = (
        match["port"]
        for variable in service.environment
        if (match := _OWN_PORT.fullmatch(variable.value or ""))
    )
    return port in ports or port in set_ports


def _routed_edges(service: Service, stack: Stack) -> Iterator[DiagramEdge]:
    """Edges from a Traefik to the services that its labels send requests to (`traefik.enable`, the port of theirs)."""
    if service.role is not Role.PROXY or "traefik" not in (service.image or ""):
        return
    skipped = {service.name, *(dependency.service for dependency in service.depends_on)}
    for routed_service in stack.services:
        labels = routed_service.labels
        if routed_service.name in skipped or labels.get("traefik.enable") != "true":
            continue
        ports = {
            value: None
            for key, value in labels.items()
            if key.endswith("loadbalancer.server.port")
        }
        yield DiagramEdge(service.name, routed_service.name, ", ".join(ports))


def _named_hosts(service: Service, service_by_host: Mapping[str, str]) -> dict[str, str]:
    """Services that a variable names as a host (`redis://cache:6379`, `DB_HOST=db`), with the port where it is said."""
    host_ports: dict[str, str] = {}
    awaited = {dependency.service for dependency in service.depends_on}
    for variable in service.environment:
        if _is_file(variable):
            continue
        for match in _AT_HOST.finditer(variable.value or ""):
            name = service_by_host.get(match["host"])
            if name is None:
                continue
            if name in awaited or not _may_be_other_word(match, variable, service):
                host_ports[name] = host_ports.get(name) or match["port"] or ""
    return host_ports


def _may_be_other_word(
    match: re.Match[str], variable: EnvVariable, service: Service
) -> bool:
    """Whether a host's name is all of a value that may mean something else, such as a database of the same name."""
    if match["port"] or match[0] != variable.value:
        return False
    return service.role is Role.DATA or _names_no_host(variable.name)


def _is_file(variable: EnvVariable) -> bool:
    """Whether it holds a file, as `envFrom` makes one of each key of a ConfigMap: `nginx.conf`, with all its lines."""
    return not variable.name.isidentifier() and "\n" in (variable.value or "")


def _names_no_host(variable: str) -> bool:
    """Whether what the variable holds is called something else than a host: a database, a user."""
    return re.split(r"[_.]+", variable.upper())[-1] in _OTHER_NAMES


def _service_by_host(stack: Stack) -> dict[str, str]:
    """The service that answers to each host name; its own name before a container's, and that before an alias."""
    aliases, container_names = dict[str, str](), dict[str, str]()
    for service in stack.services:
        for attachment in service.networks:
            aliases |= dict.fromkeys(attachment.aliases, service.name)
        if service.container_name:
            container_names[service.container_name] = service.name
    own_names = {service.name: service.name for service in stack.services}
    return {**aliases, **container_names, **own_names}


# A database, a user or a queue may be called like a service.
_OTHER_NAMES = frozenset(
    (
        "DATABASE DBNAME SCHEMA KEYSPACE BUCKET USER USERNAME NAME TOPIC QUEUE VHOST INDEX PASSWORD PASS PROJECT "
        "APP ENV"
    ).split()
)
_AT_HOST = regex(
    r"(?:^|//|@|,)(?P<host>[A-Za-z0-9][\w.-]*)(?::(?P<port>\d{1,5}))?(?=$|[/,?;])"
)

# The value of a variable that says where its own service listens: a port, or one on an address of this machine.
_OWN_PORT = regex(r"(?:(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[?::\]?)?:)?(?P<port>\d{2,5})")


def _only_port(stack: Stack, name: str) -> str:
    """The port of a service that has only one: nothing is guessed for the others."""
    service = stack.service(name)
    if service is None:
        return ""
    ports = dict.fromkeys([*service.expose, *(port.target for port in service.ports)])
    return next(iter(ports)) if len(ports) == 1 else ""
