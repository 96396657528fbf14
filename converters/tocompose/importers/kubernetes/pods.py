"""What a pod gives its containers (namespaces, host names, DNS, platform), and what is said of it as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.field_tables import Finding, values_in_words
from tocompose.importers.kubernetes.cluster_model import (
    ClusterModel,
    ContainerContext,
)
from tocompose.importers.kubernetes.config_watchers import ConfigWatcher
from tocompose.importers.kubernetes.container_fields import Container
from tocompose.importers.kubernetes.kinds import FILLED_IN
from tocompose.importers.kubernetes.pod_fields import ResolverConfig
from tocompose.importers.kubernetes.scalars import string_map
from tocompose.importers.kubernetes.security_fields import SecurityContext, run_as
from tocompose.importers.kubernetes.stack_builder import (
    NOT_APPLICABLE,
    ObjectFinding,
    not_applicable,
)
from tocompose.importers.kubernetes.waits import only_waits
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.notes import note
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_RUNTIMES = {"gvisor": "runsc", "nvidia": "nvidia", "kata": "kata-runtime"}
_LONGEST_NAME = 63


def pod_options(container: ContainerContext) -> dict[str, Any]:
    """The Compose keys that come from the pod; those of its network only for containers with a network of their own:
    the owner of the namespace, and the init containers before it."""
    spec, options = container.pod_spec, dict[str, Any]()
    for namespace, key in ((spec.host_pid, "pid"), (spec.host_ipc, "ipc")):
        # What is not shared has no key.
        is_shared = namespace.flag is True
        namespace.take_bool(container.path(key) if is_shared else container.path())
        if is_shared:
            options[key] = "host"
    first_running = next(container.pod.running_containers()).service
    shares_processes = spec.shares_processes
    if shares_processes.flag is not None:
        shares_processes.cursor.take(to=container.path())
    joins_first = (
        container.role is not ContainerRole.INIT and container.service != first_running
    )
    if shares_processes.flag and joins_first:
        options["pid"] = f"service:{first_running}"
    _set_platform(container, options)
    _set_runtime(container, options)
    if not container.joins_owner:
        _set_hostname(container, options)
        if not container.workload.host_network:
            _set_resolver(container, options)
        _set_extra_hosts(container, options)
    return options


def _set_platform(container: ContainerContext, options: dict[str, Any]) -> None:
    selector = container.pod_spec.node_selector
    for key in _ARCH:
        if key not in selector:
            continue
        arch = selector[key].take_text(container.path("platform"))
        if arch is not None:
            options["platform"] = f"linux/{literal(arch)}"


def _set_runtime(container: ContainerContext, options: dict[str, Any]) -> None:
    name = container.pod_spec.runtime_class.take_text(container.path("runtime"))
    if name is not None:
        options["runtime"] = _RUNTIMES.get(name, literal(name))


def _set_hostname(container: ContainerContext, options: dict[str, Any]) -> None:
    """The host name: what the pod says, else a StatefulSet pod's own name, from which programs read their number."""
    names, to = container.pod_spec.names, container.path("hostname")
    hostname = (
        names.hostname_override.take_text(to)
        or names.hostname.take_text(to)
        or container.pod.hostname
    )
    if hostname is None and container.needs_hostname and not container.is_replicated:
        hostname = container.pod.base
    domain = names.subdomain.text
    if hostname is not None and domain and names.is_full_name.take_bool(to) is True:
        names.subdomain.cursor.take(to=to)
        hostname = f"{hostname}.{domain}.{container.namespace}.svc.cluster.local"
    if hostname is not None:
        options["hostname"] = literal(hostname[:_LONGEST_NAME])


def _set_resolver(container: ContainerContext, options: dict[str, Any]) -> None:
    config = container.pod_spec.resolver
    dns_options = {
        "dns": list(_dns_servers(config, container)),
        "dns_search": list(_search_domains(config, container)),
        "dns_opt": list(_resolver_options(config, container.path("dns_opt"))),
    }
    options.update({key: listed for key, listed in dns_options.items() if listed})


