"""Whom a container runs as and what it may do, as the manifests state it for a pod and for each container."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.scalars import Stated, stated, stated_entries
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

_LABELS = ("user", "role", "type", "level")


class SecurityProfile(NamedTuple):
    """A profile of seccomp or AppArmor."""

    cursor: Cursor
    kind: str | None
    local_name: str | None


class SecurityContext(NamedTuple):
    """What a pod and each of its containers may say; a profile or labels of None are not stated as a map."""

    cursor: Cursor
    user: Stated
    group: Stated
    non_root: Stated
    seccomp: SecurityProfile | None
    apparmor: SecurityProfile | None
    selinux: Mapping[str, Stated] | None


def decode_security(context: Cursor) -> SecurityContext:
    """The `securityContext` of a pod or of a container."""
    return SecurityContext(
        context,
        user=stated(context, "runAsUser"),
        group=stated(context, "runAsGroup"),
        non_root=stated(context, "runAsNonRoot"),
        seccomp=_decode_profile(context.at("seccompProfile")),
        apparmor=_decode_profile(context.at("appArmorProfile")),
        selinux=_decode_labels(context.at("seLinuxOptions")),
    )


def _decode_profile(cursor: Cursor) -> SecurityProfile | None:
    if cursor.kind != "map":
        return None
    kind, local_name = stated(cursor, "type"), stated(cursor, "localhostProfile")
    return SecurityProfile(cursor, kind.text, local_name.text)


def _decode_labels(cursor: Cursor) -> Mapping[str, Stated] | None:
    if cursor.kind != "map":
        return None
    return {key: stated(cursor, key) for key in _LABELS}


class Privileges(NamedTuple):
    """What a container alone may say of its rights."""

    privileged: Stated
    read_only_root: Stated
    escalation: Stated
    proc_mount: Stated
    added_capabilities: tuple[Stated, ...]
    dropped_capabilities: tuple[Stated, ...]


def decode_privileges(context: Cursor) -> Privileges:
    """The rights of a container, of its `securityContext`."""
    capabilities = context.at("capabilities")
    return Privileges(
        privileged=stated(context, "privileged"),
        read_only_root=stated(context, "readOnlyRootFilesystem"),
        escalation=stated(context, "allowPrivilegeEscalation"),
        proc_mount=stated(context, "procMount"),
        added_capabilities=stated_entries(capabilities, "add"),
        dropped_capabilities=stated_entries(capabilities, "drop"),
    )


class RunAs(NamedTuple):
    """Who a container runs as: the user and the group, its own or those of its pod, and where each is said."""

    user: Stated
    group: Stated

    @property
    def is_root(self) -> bool:
        """Whether the manifests say that it is root."""
        return self.user.text == "0"


def run_as(own: SecurityContext, shared: SecurityContext) -> RunAs:
    """The user and the group of a container: its own, else its pod's."""
    return RunAs(
        user=own.user if own.user.text is not None else shared.user,
        group=own.group if own.group.text is not None else shared.group,
    )
