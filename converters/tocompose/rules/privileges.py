"""PRIV: a word about services with more power than a container usually has."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.shapes import as_list
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_all,
    judge_services,
    remark,
)
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import annotate_services

_HOST_MODES = ("pid", "ipc", "uts", "userns_mode", "cgroup")
# With each of them a process can take over the machine, whatever else is forbidden (capabilities(7)).
_ROOT_ALIKE = frozenset({"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "BPF"})
# Raw disks, and the memory of the machine.
_RAW_DEVICE = regex(
    r"/dev/(?:sd[a-z]|hd[a-z]|vd[a-z]|xvd[a-z]|nvme\d|mmcblk|dm-|mapper/|md\d|mem$|kmem$|port$|$)"
)
_STRONG = frozenset(
    "SYS_ADMIN SYS_PTRACE SYS_MODULE NET_ADMIN DAC_READ_SEARCH ALL SYS_RAWIO BPF".split()
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each thing that widens what a service may do to the host."""
    return annotate_services(stack, _note_powers)


def _note_powers(service: Service) -> list[Note]:
    return [remark("TC668", service, power=power) for power in _list_powers(service)]


def _list_powers(service: Service) -> Iterator[str]:
    """What the service may do beyond a usual container, in Compose's words."""
    security = service.security
    if security.privileged:
        yield "privileged: true"
    strong = _named_capabilities(service, _STRONG)
    if strong:
        yield f"cap_add: {', '.join(strong)}"
    for key in _HOST_MODES:
        if service.options.get(key) == "host":
            yield f"{key}: host"
    for option in security.security_opt:
        if _switches_off(option):
            yield f"security_opt: {option}"
    if service.options.get("devices"):
        yield "devices"


def _named_capabilities(service: Service, names: frozenset[str]) -> list[str]:
    capabilities = service.security.cap_add
    return [name for name in capabilities if name.upper().removeprefix("CAP_") in names]


def _switches_off(option: str) -> bool:
    return option.endswith(("unconfined", "disable"))


def _judge_powers(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether the service has no more power over the host than its image is there for."""
    image = facts_of(service)
    needed = image is not None and bool(image.host)
    security = service.security
    privileged = security.privileged is True
    key = "privileged" if privileged else ""
    yield startup.verdict(service, key, "H-01", not privileged, "TC512")
    for mode in _HOST_MODES:
        if mode in service.options:
            holds = needed or service.options[mode] != "host"
            facts = {"power": f"{mode}: host"}
            yield startup.verdict(service, mode, "H-01", holds, "TC513", **facts)
    for number, option in enumerate(security.security_opt):
        option_key = ("security_opt", number)
        holds = not _switches_off(option)
        yield startup.verdict_at(service, option_key, "H-01", holds, "TC514", power=option)
    strong = ", ".join(_named_capabilities(service, _ROOT_ALIKE))
    key = "cap_add" if strong else ""
    yield startup.verdict(service, key, "H-01", not strong, "TC515", power=strong)


def _judge_devices(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether the service is given no disk and no memory of the host."""
    for number, device in enumerate(as_list(service.options.get("devices"))):
        source = device.get("source") if isinstance(device, dict) else device
        path = str(source or "").partition(":")[0]
        holds = _RAW_DEVICE.match(path) is None
        device_key = ("devices", number)
        yield startup.verdict_at(service, device_key, "H-01", holds, "TC520", path=path)


RULE = Rule(
    id="PRIV",
    title="Report elevated privileges",
    summary=(
        "Reports privileged containers, namespaces of the host, added capabilities and "
        "protection that is switched off. Nothing is changed."
    ),
    tells=("TC512", "TC513", "TC514", "TC515", "TC520"),
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
    judge=judge_all(judge_services(_judge_powers), judge_services(_judge_devices)),
    said_by=dict.fromkeys(("TC512", "TC513", "TC514", "TC515", "TC520"), ("TC668",)),
    stated=frozenset(("TC512", "TC513", "TC514", "TC515", "TC520")),
)
