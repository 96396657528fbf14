"""RES-LIM: in production no service can take the whole machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.model import ComposeFileRole, EnvSetting, Limits, Role, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_production,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import command_text
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import environment_of, facts_of
from tocompose.rules.variables import taken_variables, with_settings
from tocompose.syntax.names import variable_name
from tocompose.syntax.units import BYTE_UNITS, parse_byte_size
from tocompose.wording import enumerated

# Threads count as processes: a Java server has some hundreds, a database one for each connection. The limit is there
# for what multiplies without end.
_APP = Limits(cpus="1.0", memory="512M", pids="1024")
_DATA = Limits(cpus="1.0", memory="1G", pids="2048")
_INFRA = Limits(cpus="0.5", memory="256M", pids="512")
# What works on a GPU loads its model through main memory first; a virtual machine has the memory of a whole machine.
_LARGE = Limits(cpus="1.0", memory="8G", pids="2048")
# The older keys of a service that set the same limits.
_OLD_KEYS = {
    "cpus": ("cpus", "cpu_quota", "cpu_period", "cpu_count", "cpu_percent"),
    "memory": ("mem_limit",),
    "pids": ("pids_limit",),
}
# What can be changed in `.env`, and how it is called there.
_CHANGEABLE = {"cpus": "CPU", "memory": "Memory"}
_LIMIT_NAMES = {"memory": "memory", "cpus": "CPU", "pids": "process"}
_MANY_PIDS = "2048"  # What needs more memory than usual (JVMs, whole suites, desktops) has more threads.
_USUAL_SHARED = "64M"  # Docker's own size of /dev/shm.
# Beside its heap a process needs room for code, stacks and buffers: half of the heap again is a usual rule.
_BESIDE_HEAP = 1.5
# Options that servers document: of Java, of Node.js (MB), of Redis, PostgreSQL, MySQL and MongoDB (GB).
_MEMORY_OPTIONS = (
    (regex(r"-Xmx(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"), ""),
    (regex(r"--max[-_]old[-_]space[-_]size[= ](?P<size>\d+)(?P<unit>)"), "M"),
    (regex(r"--maxmemory[= ](?P<size>\d+)(?P<unit>[kmgKMG]?)[bB]?\b"), ""),
    (regex(r"\bshared_buffers=(?P<size>\d+)(?P<unit>[kMG])B\b"), ""),
    (
        regex(r"--innodb[-_]buffer[-_]pool[-_]size=(?P<size>\d+)(?P<unit>[kmgKMG]?)\b"),
        "",
    ),
    (regex(r"--wiredTigerCacheSizeGB[= ](?P<size>\d+)(?P<unit>)"), "G"),
)
# Variables such as MEMORY=4G, MAX_HEAP_SIZE=2G, RAM_SIZE=8G: only with a unit is it plain what they mean.
_MEMORY_VARIABLE = regex(r"(?:.*_)?(?:MEMORY|MEMORY_LIMIT|HEAP|HEAP_SIZE|RAM|RAM_SIZE|XMX)")
_SIZE_WITH_UNIT = regex(r"(?P<size>\d+)(?P<unit>[mgMG])(?:[iI]?[bB])?")


class _Limited(NamedTuple):
    """A service with its limits, and the settings that change them."""

    service: Service
    settings: list[EnvSetting]


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with limits in the production file for services whose source sets none, each changeable in `.env`."""
    if not context.production:
        return Outcome(stack=stack)
    taken_names = taken_variables(stack)
    settings: list[EnvSetting] = []
    notes: list[Note] = []
    services: list[Service] = []
    files = MountedFiles(stack, context)
    for service in stack.services:
        limited = _limit_service(service, files, taken_names)
        services.append(limited.service)
        settings += limited.settings
        if limited.service is not service:
            notes.append(_limit_note(service, limited))
    mended = with_settings(replace(stack, services=tuple(services)), settings)
    return Outcome(stack=mended, notes=tuple(notes))


def _limit_note(service: Service, limited: _Limited) -> Note:
    before = overlay_of(service, ComposeFileRole.PROD).resources.limits
    after = overlay_of(limited.service, ComposeFileRole.PROD).resources.limits
    kinds = [
        kind
        for key, kind in _LIMIT_NAMES.items()
        if getattr(after, key) != getattr(before, key)
    ]
    return remark(
        "TC628",
        service,
        ("deploy", "resources", "limits"),
        what=f"{enumerated(kinds)} {'limits' if kinds[1:] else 'limit'}",
        file=".env" if limited.settings else "the production file",
    )


def _limit_service(
    service: Service, files: MountedFiles, taken_names: set[str]
) -> _Limited:
    overlay = overlay_of(service, ComposeFileRole.PROD)
    settings: list[EnvSetting] = []
    # Resources that the model could not hold stand among the options.
    if "resources" in (service.options.get("deploy") or {}):
        return _Limited(service, settings)
    usual = _usual_limits(files.with_env_files(service))
    values: dict[str, str] = {}
    for key in _OLD_KEYS:
        if getattr(overlay.resources.limits, key) is None and not _states(service, key):
            values[key] = default = str(getattr(usual, key))
            setting = _limit_setting(service, key, default, taken_names)
            if setting is not None:
                settings.append(setting)
                values[key] = f"${{{setting.name}:-{default}}}"
    if not values:
        return _Limited(service, settings)
    limits = replace(overlay.resources.limits, **values)
    overlay = replace(overlay, resources=replace(overlay.resources, limits=limits))
    return _Limited(with_overlay(service, ComposeFileRole.PROD, overlay), settings)


