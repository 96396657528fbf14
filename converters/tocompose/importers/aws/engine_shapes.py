"""How ports, mounts, neighbours and limits become flags: `write_<shape>` for the shapes that `mappings/aws/` names."""

from __future__ import annotations

from tocompose.importers.aws.fields import HOLDS_ANYWAY, FieldWriter, is_absent, number_of
from tocompose.importers.field_tables import FieldRow
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier

_BUNDLE_FOLDERS = ("/var/app/current/", "/var/app/staging/")


# Ports, mounts, neighbours --------------------------------------------------------------------------


def write_ports(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{containerPort, hostPort, protocol}]`: a load balancer leads to them, which publishing stands for."""
    for element in cursor:
        for key in ("name", "appProtocol"):
            element.at(key).skip("Service Connect finds services inside AWS by it")
        if writer.facts.get("mode") == "host":
            element.skip("the container has the ports of the host itself")
            continue
        if writer.facts.get("sidecar"):
            element.skip("a port of a sidecar: the other containers of the task use it")
            continue
        target = element.peek("containerPortRange") or element.peek("containerPort") or ""
        published = element.peek("hostPort") or ""
        if writer.facts.get("mode") == "awsvpc":
            published = target
        protocol = element.peek("protocol") or "tcp"
        host = "" if published in ("", "0") else f"{published}:"
        if target:
            writer.add_plain(row.target, f"{host}{target}/{protocol}", element)


def write_first_port(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The first port, to which the web server in front of the container leads; others are not reached."""
    for index, element in enumerate(cursor):
        if index:
            port = element.peek("ContainerPort") or ""
            writer.leave_out("TC790", element, f"Ports: {port}, behind the first")
            continue
        target = element.peek("ContainerPort") or ""
        published = element.peek("HostPort") or "80"
        writer.add_plain(row.target, f"{published}:{target}", element)


def write_port(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The port of a service, published where a load balancer leads to it."""
    port = (cursor.peek() or "").partition("/")[0]
    flag = row.target if writer.facts.get("published") else "--expose"
    writer.add_plain(flag, f"{port}:{port}" if flag == row.target else port, cursor)


def write_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{sourceVolume, containerPath, readOnly}]`."""
    for element in cursor:
        source = element.peek("sourceVolume") or ""
        target = element.peek("containerPath") or ""
        mount_source = writer.facts.get(f"volume {source}", source)
        mode = ":ro" if element.peek("readOnly") == "true" else ""
        if target:
            writer.add_plain(
                row.target, f"{literal(mount_source)}:{literal(target)}{mode}", element
            )


def write_host_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{HostDirectory, ContainerDirectory}]`."""
    for element in cursor:
        source = host_path(element.peek("HostDirectory") or "")
        target = element.peek("ContainerDirectory") or ""
        if source and target:
            writer.add_plain(row.target, f"{literal(source)}:{literal(target)}", element)


def host_path(path: str) -> str:
    """A path of the host; one in the bundle of Elastic Beanstalk is beside the file."""
    folder = next((folder for folder in _BUNDLE_FOLDERS if path.startswith(folder)), "")
    if f"{path}/" in _BUNDLE_FOLDERS:
        return "."
    return f"./{path.removeprefix(folder)}" if folder else path


