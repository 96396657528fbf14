"""How ports, mounts, neighbours and limits become flags: `write_<shape>` for the shapes that `mappings/aws/` names."""

from __future__ import annotations

from tocompose.importers.aws.fields import HOLDS_ANYWAY, FieldWriter, is_absent, number_of
from tocompose.importers.field_tables import FieldRow
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal

_BUNDLE_FOLDERS = ("/var/app/current/", "/var/app/staging/")


# Ports, mounts, neighbours --------------------------------------------------------------------------


def write_ports(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{containerPort, hostPort, protocol}]`: a load balancer leads to them, which publishing stands for."""
    for entry in cursor:
        for key in ("name", "appProtocol"):
            entry.at(key).skip("Service Connect finds services inside AWS by it")
        if writer.facts.get("mode") == "host":
            entry.skip("the container has the ports of the host itself")
            continue
        target = entry.peek("containerPortRange") or entry.peek("containerPort") or ""
        published = entry.peek("hostPort") or ""
        if writer.facts.get("mode") == "awsvpc":
            published = target
        protocol = entry.peek("protocol") or "tcp"
        host = "" if published in ("", "0") else f"{published}:"
        if target:
            writer.add_plain(row.target, f"{host}{target}/{protocol}", entry)


def write_first_port(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The first port, to which the web server in front of the container leads; others are not reached."""
    for index, entry in enumerate(cursor):
        if index:
            port = entry.peek("ContainerPort") or ""
            writer.leave_out("TC790", entry, f"Ports: {port}, behind the first")
            continue
        target = entry.peek("ContainerPort") or ""
        published = entry.peek("HostPort") or "80"
        writer.add_plain(row.target, f"{published}:{target}", entry)


def write_port(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The port of a service, published where a load balancer leads to it."""
    port = (cursor.peek() or "").partition("/")[0]
    flag = row.target if writer.facts.get("published") else "--expose"
    writer.add_plain(flag, f"{port}:{port}" if flag == row.target else port, cursor)


def write_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{sourceVolume, containerPath, readOnly}]`."""
    for entry in cursor:
        source = entry.peek("sourceVolume") or ""
        target = entry.peek("containerPath") or ""
        place = writer.facts.get(f"volume {source}", source)
        mode = ":ro" if entry.peek("readOnly") == "true" else ""
        if target:
            writer.add_plain(row.target, f"{literal(place)}:{literal(target)}{mode}", entry)


def write_host_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{HostDirectory, ContainerDirectory}]`."""
    for entry in cursor:
        source = host_path(entry.peek("HostDirectory") or "")
        target = entry.peek("ContainerDirectory") or ""
        if source and target:
            writer.add_plain(row.target, f"{literal(source)}:{literal(target)}", entry)


def host_path(path: str) -> str:
    """A path of the host; one in the bundle of Elastic Beanstalk is beside the file."""
    folder = next((folder for folder in _BUNDLE_FOLDERS if path.startswith(folder)), "")
    if f"{path}/" in _BUNDLE_FOLDERS:
        return "."
    return f"./{path.removeprefix(folder)}" if folder else path


