"""What a pod gives its containers (namespaces, host names, DNS, platform), and what is said of it as a whole."""

from __future__ import annotations

from typing import Any

from tocompose.importers.field_tables import Finding, values_in_words
from tocompose.importers.kubernetes.cluster_model import (
    NOT_APPLICABLE,
    ClusterModel,
    ContainerContext,
)
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
    take_bool,
    take_text,
)
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.syntax.interpolation import literal

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_RUNTIMES = {"gvisor": "runsc", "nvidia": "nvidia", "kata": "kata-runtime"}
_LONGEST_NAME = 63


def pod_options(container: ContainerContext) -> dict[str, Any]:
    """The Compose keys that come from the pod; those of its network only for the owner of the namespace."""
    spec, options = container.pod_spec, dict[str, Any]()
    for field, key in (("hostPID", "pid"), ("hostIPC", "ipc")):
        if take_bool(spec.at(field), container.path(key)) is True:
            options[key] = "host"
    running = [
        pod_container.service for pod_container in container.pod.running_containers()
    ]
    if peek_bool(spec.at("shareProcessNamespace")) is not None:
        spec.at("shareProcessNamespace").take(to=container.path())
        if (
            peek_bool(spec.at("shareProcessNamespace"))
            and container.service in running
            and container.service != running[0]
        ):
            options["pid"] = f"service:{running[0]}"
    _set_platform(container, options)
    _set_runtime(container, options)
    if container.service == container.pod.network_owner:
        _set_hostname(container, options)
        if not container.workload.host_network:
            _set_resolver(spec.at("dnsConfig"), container, options)
        _set_extra_hosts(container, options)
    return options


def joins_owner(pod: Pod, container: ContainerContext) -> bool:
    """Whether the container shares the network namespace of the pod's owner: all but the init containers before it."""
    if container.service == pod.network_owner or container.workload.host_network:
        return False
    if container.role is not ContainerRole.INIT:
        return True
    services = [pod_container.service for pod_container in pod.containers]
    return pod.network_owner in services[: services.index(container.service)]


def _set_platform(container: ContainerContext, options: dict[str, Any]) -> None:
    selector = container.pod_spec.at("nodeSelector")
    for key in _ARCH:
        arch = take_text(selector.at(key), container.path("platform"))
        if arch is not None:
            options["platform"] = f"linux/{literal(arch)}"


def _set_runtime(container: ContainerContext, options: dict[str, Any]) -> None:
    name = take_text(container.pod_spec.at("runtimeClassName"), container.path("runtime"))
    if name is not None:
        options["runtime"] = _RUNTIMES.get(name, literal(name))


def _set_hostname(container: ContainerContext, options: dict[str, Any]) -> None:
    """The host name: what the pod says, else a StatefulSet pod's own name, from which programs read their number."""
    spec, to = container.pod_spec, container.path("hostname")
    hostname = (
        take_text(spec.at("hostnameOverride"), to)
        or take_text(spec.at("hostname"), to)
        or container.pod.hostname
    )
    if hostname is None and container.needs_hostname and not container.is_replicated:
        hostname = container.pod.base
    domain = peek_text(spec.at("subdomain"))
    full = spec.at("setHostnameAsFQDN")
    if hostname is not None and domain and take_bool(full, to) is True:
        spec.at("subdomain").take(to=to)
        hostname = f"{hostname}.{domain}.{container.namespace}.svc.cluster.local"
    if hostname is not None:
        options["hostname"] = literal(hostname[:_LONGEST_NAME])


def _set_resolver(
    config: Cursor, container: ContainerContext, options: dict[str, Any]
) -> None:
    servers = [
        literal(server)
        for dns_entry in list_entries(config.at("nameservers"))
        if (server := take_text(dns_entry, container.path("dns")))
    ]
    if servers:
        options["dns"] = servers
    searches = []
    for dns_entry in list_entries(config.at("searches")):
        domain = peek_text(dns_entry) or ""
        if domain.endswith("cluster.local"):
            dns_entry.note(
                "TC201",
                object=container.workload_title,
                fields=f"dnsConfig search {domain}",
            )
        elif domain:
            dns_entry.take(to=container.path("dns_search"))
            searches.append(literal(domain))
    if searches:
        options["dns_search"] = searches
    settings = []
    for dns_entry in list_entries(config.at("options")):
        name, option_value = (
            take_text(dns_entry.at("name"), container.path("dns_opt")),
            take_text(dns_entry.at("value"), container.path("dns_opt")),
        )
        if name is not None:
            settings.append(
                literal(name if option_value is None else f"{name}:{option_value}")
            )
    if settings:
        options["dns_opt"] = settings


