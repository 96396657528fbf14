"""The mounts of a container: what was asked for (Binds, Mounts, Tmpfs, Volumes) joined with what the engine mounted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.docker_run.mount_values import read_volume
from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine.json_values import is_true, number_at, text_at, words_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.shapes import IMAGE_SAYS, FieldFact, text_of
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Mount
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal
from tocompose.tables import load

_ANONYMOUS = regex(r"[0-9a-f]{64}")
_DEFAULT_PROPAGATIONS = ("", "rprivate")


def read_binds(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """`[source:]target[:modes]` as docker takes it; Docker Desktop's own paths become the user's again."""
    for field_entry in cursor:
        written = _without_podman_modes(context.user_path(text_at(field_entry)), context)
        try:
            facts = list(read_volume(literal(written)))
        except ValueError as problem:
            subject = context.path.child("volumes")
            field_entry.note("TC102", subject=subject, flag="Binds", problem=str(problem))
            continue
        for fact in facts:
            yield FieldFact(context.with_volume_key(fact), field_entry)


def _without_podman_modes(bind: str, context: ObjectContext) -> str:
    """The bind without the modes that podman writes on every one."""
    source, _, mount_rest = bind.partition(":")
    target, colon, modes = mount_rest.partition(":")
    if not context.is_podman or not colon:
        return bind
    filled_in = load("engine/podman")["bind_modes"]
    asked_for = [mode for mode in modes.split(",") if mode not in filled_in]
    return ":".join(filter(None, (source, target, ",".join(asked_for))))


def read_tmpfs(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Folders in memory, with their options behind a colon."""
    for field_entry in cursor:
        options = text_of(field_entry)
        text = f"{field_entry.key}:{options}" if options else field_entry.key
        yield FieldFact(Fact(text, FactMerge.APPEND), field_entry)


