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
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# A host of one label in an address, and alone.
_URL_HOST = regex(r"(?<=[a-z0-9+.-])://(?:[^/@\s,]*@)?([a-z][a-z0-9-]*):\d")
_LABEL = regex(r"[a-z][a-z0-9-]*")
_NO_HOSTS = frozenset({"localhost", "kubernetes", "host", "true", "false", "none", "null"})


def note_outside(model: ClusterModel) -> None:
    """Says of each Service without workloads what its clients will miss."""
    for service in model.kube_services:
        if service.external is None:
            external_name = service.kube_object.at("spec", "externalName")
            model.not_applicable(external_name, service.kube_object)
        if not any(workload.pods for workload in service.workloads):
            _note_without_pods(service, model)
    for host, span, name in _hosts_without_answer(model):
        model.builder.unresolved_hosts.setdefault(host, (span, name))
    for host, (span, name) in model.builder.unresolved_hosts.items():
        subject = ModelPath.service(name)
        model.ledger.add_note(note("TC266", span, subject=subject, service=name, host=host))
    for endpoints in model.objects.of_kind("Endpoints", "EndpointSlice"):
        if endpoints.cursor.unread():
            endpoints.cursor.mark_noted("TC226")
            values = values_in_words(endpoints.cursor.node)
            fields = f"what no Service of the input refers to ({values})"
            endpoints.cursor.annotate("TC226", object=str(endpoints), fields=fields)


def _hosts_without_answer(model: ClusterModel) -> Iterator[tuple[str, Span, str]]:
    """The hosts without a dot that variables call, and that neither a service nor a Service of the input is called."""
    services = model.builder.services.values()
    known_names = {service.name for service in model.kube_services} | _NO_HOSTS
    for service in services:
        known_names |= {service.name, str(service.options.get("hostname", ""))}
        for attachment in service.networks:
            known_names.update(attachment.aliases)
    for service in services:
        known_names.update(
            str(line).partition("=")[0].partition(":")[0]
            for line in service.options.get("extra_hosts") or ()
        )
        for setting in service.environment:
            for host in _called_hosts(setting.name, setting.value or ""):
                if host not in known_names and setting.origin is not None:
                    yield host, setting.origin, service.name


def _called_hosts(name: str, text: str) -> Iterator[str]:
    for match in _URL_HOST.finditer(text):
        yield match[1]
    if name.endswith(("_HOST", "_HOSTNAME")) and _LABEL.fullmatch(text):
        yield text


def _note_without_pods(service: KubeService, model: ClusterModel) -> None:
    cursor = service.kube_object.cursor
    values = values_in_words(cursor.node)
    if service.external:
        service.kube_object.at("spec", "externalName").annotate(
            "TC225", service=f"{service.name} ({values})", host=service.external
        )
        cursor.mark_noted("TC225")
    elif not _give_address(service, model):
        ports = ", ".join(str(port.number) for port in service.ports) or "none"
        cursor.note("TC222", service=service.name, ports=f"{ports}; {values}")


def _give_address(service: KubeService, model: ClusterModel) -> bool:
    """Whether a Service without a selector has addresses; the first is given to each service that mentions it."""
    addresses = [
        (endpoints, cursor)
        for endpoints in _endpoints_of(service, model)
        for cursor in _endpoint_addresses(endpoints)
    ]
    if not addresses:
        return False
    endpoints, first_address = addresses[0]
    address = peek_text(first_address) or ""
    for name in model.builder.callers.get(service, ()):
        to = ModelPath.service(name, "extra_hosts")
        first_address.take(to=to)
        for kube_object in (endpoints, service.kube_object):
            kube_object.count_identity_as_mapped(to)
        model.builder.add_extra_host(name, service.name, address)
    stand_in = f"{address} stands for {service.name} as a fixed address"
    if len(addresses) > 1:
        stand_in = f"{stand_in}; {len(addresses) - 1} more addresses"
    values = values_in_words(service.kube_object.cursor.node, endpoints.cursor.node)
    endpoints.cursor.annotate(
        "TC226", object=str(service.kube_object), fields=f"{stand_in} ({values})"
    )
    for kube_object in (endpoints, service.kube_object):
        kube_object.cursor.mark_noted("TC226")
    return True


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
