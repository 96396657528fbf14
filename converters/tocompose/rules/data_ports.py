"""PORT-DB: databases, caches and queues are not open to the world."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tocompose.model import ComposeFileRole, Port, Role, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    map_services,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.dependencies import awaited_services
from tocompose.rules.networks import is_shut_in
from tocompose.rules.open_ports import is_everywhere, is_local
from tocompose.rules.roles import holds_only_data, is_data
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import judge_production
from tocompose.stack_texts import texts_within

_LOOPBACK = "127.0.0.1"
# How a container names the machine it runs on: whoever does so may use a published port.
_GATEWAY = regex(
    r"(?:host\.docker\.internal|host-gateway|172\.17\.0\.1|gateway\.docker\.internal)(?::(?P<port>\d+))?"
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the ports of data services in the dev file, on 127.0.0.1; production reaches them by network."""
    if context.keep_ports:
        return map_services(stack, lambda service: _leave_open(service, "TC642"))
    called_ports = set(_calls_of_host(stack))
    surroundings = _Surroundings(stack)
    return map_services(
        stack,
        lambda service: (
            _leave_open(service, "TC643")
            if _is_called(service, called_ports)
            else _make_private(service, surroundings)
        ),
    )


def _calls_of_host(stack: Stack) -> Iterator[str]:
    """The port of each call of the machine itself; empty where it names none.

    A name for the machine (`extra_hosts`) calls nothing yet.
    """
    for service in stack.services:
        for path, text in texts_within(service):
            if "extra_hosts" not in path:
                for match in _GATEWAY.finditer(text):
                    yield match["port"] or ""


def _is_called(service: Service, called_ports: Collection[str]) -> bool:
    """Whether one of the calls may be meant for a port that the service publishes."""
    published_ports = (port.published for port in service.ports)
    return "" in called_ports or any(port in called_ports for port in published_ports)


def _leave_open(service: Service, code: str) -> tuple[Service, list[Note]]:
    is_open = is_data(service) and bool(service.ports)
    return service, [remark(code, service)] if is_open else []


def own_ports(service: Service, stack: Stack) -> list[Port]:
    """The ports at which a data service is reached, without those of an application that shares its network."""
    if not is_data(service):
        return []
    if holds_only_data(service, stack):
        return list(service.ports)
    image = facts_of(service)
    usual_ports = image.ports if image else ()
    return [port for port in service.ports if port.target in usual_ports]


class _Surroundings:
    """What the other services of a stack are to one that holds data, looked at once for all of these."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.keeps_local = all(map(is_data, stack.services)) or _has_host_network(stack)
        self._awaited = awaited_services(stack)
        users = [service for service in stack.services if _may_use_data(service)]
        self._networks = {network for user in users for network in _networks_of(user)}
        self._has_users = bool(users)
        self._has_user_anywhere = any(user.network_mode for user in users)

    def may_use(self, service: Service) -> bool:
        """Whether a service of the stack uses the data, or may do so unseen."""
        return (
            service.name in self._awaited
            or self._has_user_anywhere
            or (self._has_users and bool(service.network_mode))
            or not self._networks.isdisjoint(_networks_of(service))
        )


def _networks_of(service: Service) -> frozenset[str | None]:
    """The networks on which others reach the service; None is the stack's own, where it names none."""
    return frozenset(one.network for one in service.networks) or frozenset((None,))


def _make_private(
    service: Service, surroundings: _Surroundings
) -> tuple[Service, list[Note]]:
    ports = own_ports(service, surroundings.stack)
    if not ports or is_shut_in(service, surroundings.stack):
        return service, []
    image = facts_of(service)
    if image is not None and image.lan:
        return service, [remark("TC641", service)]
    if surroundings.keeps_local:
        return _bind_locally(service, ports)
    if not surroundings.may_use(service):
        # Whoever uses it does so through the port, from outside of the stack.
        return _leave_open(service, "TC642")
    return _move_to_development(service, ports)


