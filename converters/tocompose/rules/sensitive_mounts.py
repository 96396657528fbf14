"""VOL-SENS: a word about mounts that open up the host."""

from __future__ import annotations

from tocompose.model import Mount, Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Rule, map_services, mounts_of, remark
from tocompose.rules.service_images import facts_of

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
_WHOLE_FOLDERS = frozenset(
    "/ /etc /root /boot /dev /proc /sys /usr /lib /var /home /run".split()
)
_SENSITIVE_PATHS = (
    "/var/lib/docker",
    "/var/run",
    "/etc/shadow",
    "/etc/passwd",
    "/root/.ssh",
    "/lib/modules",
    "/etc/ssl/private",
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each mount of the engine's socket or of the host's own folders."""
    return map_services(stack, _note_mounts)


def _note_mounts(service: Service) -> tuple[Service, list[Note]]:
    return service, [
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


RULE = Rule(
    id="VOL-SENS",
    title="Know which services can take over the host",
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
)
