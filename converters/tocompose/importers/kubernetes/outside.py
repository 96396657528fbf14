"""Services that lead out of the input: external names, fixed addresses, and those that select nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.fields import values
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.scalars import items, value
from tocompose.importers.kubernetes.services import Backend
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.notes import note


def say_outside(world: World) -> None:
    """Says of each Service without workloads what its clients will miss."""
    for backend in world.backends:
        if backend.external is None:
            moot(backend.object.at("spec", "externalName"), backend.object, world)
        if backend.workloads:
            continue
        if backend.external:
            _say_external(backend, world)
        elif not _addresses(backend, world):
            ports = ", ".join(str(port.number) for port in backend.ports) or "none"
            what = f"{ports}; {values(backend.object.cursor.node)}"
            backend.object.cursor.note("TC222", service=backend.name, ports=what)
    for host, (span, service) in world.draft.strangers.items():
        world.ledger.say(
            note("TC266", span, subject=f"services.{service}", service=service, host=host)
        )
    for item in world.objects.of("Endpoints", "EndpointSlice"):
        if item.cursor.unread():
            item.cursor.noted("TC226")
            item.cursor.remark(
                "TC226",
                object=str(item),
                fields=f"what no Service of the input refers to ({values(item.cursor.node)})",
            )


def _say_external(backend: Backend, world: World) -> None:
    cursor = backend.object.at("spec", "externalName")
    cursor.remark(
        "TC225",
        service=f"{backend.name} ({values(backend.object.cursor.node)})",
        host=backend.external,
    )
    backend.object.cursor.noted("TC225")


def _addresses(backend: Backend, world: World) -> list[str]:
    """Gives the address of a Service without a selector to every service that mentions it, by name."""
    found = [(item, cursor) for item in _endpoints(backend, world) for cursor in _ips(item)]
    if not found:
        return []
    clients = world.draft.clients.get(backend, ())
    item, first = found[0]
    address = value(first) or ""
    for name in clients:
        first.take(to=f"services.{name}.extra_hosts")
        item.took(f"services.{name}.extra_hosts")
        backend.object.took(f"services.{name}.extra_hosts")
        world.draft.host(name, backend.name, address)
    rest = [value(cursor) or "" for _, cursor in found[1:]]
    where = f"{address} stands for {backend.name} as a fixed address"
    more = f"{where}; {len(rest)} more addresses" if rest else where
    fields = f"{more} ({values(backend.object.cursor.node, item.cursor.node)})"
    item.cursor.remark("TC226", object=str(backend.object), fields=fields)
    item.cursor.noted("TC226")
    backend.object.cursor.noted("TC226")
    return [address, *rest]


def _endpoints(backend: Backend, world: World) -> Iterator[Object]:
    found = world.objects.get("Endpoints", backend.namespace, backend.name)
    if found is not None:
        yield found
    for item in world.objects.of("EndpointSlice"):
        if (
            item.namespace == backend.namespace
            and item.labels.get("kubernetes.io/service-name") == backend.name
        ):
            yield item


def _ips(item: Object) -> Iterator[Cursor]:
    for subset in items(item.at("subsets")):
        for address in items(subset.at("addresses")):
            yield address.at("ip")
    for endpoint in items(item.at("endpoints")):
        yield from items(endpoint.at("addresses"))