def _set_extra_hosts(container: ContainerContext, options: dict[str, Any]) -> None:
    hosts = []
    for host_alias in list_entries(container.pod_spec.at("hostAliases")):
        address = take_text(host_alias.at("ip"), container.path("extra_hosts"))
        for name in list_entries(host_alias.at("hostnames")):
            hostname = take_text(name, container.path("extra_hosts"))
            if address and hostname:
                hosts.append(f"{literal(hostname)}={literal(address)}")
    hosts.extend(f"{name}={address}" for name, address in container.extra_hosts.items())
    if hosts:
        options["extra_hosts"] = hosts


_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")


def note_pods(model: ClusterModel) -> None:
    """The notes on shared networks, init containers and the host's network, and on fields without a use here."""
    for workload in model.workloads:
        if not workload.pods:
            continue
        _note_shape(workload, workload.pods[0], model)
        _note_host_network(workload)
        _note_selector(workload, model)
        _note_volumes(workload, model)
        _moot_fields(workload, model)


def _note_shape(workload: Workload, pod: Pod, model: ClusterModel) -> None:
    subject = f"services.{pod.base}"
    containers = [
        ContainerContext(model, workload, pod, pod_container)
        for pod_container in pod.containers
    ]
    partners = ", ".join(
        container.service for container in containers if joins_owner(pod, container)
    )
    span = workload.kube_object.span
    if partners:
        message = note(
            "TC238",
            span,
            subject=subject,
            object=str(workload.kube_object),
            partners=partners,
            owner=pod.network_owner,
        )
        model.ledger.say(message)
    if any(pod_container.role is ContainerRole.INIT for pod_container in pod.containers):
        model.ledger.say(
            note("TC236", span, subject=subject, object=str(workload.kube_object))
        )


def _note_host_network(workload: Workload) -> None:
    cursor = workload.pod_spec.at("hostNetwork")
    if peek_bool(cursor) is True:
        for _, pod_container in workload.containers():
            cursor.take(to=f"services.{pod_container.service}.network_mode")
        cursor.remark(
            "TC251",
            object=str(workload.kube_object),
            subject=f"services.{workload.name}.network_mode",
        )
    elif peek_bool(cursor) is False:
        cursor.skip("the value that Kubernetes fills in itself")


def _note_selector(workload: Workload, model: ClusterModel) -> None:
    selector = workload.kube_object.at("spec", "selector")
    match_labels = (
        string_map(selector.at("matchLabels"))
        if selector.at("matchLabels")
        else string_map(selector)
    )
    if selector and any(
        workload.labels.get(key) != text for key, text in match_labels.items()
    ):
        selector.remark("TC258", object=str(workload.kube_object))


def _note_volumes(workload: Workload, model: ClusterModel) -> None:
    """The volumes that no container mounts."""
    used = {
        peek_text(mount.at("name"))
        for _, pod_container in workload.containers()
        for mount in list_entries(pod_container.cursor.at("volumeMounts"))
    }
    for volume in list_entries(workload.pod_spec.at("volumes")):
        if peek_text(volume.at("name")) not in used:
            _note_unused(volume, peek_text(volume.at("name")), workload)
    for template in list_entries(workload.kube_object.at("spec", "volumeClaimTemplates")):
        if peek_text(template.at("metadata", "name")) not in used:
            _note_unused(template, peek_text(template.at("metadata", "name")), workload)


def _note_unused(volume: Cursor, name: str | None, workload: Workload) -> None:
    volume.note(
        "TC253",
        object=f"volume {name} of {workload.kube_object} ({values_in_words(volume.node)})",
    )


def _moot_fields(workload: Workload, model: ClusterModel) -> None:
    item = workload.kube_object
    for entry in workload.pod_spec.at("nodeSelector"):
        if entry.key not in _ARCH:
            model.not_applicable(entry, item)
    for container in (
        workload.pod_spec,
        *(pod_container.cursor for _, pod_container in workload.containers()),
    ):
        non_root = container.at("securityContext", "runAsNonRoot")
        uid = peek_text(container.at("securityContext", "runAsUser")) or peek_text(
            workload.pod_spec.at("securityContext", "runAsUser")
        )
        if peek_bool(non_root) is False:
            non_root.skip("the value that Kubernetes fills in itself")
        elif peek_text(non_root) is not None:
            model.not_applicable(
                non_root, item, NOT_APPLICABLE if uid not in (None, "0") else "TC248"
            )
        policy = container.at("restartPolicy")
        if container is not workload.pod_spec and policy.unread():
            model.not_applicable(policy, item)
    change = workload.pod_spec.at("securityContext", "fsGroupChangePolicy")
    if change.unread():
        model.not_applicable(change, item)
    if workload.kind == "DaemonSet":
        kind = next(child for child in item.cursor.children if child.key == "kind")
        finding = Finding(NOT_APPLICABLE, "one pod on every node", kind)
        model.builder.findings.setdefault(item, []).append(finding)


def settle_inherited(model: ClusterModel) -> None:
    """Settings of a pod that each of its containers overrides never had an effect."""
    for workload in model.workloads:
        workload.pod_spec.at("securityContext").skip("every container sets its own")