def _states(service: Service, key: str) -> bool:
    """Whether the service sets that limit, in its new or in one of its older forms."""
    if getattr(service.resources.limits, key) is not None:
        return True
    return any(old_key in service.options for old_key in _OLD_KEYS[key])


def _usual_limits(service: Service) -> Limits:
    usual = _limits_of_role(service)
    image = facts_of(service)
    reserved = service.resources.reservations
    needs = [
        _beside_shared(usual.memory or "", service),
        image.memory if image else None,
        reserved.memory,
        stated_memory(service),
    ]
    memory = max((str(need) for need in needs if need), key=size)
    cpus = max(filter(None, (usual.cpus, reserved.cpus)), key=_number)
    pids = usual.pids if memory == usual.memory else _MANY_PIDS
    return replace(usual, memory=memory, cpus=cpus, pids=pids)


def _limits_of_role(service: Service) -> Limits:
    if _is_on_gpu(service) or _is_virtual_machine(service):
        return _LARGE
    if is_data(service):
        return _DATA
    is_small = service.role in (Role.PROXY, Role.INFRA, Role.TOOL)
    return _INFRA if is_small else _APP


def _is_on_gpu(service: Service) -> bool:
    if service.options.get("runtime") == "nvidia" or "gpus" in service.options:
        return True
    return any(
        variable.name == "NVIDIA_VISIBLE_DEVICES" for variable in service.environment
    )


def _is_virtual_machine(service: Service) -> bool:
    devices = service.options.get("devices") or ()
    return any("/dev/kvm" in str(device) for device in devices)


def _beside_shared(usual: str, service: Service) -> str:
    """The usual memory and what /dev/shm may take, which counts towards the limit (kernel: cgroup-v2, memory.stat)."""
    shared = size(str(service.options.get("shm_size") or ""))
    if shared <= size(_USUAL_SHARED):
        return usual
    return f"{round((size(usual) + shared) / 2**20)}M"


def size(text: str) -> int:
    """The bytes that a Compose size means; 0 for one that holds a variable."""
    return parse_byte_size(text) or 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _limit_setting(
    service: Service, key: str, default: str, taken_names: set[str]
) -> EnvSetting | None:
    name = variable_name(f"{service.name}_{key}")
    if name in taken_names or key not in _CHANGEABLE:
        return None
    taken_names.add(name)
    purpose = f"{_CHANGEABLE[key]} limit of {service.name} in production"
    return EnvSetting(name=name, value=default, description=purpose, example=default)


def stated_memory(service: Service) -> str | None:
    """What the service needs by its own words, in whole megabytes of Compose (`3072M`); None where it says nothing."""
    most = max(_stated_sizes(service), default=0)
    return f"{round(most * _BESIDE_HEAP / 2**20)}M" if most >= 2**20 else None


def _stated_sizes(service: Service) -> Iterator[int]:
    values = {name: value for name, value in environment_of(service).items() if value}
    for text in (command_text(service) or "", *values.values()):
        for option, unit in _MEMORY_OPTIONS:
            for match in option.finditer(text):
                yield _bytes(match["size"], match["unit"] or unit)
    yield from _sizes_of_variables(values)


def _sizes_of_variables(values: dict[str, str]) -> Iterator[int]:
    for name, value in values.items():
        size_match = _SIZE_WITH_UNIT.fullmatch(value.strip())
        if size_match and _MEMORY_VARIABLE.fullmatch(name):
            yield _bytes(size_match["size"], size_match["unit"])


def _bytes(digits: str, unit: str) -> int:
    return int(digits) * BYTE_UNITS[unit.lower()]


def _judge_limits(startup: Startup, service: Service) -> Iterator[Verdict]:
    limits = service.resources.limits
    stated = {"memory": _states(service, "memory"), "CPU": _states(service, "cpus")}
    missing = " and ".join(name for name, is_stated in stated.items() if not is_stated)
    key = "deploy" if limits != Limits() else ""
    facts = {"missing": missing}
    yield startup.verdict(service, key, "Q-03 E-02", not missing, "TC708", **facts)
    simple_keys = ("mem_limit", "cpus", "pids_limit")
    double = [key for key in simple_keys if key in service.options]
    double = double if limits != Limits() else []
    key = double[0] if double else ""
    facts = {"keys": ", ".join(double)}
    yield startup.verdict(service, key, "T11", not double, "TC732", **facts)


RULE = Rule(
    id="RES-LIM",
    title="Limit memory, processors and processes",
    severity="must",
    mend=apply,
    covers=("Q-03", "E-02"),
    url="https://docs.docker.com/reference/compose-file/deploy/#resources",
    said_by={"TC708": ("TC771",)},
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
              web: {deploy: {resources: {limits: {cpus: '${WEB_CPUS:-1.0}', pids: 1024}}}}
              db: {deploy: {resources: {limits: {cpus: '${DB_CPUS:-1.0}', memory: '${DB_MEMORY:-1G}', pids: 2048}}}}
            """,
        ),
    ),
    judge=judge_production(_judge_limits),
)
