"""Who a container runs as and what it may do: its own settings before those of its pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import flag, items, text, value, whole
from tocompose.ledger import Cursor
from tocompose.model import Security
from tocompose.syntax.interpolation import literal

_NOTHING = Security()


def security(place: Place) -> Security:
    """The security part of the compose service."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.spec.at("securityContext"),
    )
    if not own and not pod:
        return _NOTHING
    return Security(
        user=user(place),
        group_add=tuple(_groups(pod, place)),
        privileged=flag(own.at("privileged"), place.path("privileged")),
        read_only=flag(own.at("readOnlyRootFilesystem"), place.path("read_only")),
        cap_add=_capabilities(own.at("capabilities", "add"), place.path("cap_add")),
        cap_drop=_capabilities(own.at("capabilities", "drop"), place.path("cap_drop")),
        security_opt=tuple(_options(own, pod, place)),
    )


def user(place: Place) -> str | None:
    """`uid` or `uid:gid`; a group alone needs the image's user, which nobody knows."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.spec.at("securityContext"),
    )
    to = place.path("user")
    uid, gid = _either(own, pod, "runAsUser"), _either(own, pod, "runAsGroup")
    number, group = whole(uid, to), None
    if number is None:
        if value(gid) is not None:
            gid.note(
                "TC248",
                object=str(place.workload.object),
                fields=f"runAsGroup: {value(gid)}",
                subject=to,
            )
        return None
    group = whole(gid, to)
    return str(number) if group is None else f"{number}:{group}"


def _either(own: Cursor, pod: Cursor, key: str) -> Cursor:
    return own.at(key) if value(own.at(key)) is not None else pod.at(key)


def runs_as_root(place: Place) -> bool:
    """Whether the manifests say that the container runs as root."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.spec.at("securityContext"),
    )
    return value(_either(own, pod, "runAsUser")) == "0"


def names_user(place: Place) -> bool:
    """Whether the manifests choose the user, rather than the image."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.spec.at("securityContext"),
    )
    return value(_either(own, pod, "runAsUser")) is not None


def fs_group(place: Place) -> str | None:
    """The group that owns the pod's volumes."""
    number = whole(
        place.workload.spec.at("securityContext", "fsGroup"), place.path("group_add")
    )
    return None if number is None else str(number)


def _groups(pod: Cursor, place: Place) -> Iterator[str]:
    group = fs_group(place)
    if group is not None:
        yield group
    for entry in items(pod.at("supplementalGroups")):
        number = whole(entry, place.path("group_add"))
        if number is not None and str(number) != group:
            yield str(number)


def _capabilities(cursor: Cursor, to: str) -> tuple[str, ...]:
    return tuple(
        literal(name) for entry in items(cursor) if (name := text(entry, to)) is not None
    )


def _options(own: Cursor, pod: Cursor, place: Place) -> Iterator[str]:
    to = place.path("security_opt")
    escalation = flag(own.at("allowPrivilegeEscalation"), to)
    if escalation is not None:
        # Said outright, it also stands against what a practice would add in production.
        yield f"no-new-privileges:{str(not escalation).lower()}"
    if (mount := value(own.at("procMount"))) is not None:
        own.at("procMount").take(to=to)
        if mount == "Unmasked":
            yield "systempaths=unconfined"
    yield from _seccomp(_section(own, pod, "seccompProfile"), place, to)
    yield from _apparmor(_section(own, pod, "appArmorProfile"), place, to)
    labels = _section(own, pod, "seLinuxOptions")
    for key in ("user", "role", "type", "level"):
        if (given := text(labels.at(key), to)) is not None:
            yield f"label:{key}:{literal(given)}"


def _section(own: Cursor, pod: Cursor, key: str) -> Cursor:
    return own.at(key) if own.at(key).kind == "map" else pod.at(key)


def _seccomp(profile: Cursor, place: Place, to: str) -> Iterator[str]:
    kind = value(profile.at("type"))
    if kind is None:
        return
    if kind == "Unconfined":
        profile.map(to=to)
        yield "seccomp:unconfined"
    elif kind == "RuntimeDefault":
        profile.note("TC255", object=str(place.workload.object), what="seccomp", subject=to)
    else:
        name = value(profile.at("localhostProfile")) or ""
        profile.note(
            "TC248",
            object=str(place.workload.object),
            fields=f"seccompProfile {name}",
            subject=to,
        )


def _apparmor(profile: Cursor, place: Place, to: str) -> Iterator[str]:
    kind = value(profile.at("type"))
    if kind is None:
        return
    if kind == "RuntimeDefault":
        profile.note(
            "TC255", object=str(place.workload.object), what="AppArmor", subject=to
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
        else value(profile.at("localhostProfile")) or "docker-default"
    )
    profile.map(to=to)
    yield f"apparmor:{literal(name)}"


def beta_apparmor(place: Place) -> tuple[str, ...]:
    """The profile that an annotation of the pod gives the container, as before Kubernetes 1.30."""
    name = f"container.apparmor.security.beta.kubernetes.io/{place.unit.name}"
    entry = place.workload.template.at("metadata", "annotations", name)
    given = value(entry)
    if given is None:
        return ()
    entry.take(to=place.path("security_opt"))
    profile = given.removeprefix("localhost/")
    return () if profile == "runtime/default" else (f"apparmor:{literal(profile)}",)


def sysctls(place: Place) -> dict[str, Any]:
    """The pod's kernel settings; those of the network only at the owner of its network namespace."""
    found: dict[str, Any] = {}
    if not place.workload.spec.at("securityContext", "sysctls"):
        return found
    owner = place.unit.service == place.instance.owner
    for entry in items(place.workload.spec.at("securityContext", "sysctls")):
        name, given = value(entry.at("name")), value(entry.at("value"))
        if name is None or given is None or (name.startswith("net.") and not owner):
            continue
        if name.startswith("net.") and place.workload.host_network:
            entry.note(
                "TC248",
                object=str(place.workload.object),
                fields=f"sysctl {name}",
                subject=place.path(),
            )
            continue
        entry.map(to=place.path("sysctls"))
        found[literal(name)] = literal(given)
    return found
