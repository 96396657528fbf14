"""RES-LIM: in production no service can take the whole machine."""

from __future__ import annotations

from tocompose.model import Amounts, Home, Role, Service, Setting, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import (
    facts,
    is_data,
    overlay,
    remark,
    taken_variables,
    with_overlay,
    with_settings,
)
from tocompose.rules.stated_memory import stated_memory
from tocompose.syntax.names import variable_name

_APP = Amounts(cpus="1.0", memory="512M", pids="256")
_DATA = Amounts(cpus="1.0", memory="1G", pids="512")
_INFRA = Amounts(cpus="0.5", memory="256M", pids="256")
# What works on a GPU loads its model through main memory first; a virtual machine has the memory of a whole machine.
_LARGE = Amounts(cpus="1.0", memory="8G", pids="1024")
# The older keys of a service that set the same limits.
_OLD_KEYS = {
    "cpus": ("cpus", "cpu_quota", "cpu_period", "cpu_count", "cpu_percent"),
    "memory": ("mem_limit",),
    "pids": ("pids_limit",),
}
_MANY = "1024"  # Threads count: what needs more memory than usual (JVMs, whole suites, desktops) has more of them.
_SHARED = "64M"  # Docker's own size of /dev/shm.
_UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with limits in the production file for services whose source sets none, each changeable in `.env`."""
    if not context.production:
        return Outcome(stack=stack)
    taken = taken_variables(stack)
    settings: list[Setting] = []
    notes: list[Note] = []
    services: list[Service] = []
    for service in stack.services:
        changed, fresh = _limited(service, taken)
        services.append(changed)
        settings += fresh
        if changed is not service:
            notes.append(remark("TC628", service, "deploy.resources.limits"))
    changed_stack = with_settings(replace(stack, services=tuple(services)), settings)
    return Outcome(stack=changed_stack, notes=tuple(notes))


def _limited(service: Service, taken: set[str]) -> tuple[Service, list[Setting]]:
    part = overlay(service, Home.PROD)
    base, own = service.resources.limits, part.resources.limits
    if "resources" in (service.options.get("deploy") or {}):
        return service, []
    wanted = _defaults(service)
    settings: list[Setting] = []
    given: dict[str, str | None] = {
        "cpus": own.cpus,
        "memory": own.memory,
        "pids": own.pids,
    }
    for key in given:
        stated = getattr(base, key) is not None or any(
            old in service.options for old in _OLD_KEYS[key]
        )
        if not stated and given[key] is None:
            default = str(getattr(wanted, key))
            setting = _setting(service, key, default, taken) if key != "pids" else None
            settings += [setting] if setting else []
            given[key] = f"${{{setting.name}:-{default}}}" if setting else default
    limits = Amounts(**given)
    if limits == own:
        return service, []
    resources = replace(part.resources, limits=limits)
    return with_overlay(service, Home.PROD, replace(part, resources=resources)), settings


def _defaults(service: Service) -> Amounts:
    known = facts(service)
    usual = (
        _DATA
        if is_data(service)
        else _INFRA
        if service.role in (Role.PROXY, Role.INFRA, Role.TOOL)
        else _APP
    )
    usual = _LARGE if _on_gpu(service) or _is_virtual_machine(service) else usual
    reserved = service.resources.reservations
    needed = [
        _beside_shared(usual.memory or "", service),
        known.memory if known else None,
        reserved.memory,
    ]
    needed.append(stated_memory(service))
    memory = max((text for text in needed if text), key=size)
    cpus = max((text for text in (usual.cpus, reserved.cpus) if text), key=_number)
    return replace(
        usual,
        memory=memory,
        cpus=cpus,
        pids=usual.pids if memory == usual.memory else _MANY,
    )


def _on_gpu(service: Service) -> bool:
    nvidia = service.options.get("runtime") == "nvidia" or any(
        v.name == "NVIDIA_VISIBLE_DEVICES" for v in service.environment
    )
    return nvidia or "gpus" in service.options


def _is_virtual_machine(service: Service) -> bool:
    return any("/dev/kvm" in str(device) for device in service.options.get("devices") or ())


def _beside_shared(usual: str, service: Service) -> str:
    """The usual memory and what /dev/shm may take, which counts towards the limit (kernel: cgroup-v2, memory.stat)."""
    shared = size(str(service.options.get("shm_size") or ""))
    return usual if shared <= size(_SHARED) else f"{round((size(usual) + shared) / 2**20)}M"


def size(text: str) -> float:
    """The bytes that a Compose size means; 0 for one that holds a variable."""
    digits = text.upper().rstrip("IB").rstrip("KMGTB") or "0"
    unit = text.upper().removesuffix("IB").removesuffix("B")[-1:]
    return _number(digits) * _UNITS.get(unit, 1)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _setting(service: Service, key: str, default: str, taken: set[str]) -> Setting | None:
    name = variable_name(f"{service.name}_{key}")
    if name in taken:
        return None
    taken.add(name)
    words = {"cpus": "processors", "memory": "memory"}
    return Setting(
        name=name, value=default, description=f"The most {words[key]} that {service.name} may use in production",
        example=default,
    )  # fmt: skip


PRACTICE = Practice(
    id="RES-LIM",
    title="Limit memory, processors and processes",
    severity="must",
    apply=apply,
    covers=("Q-03", "E-02"),
    url="https://docs.docker.com/reference/compose-file/deploy/#resources",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', deploy: {resources: {limits: {memory: 2G}}}}
              db: {image: 'postgres:16'}
            """,
            """
            services:
              web: {image: 'corp/web:1', deploy: {resources: {limits: {memory: 2G}}}}
              db: {image: 'postgres:16'}
            """,
            prod="""
            services:
              web: {deploy: {resources: {limits: {cpus: '${WEB_CPUS:-1.0}', pids: 256}}}}
              db: {deploy: {resources: {limits: {cpus: '${DB_CPUS:-1.0}', memory: '${DB_MEMORY:-1G}', pids: 512}}}}
            """,
        ),
    ),
)
