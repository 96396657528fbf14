"""How each field of `HostConfig` is read that the daemon fills in by itself: the second of three subtractions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine.json_values import is_true, number_at, text_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.shapes import (
    ENGINE_FILLS_IN,
    FieldFact,
    read_size,
    text_of,
)
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import format_byte_size
from tocompose.tables import load


def read_restart(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The restart policy; `no` and nothing are what holds without the key."""
    name, count = text_of(cursor, "Name"), number_at(cursor, "MaximumRetryCount")
    if name in ("", "no"):
        cursor.skip("the default value")
        return
    policy = f"{name}:{count}" if name == "on-failure" and count > 0 else name
    yield FieldFact(Fact(policy), cursor)


# What the daemon of each engine takes by itself; another driver of Docker's was chosen, for all or for this container.
# https://docs.docker.com/engine/logging/configure/
# https://docs.podman.io/en/latest/markdown/podman-run.1.html#log-driver-driver
_DEFAULT_LOGS = ("json-file",)
_DEFAULT_LOGS_OF_PODMAN = ("json-file", "local", "k8s-file", "journald")


def read_logging(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The log driver with its options, unless it is what the daemon takes by itself."""
    driver, options = cursor.at("Type"), cursor.at("Config")
    usual_drivers = _DEFAULT_LOGS_OF_PODMAN if context.is_podman else _DEFAULT_LOGS
    if not options.children and text_at(driver) in ("", *usual_drivers):
        cursor.skip("the default log driver of the engine")
        return
    if context.is_podman:
        cursor.note(
            "TC467",
            subject=context.path.child("logging"),
            fields="LogConfig",
            object=context.name,
        )
        return
    yield FieldFact(Fact(text_of(driver), target="logging.driver"), driver)
    if not options.children:
        subject = context.path.child("logging")
        driver.annotate("TC473", subject=subject, driver=text_at(driver))
    for field_entry in options:
        fact = Fact(
            text_of(field_entry), FactMerge.KEY, field_entry.key, target="logging.options"
        )
        yield FieldFact(fact, field_entry)
    cursor.skip("it only holds the client's own notes")


def read_swap(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Memory with swap; the daemon makes it twice the memory, and -1 without a limit of memory."""
    swap = number_at(cursor)
    memory = number_at(context.cursor, "HostConfig", "Memory")
    if swap == 0 or memory == 0 or swap == 2 * memory:
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(swap if swap == -1 else format_byte_size(swap)), cursor)


def read_swappiness(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """0 to 100; -1 and nothing are the machine's own, with podman 0 as well."""
    number = number_at(cursor)
    if number < 0 or (number == 0 and context.is_podman):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(number, code="" if number else "TC123"), cursor)


