"""How the keys of containers and pods become flags of podman: `write_<shape>` for the shapes of `quadlet/units`."""

from __future__ import annotations

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.field_tables import FieldRow
from tocompose.importers.quadlet.shapes import every_word
from tocompose.importers.quadlet.units import UnitKind, is_on
from tocompose.importers.quadlet.writer import CommandWriter
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, variable_name


def write_user(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """The user with its group."""
    user = writer.texts.value(writer.last(settings))
    group_setting = writer.unit.own("Group")
    if group_setting is not None:
        group = writer.texts.value(group_setting)
        text = f"{user.text}:{group.text}"
        user = Argument(text, user.span, (*user.sources, *group.sources))
    writer.add(row.target, user)


def write_group(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """A group without a user, which Quadlet refuses."""
    if writer.unit.own("User") is None:
        writer.leave_out(writer.last(settings), remark=" (without User)")


def write_groups(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Groups; those of whoever runs podman are none that Docker knows."""
    for setting in settings:
        if setting.peek() == "keep-groups":
            writer.leave_out(setting)
        else:
            writer.add(row.target, writer.texts.value(setting))


def write_capabilities(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Capabilities as Docker writes them."""
    for unit_word in every_word(settings):
        capability = writer.texts.word(unit_word)
        name = capability.text.upper().removeprefix("CAP_")
        writer.add(row.target, capability.with_text(name))


def write_devices(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Devices; one with a dash is given only where the host has it."""
    for unit_word in every_word(settings):
        device = writer.texts.word(unit_word)
        if device.text.startswith("-"):
            fields = f"AddDevice: {device.text} (only where the host has it)"
            unit_word.annotate(
                "TC780", subject=writer.unit.subject, object=writer.unit.name, fields=fields
            )
        writer.add(row.target, device.with_text(device.text.removeprefix("-")))


def write_env_files(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Files of variables; a dash says that one may be missing."""
    for unit_word in every_word(settings):
        path = writer.texts.word(unit_word)
        writer.add(row.target, path.with_text(path.text.removeprefix("-")))


def write_health_interval(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """How often the check runs; podman can switch that off."""
    setting = writer.last(settings)
    if setting.peek() == "disable":
        writer.leave_out(setting)
    else:
        writer.add(row.target, writer.texts.value(setting))


def write_log_driver(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """The log driver; podman's own ones are left to the engine's default."""
    setting = writer.last(settings)
    if (setting.peek() or "") in ("k8s-file", "passthrough", "passthrough-tty"):
        writer.leave_out(setting, "TC782")
    else:
        writer.add(row.target, writer.texts.value(setting))


def write_timezone(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """The time zone; that of the host is its file."""
    zone = writer.texts.value(writer.last(settings))
    if zone.text == "local":
        writer.add("--volume", zone.with_text("/etc/localtime:/etc/localtime:ro"))
    else:
        writer.add(row.target, zone)


def write_unmask(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Paths of the kernel that are shown; Docker shows all or none."""
    for unit_word in every_word(settings):
        argument = writer.texts.word(unit_word)
        if argument.text == "ALL":
            writer.add(row.target, argument.with_text(""))
        else:
            writer.say_left_out(unit_word, f"Unmask: {argument.text}")


def write_secrets(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Secrets; one that becomes a variable is a variable of the stack."""
    for unit_word in every_word(settings):
        secret = writer.texts.word(unit_word)
        name, *options = secret.text.split(",")
        stated = dict(option.partition("=")[::2] for option in options)
        if stated.get("type") != "env":
            writer.add(row.target, secret)
            continue
        variable = variable_name(name)
        writer.opens.keep_secret(variable)
        subject = ModelPath.of("settings", variable)
        unit_word.annotate("TC126", subject=subject, name=name, variable=variable)
        text = f"{stated.get('target', name)}=${{{variable}}}"
        writer.add("--env", secret.with_text(text))


def write_pod(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """The pod that the container is part of."""
    setting = writer.last(settings)
    pod = writer.texts.value(setting)
    key = writer.references.key(pod.text, UnitKind.POD, writer.unit, setting)
    writer.add(row.target, pod.with_text(key))


def write_networks(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Networks by their names in the stack; a container's by that container."""
    for setting in settings:
        network = writer.texts.value(setting)
        name, colon, options = network.text.partition(":")
        if name == "private":
            setting.skip("each container has a network of its own anyway")
            continue
        if name.endswith(".container"):
            text = f"container:{identifier(name.removesuffix('.container'))}"
        else:
            key = writer.references.key(name, UnitKind.NETWORK, writer.unit, setting)
            text = f"{key}{colon}{options}"
        writer.add(row.target, network.with_text(text))


def write_volumes(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Mounts, those of volume units by their names in the stack."""
    for setting in settings:
        writer.add_volume(writer.texts.value(setting), setting)


def write_mounts(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Mounts in their long form, those of volume units by their names in the stack."""
    for unit_word in every_word(settings):
        mount = writer.texts.word(unit_word)
        fields = []
        for field in mount.text.split(","):
            key, equals, value = field.partition("=")
            if key in ("source", "src") and value.endswith(".volume"):
                value = writer.references.key(
                    value, UnitKind.VOLUME, writer.unit, unit_word
                )
            fields.append(f"{key}{equals}{value}")
        writer.add(row.target, mount.with_text(",".join(fields)))


def write_notify(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """When the unit counts as started: when it is healthy, or when its program says so."""
    setting = writer.last(settings)
    if (setting.peek() or "").lower() == "healthy":
        setting.skip("services that start after it wait until it is healthy")
    elif is_on(setting.peek() or ""):
        writer.leave_out(setting, "TC782")
    else:
        setting.skip("the default value")