def write_copilot_volumes(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Volumes of a service of Copilot; those on EFS are volumes of the engine."""
    for entry in cursor:
        mode = ":ro" if entry.peek("read_only") == "true" else ""
        path = entry.at("path")
        if entry.at("efs"):
            writer.leave_out("TC794", entry.at("efs"), f"efs, the volume {entry.key}")
        if path:
            writer.add_plain(row.target, f"{literal(entry.key)}:{path.peek()}{mode}", path)
        entry.skip("the mount says it")


def write_copilot_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{source_volume, path, read_only}]` of a sidecar."""
    for entry in cursor:
        source, target = entry.peek("source_volume") or "", entry.peek("path") or ""
        mode = ":ro" if entry.peek("read_only") == "true" else ""
        if source and target:
            writer.add_plain(
                row.target, f"{literal(source)}:{literal(target)}{mode}", entry
            )


def write_shared_volumes(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{sourceContainer, readOnly}]`."""
    for entry in cursor:
        source = entry.peek("sourceContainer") or ""
        mode = ":ro" if entry.peek("readOnly") == "true" else ""
        if source:
            alias = writer.facts.get(f"container {source}", source)
            writer.add_plain(row.target, f"{alias}{mode}", entry)


def write_links(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`name[:alias]`."""
    for entry in cursor:
        name, colon, alias = (entry.peek() or "").partition(":")
        target = writer.facts.get(f"container {name}", name)
        if target != name and not colon:
            colon, alias = ":", name
        writer.add_plain(row.target, f"{target}{colon}{alias}", entry)


def write_no_network(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """No network at all."""
    writer.add_plain(row.target, "none", cursor)


def write_hosts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{hostname, ipAddress}]`."""
    for entry in cursor:
        writer.add_plain(
            row.target, f"{entry.peek('hostname')}:{entry.peek('ipAddress')}", entry
        )


# The engine's settings ------------------------------------------------------------------------------


def write_log(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Where the container logs to; what only AWS has is left to the engine."""
    driver = cursor.peek("logDriver") or ""
    if driver == "awslogs":
        group = cursor.peek("options", "awslogs-group") or "awslogs"
        writer.leave_out("TC792", cursor, f"awslogs, the group {group}")
    elif driver == "awsfirelens":
        writer.leave_out("TC795", cursor, "awsfirelens")
    elif driver:
        writer.add("--log-driver", writer.text(cursor.at("logDriver")))
        for option in cursor.at("options"):
            value = writer.text(option)
            writer.add("--log-opt", value.with_text(f"{option.key}={value.text}"))
        if not is_absent(cursor.at("secretOptions")):
            writer.leave_out("TC790", cursor.at("secretOptions"))


def write_devices(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{hostPath, containerPath, permissions}]`."""
    letters = {"read": "r", "write": "w", "mknod": "m"}
    for entry in cursor:
        host = entry.peek("hostPath") or ""
        target = entry.peek("containerPath") or host
        permissions = "".join(
            letters.get(word.peek() or "", "") for word in entry.at("permissions")
        )
        text = ":".join(filter(None, (host, target, permissions)))
        writer.add_plain(row.target, text, entry)


def write_tmpfs(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{containerPath, size, mountOptions}]`, the size in mebibytes."""
    for entry in cursor:
        options = [option.peek() or "" for option in entry.at("mountOptions")]
        size = entry.peek("size")
        mode = ",".join([*([f"size={size}m"] if size else []), *options])
        colon = ":" if mode else ""
        writer.add_plain(row.target, f"{entry.peek('containerPath')}{colon}{mode}", entry)


def write_swap(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The swap beside the memory; Compose counts both together."""
    memory, swap = writer.facts.get("memory", ""), number_of(cursor)
    if memory.isdigit() and swap is not None:
        writer.add_plain(row.target, f"{int(memory) + int(swap)}m", cursor)
    else:
        writer.leave_out("TC790", cursor)


def write_ulimits(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{name, softLimit, hardLimit}]`."""
    for entry in cursor:
        soft, hard = entry.peek("softLimit"), entry.peek("hardLimit")
        writer.add_plain(row.target, f"{entry.peek('name')}={soft}:{hard or soft}", entry)


def write_controls(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{namespace, value}]`."""
    for entry in cursor:
        writer.add_plain(
            row.target, f"{entry.peek('namespace')}={entry.peek('value')}", entry
        )


def write_requirements(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{type, value}]`: GPUs; other accelerators are AWS's own."""
    for entry in cursor:
        if entry.peek("type") == "GPU":
            writer.add_plain(row.target, entry.peek("value") or "1", entry)
        else:
            kind, value = entry.peek("type"), entry.peek("value")
            writer.leave_out("TC790", entry, f"resourceRequirements: {kind} {value}")


def write_restart(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The agent starts the container again when it has failed."""
    writer.add_plain(row.target, "on-failure", cursor)


def write_schedule(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """When AWS starts a job."""
    times = ", ".join(f"{entry.key}: {entry.peek()}" for entry in cursor)
    writer.leave_out("TC798", cursor, times)


def write_update(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Whether the image is pulled each time; that is what Elastic Beanstalk does unless told otherwise."""
    if (cursor.peek() or "").lower() == "true":
        writer.add_plain(row.target, "always", cursor)
    else:
        cursor.skip(HOLDS_ANYWAY)


def write_platform(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`linux/arm64`, or the two apart."""
    if cursor.kind == "leaf":
        writer.add(row.target, writer.text(cursor))
    else:
        system, arch = (
            cursor.peek("osfamily") or "linux",
            cursor.peek("architecture") or "amd64",
        )
        writer.add_plain(row.target, f"{system}/{arch}", cursor)