def _dns_servers(config: ResolverConfig, container: ContainerContext) -> Iterator[str]:
    for server, cursor in config.nameservers:
        if server:
            cursor.take(to=container.path("dns"))
            yield literal(server)


def _search_domains(config: ResolverConfig, container: ContainerContext) -> Iterator[str]:
    for domain, cursor in config.searches:
        if domain and domain.endswith("cluster.local"):
            fields = f"dnsConfig search {domain}"
            cursor.note("TC201", object=container.workload_title, fields=fields)
        elif domain:
            cursor.take(to=container.path("dns_search"))
            yield literal(domain)


def _resolver_options(config: ResolverConfig, to: ModelPath) -> Iterator[str]:
    for option in config.options:
        name = option.name.take_text(to)
        if name is None:
            continue
        setting = option.value.take_text(to)
        yield literal(name if setting is None else f"{name}:{setting}")


def _set_extra_hosts(container: ContainerContext, options: dict[str, Any]) -> None:
    hosts = []
    for host_alias in container.pod_spec.host_aliases:
        # One without the other says nothing: it stays unread, which a note tells.
        if not host_alias.address.text:
            continue
        for name in host_alias.hostnames:
            hostname = name.take_text(container.path("extra_hosts"))
            if not hostname:
                continue
            address = host_alias.address.take_text(container.path("extra_hosts"))
            if address:
                hosts.append(f"{literal(hostname)}={literal(address)}")
    hosts.extend(f"{name}={address}" for name, address in container.extra_hosts.items())
    if hosts:
        options["extra_hosts"] = hosts


_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")


def note_pods(model: ClusterModel) -> Iterator[ObjectFinding]:
    """Says the notes on shared networks, init containers and the host's network; finds fields without a use here."""
    for workload in model.workloads:
        if not workload.pods:
            continue
        _note_shape(workload, workload.pods[0], model)
        _note_host_network(workload)
        _note_selector(workload)
        _note_unmounted(workload)
        for watcher in workload.watchers:
            _note_watcher(watcher, workload, model)
        yield from _useless_fields(workload)


def _note_shape(workload: Workload, pod: Pod, model: ClusterModel) -> None:
    title, span, subject = (
        str(workload.kube_object),
        workload.kube_object.span,
        ModelPath.service(pod.base),
    )
    partners = [
        container.service for container in pod.containers if pod.joins_owner(container)
    ]
    if partners and not workload.host_network:
        model.ledger.add_note(
            note(
                "TC238",
                span,
                subject=subject,
                object=title,
                partners=", ".join(partners),
                joined=" ".join(partners),
                owner=pod.network_owner,
            )
        )
    runs_at_up = workload.kind != "CronJob"
    if runs_at_up and any(
        container.role is ContainerRole.INIT and not only_waits(container.fields)
        for container in pod.containers
    ):
        model.ledger.add_note(note("TC236", span, subject=subject, object=title))


def _note_watcher(watcher: ConfigWatcher, workload: Workload, model: ClusterModel) -> None:
    """Says what became of a sidecar that copies ConfigMaps: what it would copy, and where that is now."""
    name = watcher.container.name.text or "sidecar"
    if watcher.volume is None:
        service = _service_of(watcher.container, workload)
        watcher.container.cursor.annotate(
            "TC699",
            subject=ModelPath.service(service),
            service=service,
            object=str(workload.kube_object),
            why=watcher.problem,
        )
        return
    readers = list(_readers(watcher.volume.name, workload))
    subject = ModelPath.service((readers or [workload.name])[0])
    for kube_object in watcher.selected:
        kube_object.at("metadata", "labels", watcher.label).take(to=subject)
    watcher.volume.cursor.at("emptyDir").mark_noted("TC698")
    watcher.container.cursor.note(
        "TC698",
        subject=subject,
        object=str(workload.kube_object),
        name=name,
        folder=watcher.folder,
        content=watcher.content_in_words(),
        advice_text=_watched_advice(watcher, readers, model),
    )


