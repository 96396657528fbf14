"""Services that lead out of the input: external names, fixed addresses, and those that select nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.endpoint_fields import decode_endpoints
from tocompose.importers.kubernetes.leftovers import is_left_out
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.stack_builder import (
    Contribution,
    StackBuilder,
    StackPart,
    UnresolvedHost,
    not_applicable,
)
from tocompose.knowledge.called_hosts import NO_HOSTS, called_hosts
from tocompose.knowledge.wrappers import stated_argv
from tocompose.model import Service
from tocompose.notes import note
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import counted

_NO_SERVICE = "for which there is no Service among the manifests"
_OTHER_HOST = (
    "Set another host, or convert the manifests of the Service together with these."
)
_OF_LEFT_OUT = "which seems to be an address of {maker}; that was left out (TC203)"
_STAND_IN = "Add a service that stands for it and answers to this name, or remove the settings that name it."


def note_outside(model: ClusterModel, builder: StackBuilder) -> Iterator[StackPart]:
    """Says of each Service without workloads what its clients will miss; the addresses that stand for some."""
    for service in model.kube_services:
        if service.external is None:
            external_name = service.spec.external_name.cursor
            yield from not_applicable(external_name, service.kube_object)
        if not any(workload.pods for workload in service.workloads):
            yield from _note_without_pods(service, model, builder.callers.get(service, ()))
    unresolved = dict(builder.unresolved_hosts)
    for unanswered in _hosts_without_answer(model, builder.services):
        unresolved.setdefault(unanswered.host, unanswered)
    for host, span, name in unresolved.values():
        subject = ModelPath.service(name)
        maker = _left_out_maker(host, model)
        cause, advice = (_OF_LEFT_OUT, _STAND_IN) if maker else (_NO_SERVICE, _OTHER_HOST)
        model.ledger.add_note(
            note(
                "TC266",
                span,
                subject=subject,
                service=name,
                host=host,
                cause=cause.format(maker=maker),
                advice_text=advice,
            )
        )
    for endpoints in model.objects.of_kind("Endpoints", "EndpointSlice"):
        if endpoints.cursor.unread():
            endpoints.cursor.mark_noted("TC226")
            values = values_in_words(endpoints.cursor.node)
            fields = f"what no Service of the input refers to ({values})"
            endpoints.cursor.annotate("TC226", object=str(endpoints), fields=fields)


def _left_out_maker(host: str, model: ClusterModel) -> KubeObject | None:
    """The object that was left out and whose operator seems to make the Service of that host: its name begins so."""
    service_name, _, namespace = host.split(".svc")[0].partition(".")
    makers = [
        kube_object
        for kube_object in model.objects
        if is_left_out(kube_object)
        and f"{service_name}-".startswith(f"{kube_object.name}-")
        and namespace in ("", kube_object.namespace)
    ]
    return max(makers, key=lambda maker: len(maker.name), default=None)


def _hosts_without_answer(
    model: ClusterModel, services_by_name: Mapping[str, Service]
) -> Iterator[UnresolvedHost]:
    """The hosts without a dot that variables call, and that neither a service nor a Service of the input is called."""
    services = services_by_name.values()
    known_names = {service.name for service in model.kube_services} | NO_HOSTS
    for service in services:
        known_names |= {service.name, str(service.options.get("hostname", ""))}
        for attachment in service.networks:
            known_names.update(attachment.aliases)
    for service in services:
        known_names.update(
            str(line).partition("=")[0].partition(":")[0]
            for line in service.options.get("extra_hosts") or ()
        )
        for name, text, origin in _texts_of(service):
            for host in called_hosts(name, text):
                if host not in known_names and origin is not None:
                    yield UnresolvedHost(host, origin, service.name)


def _texts_of(service: Service) -> Iterator[tuple[str, str, Span | None]]:
    """What a service is told: its variables by their names, and the words of its command."""
    for setting in service.environment:
        yield setting.name, setting.value or "", setting.origin
    for word in stated_argv(service):
        yield "", word, service.origin


def _note_without_pods(
    service: KubeService, model: ClusterModel, callers: Iterable[str]
) -> Iterator[Contribution]:
    cursor = service.kube_object.cursor
    values = values_in_words(cursor.node)
    if service.external:
        service.spec.external_name.cursor.annotate(
            "TC225", service=f"{service.name} ({values})", host=service.external
        )
        cursor.mark_noted("TC225")
    elif addresses := _stated_addresses(service, model):
        yield from _give_address(service, addresses, callers)
    else:
        ports = ", ".join(str(port.number) for port in service.ports) or "none"
        cursor.note("TC222", service=service.name, ports=f"{ports}; {values}")


def _stated_addresses(
    service: KubeService, model: ClusterModel
) -> list[tuple[KubeObject, Stated]]:
    """The addresses of a Service without a selector, each with the object that states it."""
    return [
        (endpoints, address)
        for endpoints in _endpoints_of(service, model)
        for subset in decode_endpoints(endpoints)
        for address in subset.addresses
    ]


def _give_address(
    service: KubeService,
    addresses: list[tuple[KubeObject, Stated]],
    callers: Iterable[str],
) -> Iterator[Contribution]:
    """The first of the addresses, given to each service that mentions the Service."""
    endpoints, first_address = addresses[0]
    address = first_address.text or ""
    for name in callers:
        to = ModelPath.service(name, "extra_hosts")
        first_address.cursor.take(to=to)
        for kube_object in (endpoints, service.kube_object):
            kube_object.count_identity_as_mapped(to)
        yield Contribution(service=name, extra_hosts=(f"{service.name}={address}",))
    stand_in = f"{address} stands for {service.name} as a fixed address"
    if len(addresses) > 1:
        stand_in = f"{stand_in}; {counted(len(addresses) - 1, 'further address')}"
    values = values_in_words(service.kube_object.cursor.node, endpoints.cursor.node)
    endpoints.cursor.annotate(
        "TC226", object=str(service.kube_object), fields=f"{stand_in} ({values})"
    )
    for kube_object in (endpoints, service.kube_object):
        kube_object.cursor.mark_noted("TC226")


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
