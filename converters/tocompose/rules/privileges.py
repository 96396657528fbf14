"""PRIV: a word about services with more power than a container usually has."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark

_HOST_MODES = ("pid", "ipc", "uts", "userns_mode", "cgroup")
_STRONG = frozenset(
    "SYS_ADMIN SYS_PTRACE SYS_MODULE NET_ADMIN DAC_READ_SEARCH ALL SYS_RAWIO BPF".split()
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each thing that widens what a service may do to the host."""
    return map_services(stack, lambda service: (service, _note_powers(service)))


def _note_powers(service: Service) -> list[Note]:
    return [remark("TC668", service, power=power) for power in _list_powers(service)]


def _list_powers(service: Service) -> Iterator[str]:
    """What the service may do beyond a usual container, in Compose's words."""
    security = service.security
    if security.privileged:
        yield "privileged: true"
    strong = [
        name for name in security.cap_add if name.upper().removeprefix("CAP_") in _STRONG
    ]
    if strong:
        yield f"cap_add: {', '.join(strong)}"
    for key in _HOST_MODES:
        if service.options.get(key) == "host":
            yield f"{key}: host"
    for option in security.security_opt:
        if option.endswith(("unconfined", "disable")):
            yield f"security_opt: {option}"
    if service.options.get("devices"):
        yield "devices"


RULE = Rule(
    id="PRIV",
    title="Know which services are privileged",
    severity="must",
    mend=apply,
    covers=("S-01",),
    url="https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    examples=(
        Example(
            "services: {vpn: {image: 'corp/vpn:1', cap_add: [NET_ADMIN]}}",
            "services: {vpn: {image: 'corp/vpn:1', cap_add: [NET_ADMIN]}}",
        ),
    ),
)
