"""RES-LIM: in production no service can take the whole machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.compose.shapes import as_map
from tocompose.exporters.creation import said_twice
from tocompose.model import ComposeFileRole, EnvSetting, Limits, Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.memory_needs import (
    MemoryNeed,
    is_known,
    known_needs,
    loads_model,
    size,
    stated_memory,
    wide_memory,
)
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import image_title
from tocompose.rules.variables import (
    setting_values,
    taken_variables,
    with_settings,
    with_values,
)
from tocompose.rules.views import at_later, judge_production
from tocompose.stack_texts import map_texts_within
from tocompose.syntax.names import variable_name
from tocompose.wording import enumerated

# Threads count as processes: a Java server has some hundreds, a database one for each connection. The limit is there
# for what multiplies without end.
_APP = Limits(cpus="1.0", memory="512M", pids="1024")
_DATA = Limits(cpus="1.0", memory="1G", pids="2048")
_INFRA = Limits(cpus="0.5", memory="256M", pids="512")
# What works on a GPU loads its model through main memory first; a virtual machine has the memory of a whole machine.
_LARGE = Limits(cpus="1.0", memory="16G", pids="2048")
# The older keys of a service that set the same limits.
_OLD_KEYS = {
    "cpus": ("cpus", "cpu_quota", "cpu_period", "cpu_count", "cpu_percent"),
    "memory": ("mem_limit",),
    "pids": ("pids_limit",),
}
# What can be changed in `.env`, and how it is called there.
_CHANGEABLE = {"cpus": "CPU", "memory": "Memory"}
_LIMIT_NAMES = {"memory": "memory", "cpus": "CPU", "pids": "process"}
# What is said of a memory limit where the image is not known.
_GUESS = " (a wide guess: nothing is known about its image)"
_MANY_PIDS = "2048"  # What needs more memory than usual (JVMs, whole suites, desktops) has more threads.
_USUAL_SHARED = "64M"  # Docker's own size of /dev/shm.


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
    values = setting_values(stack, context)
    for service in stack.services:
        configured = files.with_env_files(service)
        configured = _with_known_values(configured, values)
        is_guess = _is_guessed(configured, stack, context)
        memory = _needed_memory(configured, stack, context, is_guess)
        usual = _usual_limits(configured, memory.memory)
        limited = _limit_service(service, usual, taken_names, is_guess)
        services.append(limited.service)
        settings += limited.settings
        if limited.service is not service:
            notes.append(_limit_note(service, limited, is_guess, memory))
    mended = with_settings(replace(stack, services=tuple(services)), settings)
    return Outcome(stack=mended, notes=tuple(notes))


def _with_known_values(service: Service, values: Mapping[str, str]) -> Service:
    """The service as it starts, but for its image, by which it is known."""
    valued = map_texts_within(service, (), lambda _, text: with_values(text, values))
    return replace(valued, image=service.image)


def _limit_note(
    service: Service, limited: _Limited, is_guess: bool, memory: MemoryNeed
) -> Note:
    before = overlay_of(service, ComposeFileRole.PROD).resources.limits
    after = overlay_of(limited.service, ComposeFileRole.PROD).resources.limits
    kinds = [
        kind
        for key, kind in _LIMIT_NAMES.items()
        if getattr(after, key) != getattr(before, key)
    ]
    doubt = memory.reason if "memory" in kinds else ""
    if is_guess and "memory" in kinds:
        doubt = (
            f"; nothing is known about what {image_title(service)} needs, so its memory limit"
            f" of {memory.memory} is a wide guess"
        )
    return remark(
        "TC628",
        service,
        ("deploy", "resources", "limits"),
        what=f"{enumerated(kinds)} {'limits' if kinds[1:] else 'limit'}",
        doubt=doubt,
        file=".env" if limited.settings else "the production file",
    )


def _limit_service(
    service: Service, usual: Limits, taken_names: set[str], is_guess: bool
) -> _Limited:
    overlay = overlay_of(service, ComposeFileRole.PROD)
    settings: list[EnvSetting] = []
    # Resources that the model could not hold stand among the options.
    if "resources" in (service.options.get("deploy") or {}):
        return _Limited(service, settings)
    values: dict[str, str] = {}
    for key in _OLD_KEYS:
        if getattr(overlay.resources.limits, key) is None and not _states(service, key):
            values[key] = default = str(getattr(usual, key))
            setting = _limit_setting(service, key, default, taken_names)
            if setting is not None and is_guess and key == "memory":
                setting = replace(setting, description=f"{setting.description}{_GUESS}")
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


def _usual_limits(service: Service, memory: str) -> Limits:
    usual = _limits_of_role(service)
    reserved = service.resources.reservations
    cpus = max(filter(None, (usual.cpus, reserved.cpus)), key=_number)
    pids = usual.pids if memory == usual.memory else _MANY_PIDS
    return replace(usual, memory=memory, cpus=cpus, pids=pids)


def _needed_memory(
    service: Service, stack: Stack, context: Context, is_guess: bool
) -> MemoryNeed:
    """The largest of what the role, the image, a reservation and the settings ask for; the first of equal ones."""
    usual = _limits_of_role(service).memory or ""
    reservations = (
        service.resources.reservations.memory,
        service.options.get("mem_reservation"),
    )
    reserved = _beside_reserved(max((str(each or "") for each in reservations), key=size))
    stated = stated_memory(service)
    needs = [
        *known_needs(service, stack, context),
        MemoryNeed(_beside_shared(usual, service)),
        MemoryNeed(reserved or "0", "; the memory limit is twice what is reserved for it"),
        MemoryNeed(
            stated or "0", "; the memory limit is half more than its settings ask for"
        ),
    ]
    if is_guess:
        needs.append(MemoryNeed(wide_memory()))
    return max(needs, key=lambda need: size(need.memory))


def _is_guessed(service: Service, stack: Stack, context: Context) -> bool:
    """Whether nothing tells how much memory the service needs, not even its own settings."""
    return stated_memory(service) is None and not is_known(service, stack, context)


def _limits_of_role(service: Service) -> Limits:
    if _is_on_gpu(service) or _is_virtual_machine(service):
        return _LARGE
    if is_data(service):
        return _DATA
    is_small = service.role in (Role.PROXY, Role.INFRA, Role.TOOL)
    return _INFRA if is_small else _APP


def _is_on_gpu(service: Service) -> bool:
    has_gpu = service.options.get("runtime") == "nvidia" or "gpus" in service.options
    return has_gpu or loads_model(service)


def _is_virtual_machine(service: Service) -> bool:
    devices = service.options.get("devices") or ()
    return any("/dev/kvm" in str(device) for device in devices)


def _beside_shared(usual: str, service: Service) -> str:
    """The usual memory and what /dev/shm may take, which counts towards the limit (kernel: cgroup-v2, memory.stat)."""
    shared = size(str(service.options.get("shm_size") or ""))
    if shared <= size(_USUAL_SHARED):
        return usual
    return f"{round((size(usual) + shared) / 2**20)}M"


def _beside_reserved(reserved: str) -> str | None:
    """Room above what the service is sure of: it would be killed at a limit of the same size."""
    reserved_bytes = size(reserved)
    return f"{round(reserved_bytes * 2 / 2**20)}M" if reserved_bytes else None


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


def _judge_limits(startup: Startup, service: Service) -> Iterator[Verdict]:
    limits = service.resources.limits
    stated = {"memory": _states(service, "memory"), "CPU": _states(service, "cpus")}
    missing = " and ".join(name for name, is_stated in stated.items() if not is_stated)
    key = "deploy" if limits != Limits() else ""
    facts = {"missing": missing}
    yield startup.verdict(service, key, "Q-03 E-02", not missing, "TC708", **facts)
    double = _keys_beside_limits(startup, service)
    key = double[0] if double else ""
    facts = {"keys": ", ".join(double)}
    judged = startup.verdict(service, key, "T11", not double, "TC732", **facts)
    limits_span = startup.span(service, "deploy", "resources", "limits")
    yield at_later(judged, startup, (startup.span(service, key), limits_span))


def _keys_beside_limits(startup: Startup, service: Service) -> list[str]:
    """The limits that the service has of its own beside those below `deploy`; the rule CREATE says which differ."""
    if service.resources.limits == Limits():
        return []
    services = as_map(startup.document.get("services"))
    faults = said_twice(service.name, as_map(services.get(service.name)), startup.document)
    different = {keys[0] for keys, *_ in faults}
    stated = [key for key in ("mem_limit", "cpus", "pids_limit") if key in service.options]
    return [key for key in stated if key not in different]


RULE = Rule(
    id="RES-LIM",
    title="Limit memory, CPU and processes",
    summary=(
        "Adds memory, CPU and process limits to the production file, estimated from the role "
        "of each service. Limits of the source are kept."
    ),
    tells=("TC708", "TC732"),
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
              web: {deploy: {resources: {limits: {cpus: '${WEB_CPUS:-1.0}', pids: 2048}}}}
              db: {deploy: {resources: {limits: {cpus: '${DB_CPUS:-1.0}', memory: '${DB_MEMORY:-1G}', pids: 2048}}}}
            """,
        ),
    ),
    judge=judge_production(_judge_limits),
)
