"""VOL-SENS: a word about mounts that open up the host."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Mount, Service, Stack
from tocompose.notes import Note
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    remark,
)
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import annotate_services, judge_mount, mounts_of

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
_WHOLE_FOLDERS = frozenset(
    "/ /etc /root /boot /dev /proc /sys /usr /lib /var /home /run /var/run".split()
)
_SENSITIVE_PATHS = (
    "/var/lib/docker",
    "/var/run/dbus",
    "/run/dbus",
    "/var/run/libvirt",
    "/etc/shadow",
    "/etc/passwd",
    "/root/.ssh",
    "/lib/modules",
    "/etc/ssl/private",
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each mount of the engine's socket or of the host's own folders."""
    return annotate_services(stack, _note_mounts)


def _note_mounts(service: Service) -> list[Note]:
    return [
        _note_mount(service, mount)
        for mount in mounts_of(service)
        if mount.kind == "bind" and mount.source and is_sensitive(mount.source)
    ]


def is_sensitive(source: str) -> bool:
    """Whether the path gives power over the host, or shows its secrets."""
    path = source.rstrip("/") or "/"
    if path.endswith(_SOCKETS) or path in _WHOLE_FOLDERS:
        return True
    return path.startswith(_SENSITIVE_PATHS)


def _note_mount(service: Service, mount: Mount) -> Note:
    source = mount.source or ""
    image = facts_of(service)
    expected = image is not None and (image.socket or bool(image.host))
    if source.endswith(_SOCKETS):
        code = "TC660" if expected else "TC661"
    else:
        code = "TC662" if mount.read_only else "TC663"
    return remark(code, service, "", mount.origin, path=source)


def _judge_mounts(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether each mount leaves the host alone."""
    for mount in service.mounts:
        if mount.kind == "bind" and mount.source:
            code = _fault_of(service, mount)
            yield judge_mount(
                startup,
                service,
                mount,
                "H-02",
                code is None,
                code or "TC516",
                path=mount.source,
            )


def _fault_of(service: Service, mount: Mount) -> str | None:
    """The code of what the mount gives away; what an image for looking at the host reads is its purpose."""
    source = mount.source or ""
    if not is_sensitive(source):
        return None
    image = facts_of(service)
    if source.endswith(_SOCKETS):
        return "TC517" if image is not None and image.socket else "TC516"
    if not mount.read_only:
        return "TC518"
    return None if image is not None and image.host else "TC519"


RULE = Rule(
    id="VOL-SENS",
    title="Report mounts that open up the host",
    summary=(
        "Reports mounts of the engine's socket, and of folders through which a container can "
        "read or change the machine. Nothing is changed."
    ),
    tells=("TC516", "TC517", "TC518", "TC519"),
    severity="must",
    mend=apply,
    covers=("T-01",),
    url="https://docs.docker.com/engine/security/protect-access/",
    examples=(
        Example(
            "services: {proxy: {image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
            "services: {proxy: {image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
        ),
    ),
    judge=judge_services(_judge_mounts),
    said_by={
        "TC516": ("TC660", "TC661"),
        "TC517": ("TC660", "TC661"),
        "TC518": ("TC663",),
        "TC519": ("TC662",),
    },
    stated=frozenset(("TC516", "TC518")),
)
