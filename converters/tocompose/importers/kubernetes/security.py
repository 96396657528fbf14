"""Who a container runs as and what it may do: its own settings before those of its pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_bool,
    take_integer,
    take_text,
)
from tocompose.ledger import Cursor
from tocompose.model import Security
from tocompose.syntax.interpolation import literal

_NOTHING = Security()


def container_security(place: ContainerContext) -> Security:
    """The security part of the compose service."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.pod_spec.at("securityContext"),
    )
    if not own and not pod:
        return _NOTHING
    return Security(
        user=container_user(place),
        group_add=tuple(_added_groups(pod, place)),
        privileged=take_bool(own.at("privileged"), place.path("privileged")),
        read_only=take_bool(own.at("readOnlyRootFilesystem"), place.path("read_only")),
        cap_add=_capabilities(own.at("capabilities", "add"), place.path("cap_add")),
        cap_drop=_capabilities(own.at("capabilities", "drop"), place.path("cap_drop")),
        security_opt=tuple(_security_options(own, pod, place)),
    )


def container_user(place: ContainerContext) -> str | None:
    """`uid` or `uid:gid`; a group alone needs the image's user, which nobody knows."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.pod_spec.at("securityContext"),
    )
    to = place.path("user")
    uid, gid = _own_or_pod(own, pod, "runAsUser"), _own_or_pod(own, pod, "runAsGroup")
    number, group = take_integer(uid, to), None
    if number is None:
        if peek_text(gid) is not None:
            gid.note(
                "TC248",
                object=str(place.workload.kube_object),
                fields=f"runAsGroup: {peek_text(gid)}",
                subject=to,
            )
        return None
    group = take_integer(gid, to)
    return str(number) if group is None else f"{number}:{group}"


def _own_or_pod(own: Cursor, pod: Cursor, key: str) -> Cursor:
    return own.at(key) if peek_text(own.at(key)) is not None else pod.at(key)


def runs_as_root(place: ContainerContext) -> bool:
    """Whether the manifests say that the container runs as root."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.pod_spec.at("securityContext"),
    )
    return peek_text(_own_or_pod(own, pod, "runAsUser")) == "0"


def names_user(place: ContainerContext) -> bool:
    """Whether the manifests choose the user, rather than the image."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.pod_spec.at("securityContext"),
    )
    return peek_text(_own_or_pod(own, pod, "runAsUser")) is not None


def fs_group(place: ContainerContext) -> str | None:
    """The group that owns the pod's volumes."""
    number = take_integer(
        place.workload.pod_spec.at("securityContext", "fsGroup"), place.path("group_add")
    )
    return None if number is None else str(number)


def _added_groups(pod: Cursor, place: ContainerContext) -> Iterator[str]:
    group = fs_group(place)
    if group is not None:
        yield group
    for entry in list_entries(pod.at("supplementalGroups")):
        number = take_integer(entry, place.path("group_add"))
        if number is not None and str(number) != group:
            yield str(number)


def _capabilities(cursor: Cursor, to: str) -> tuple[str, ...]:
    return tuple(
        literal(name)
        for entry in list_entries(cursor)
        if (name := take_text(entry, to)) is not None
    )


def _security_options(own: Cursor, pod: Cursor, place: ContainerContext) -> Iterator[str]:
    to = place.path("security_opt")
    escalation = take_bool(own.at("allowPrivilegeEscalation"), to)
    if escalation is not None:
        # Said outright, it also stands against what a practice would add in production.
        yield f"no-new-privileges:{str(not escalation).lower()}"
    if (mount := peek_text(own.at("procMount"))) is not None:
        own.at("procMount").take(to=to)
        if mount == "Unmasked":
            yield "systempaths=unconfined"
    yield from _seccomp_option(_own_or_pod_map(own, pod, "seccompProfile"), place, to)
    yield from _apparmor_option(_own_or_pod_map(own, pod, "appArmorProfile"), place, to)
    labels = _own_or_pod_map(own, pod, "seLinuxOptions")
    for key in ("user", "role", "type", "level"):
        if (given := take_text(labels.at(key), to)) is not None:
            yield f"label:{key}:{literal(given)}"


def _own_or_pod_map(own: Cursor, pod: Cursor, key: str) -> Cursor:
    return own.at(key) if own.at(key).kind == "map" else pod.at(key)


def _seccomp_option(profile: Cursor, place: ContainerContext, to: str) -> Iterator[str]:
    kind = peek_text(profile.at("type"))
    if kind is None:
        return
    if kind == "Unconfined":
        profile.map(to=to)
        yield "seccomp:unconfined"
    elif kind == "RuntimeDefault":
        profile.note(
            "TC255", object=str(place.workload.kube_object), what="seccomp", subject=to
        )
    else:
        name = peek_text(profile.at("localhostProfile")) or ""
        profile.note(
            "TC248",
            object=str(place.workload.kube_object),
            fields=f"seccompProfile {name}",
            subject=to,
        )


def _apparmor_option(profile: Cursor, place: ContainerContext, to: str) -> Iterator[str]:
    kind = peek_text(profile.at("type"))
    if kind is None:
        return
    if kind == "RuntimeDefault":
        profile.note(
            "TC255", object=str(place.workload.kube_object), what="AppArmor", subject=to
        )
        return
    if kind not in ("Unconfined", "Localhost"):
        profile.note(
            "TC209",
            field="appArmorProfile",
            expected="RuntimeDefault, Unconfined or Localhost",
        )
        return
    name = (
        "unconfined"
        if kind == "Unconfined"
        else peek_text(profile.at("localhostProfile")) or "docker-default"
    )
    profile.map(to=to)
    yield f"apparmor:{literal(name)}"


def beta_apparmor(place: ContainerContext) -> tuple[str, ...]:
    """The profile that an annotation of the pod gives the container, as before Kubernetes 1.30."""
    name = f"container.apparmor.security.beta.kubernetes.io/{place.unit.name}"
    entry = place.workload.pod_template.at("metadata", "annotations", name)
    given = peek_text(entry)
    if given is None:
        return ()
    entry.take(to=place.path("security_opt"))
    profile = given.removeprefix("localhost/")
    return () if profile == "runtime/default" else (f"apparmor:{literal(profile)}",)


def kernel_settings(place: ContainerContext) -> dict[str, Any]:
    """The pod's kernel settings; those of the network only at the owner of its network namespace."""
    found: dict[str, Any] = {}
    if not place.workload.pod_spec.at("securityContext", "sysctls"):
        return found
    owner = place.unit.service == place.pod.network_owner
    for entry in list_entries(place.workload.pod_spec.at("securityContext", "sysctls")):
        name, given = peek_text(entry.at("name")), peek_text(entry.at("value"))
        if name is None or given is None or (name.startswith("net.") and not owner):
            continue
        if name.startswith("net.") and place.workload.host_network:
            entry.note(
                "TC248",
                object=str(place.workload.kube_object),
                fields=f"sysctl {name}",
                subject=place.path(),
            )
            continue
        entry.map(to=place.path("sysctls"))
        found[literal(name)] = literal(given)
    return found