def write_copilot_volumes(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Volumes of a service of Copilot; those on EFS are volumes of the engine."""
    for element in cursor:
        mode = ":ro" if element.peek("read_only") == "true" else ""
        path = element.at("path")
        if element.at("efs"):
            volume_target = f"{identifier(writer.name)}:{path.peek() or 'PATH'}"
            note_storage(
                element.at("efs"), element.key, "an EFS file system", volume_target
            )
        if path:
            writer.add_plain(
                row.target, f"{literal(element.key)}:{path.peek()}{mode}", path
            )
        element.skip("it repeats what the mount states")


def note_storage(storage: Cursor, volume: str, origin: str, place: str) -> None:
    """Says that a volume is a file system of AWS; `place` is where a service mounts it, for `docker compose cp`."""
    subject = ModelPath.of("volumes", volume)
    storage.note("TC794", subject=subject, volume=volume, origin=origin, place=place)


def write_copilot_mounts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{source_volume, path, read_only}]` of a sidecar."""
    for element in cursor:
        source, target = element.peek("source_volume") or "", element.peek("path") or ""
        mode = ":ro" if element.peek("read_only") == "true" else ""
        if source and target:
            writer.add_plain(
                row.target, f"{literal(source)}:{literal(target)}{mode}", element
            )


def write_shared_volumes(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{sourceContainer, readOnly}]`."""
    for element in cursor:
        source = element.peek("sourceContainer") or ""
        mode = ":ro" if element.peek("readOnly") == "true" else ""
        if source:
            alias = writer.facts.get(f"container {source}", source)
            writer.add_plain(row.target, f"{alias}{mode}", element)


def write_links(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`name[:alias]`; a link makes the host name of what it leads to known too."""
    for element in cursor:
        name, _, alias = (element.peek() or "").partition(":")
        target = writer.facts.get(f"container {name}", name)
        aliases = {alias or name, writer.facts.get(f"hostname {name}") or target}
        for known_name in sorted(aliases - {target}):
            writer.add_plain(row.target, f"{target}:{known_name}", element)
        if aliases == {target}:
            writer.add_plain(row.target, target, element)


def write_no_network(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """No network at all."""
    writer.add_plain(row.target, "none", cursor)


def write_hosts(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{hostname, ipAddress}]`."""
    for element in cursor:
        writer.add_plain(
            row.target, f"{element.peek('hostname')}:{element.peek('ipAddress')}", element
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
    for element in cursor:
        host = element.peek("hostPath") or ""
        target = element.peek("containerPath") or host
        permissions = "".join(
            letters.get(text_word.peek() or "", "")
            for text_word in element.at("permissions")
        )
        text = ":".join(filter(None, (host, target, permissions)))
        writer.add_plain(row.target, text, element)


def write_tmpfs(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{containerPath, size, mountOptions}]`, the size in mebibytes."""
    for element in cursor:
        options = [option.peek() or "" for option in element.at("mountOptions")]
        size = element.peek("size")
        mode = ",".join([*([f"size={size}m"] if size else []), *options])
        colon = ":" if mode else ""
        writer.add_plain(
            row.target, f"{element.peek('containerPath')}{colon}{mode}", element
        )


def write_swap(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The swap beside the memory; Compose counts both together."""
    memory, swap = writer.facts.get("memory", ""), number_of(cursor)
    if memory.isdigit() and swap is not None:
        writer.add_plain(row.target, f"{int(memory) + int(swap)}m", cursor)
    else:
        writer.leave_out("TC790", cursor)


def write_ulimits(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{name, softLimit, hardLimit}]`."""
    for element in cursor:
        soft, hard = element.peek("softLimit"), element.peek("hardLimit")
        writer.add_plain(
            row.target, f"{element.peek('name')}={soft}:{hard or soft}", element
        )


def write_controls(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{namespace, value}]`."""
    for element in cursor:
        writer.add_plain(
            row.target, f"{element.peek('namespace')}={element.peek('value')}", element
        )


def write_requirements(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{type, value}]`: GPUs; other accelerators are AWS's own."""
    for element in cursor:
        if element.peek("type") == "GPU":
            writer.add_plain(row.target, element.peek("value") or "1", element)
        else:
            kind, value = element.peek("type"), element.peek("value")
            writer.leave_out("TC790", element, f"resourceRequirements: {kind} {value}")


def write_restart(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The agent starts the container again when it has failed."""
    writer.add_plain(row.target, "on-failure", cursor)


def write_schedule(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """When AWS starts a job."""
    times = ", ".join(f"{element.key}: {element.peek()}" for element in cursor)
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
