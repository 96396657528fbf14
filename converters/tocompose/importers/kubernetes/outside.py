"""Services that lead out of the input: external names, fixed addresses, and those that select nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath


def note_outside(model: ClusterModel) -> None:
    """Says of each Service without workloads what its clients will miss."""
    for kube_service in model.kube_services:
        if kube_service.external is None:
            model.not_applicable(
                kube_service.kube_object.at("spec", "externalName"),
                kube_service.kube_object,
            )
        if kube_service.workloads:
            continue
        if kube_service.external:
            _note_external(kube_service, model)
        elif not _give_address(kube_service, model):
            ports = ", ".join(str(port.number) for port in kube_service.ports) or "none"
            ports_in_words = (
                f"{ports}; {values_in_words(kube_service.kube_object.cursor.node)}"
            )
            kube_service.kube_object.cursor.note(
                "TC222", service=kube_service.name, ports=ports_in_words
            )
    for host, (span, service) in model.builder.unresolved_hosts.items():
        model.ledger.say(
            note(
                "TC266",
                span,
                subject=ModelPath.service(service),
                service=service,
                host=host,
            )
        )
    for kube_object in model.objects.of_kind("Endpoints", "EndpointSlice"):
        if kube_object.cursor.unread():
            kube_object.cursor.noted("TC226")
            kube_object.cursor.remark(
                "TC226",
                object=str(kube_object),
                fields=f"what no Service of the input refers to ({values_in_words(kube_object.cursor.node)})",
            )


def _note_external(kube_service: KubeService, model: ClusterModel) -> None:
    cursor = kube_service.kube_object.at("spec", "externalName")
    cursor.remark(
        "TC225",
        service=f"{kube_service.name} ({values_in_words(kube_service.kube_object.cursor.node)})",
        host=kube_service.external,
    )
    kube_service.kube_object.cursor.noted("TC225")


def _give_address(kube_service: KubeService, model: ClusterModel) -> list[str]:
    """Gives the address of a Service without a selector to every service that mentions it, by name."""
    addresses = [
        (kube_object, cursor)
        for kube_object in _endpoints_of(kube_service, model)
        for cursor in _endpoint_addresses(kube_object)
    ]
    if not addresses:
        return []
    clients = model.builder.callers.get(kube_service, ())
    kube_object, first_address = addresses[0]
    address = peek_text(first_address) or ""
    for name in clients:
        first_address.take(to=ModelPath.service(name, "extra_hosts"))
        kube_object.count_identity_as_mapped(ModelPath.service(name, "extra_hosts"))
        kube_service.kube_object.count_identity_as_mapped(
            ModelPath.service(name, "extra_hosts")
        )
        model.builder.add_extra_host(name, kube_service.name, address)
    further_addresses = [peek_text(cursor) or "" for _, cursor in addresses[1:]]
    stand_in = f"{address} stands for {kube_service.name} as a fixed address"
    description = (
        f"{stand_in}; {len(further_addresses)} more addresses"
        if further_addresses
        else stand_in
    )
    fields = f"{description} ({values_in_words(kube_service.kube_object.cursor.node, kube_object.cursor.node)})"
    kube_object.cursor.remark("TC226", object=str(kube_service.kube_object), fields=fields)
    kube_object.cursor.noted("TC226")
    kube_service.kube_object.cursor.noted("TC226")
    return [address, *further_addresses]


def _endpoints_of(kube_service: KubeService, model: ClusterModel) -> Iterator[KubeObject]:
    endpoints = model.objects.get("Endpoints", kube_service.namespace, kube_service.name)
    if endpoints is not None:
        yield endpoints
    for kube_object in model.objects.of_kind("EndpointSlice"):
        if (
            kube_object.namespace == kube_service.namespace
            and kube_object.labels.get("kubernetes.io/service-name") == kube_service.name
        ):
            yield kube_object


def _endpoint_addresses(kube_object: KubeObject) -> Iterator[Cursor]:
    for subset in list_entries(kube_object.at("subsets")):
        for address in list_entries(subset.at("addresses")):
            yield address.at("ip")
    for endpoint in list_entries(kube_object.at("endpoints")):
        yield from list_entries(endpoint.at("addresses"))
