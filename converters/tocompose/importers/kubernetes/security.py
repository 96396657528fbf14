"""Who a container runs as and what it may do: its own settings before those of its pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
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
from tocompose.syntax.model_path import ModelPath

_NOTHING = Security()


def container_security(container: ContainerContext) -> Security:
    """The security part of the compose service."""
    own_context, pod_context = (
        container.cursor.at("securityContext"),
        container.pod_spec.at("securityContext"),
    )
    if not own_context and not pod_context:
        return _NOTHING
    return Security(
        user=container_user(container),
        group_add=tuple(_added_groups(pod_context, container)),
        privileged=take_bool(own_context.at("privileged"), container.path("privileged")),
        read_only=take_bool(
            own_context.at("readOnlyRootFilesystem"), container.path("read_only")
        ),
        cap_add=_capabilities(
            own_context.at("capabilities", "add"), container.path("cap_add")
        ),
        cap_drop=_capabilities(
            own_context.at("capabilities", "drop"), container.path("cap_drop")
        ),
        security_opt=tuple(_security_options(own_context, pod_context, container)),
    )


def container_user(container: ContainerContext) -> str | None:
    """`uid` or `uid:gid`; a group alone needs the image's user, which nobody knows."""
    to, run_as = container.path("user"), container.run_as
    number = take_integer(run_as.user_cursor, to)
    if number is None:
        if run_as.group is not None:
            run_as.group_cursor.note(
                "TC248",
                object=container.workload_title,
                fields=f"runAsGroup: {run_as.group}",
                subject=to,
            )
        return None
    group = take_integer(run_as.group_cursor, to)
    return str(number) if group is None else f"{number}:{group}"


def fs_group(container: ContainerContext) -> str | None:
    """The group that owns the pod's volumes."""
    number = take_integer(
        container.pod_spec.at("securityContext", "fsGroup"),
        container.path("group_add"),
    )
    return None if number is None else str(number)


def _added_groups(pod_context: Cursor, container: ContainerContext) -> Iterator[str]:
    group = fs_group(container)
    if group is not None:
        yield group
    for group_entry in list_entries(pod_context.at("supplementalGroups")):
        number = take_integer(group_entry, container.path("group_add"))
        if number is not None and str(number) != group:
            yield str(number)


def _capabilities(cursor: Cursor, to: ModelPath) -> tuple[str, ...]:
    return tuple(
        literal(name)
        for capability in list_entries(cursor)
        if (name := take_text(capability, to)) is not None
    )


def _security_options(
    own_context: Cursor, pod_context: Cursor, container: ContainerContext
) -> Iterator[str]:
    to = container.path("security_opt")
    escalation = take_bool(own_context.at("allowPrivilegeEscalation"), to)
    if escalation is not None:
        # Said outright, it also stands against what a practice would add in production.
        yield f"no-new-privileges:{str(not escalation).lower()}"
    proc_mount = own_context.at("procMount")
    if peek_text(proc_mount) == "Unmasked":
        proc_mount.take(to=to)
        yield "systempaths=unconfined"
    elif peek_text(proc_mount) == "Default":
        proc_mount.skip("what docker does anyway")
    yield from _seccomp_option(
        _own_or_pod_map(own_context, pod_context, "seccompProfile"), container, to
    )
    yield from _apparmor_option(
        _own_or_pod_map(own_context, pod_context, "appArmorProfile"), container, to
    )
    labels = _own_or_pod_map(own_context, pod_context, "seLinuxOptions")
    for key in ("user", "role", "type", "level"):
        if (label := take_text(labels.at(key), to)) is not None:
            yield f"label:{key}:{literal(label)}"


def _own_or_pod_map(own_context: Cursor, pod_context: Cursor, key: str) -> Cursor:
    return own_context.at(key) if own_context.at(key).kind == "map" else pod_context.at(key)


def _seccomp_option(
    profile: Cursor, container: ContainerContext, to: ModelPath
) -> Iterator[str]:
    kind = peek_text(profile.at("type"))
    if kind is None:
        return
    if kind == "Unconfined":
        profile.map(to=to)
        yield "seccomp:unconfined"
    elif kind == "RuntimeDefault":
        profile.note("TC255", object=container.workload_title, what="seccomp", subject=to)
    else:
        name = peek_text(profile.at("localhostProfile")) or ""
        profile.note(
            "TC248",
            object=container.workload_title,
            fields=f"seccompProfile {name}",
            subject=to,
        )


def _apparmor_option(
    profile: Cursor, container: ContainerContext, to: ModelPath
) -> Iterator[str]:
    kind = peek_text(profile.at("type"))
    if kind is None:
        return
    if kind == "RuntimeDefault":
        profile.note("TC255", object=container.workload_title, what="AppArmor", subject=to)
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


def beta_apparmor(container: ContainerContext) -> tuple[str, ...]:
    """The profile that an annotation of the pod gives the container, as before Kubernetes 1.30."""
    name = f"container.apparmor.security.beta.kubernetes.io/{container.name}"
    annotation = container.workload.pod_template.at("metadata", "annotations", name)
    profile_text = peek_text(annotation)
    if profile_text is None:
        return ()
    annotation.take(to=container.path("security_opt"))
    profile = profile_text.removeprefix("localhost/")
    return () if profile == "runtime/default" else (f"apparmor:{literal(profile)}",)


def kernel_settings(container: ContainerContext) -> dict[str, Any]:
    """The pod's kernel settings; those of the network only at the owner of its network namespace."""
    settings: dict[str, Any] = {}
    if not container.pod_spec.at("securityContext", "sysctls"):
        return settings
    owner = container.service == container.pod.network_owner
    for sysctl in list_entries(container.pod_spec.at("securityContext", "sysctls")):
        name, setting = peek_text(sysctl.at("name")), peek_text(sysctl.at("value"))
        if name is None or setting is None or (name.startswith("net.") and not owner):
            continue
        if name.startswith("net.") and container.workload.host_network:
            sysctl.note(
                "TC248",
                object=container.workload_title,
                fields=f"sysctl {name}",
                subject=container.path(),
            )
            continue
        sysctl.map(to=container.path("sysctls"))
        settings[literal(name)] = literal(setting)
    return settings
