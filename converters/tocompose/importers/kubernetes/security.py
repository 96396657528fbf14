"""Who a container runs as and what it may do: its own settings before those of its pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    Stated,
    peek_text,
)
from tocompose.importers.kubernetes.security_fields import SecurityProfile
from tocompose.model import Security
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_NOTHING = Security()


def container_security(container: ContainerContext) -> Security:
    """The security part of the compose service."""
    privileges, shared = container.fields.privileges, container.pod_spec.security
    if not container.fields.security.cursor and not shared.cursor:
        return _NOTHING
    return Security(
        user=container_user(container),
        group_add=tuple(_added_groups(container)),
        privileged=privileges.privileged.take_bool(container.path("privileged")),
        read_only=privileges.read_only_root.take_bool(container.path("read_only")),
        cap_add=_capabilities(privileges.added_capabilities, container.path("cap_add")),
        cap_drop=_capabilities(privileges.dropped_capabilities, container.path("cap_drop")),
        security_opt=tuple(_security_options(container)),
    )


def container_user(container: ContainerContext) -> str | None:
    """`uid` or `uid:gid`; a group alone needs the image's user, which nobody knows."""
    to, run_as = container.path("user"), container.run_as
    number = run_as.user.take_integer(to)
    if number is None:
        if run_as.group.text is not None:
            run_as.group.cursor.note(
                "TC248",
                object=container.workload_title,
                fields=f"runAsGroup: {run_as.group.text}",
                subject=to,
            )
        return None
    group = run_as.group.take_integer(to)
    return str(number) if group is None else f"{number}:{group}"


def fs_group(container: ContainerContext) -> str | None:
    """The group that owns the pod's volumes."""
    group = container.pod_spec.ownership.group
    number = group.take_integer(container.path("group_add"))
    return None if number is None else str(number)


def _added_groups(container: ContainerContext) -> Iterator[str]:
    group = fs_group(container)
    if group is not None:
        yield group
    for further_group in container.pod_spec.ownership.further_groups:
        number = further_group.take_integer(container.path("group_add"))
        if number is not None and str(number) != group:
            yield str(number)


def _capabilities(capabilities: tuple[Stated, ...], to: ModelPath) -> tuple[str, ...]:
    return tuple(
        literal(name)
        for capability in capabilities
        if (name := capability.take_text(to)) is not None
    )


def _security_options(container: ContainerContext) -> Iterator[str]:
    own, shared = container.fields.security, container.pod_spec.security
    privileges, to = container.fields.privileges, container.path("security_opt")
    escalation = privileges.escalation.take_bool(to)
    if escalation is not None:
        # Said outright, it also stands against what a practice would add in production.
        yield f"no-new-privileges:{str(not escalation).lower()}"
    proc_mount = privileges.proc_mount
    if proc_mount.text == "Unmasked":
        proc_mount.cursor.take(to=to)
        yield "systempaths=unconfined"
    elif proc_mount.text == "Default":
        proc_mount.cursor.skip("the default of docker")
    if seccomp := own.seccomp or shared.seccomp:
        yield from _seccomp_option(seccomp, container, to)
    if apparmor := own.apparmor or shared.apparmor:
        yield from _apparmor_option(apparmor, container, to)
    labels = own.selinux if own.selinux is not None else shared.selinux
    for key, stated_label in (labels or {}).items():
        if (label := stated_label.take_text(to)) is not None:
            yield f"label:{key}:{literal(label)}"


def _seccomp_option(
    profile: SecurityProfile, container: ContainerContext, to: ModelPath
) -> Iterator[str]:
    kind = profile.kind
    if kind is None:
        return
    if kind == "Unconfined":
        profile.cursor.map(to=to)
        yield "seccomp:unconfined"
    elif kind == "RuntimeDefault":
        profile.cursor.note(
            "TC255", object=container.workload_title, what="seccomp", subject=to
        )
    else:
        profile.cursor.note(
            "TC248",
            object=container.workload_title,
            fields=f"seccompProfile {profile.local_name or ''}",
            subject=to,
        )


def _apparmor_option(
    profile: SecurityProfile, container: ContainerContext, to: ModelPath
) -> Iterator[str]:
    kind = profile.kind
    if kind is None:
        return
    if kind == "RuntimeDefault":
        profile.cursor.note(
            "TC255", object=container.workload_title, what="AppArmor", subject=to
        )
        return
    if kind not in ("Unconfined", "Localhost"):
        profile.cursor.note(
            "TC209",
            field="appArmorProfile",
            expected="RuntimeDefault, Unconfined or Localhost",
        )
        return
    name = "unconfined" if kind == "Unconfined" else profile.local_name or "docker-default"
    profile.cursor.map(to=to)
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
    owner = container.service == container.pod.network_owner
    for sysctl in container.pod_spec.sysctls:
        name, setting = sysctl.name.text, sysctl.value.text
        if name is None or setting is None or (name.startswith("net.") and not owner):
            continue
        if name.startswith("net.") and container.workload.host_network:
            sysctl.cursor.note(
                "TC248",
                object=container.workload_title,
                fields=f"sysctl {name}",
                subject=container.path(),
            )
            continue
        sysctl.cursor.map(to=container.path("sysctls"))
        settings[literal(name)] = literal(setting)
    return settings
