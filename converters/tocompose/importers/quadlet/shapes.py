"""How each key of a unit becomes a flag: `write_<shape>` for the shapes that the tables in `mappings/quadlet/` name."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.field_tables import FieldRow
from tocompose.importers.quadlet.units import is_on
from tocompose.importers.quadlet.writer import CommandWriter
from tocompose.ledger import Cursor
from tocompose.tables import load


def every_word(settings: Iterable[Cursor]) -> Iterable[Cursor]:
    """The words of several lines."""
    return (unit_word for setting in settings for unit_word in setting)


def write_last(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """The value of the last line."""
    writer.add(row.target, writer.texts.value(writer.last(settings)))


write_option = write_last


def write_each(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """The value of every line."""
    for setting in settings:
        writer.add(row.target, writer.texts.value(setting))


def write_words(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """Every word of every line."""
    for unit_word in every_word(settings):
        writer.add(row.target, writer.texts.word(unit_word))


def write_switch(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """A switch that is on or off."""
    setting = writer.last(settings)
    state = "true" if is_on(setting.peek() or "") else "false"
    if state == row.default:
        setting.skip("the default value")
        return
    writer.add(row.target, writer.texts.value(setting).with_text(state))


def write_option_switch(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """What the target says, where the switch is on."""
    setting = writer.last(settings)
    if is_on(setting.peek() or ""):
        writer.add(row.target, writer.texts.value(setting).with_text(""))
    else:
        setting.skip("the default value")


def write_restart(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """The restart policy; without one systemd starts a unit once."""
    if not settings:
        writer.arguments.append(Argument(f"{row.target}=no", writer.unit.span))
        return
    setting = writer.last(settings)
    value = setting.peek() or "no"
    policies: dict[str, str] = load("shell")["systemd"]["restart"]
    policy = policies.get(value, value if value == "unless-stopped" else "no")
    if policy != value or value not in policies:
        setting.annotate(
            "TC784",
            subject=writer.unit.subject,
            object=writer.unit.name,
            value=value,
            who="systemd" if policy == value else "Docker",
            policy=policy,
        )
    writer.add(row.target, writer.texts.value(setting).with_text(policy))


def write_percentage(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """A share of processors, in percent."""
    setting = writer.last(settings)
    try:
        share = float((setting.peek() or "").removesuffix("%")) / 100
    except ValueError:
        writer.leave_out(setting)
        return
    writer.add(row.target, writer.texts.value(setting).with_text(f"{share:g}"))


def write_limit(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """A limit; a share of what the host has is none that Compose can say."""
    setting = writer.last(settings)
    if (setting.peek() or "") == "infinity":
        setting.skip("the default value")
    elif (setting.peek() or "").endswith("%"):
        writer.leave_out(setting)
    elif lower := writer.lower_limit(row.target, setting.peek() or ""):
        setting.note(
            "TC867",
            subject=writer.unit.subject,
            object=writer.unit.name,
            setting=f"{setting.key}={setting.peek()}",
            lower=lower,
        )
    else:
        writer.last_arguments.append(
            writer.texts.value(setting).with_text(f"{row.target}={setting.peek()}")
        )


def write_type(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """How systemd tells that the unit has started: a `oneshot` is one that has ended."""
    setting = writer.last(settings)
    if setting.peek() == "oneshot":
        unit = writer.unit
        setting.annotate(
            "TC858", subject=unit.subject, object=unit.name, service=unit.service_name
        )
    setting.skip("what starts after a oneshot waits for its end")


def write_ipam_driver(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Who gives addresses: the engine, or nobody that Docker knows."""
    setting = writer.last(settings)
    if setting.peek() == "host-local":
        setting.skip("the default value")
    else:
        writer.leave_out(setting)


def write_network_options(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Options of a network's driver by Docker's names."""
    driver = writer.unit.own("Driver")
    mode = f"{(driver.peek() if driver else '') or 'ipvlan'}_mode"
    names = {"mtu": "com.docker.network.driver.mtu", "mode": mode, "parent": "parent"}
    for unit_word in every_word(settings):
        option = writer.texts.word(unit_word)
        name, _, value = option.text.partition("=")
        if name in names:
            writer.add(row.target, option.with_text(f"{names[name]}={value}"))
        else:
            writer.say_left_out(unit_word, f"Options: {option.text}")


def write_volume_driver(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """A volume's driver; that of images is podman's own."""
    setting = writer.last(settings)
    if setting.peek() == "image":
        writer.leave_out(setting)
    else:
        writer.add(row.target, writer.texts.value(setting))


def write_copy(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """Whether the image's files are copied in: each mount says it."""
    writer.last(settings).skip("stated by each mount of the volume")


def write_mount_option(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """An option of the mount that a volume is; without a device Docker takes none."""
    setting = writer.last(settings)
    if writer.unit.own("Device") is None:
        writer.leave_out(setting)
    else:
        value = writer.texts.value(setting)
        writer.mount_options.append(value.with_text(row.target + value.text))


def write_arch(writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]) -> None:
    """The platform, with its variant."""
    arch = writer.texts.value(writer.last(settings))
    setting = writer.unit.own("Variant")
    if setting is not None:
        variant = writer.texts.value(setting)
        sources = (*arch.sources, *variant.sources)
        arch = Argument(f"{arch.text}/{variant.text}", arch.span, sources)
    writer.add(row.target, arch.with_text(f"linux/{arch.text}"))


def write_variant(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """A variant without an architecture says nothing."""
    if writer.unit.own("Arch") is None:
        writer.leave_out(writer.last(settings))


def write_build_network(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """The network of a build; Docker builds on the host's, on none or on its own."""
    setting = writer.last(settings)
    if setting.peek() in ("host", "none"):
        writer.add(row.target, writer.texts.value(setting))
    else:
        writer.leave_out(setting)


def write_build_pull(
    writer: CommandWriter, row: FieldRow, settings: tuple[Cursor, ...]
) -> None:
    """Whether the base images are pulled anew."""
    setting = writer.last(settings)
    if setting.peek() in ("always", "newer", "true"):
        writer.add(row.target, writer.texts.value(setting).with_text("true"))
    else:
        setting.skip("BuildKit pulls missing images by default")