def read_shared_memory(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The size of /dev/shm; 64 MiB is Docker's, 65536000 podman's own."""
    if number_at(cursor) in (0, 64 * 2**20, 65536000):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield from read_size(cursor, context)


def read_ipc_mode(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The namespace of shared memory; daemons before 20.10, which know no CgroupnsMode, make each shareable."""
    is_old = not context.cursor.at("HostConfig", "CgroupnsMode")
    if text_at(cursor) == "private" or (is_old and text_at(cursor) == "shareable"):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield from read_namespace(cursor, context)


def read_namespace(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A namespace of the host, or of another container by its name."""
    mode = text_at(cursor)
    if mode == "private":
        cursor.skip(ENGINE_FILLS_IN)
        return
    yield FieldFact(Fact(context.with_container_name(literal(mode))), cursor)


def read_host_name_space(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The namespace of the host name; whoever shares a network has the host name of its owner anyway."""
    if context.network_mode == text_at(cursor):
        cursor.skip("the host name comes with the network that is shared")
    else:
        yield from read_namespace(cursor, context)


_PODMAN_CGROUPS = ("/libpod_parent", "machine.slice", "user.slice")


def read_cgroup_parent(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The group of processes above the container's; podman makes one for each pod."""
    if context.is_podman and text_at(cursor).startswith(_PODMAN_CGROUPS):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)


def read_cgroup_mode(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The cgroup namespace: its default hangs on the machine, `private` with cgroup v2."""
    if text_at(cursor) in ("", "private") or context.is_podman:
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)


def read_runtime(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The runtime, where it is not the one that every engine has."""
    if text_at(cursor) in ("runc", "oci", "crun", "io.containerd.runc.v2"):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)


def read_process_limit(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """How many processes the container may have; 0 and -1 are no limit, 2048 is podman's own."""
    if number_at(cursor) <= 0 or (context.is_podman and number_at(cursor) == 2048):
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(str(number_at(cursor))), cursor)


def read_capabilities(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Capabilities without their prefix, which the API writes since 1.41; podman lists what its own set lacks."""
    dropped = load("engine/podman")["dropped_capabilities"]
    for field_entry in cursor:
        name = text_of(field_entry).removeprefix("CAP_")
        if context.is_podman and cursor.key == "CapDrop" and name in dropped:
            field_entry.skip("podman's own set of capabilities lacks it")
        else:
            yield FieldFact(Fact(name, FactMerge.APPEND), field_entry)


def read_security_options(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Security options; the daemon adds `label=disable` to containers in a namespace of the host."""
    host_config = context.cursor.at("HostConfig")
    modes = (host_config.peek("PidMode"), host_config.peek("IpcMode"))
    is_labelled_off = is_true(host_config, "Privileged") or "host" in modes
    for field_entry in cursor:
        if is_labelled_off and field_entry.peek() == "label=disable":
            field_entry.skip(ENGINE_FILLS_IN)
        else:
            yield FieldFact(Fact(text_of(field_entry), FactMerge.APPEND), field_entry)


def read_masked_paths(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The paths hidden from the container; none of them hidden is `systempaths=unconfined`."""
    is_open = not cursor.children and cursor.style in ("[]", "")
    if is_open and not is_true(context.cursor, "HostConfig", "Privileged"):
        fact = Fact("systempaths=unconfined", FactMerge.APPEND)
        yield FieldFact(fact, cursor)
    else:
        cursor.skip("the engine's default list")


def read_extra_hosts(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Names with their addresses; `=` is the form of Compose that takes IPv6."""
    for field_entry in cursor:
        host, _, address = text_of(field_entry).partition(":")
        fact = Fact(f"{host}={address.strip('[]')}", FactMerge.APPEND)
        yield FieldFact(fact, field_entry)


# podman gives every container as much as the machine has: a million on most, 32,768 processes on small ones.
_MACHINE_LIMIT = 32_768


def read_ulimits(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Limits by name; podman writes those of the machine too."""
    for field_entry in cursor:
        name = text_of(field_entry, "Name").removeprefix("RLIMIT_").lower()
        soft, hard = number_at(field_entry, "Soft"), number_at(field_entry, "Hard")
        if context.is_podman and soft == hard and soft >= _MACHINE_LIMIT:
            field_entry.skip("podman writes the machine's own limits")
            continue
        limit = soft if soft == hard else {"soft": soft, "hard": hard}
        yield FieldFact(Fact(limit, FactMerge.KEY, name), field_entry)


def read_devices(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Devices of the machine; `rwm` are the permissions that hold anyway."""
    for field_entry in cursor:
        host, inside = (
            text_of(field_entry, "PathOnHost"),
            text_of(field_entry, "PathInContainer"),
        )
        permissions = text_of(field_entry, "CgroupPermissions")
        mapping = f"{host}:{inside or host}"
        if permissions not in ("", "rwm"):
            mapping = f"{mapping}:{permissions}"
        yield FieldFact(Fact(mapping, FactMerge.APPEND), field_entry)


def read_device_requests(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Graphics processors, and devices by their CDI names."""
    requests = []
    for field_entry in cursor:
        if text_at(field_entry, "Driver") != "cdi":
            requests.append(_gpu_request(field_entry))
            continue
        for name in field_entry.at("DeviceIDs"):
            fact = Fact(text_of(name), FactMerge.APPEND, target="devices")
            yield FieldFact(fact, name)
        field_entry.skip("stated by the name of the device")
    if requests:
        is_all = requests == [{"count": -1}]
        yield FieldFact(Fact("all" if is_all else requests), cursor)


def _gpu_request(field_entry: Cursor) -> dict[str, Any]:
    """One request as Compose's `gpus` has it; graphics is what it asks for without capabilities."""
    names = [text_of(name) for name in field_entry.at("DeviceIDs")]
    capabilities = [
        text_of(name) for group in field_entry.at("Capabilities") for name in group
    ]
    request: dict[str, Any] = {
        "device_ids": names,
        "count": 0 if names else number_at(field_entry, "Count"),
        "driver": text_of(field_entry, "Driver"),
        "capabilities": [] if capabilities == ["gpu"] else capabilities,
        "options": {option.key: text_of(option) for option in field_entry.at("Options")},
    }
    return {name: value for name, value in request.items() if value}


def read_device_rates(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Rates of devices, in bytes or operations a second."""
    for field_entry in cursor:
        rate = {
            "path": text_of(field_entry, "Path"),
            "rate": number_at(field_entry, "Rate"),
        }
        yield FieldFact(Fact(rate, FactMerge.APPEND), field_entry)


def read_device_weights(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Weights of devices."""
    for field_entry in cursor:
        weight = {
            "path": text_of(field_entry, "Path"),
            "weight": number_at(field_entry, "Weight"),
        }
        yield FieldFact(Fact(weight, FactMerge.APPEND), field_entry)
