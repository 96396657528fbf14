"""VOL-SENS: a word about mounts that open up the host."""

from __future__ import annotations

from tocompose.model import Mount, Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, remark, volumes_of

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
_WHOLE = frozenset(
    {
        "/",
        "/etc",
        "/root",
        "/boot",
        "/dev",
        "/proc",
        "/sys",
        "/usr",
        "/lib",
        "/var",
        "/home",
        "/run",
    }
)
_BELOW = (
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
    return each(stack, _remarks)


def _remarks(service: Service) -> tuple[Service, list[Note]]:
    return service, [
        _remark(service, mount)
        for mount in volumes_of(service)
        if mount.kind == "bind" and mount.source and sensitive(mount.source)
    ]


def sensitive(source: str) -> bool:
    """Whether the path gives power over the host, or shows its secrets."""
    path = source.rstrip("/") or "/"
    return path.endswith(_SOCKETS) or path in _WHOLE or path.startswith(_BELOW)


def _remark(service: Service, mount: Mount) -> Note:
    source = mount.source or ""
    known = facts(service)
    expected = known is not None and (known.socket or bool(known.host))
    if source.endswith(_SOCKETS):
        code = "TC660" if expected else "TC661"
    else:
        code = "TC662" if mount.read_only else "TC663"
    return remark(code, service, "", mount.origin, path=source)


PRACTICE = Practice(
    id="VOL-SENS",
    title="Know which services can take over the host",
    severity="must",
    apply=apply,
    covers=("T-01",),
    url="https://docs.docker.com/engine/security/protect-access/",
    examples=(
        Example(
            "services: {proxy: {image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
            "services: {proxy: {image: 'traefik:v3', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
        ),
    ),
)
