"""How each field of a container is read: `read_<shape>` for the shapes that `mappings/engine/container.yaml` names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine.json_values import is_true, number_at, text_at, words_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.ledger import Cursor
from tocompose.model import EnvVariable
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import format_byte_size, format_duration


class FieldFact(NamedTuple):
    """A fact about the service, with the field that says it."""

    fact: Fact
    cursor: Cursor


FieldShape: TypeAlias = Callable[[Cursor, ObjectContext], Iterator[FieldFact]]

ENGINE_FILLS_IN = "the engine fills it in"
IMAGE_SAYS = "the image already sets it"


def text_of(cursor: Cursor, *keys: str | int) -> str:
    """The text of a field as Compose reads it; empty where nothing stands there."""
    return literal(text_at(cursor, *keys))


# Plain values ---------------------------------------------------------------------------------------


def read_text(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The text as it stands."""
    yield FieldFact(Fact(text_of(cursor)), cursor)


def read_number(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A whole number."""
    yield FieldFact(Fact(number_at(cursor)), cursor)


def read_windows_number(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A whole number that an engine of Linux takes and forgets."""
    if text_at(context.cursor, "Platform") == "linux":
        subject, fields = context.path, f"{cursor.key}: {number_at(cursor)}"
        cursor.annotate("TC463", subject=subject, object=context.name, fields=fields)
    yield from read_number(cursor, context)


def read_switch(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A truth value; off is what holds without the key."""
    if is_true(cursor):
        yield FieldFact(Fact(True), cursor)
    else:
        cursor.skip("the default value")


def read_list(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Texts, each an entry of the list."""
    for field_entry in cursor:
        yield FieldFact(Fact(text_of(field_entry), FactMerge.APPEND), field_entry)


def read_map(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Texts by their keys."""
    for field_entry in cursor:
        yield FieldFact(
            Fact(text_of(field_entry), FactMerge.KEY, field_entry.key), field_entry
        )


def read_size(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A number of bytes."""
    yield FieldFact(Fact(format_byte_size(number_at(cursor))), cursor)


def read_processors(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Billionths of a processor, as a decimal number."""
    amount = f"{number_at(cursor) / 10**9:.9f}".rstrip("0").rstrip(".")
    yield FieldFact(Fact(amount), cursor)


# Config, from which the image is subtracted -----------------------------------------------------------


def read_environment(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The variables that the user set: those that differ from the image's, whatever their order."""
    from_image = context.image_variables([text_at(field_entry) for field_entry in cursor])
    for field_entry in cursor:
        written = text_at(field_entry)
        name, equals, _ = written.partition("=")
        if not equals:
            # An image gives each of its variables a value.
            field_entry.note("TC470", subject=context.path.child("environment"), name=name)
        elif written in from_image:
            field_entry.skip(IMAGE_SAYS)
        else:
            value = text_of(field_entry).partition("=")[2]
            variable = EnvVariable(name=name, value=value, origin=field_entry.span)
            yield FieldFact(Fact(variable, FactMerge.KEY, name), field_entry)


def read_labels(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The labels of the user: neither the image's, nor those that tools put there."""
    from_image = context.image_pairs("Labels")
    for field_entry in cursor:
        reason = context.tool_label_reason(field_entry.key)
        if reason:
            field_entry.skip(reason)
        elif from_image.get(field_entry.key) == text_at(field_entry):
            field_entry.skip(IMAGE_SAYS)
        else:
            yield FieldFact(
                Fact(text_of(field_entry), FactMerge.KEY, field_entry.key), field_entry
            )


def read_user(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The user, where it is not the image's."""
    yield from _unless_of_image(cursor, context, "User")


def read_working_dir(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The working directory, where it is not the image's."""
    yield from _unless_of_image(cursor, context, "WorkingDir", without_image="/")


def read_stop_signal(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The signal, where it is neither the image's nor the engine's own."""
    yield from _unless_of_image(cursor, context, "StopSignal", without_image="SIGTERM")


def _unless_of_image(
    cursor: Cursor, context: ObjectContext, key: str, without_image: str = ""
) -> Iterator[FieldFact]:
    of_image = context.image_text(key) or without_image
    if text_at(cursor) in (of_image, "15" if of_image == "SIGTERM" else of_image):
        cursor.skip(IMAGE_SAYS if context.image else ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)


def read_exposed_ports(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Ports that are neither the image's nor published: the user's own `--expose`."""
    of_image = context.image_texts("ExposedPorts")
    for field_entry in cursor:
        if field_entry.key in of_image:
            field_entry.skip(IMAGE_SAYS)
        elif context.cursor.at("HostConfig", "PortBindings", field_entry.key).children:
            field_entry.skip("the port is published anyway")
        else:
            yield FieldFact(Fact(field_entry.key, FactMerge.APPEND), field_entry)


def read_hostname(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The host name, unless the engine made it: of the container's id, or of another's whose network is shared."""
    name = text_at(cursor)
    mode = context.network_mode
    identity = text_at(context.cursor, "Id")
    if mode == "host" or mode.startswith("container:"):
        cursor.skip(
            "it is that of the machine, or of the container whose network is shared"
        )
    elif identity.startswith(name):
        cursor.skip("the engine derives it from the container's id")
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)


def read_image(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The image by the name under which it can be pulled; an id where no name is left."""
    written = text_at(cursor)
    if not (written.startswith("sha256:") or _is_short_id(written, context)):
        yield FieldFact(Fact(text_of(cursor)), cursor)
        return
    names = context.image.tags if context.image else ()
    if names:
        yield FieldFact(Fact(literal(names[0])), cursor)
        cursor.annotate("TC471", subject=context.path.child("image"), image=names[0])
    else:
        yield FieldFact(Fact(text_of(cursor)), cursor)
        cursor.annotate("TC472", subject=context.path.child("image"), image=written[:19])


def _is_short_id(written: str, context: ObjectContext) -> bool:
    """Whether an image is called by its id, or the beginning of it, without `sha256:`."""
    identity = text_at(context.cursor, "Image").removeprefix("sha256:")
    return len(written) >= 12 and identity.startswith(written)


def read_image_name(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """podman's name of the image, which Config.Image repeats."""
    if context.cursor.peek("Config", "Image"):
        cursor.skip("it repeats Config.Image")
        return
    yield FieldFact(Fact(text_of(cursor)), cursor)


def read_time_zone(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """podman's time zone, as the variable that images read."""
    variable = EnvVariable(name="TZ", value=text_of(cursor), origin=cursor.span)
    yield FieldFact(Fact(variable, FactMerge.KEY, "TZ"), cursor)


def read_stop_timeout(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """Seconds until the container is killed."""
    if context.is_podman and number_at(cursor) == 10:
        cursor.skip(ENGINE_FILLS_IN)
    else:
        yield FieldFact(Fact(f"{number_at(cursor)}s"), cursor)


def read_mac_address(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The address that the user chose; the engine says its own elsewhere."""
    yield FieldFact(Fact(text_of(cursor)), cursor)


def read_network_disabled(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A container that is on no network, as its network mode is read to say."""
    cursor.skip("it repeats the container's network mode")
    yield from ()


# Start ------------------------------------------------------------------------------------------------


def read_entrypoint(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The entry point, where it is not the image's."""
    if context.has_own_entrypoint:
        yield FieldFact(Fact(_words_of(cursor)), cursor)
    else:
        cursor.skip(IMAGE_SAYS)


def read_command(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The command, where it is not the image's: with an entry point of one's own the image's is not taken over."""
    if context.has_own_command:
        yield FieldFact(Fact(_words_of(cursor)), cursor)
    else:
        cursor.skip(IMAGE_SAYS)


def _words_of(cursor: Cursor) -> tuple[str, ...]:
    return tuple(map(literal, words_at(cursor)))


_HEALTH_TIMES = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start_period",
    "StartInterval": "start_interval",
}


def _read_test(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The command of the check; nothing stands for the image's, and other words than these the engine refuses."""
    text_words = words_at(cursor)
    if not any(text_words):
        cursor.skip("empty: the image's own health check is used")
    elif text_words[0] in ("CMD", "CMD-SHELL"):
        yield FieldFact(Fact(_words_of(cursor), target="healthcheck.test"), cursor)
    else:
        subject = context.path.child("healthcheck")
        problem = "a check begins with CMD, CMD-SHELL or NONE"
        cursor.note("TC102", subject=subject, flag="Healthcheck.Test", problem=problem)


def read_healthcheck(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The check, field by field where it differs from the image's; 0 is the image's own value."""
    of_image = context.image_pairs("Healthcheck")
    test = [text_at(field_entry) for field_entry in cursor.at("Test")]
    if test[:1] == ["NONE"]:
        yield FieldFact(Fact(True, target="healthcheck.disable"), cursor.at("Test"))
        cursor.skip("the check is switched off")
        return
    for field in cursor:
        if list(words_at(field)) == _as_texts(of_image.get(field.key)):
            field.skip(IMAGE_SAYS)
        elif field.key == "Test":
            yield from _read_test(field, context)
        elif number_at(field) == 0:
            field.skip("0 stands for the image's own value, or the engine's")
        elif field.key == "Retries":
            yield FieldFact(
                Fact(str(number_at(field)), target="healthcheck.retries"), field
            )
        elif field.key in _HEALTH_TIMES:
            target = f"healthcheck.{_HEALTH_TIMES[field.key]}"
            duration = format_duration(number_at(field))
            yield FieldFact(Fact(duration, target=target), field)


def _as_texts(value: Any) -> list[str] | None:
    if value is None:
        return None
    return (
        [str(field_entry) for field_entry in value]
        if isinstance(value, list)
        else [str(value)]
    )
