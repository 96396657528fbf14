"""Services that lead out of the input: external names, fixed addresses, and those that select nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.fields import values_in_words
from tocompose.importers.kubernetes.moot import not_applicable
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor
from tocompose.notes import note


def note_outside(world: ClusterModel) -> None:
    """Says of each Service without workloads what its clients will miss."""
    for backend in world.kube_services:
        if backend.external is None:
            not_applicable(
                backend.kube_object.at("spec", "externalName"), backend.kube_object, world
            )
        if backend.workloads:
            continue
        if backend.external:
            _note_external(backend, world)
        elif not _give_address(backend, world):
            ports = ", ".join(str(port.number) for port in backend.ports) or "none"
            what = f"{ports}; {values_in_words(backend.kube_object.cursor.node)}"
            backend.kube_object.cursor.note("TC222", service=backend.name, ports=what)
    for host, (span, service) in world.builder.unresolved_hosts.items():
        world.ledger.say(
            note("TC266", span, subject=f"services.{service}", service=service, host=host)
        )
    for item in world.objects.of_kind("Endpoints", "EndpointSlice"):
        if item.cursor.unread():
            item.cursor.noted("TC226")
            item.cursor.remark(
                "TC226",
                object=str(item),
                fields=f"what no Service of the input refers to ({values_in_words(item.cursor.node)})",
            )


def _note_external(backend: KubeService, world: ClusterModel) -> None:
    cursor = backend.kube_object.at("spec", "externalName")
    cursor.remark(
        "TC225",
        service=f"{backend.name} ({values_in_words(backend.kube_object.cursor.node)})",
        host=backend.external,
    )
    backend.kube_object.cursor.noted("TC225")


def _give_address(backend: KubeService, world: ClusterModel) -> list[str]:
    """Gives the address of a Service without a selector to every service that mentions it, by name."""
    found = [
        (item, cursor)
        for item in _endpoints_of(backend, world)
        for cursor in _endpoint_addresses(item)
    ]
    if not found:
        return []
    clients = world.builder.callers.get(backend, ())
    item, first = found[0]
    address = peek_text(first) or ""
    for name in clients:
        first.take(to=f"services.{name}.extra_hosts")
        item.count_identity_as_mapped(f"services.{name}.extra_hosts")
        backend.kube_object.count_identity_as_mapped(f"services.{name}.extra_hosts")
        world.builder.add_extra_host(name, backend.name, address)
    rest = [peek_text(cursor) or "" for _, cursor in found[1:]]
    where = f"{address} stands for {backend.name} as a fixed address"
    more = f"{where}; {len(rest)} more addresses" if rest else where
    fields = (
        f"{more} ({values_in_words(backend.kube_object.cursor.node, item.cursor.node)})"
    )
    item.cursor.remark("TC226", object=str(backend.kube_object), fields=fields)
    item.cursor.noted("TC226")
    backend.kube_object.cursor.noted("TC226")
    return [address, *rest]


def _endpoints_of(backend: KubeService, world: ClusterModel) -> Iterator[KubeObject]:
    found = world.objects.get("Endpoints", backend.namespace, backend.name)
    if found is not None:
        yield found
    for item in world.objects.of_kind("EndpointSlice"):
        if (
            item.namespace == backend.namespace
            and item.labels.get("kubernetes.io/service-name") == backend.name
        ):
            yield item


def _endpoint_addresses(item: KubeObject) -> Iterator[Cursor]:
    for subset in list_entries(item.at("subsets")):
        for address in list_entries(subset.at("addresses")):
            yield address.at("ip")
    for endpoint in list_entries(item.at("endpoints")):
        yield from list_entries(endpoint.at("addresses"))
