"""PRIV: a word about services with more power than a container usually has."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import remark

_HOST_MODES = ("pid", "ipc", "uts", "userns_mode", "cgroup")
_STRONG = frozenset(
    {
        "SYS_ADMIN",
        "SYS_PTRACE",
        "SYS_MODULE",
        "NET_ADMIN",
        "DAC_READ_SEARCH",
        "ALL",
        "SYS_RAWIO",
        "BPF",
    }
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each thing that widens what a service may do to the host."""
    return each(stack, lambda service: (service, list(_remarks(service))))


def _remarks(service: Service) -> Iterator[Note]:
    for power in powers(service):
        yield remark("TC668", service, power=power)


def powers(service: Service) -> Iterator[str]:
    """What the service may do beyond a usual container, in Compose's words."""
    security = service.security
    if security.privileged:
        yield "privileged: true"
    strong = [
        name for name in security.cap_add if name.upper().removeprefix("CAP_") in _STRONG
    ]
    if strong:
        yield f"cap_add: {', '.join(strong)}"
    yield from (f"{key}: host" for key in _HOST_MODES if service.options.get(key) == "host")
    yield from (
        f"security_opt: {text}"
        for text in security.security_opt
        if text.endswith(("unconfined", "disable"))
    )
    if service.options.get("devices"):
        yield "devices"


PRACTICE = Practice(
    id="PRIV",
    title="Know which services are privileged",
    severity="must",
    apply=apply,
    covers=("S-01",),
    url="https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    examples=(
        Example(
            "services: {vpn: {image: 'corp/vpn:1', cap_add: [NET_ADMIN]}}",
            "services: {vpn: {image: 'corp/vpn:1', cap_add: [NET_ADMIN]}}",
        ),
    ),
)
