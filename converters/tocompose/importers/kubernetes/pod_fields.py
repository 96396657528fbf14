"""What stands in the spec of a pod, read once into a record with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.container_fields import (
    Container,
    Resources,
    decode_container,
    decode_resources,
)
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
    stated,
    stated_entries,
    stated_map,
)
from tocompose.importers.kubernetes.security_fields import SecurityContext, decode_security
from tocompose.importers.kubernetes.volume_fields import PodVolume, decode_volume
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple


class HostAlias(NamedTuple):
    """An address with the names that the pod has for it."""

    address: Stated
    hostnames: tuple[Stated, ...]


class NamedValue(NamedTuple):
    """A name with what is set for it: an option of the resolver, a setting of the kernel."""

    cursor: Cursor
    name: Stated
    value: Stated


def _decode_named_values(cursor: Cursor) -> tuple[NamedValue, ...]:
    return tuple(
        NamedValue(entry, stated(entry, "name"), stated(entry, "value"))
        for entry in list_entries(cursor)
    )


class ResolverConfig(NamedTuple):
    """How the pod finds hosts by their names."""

    nameservers: tuple[Stated, ...]
    searches: tuple[Stated, ...]
    options: tuple[NamedValue, ...]


class VolumeOwnership(NamedTuple):
    """The groups of a pod, and how its volumes get the first of them."""

    group: Stated
    change_policy: Stated
    further_groups: tuple[Stated, ...]


class PodNames(NamedTuple):
    """What a pod is called in the network."""

    hostname: Stated
    hostname_override: Stated
    subdomain: Stated
    is_full_name: Stated


class PullSecret(NamedTuple):
    """What names the credentials of a registry."""

    cursor: Cursor
    name: str | None


class PodIdentity(NamedTuple):
    """Whom a pod is to the cluster's API and to registries; `accounts` are the two fields that name its account."""

    accounts: tuple[Stated, ...]
    mounts_token: Stated
    pull_secrets: tuple[PullSecret, ...]


class PodSpec(NamedTuple):
    """The spec of a pod as the manifests state it; `cursor` is the place of the whole."""

    cursor: Cursor
    init_containers: tuple[Container, ...]
    containers: tuple[Container, ...]
    volumes: tuple[PodVolume, ...]
    resources: Resources
    security: SecurityContext
    ownership: VolumeOwnership
    sysctls: tuple[NamedValue, ...]
    host_network: Stated
    host_pid: Stated
    host_ipc: Stated
    shares_processes: Stated
    names: PodNames
    resolver: ResolverConfig
    host_aliases: tuple[HostAlias, ...]
    links_services: Stated
    node_selector: Mapping[str, Stated]
    runtime_class: Stated
    restart_policy: Stated
    grace_seconds: Stated
    identity: PodIdentity

    def volume(self, name: str) -> PodVolume | None:
        """The volume of that name; of two the later."""
        named = (volume for volume in reversed(self.volumes) if volume.name == name)
        return next(named, None)


def decode_pod(cursor: Cursor) -> PodSpec:
    """The spec of a pod that stands at the cursor."""
    security = cursor.at("securityContext")
    return PodSpec(
        cursor,
        init_containers=_decode_containers(cursor.at("initContainers")),
        containers=_decode_containers(cursor.at("containers")),
        volumes=tuple(map(decode_volume, list_entries(cursor.at("volumes")))),
        resources=decode_resources(cursor),
        security=decode_security(security),
        ownership=_decode_ownership(security),
        sysctls=_decode_named_values(security.at("sysctls")),
        host_network=stated(cursor, "hostNetwork"),
        host_pid=stated(cursor, "hostPID"),
        host_ipc=stated(cursor, "hostIPC"),
        shares_processes=stated(cursor, "shareProcessNamespace"),
        names=_decode_names(cursor),
        resolver=_decode_resolver(cursor.at("dnsConfig")),
        host_aliases=tuple(_decode_aliases(cursor.at("hostAliases"))),
        links_services=stated(cursor, "enableServiceLinks"),
        node_selector=stated_map(cursor, "nodeSelector"),
        runtime_class=stated(cursor, "runtimeClassName"),
        restart_policy=stated(cursor, "restartPolicy"),
        grace_seconds=stated(cursor, "terminationGracePeriodSeconds"),
        identity=_decode_identity(cursor),
    )


def _decode_containers(cursor: Cursor) -> tuple[Container, ...]:
    return tuple(map(decode_container, list_entries(cursor)))


def _decode_ownership(security: Cursor) -> VolumeOwnership:
    return VolumeOwnership(
        group=stated(security, "fsGroup"),
        change_policy=stated(security, "fsGroupChangePolicy"),
        further_groups=stated_entries(security, "supplementalGroups"),
    )


def _decode_names(cursor: Cursor) -> PodNames:
    return PodNames(
        hostname=stated(cursor, "hostname"),
        hostname_override=stated(cursor, "hostnameOverride"),
        subdomain=stated(cursor, "subdomain"),
        is_full_name=stated(cursor, "setHostnameAsFQDN"),
    )


def _decode_resolver(config: Cursor) -> ResolverConfig:
    return ResolverConfig(
        nameservers=stated_entries(config, "nameservers"),
        searches=stated_entries(config, "searches"),
        options=_decode_named_values(config.at("options")),
    )


def _decode_aliases(cursor: Cursor) -> Iterator[HostAlias]:
    for host_alias in list_entries(cursor):
        yield HostAlias(stated(host_alias, "ip"), stated_entries(host_alias, "hostnames"))


def _decode_identity(cursor: Cursor) -> PodIdentity:
    return PodIdentity(
        accounts=tuple(
            stated(cursor, key) for key in ("serviceAccountName", "serviceAccount")
        ),
        mounts_token=stated(cursor, "automountServiceAccountToken"),
        pull_secrets=tuple(
            PullSecret(reference, peek_text(reference.at("name")))
            for reference in list_entries(cursor.at("imagePullSecrets"))
        ),
    )