def _readers(volume: str, workload: Workload) -> Iterator[str]:
    """The services of the workload that mount a volume of its pods."""
    for container in workload.containers():
        if any(mount.volume == volume for mount in container.fields.mounts):
            yield container.service


def _service_of(fields: Container, workload: Workload) -> str:
    services = (each.service for each in workload.containers() if each.fields is fields)
    return next(services, workload.name)


def _watched_advice(watcher: ConfigWatcher, readers: list[str], model: ClusterModel) -> str:
    """Where further files go, and what is to be done for those that the folder does not hold."""
    volume = watcher.volume.name if watcher.volume else ""
    if not readers:
        return "Nothing to do: no other container mounts the folder."
    folder = model.config_store.folders[readers[0], volume]
    advice = f"Put further files into ./{folder}, and restart {enumerated(readers)} after a change."
    if watcher.left_files:
        advice = f"{advice} Put {enumerated(watcher.left_files)} there by hand."
    return advice


def _note_host_network(workload: Workload) -> None:
    flag, cursor = (
        workload.pod_spec.host_network.flag,
        workload.pod_spec.host_network.cursor,
    )
    if flag is True:
        for pod_container in workload.containers():
            cursor.take(to=ModelPath.service(pod_container.service, "network_mode"))
        cursor.annotate(
            "TC251",
            object=str(workload.kube_object),
            subject=ModelPath.service(workload.name, "network_mode"),
        )
    elif flag is False:
        cursor.skip(FILLED_IN)


def _note_selector(workload: Workload) -> None:
    selector = workload.kube_object.at("spec", "selector")
    match_labels = string_map(selector.at("matchLabels") or selector)
    if not match_labels.items() <= workload.labels.items():
        selector.annotate("TC258", object=str(workload.kube_object))


def _note_unmounted(workload: Workload) -> None:
    """Says of each volume that no container mounts it."""
    mounted = {
        mount.volume
        for container in workload.containers()
        for mount in container.fields.mounts
    }
    volumes = [
        *((volume.cursor, volume.name or None) for volume in workload.pod_spec.volumes),
        *((template.cursor, template.name.text) for template in workload.claim_templates),
    ]
    for volume, name in volumes:
        if name not in mounted:
            values = values_in_words(volume.node)
            description = f"volume {name} of {workload.kube_object} ({values})"
            volume.note("TC253", object=description)


def _useless_fields(workload: Workload) -> Iterator[ObjectFinding]:
    """What has no use here, for the note of the workload."""
    kube_object, pod_spec = workload.kube_object, workload.pod_spec
    for key, selector in pod_spec.node_selector.items():
        if key not in _ARCH:
            yield from not_applicable(selector.cursor, kube_object)
    yield from _settle_non_root(pod_spec.security, workload)
    for container in workload.containers():
        yield from _settle_non_root(container.fields.security, workload)
        restart_policy = container.fields.restart_policy.cursor
        if restart_policy.unread():
            yield from not_applicable(restart_policy, kube_object)
    change = pod_spec.ownership.change_policy.cursor
    if change.unread():
        yield from not_applicable(change, kube_object)
    if workload.kind == "DaemonSet":
        kind = next(child for child in kube_object.cursor.children if child.key == "kind")
        finding = Finding(NOT_APPLICABLE, "one pod on every node", kind)
        yield ObjectFinding(kube_object, finding)


def _settle_non_root(
    context: SecurityContext, workload: Workload
) -> Iterator[ObjectFinding]:
    """`runAsNonRoot` of a pod or container: a check that a user other than root makes pass."""
    non_root = context.non_root
    if non_root.flag is False:
        non_root.cursor.skip(FILLED_IN)
    elif non_root.text is not None:
        uid = run_as(context, workload.pod_spec.security).user.text
        code = "TC248" if uid in (None, "0") else NOT_APPLICABLE
        yield from not_applicable(non_root.cursor, workload.kube_object, code)


def settle_inherited(model: ClusterModel) -> None:
    """Settings of a pod that each of its containers overrides never had an effect."""
    for workload in model.workloads:
        workload.pod_spec.security.cursor.skip("each container sets its own")