def _may_use_data(service: Service) -> bool:
    """Whether it may use data without a word about it: a program that is not known, an application or a tool.

    What is known to forward requests does so only where a configuration of the user's says it.
    """
    if is_data(service):
        return False
    image = facts_of(service)
    if image is None or service.role not in (Role.PROXY, Role.INFRA):
        return True
    folders = (mount.target for mount in service.mounts)
    return any(not folder.startswith(_SERVED_FOLDERS) for folder in folders)


# Where servers of files have them: what is mounted there is no configuration.
_SERVED_FOLDERS = ("/usr/share/nginx/html", "/usr/local/apache2/htdocs", "/srv", "/var/www")


def _move_to_development(service: Service, ports: list[Port]) -> tuple[Service, list[Note]]:
    """The service with its ports in the dev file; those on an address of their own stay."""
    moved = [port for port in ports if is_everywhere(port) or is_local(port)]
    notes = [
        remark("TC645", service, "ports", port.origin, port=port.target) for port in moved
    ]
    notes += [
        remark("TC642", service, "", port.origin) for port in ports if port not in moved
    ]
    if not moved:
        return service, notes
    stay = tuple(port for port in service.ports if port not in moved)
    overlay = overlay_of(service, ComposeFileRole.DEV)
    overlay = replace(overlay, ports=(*overlay.ports, *map(_on_loopback, moved)))
    return with_overlay(replace(service, ports=stay), ComposeFileRole.DEV, overlay), notes


def _has_host_network(stack: Stack) -> bool:
    return any(service.network_mode == "host" for service in stack.services)


def _bind_locally(
    service: Service, ports_reached: list[Port]
) -> tuple[Service, list[Note]]:
    """The ports where they were, on 127.0.0.1: nothing in the stack could reach the service otherwise."""
    ports = tuple(
        _on_loopback(port) if port in ports_reached else port for port in service.ports
    )
    notes = [
        remark("TC644", service, "ports", port.origin, port=port.target)
        for port in ports_reached
        if is_everywhere(port)
    ]
    notes += [
        remark("TC642", service, "", port.origin)
        for port in ports
        if port in ports_reached and not is_local(port)
    ]
    return replace(service, ports=ports), notes


def _on_loopback(port: Port) -> Port:
    return replace(port, host_ip=_LOOPBACK) if is_everywhere(port) else port


def _judge_published(startup: Startup, service: Service) -> Iterator[Verdict]:
    if not is_data(service):
        return
    stack = startup.stack
    published = () if is_shut_in(service, stack) else own_ports(service, stack)
    ports = [port for port in published if not is_local(port)]
    listed = ", ".join(port.published or port.target for port in ports)
    key = "ports" if ports else ""
    yield startup.verdict(service, key, "Q-05", not ports, "TC710", ports=listed)


RULE = Rule(
    id="PORT-DB",
    title="Keep databases off public ports",
    summary=(
        "Publishes the ports of data services in development only, or on 127.0.0.1, because "
        "published ports bypass most firewalls. `--keep-ports` leaves them as they are."
    ),
    tells=("TC710",),
    severity="must",
    mend=apply,
    covers=("Q-05", "A-06", "M-02"),
    url="https://docs.docker.com/engine/network/port-publishing/",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', ports: ['80:80']}
              db: {image: 'postgres:16', ports: ['5432:5432']}
            """,
            "services: {web: {image: 'corp/web:1', ports: ['80:80']}, db: {image: 'postgres:16'}}",
            override="services: {db: {ports: ['127.0.0.1:5432:5432']}}",
        ),
        Example(
            "services: {web: {image: 'nginx:1.27'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {web: {image: 'nginx:1.27'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
        ),
        Example(
            "services: {db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {db: {image: 'postgres:16', ports: ['127.0.0.1:5432:5432']}}",
        ),
        Example(
            "services: {web: {image: 'corp/web:1'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {web: {image: 'corp/web:1'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
            context=Context(keep_ports=True),
        ),
    ),
    judge=judge_production(_judge_published),
    said_by={"TC710": ("TC641", "TC642", "TC643")},
    stated=frozenset(("TC710",)),
)
