"""What a pod gives its containers (namespaces, host names, DNS, platform), and what is said of it as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.field_tables import Finding, values_in_words
from tocompose.importers.kubernetes.cluster_model import (
    NOT_APPLICABLE,
    ClusterModel,
    ContainerContext,
)
from tocompose.importers.kubernetes.kinds import FILLED_IN
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
from tocompose.syntax.model_path import ModelPath

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_RUNTIMES = {"gvisor": "runsc", "nvidia": "nvidia", "kata": "kata-runtime"}
_LONGEST_NAME = 63


def pod_options(container: ContainerContext) -> dict[str, Any]:
    """The Compose keys that come from the pod; those of its network only for containers with a network of their own:
    the owner of the namespace, and the init containers before it."""
    spec, options = container.pod_spec, dict[str, Any]()
    for field, key in (("hostPID", "pid"), ("hostIPC", "ipc")):
        # What is not shared has no key.
        is_shared = peek_bool(spec.at(field)) is True
        take_bool(spec.at(field), container.path(key) if is_shared else container.path())
        if is_shared:
            options[key] = "host"
    first_running = next(container.pod.running_containers()).service
    shares_processes = spec.at("shareProcessNamespace")
    if peek_bool(shares_processes) is not None:
        shares_processes.take(to=container.path())
    joins_first = (
        container.role is not ContainerRole.INIT and container.service != first_running
    )
    if peek_bool(shares_processes) and joins_first:
        options["pid"] = f"service:{first_running}"
    _set_platform(container, options)
    _set_runtime(container, options)
    if not container.joins_owner:
        _set_hostname(container, options)
        if not container.workload.host_network:
            _set_resolver(spec.at("dnsConfig"), container, options)
        _set_extra_hosts(container, options)
    return options


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
    dns_options = {
        "dns": list(_dns_servers(config, container)),
        "dns_search": list(_search_domains(config, container)),
        "dns_opt": list(_resolver_options(config, container.path("dns_opt"))),
    }
    options.update({key: listed for key, listed in dns_options.items() if listed})


def _dns_servers(config: Cursor, container: ContainerContext) -> Iterator[str]:
    for server_cursor in list_entries(config.at("nameservers")):
        if server := peek_text(server_cursor):
            server_cursor.take(to=container.path("dns"))
            yield literal(server)


def _search_domains(config: Cursor, container: ContainerContext) -> Iterator[str]:
    for domain_cursor in list_entries(config.at("searches")):
        domain = peek_text(domain_cursor) or ""
        if domain.endswith("cluster.local"):
            fields = f"dnsConfig search {domain}"
            domain_cursor.note("TC201", object=container.workload_title, fields=fields)
        elif domain:
            domain_cursor.take(to=container.path("dns_search"))
            yield literal(domain)


def _resolver_options(config: Cursor, to: ModelPath) -> Iterator[str]:
    for option in list_entries(config.at("options")):
        name = take_text(option.at("name"), to)
        if name is None:
            continue
        setting = take_text(option.at("value"), to)
        yield literal(name if setting is None else f"{name}:{setting}")


def _set_extra_hosts(container: ContainerContext, options: dict[str, Any]) -> None:
    hosts = []
    for host_alias in list_entries(container.pod_spec.at("hostAliases")):
        # One without the other says nothing: it stays unread, which a note tells.
        if not peek_text(host_alias.at("ip")):
            continue
        for name in list_entries(host_alias.at("hostnames")):
            hostname = take_text(name, container.path("extra_hosts"))
            if not hostname:
                continue
            address = take_text(host_alias.at("ip"), container.path("extra_hosts"))
            if address:
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
        _note_selector(workload)
        _note_unmounted(workload)
        _note_useless_fields(workload, model)


def _note_shape(workload: Workload, pod: Pod, model: ClusterModel) -> None:
    title, span, subject = (
        str(workload.kube_object),
        workload.kube_object.span,
        ModelPath.service(pod.base),
    )
    partners = ", ".join(
        container.service for container in pod.containers if pod.joins_owner(container)
    )
    if partners and not workload.host_network:
        model.ledger.add_note(
            note(
                "TC238",
                span,
                subject=subject,
                object=title,
                partners=partners,
                owner=pod.network_owner,
            )
        )
    runs_at_up = workload.kind != "CronJob"
    if runs_at_up and any(
        container.role is ContainerRole.INIT for container in pod.containers
    ):
        model.ledger.add_note(note("TC236", span, subject=subject, object=title))


def _note_host_network(workload: Workload) -> None:
    cursor = workload.pod_spec.at("hostNetwork")
    if peek_bool(cursor) is True:
        for pod_container in workload.containers():
            cursor.take(to=ModelPath.service(pod_container.service, "network_mode"))
        cursor.annotate(
            "TC251",
            object=str(workload.kube_object),
            subject=ModelPath.service(workload.name, "network_mode"),
        )
    elif peek_bool(cursor) is False:
        cursor.skip(FILLED_IN)


def _note_selector(workload: Workload) -> None:
    selector = workload.kube_object.at("spec", "selector")
    match_labels = string_map(selector.at("matchLabels") or selector)
    if not match_labels.items() <= workload.labels.items():
        selector.annotate("TC258", object=str(workload.kube_object))


def _note_unmounted(workload: Workload) -> None:
    """Says of each volume that no container mounts it."""
    mounted = {
        mount.volume for container in workload.containers() for mount in container.mounts
    }
    templates = workload.kube_object.at("spec", "volumeClaimTemplates")
    volumes = [
        *((volume.cursor, volume.name or None) for volume in workload.volumes),
        *(
            (template, template.peek("metadata", "name"))
            for template in list_entries(templates)
        ),
    ]
    for volume, name in volumes:
        if name not in mounted:
            values = values_in_words(volume.node)
            description = f"volume {name} of {workload.kube_object} ({values})"
            volume.note("TC253", object=description)


def _note_useless_fields(workload: Workload, model: ClusterModel) -> None:
    """Collects what has no use here for the note of the workload."""
    kube_object, pod_spec = workload.kube_object, workload.pod_spec
    for selector in pod_spec.at("nodeSelector"):
        if selector.key not in _ARCH:
            model.not_applicable(selector, kube_object)
    _settle_non_root(pod_spec, workload, model)
    for container in workload.containers():
        _settle_non_root(container.cursor, workload, model)
        restart_policy = container.cursor.at("restartPolicy")
        if restart_policy.unread():
            model.not_applicable(restart_policy, kube_object)
    change = pod_spec.at("securityContext", "fsGroupChangePolicy")
    if change.unread():
        model.not_applicable(change, kube_object)
    if workload.kind == "DaemonSet":
        kind = next(child for child in kube_object.cursor.children if child.key == "kind")
        finding = Finding(NOT_APPLICABLE, "one pod on every node", kind)
        model.builder.findings.setdefault(kube_object, []).append(finding)


def _settle_non_root(spec: Cursor, workload: Workload, model: ClusterModel) -> None:
    """`runAsNonRoot` of a pod or container: a check that a user other than root makes pass."""
    non_root = spec.at("securityContext", "runAsNonRoot")
    if peek_bool(non_root) is False:
        non_root.skip(FILLED_IN)
    elif peek_text(non_root) is not None:
        user_path = ("securityContext", "runAsUser")
        uid = peek_text(spec.at(*user_path)) or peek_text(workload.pod_spec.at(*user_path))
        code = "TC248" if uid in (None, "0") else NOT_APPLICABLE
        model.not_applicable(non_root, workload.kube_object, code)


def settle_inherited(model: ClusterModel) -> None:
    """Settings of a pod that each of its containers overrides never had an effect."""
    for workload in model.workloads:
        workload.pod_spec.at("securityContext").skip("every container sets its own")