def read_anonymous_volumes(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Volumes without a name: the image declares its own again, `-v /path` is the user's."""
    asked_for = set(_wished_targets(context))
    for field_entry in cursor:
        if field_entry.key in context.image_texts("Volumes"):
            field_entry.skip(IMAGE_SAYS)
        elif field_entry.key in asked_for:
            field_entry.skip("a mount of the container replaces it")
        else:
            mount = Mount(kind="volume", target=field_entry.key, origin=field_entry.span)
            yield FieldFact(Fact(mount, FactMerge.APPEND), field_entry)


def _wished_targets(context: ObjectContext) -> Iterator[str]:
    """Where the container asks for mounts."""
    host_config = context.cursor.at("HostConfig")
    for field_entry in host_config.at("Mounts"):
        yield text_at(field_entry, "Target")
    for field_entry in host_config.at("Tmpfs"):
        yield field_entry.key
    for field_entry in host_config.at("Binds"):
        bind_parts = text_at(field_entry).split(":")
        yield bind_parts[1] if len(bind_parts) > 1 else bind_parts[0]


def _wished_sources(context: ObjectContext) -> Iterator[str]:
    """What the container asks to be mounted: volumes by their names, and folders."""
    host_config = context.cursor.at("HostConfig")
    for field_entry in host_config.at("Mounts"):
        yield text_at(field_entry, "Source")
    for field_entry in host_config.at("Binds"):
        yield text_at(field_entry).partition(":")[0]


def read_mounts(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Mounts in their long form, as `--mount` and Compose ask for them."""
    for field_entry in cursor:
        if field_entry.at("TmpfsOptions", "Options").children:
            fact = Fact(_short_tmpfs(field_entry), FactMerge.APPEND, target="tmpfs")
        else:
            fact = Fact(_long_mount(field_entry), FactMerge.APPEND)
        yield FieldFact(context.with_volume_key(fact), field_entry)


def _short_tmpfs(field_entry: Cursor) -> str:
    """A folder in memory with options that only the short form has, such as `noexec`."""
    options = field_entry.at("TmpfsOptions")
    settings = ["=".join(words_at(option)) for option in options.at("Options")]
    if size := number_at(options, "SizeBytes"):
        settings.append(f"size={size}")
    if mode := number_at(options, "Mode"):
        settings.append(f"mode={mode:o}")
    if is_true(field_entry, "ReadOnly"):
        settings.append("ro")
    return literal(f"{text_at(field_entry, 'Target')}:{','.join(settings)}")


def _long_mount(field_entry: Cursor) -> Mount:
    kind = text_of(field_entry, "Type")
    return Mount(
        kind=kind,
        source=text_of(field_entry, "Source") or None,
        target=text_of(field_entry, "Target"),
        read_only=is_true(field_entry, "ReadOnly"),
        options=_mount_options(field_entry, kind),
        origin=field_entry.span,
    )


def _mount_options(field_entry: Cursor, kind: str) -> dict[str, Any]:
    """What Compose's long form says below the type of the mount."""
    sections = {
        "bind": _bind_options(field_entry.at("BindOptions")) if kind == "bind" else {},
        "volume": _volume_options(field_entry.at("VolumeOptions")),
        "tmpfs": _tmpfs_options(field_entry.at("TmpfsOptions")),
        "image": _filled(subpath=text_of(field_entry, "ImageOptions", "Subpath")),
        "x-driver": _driver_options(field_entry.at("VolumeOptions", "DriverConfig")),
    }
    return {name: options for name, options in sections.items() if options}


def _filled(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}


def _bind_options(options: Cursor) -> dict[str, Any]:
    propagation = text_of(options, "Propagation")
    is_created = is_true(options, "CreateMountpoint")
    return {
        "create_host_path": is_created,
        **_filled(
            propagation="" if propagation in _DEFAULT_PROPAGATIONS else propagation,
            recursive=_recursion(options),
        ),
    }


def _recursion(options: Cursor) -> str:
    """Which mounts below the folder come along; https://docs.docker.com/engine/storage/bind-mounts/#recursive-mounts."""
    if is_true(options, "NonRecursive"):
        return "disabled"
    if is_true(options, "ReadOnlyNonRecursive"):
        return "writable"
    return "readonly" if is_true(options, "ReadOnlyForceRecursive") else ""


def _volume_options(options: Cursor) -> dict[str, Any]:
    labels = {field_entry.key: text_of(field_entry) for field_entry in options.at("Labels")}
    labels = {
        name: value
        for name, value in labels.items()
        if not name.startswith("com.docker.compose.")
    }
    return _filled(
        nocopy=is_true(options, "NoCopy"),
        subpath=text_of(options, "Subpath"),
        labels=labels,
    )


def _tmpfs_options(options: Cursor) -> dict[str, Any]:
    """Size in bytes; the mode is decimal in JSON and in Compose (1016 is 1770 octal)."""
    return _filled(size=number_at(options, "SizeBytes"), mode=number_at(options, "Mode"))


def _driver_options(driver: Cursor) -> dict[str, Any]:
    options = {
        field_entry.key: text_of(field_entry) for field_entry in driver.at("Options")
    }
    name = text_of(driver, "Name")
    return _filled(
        driver="" if name == "local" and not options else name, driver_opts=options
    )


def read_effective_mounts(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """What is mounted now: what nothing asked for is written, what is anonymous is told with the way to its data."""
    wished = set(_wished_targets(context)) | set(_declared_targets(context))
    wished_sources = set(_wished_sources(context))
    shares_volumes = bool(context.cursor.at("HostConfig", "VolumesFrom").children)
    for field_entry in cursor:
        target = text_at(field_entry, "Destination")
        name = text_at(field_entry, "Name")
        is_anonymous = field_entry.peek("Type") == "volume" and _ANONYMOUS.fullmatch(name)
        # Compose binds a volume without a name by its id where it makes a container again.
        if is_anonymous and name not in wished_sources:
            _tell_anonymous(field_entry, context, target, name)
        if target in wished:
            field_entry.skip("repeated from another key, which was read")
        elif shares_volumes:
            field_entry.skip("it comes with `volumes_from`")
        else:
            fact = Fact(_effective_mount(field_entry), FactMerge.APPEND)
            yield FieldFact(context.with_volume_key(fact), field_entry)


def _declared_targets(context: ObjectContext) -> Iterator[str]:
    """Volumes that `-v /path` declares, or an image of which it is known what it keeps there.

    What another image keeps there may be the data of a server.
    """
    of_image = context.image_texts("Volumes")
    if image_facts(text_at(context.cursor, "Config", "Image")) is not None:
        yield from of_image
    for field_entry in context.cursor.at("Config", "Volumes"):
        if field_entry.key not in of_image:
            yield field_entry.key


def _tell_anonymous(
    field_entry: Cursor, context: ObjectContext, target: str, name: str
) -> None:
    subject = context.path.child("volumes").child(target)
    field_entry.annotate(
        "TC462", subject=subject, target=target, volume=name, service=context.name
    )


def _effective_mount(field_entry: Cursor) -> Mount:
    kind = text_of(field_entry, "Type") or "bind"
    name = text_of(field_entry, "Name")
    is_anonymous = _ANONYMOUS.fullmatch(name) is not None
    source = name if kind == "volume" else text_of(field_entry, "Source")
    return Mount(
        kind=kind,
        source=None if is_anonymous else source or None,
        target=text_of(field_entry, "Destination"),
        read_only=field_entry.peek("RW") == "false",
        origin=field_entry.span,
    )
