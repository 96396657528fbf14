"""The fields of a template's form: ports, paths, variables, labels and devices."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers.unraid.writer import SERVER_NAME, TemplateWriter, text_of
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal, required_reference
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name
from tocompose.wording import listed_names

_MODES = ("rw", "ro", "rw,slave", "ro,slave", "rw,shared", "ro,shared")
# What authors of templates write where the server's address goes.
_SERVER = regex(r"\[IP\]|\bIP_ADDRESS\b|\[SERVER_IP\]")
_MOST_FIELDS = 8
_KEYS = ("@Target", "@Default", "@Mode", "@Type", "@Mask", "text")


class _Field(NamedTuple):
    """One field as Unraid takes it: its value is the text, or the default where there is none."""

    cursor: Cursor
    target: str
    value: str
    mode: str
    is_masked: bool
    is_required: bool

    @property
    def sources(self) -> tuple[Cursor, ...]:
        """The leaves that say it."""
        leaves = (self.cursor.at(key) for key in _KEYS)
        return tuple(leaf for leaf in leaves if leaf)

    @property
    def label(self) -> str:
        """What the form calls it."""
        return text_of(self.cursor.at("@Name")) or self.target


def write_config(writer: TemplateWriter, cursor: Cursor) -> None:
    """The flag of one field; one that Unraid passes over is skipped for its reason."""
    kind = text_of(cursor.at("@Type"))
    write = _KINDS.get(kind)
    if write is None:
        name, value = text_of(cursor.at("@Name")), text_of(cursor.at("text"))
        fields = f"a field of the type {kind or '(none)'}: {name} {value}"
        writer.leave_out("TC820", cursor, fields)
        return
    field = _read_field(writer, cursor, is_variable=kind == "Variable")
    if not field.target and kind != "Device":
        cursor.skip("Unraid passes over a field without a target")
    else:
        write(writer, field)


def _read_field(writer: TemplateWriter, cursor: Cursor, *, is_variable: bool) -> _Field:
    """The field with its own value, else with the default or the first choice of its form."""
    text = text_of(cursor.at("text")) if cursor.kind != "leaf" else text_of(cursor)
    default = text_of(cursor.at("@Default"))
    field = _Field(
        cursor,
        text_of(cursor.at("@Target")),
        text or default,
        text_of(cursor.at("@Mode")).lower(),
        text_of(cursor.at("@Mask")).lower() == "true",
        text_of(cursor.at("@Required")).lower() == "true",
    )
    if text:
        return field
    if default and field.target:
        writer.defaults.append(field.cursor)
    has_choices = is_variable and "|" in default
    return _first_choice(writer, field, default) if has_choices else field


def _first_choice(writer: TemplateWriter, field: _Field, default: str) -> _Field:
    """The field with the first of its choices, which Unraid's form shows."""
    first, *others = default.split("|")
    writer.choices.append(
        (field.cursor, f"{field.target}={first} (or {', '.join(others)})")
    )
    return field._replace(value=first)


def note_choices(writer: TemplateWriter) -> None:
    """Says once for all fields which of their choices were used."""
    if writer.choices:
        texts = [text for _, text in writer.choices]
        writer.choices[0][0].annotate(
            "TC822",
            subject=writer.subject,
            object=writer.name,
            choices="; ".join(texts),
        )


def note_defaults(writer: TemplateWriter) -> None:
    """Says once which fields were not filled in, so that they have what the author proposes."""
    if writer.defaults:
        names = [text_of(cursor.at("@Target")) for cursor in writer.defaults]
        writer.defaults[0].annotate(
            "TC843",
            subject=writer.subject,
            object=writer.name,
            fields=listed_names(names, _MOST_FIELDS),
        )


def _write_port(writer: TemplateWriter, field: _Field) -> None:
    protocol = field.mode if field.mode == "udp" else "tcp"
    if writer.publishes:
        if field.value:
            writer.add(
                "--publish", f"{field.value}:{field.target}/{protocol}", *field.sources
            )
        else:
            _note_empty(writer, field)
    elif writer.mode == "none" or writer.mode.startswith("container:"):
        field.cursor.skip("Unraid publishes nothing on this network")
    else:
        variable = f"{protocol.upper()}_PORT_{field.target}"
        writer.add("--env", f"{variable}={field.value}", *field.sources)
        field.cursor.annotate(
            "TC826",
            subject=writer.subject,
            object=writer.name,
            port=field.value or field.target,
            variable=variable,
        )


def _write_path(writer: TemplateWriter, field: _Field) -> None:
    mode = field.mode if field.mode in _MODES else "rw"
    suffix = "" if mode == "rw" else f":{mode}"
    if field.value:
        writer.add("--volume", f"{field.value}:{field.target}{suffix}", *field.sources)
    elif field.is_required:
        name = variable_name(f"{field.target}_PATH")
        name = writer.variables.keep(name, None, writer.name, is_asked=True)
        source = required_reference(name, ".env")
        text = f"{source}:{literal(field.target)}{suffix}"
        writer.add_open("--volume", text, *field.sources)
        _note_asked(writer, field, name)
    else:
        _note_empty(writer, field)


def _write_variable(writer: TemplateWriter, field: _Field) -> None:
    if not field.is_masked and _SERVER.search(field.value):
        _write_with_server(writer, field)
    elif not field.is_masked and (field.value or not field.is_required):
        writer.add("--env", f"{field.target}={field.value}", *field.sources)
    else:
        _write_as_variable(writer, field)


def _write_with_server(writer: TemplateWriter, field: _Field) -> None:
    """A value in which the address of the server is to be filled in: it is asked for."""
    name = writer.variables.keep(SERVER_NAME, None, writer.name)
    texts = map(literal, _SERVER.split(field.value))
    value = f"${{{name}}}".join(texts)
    writer.add_open("--env", f"{literal(field.target)}={value}", *field.sources)
    facts = {"service": writer.name, "what": field.target, "name": name, "text": ""}
    field.cursor.annotate("TC852", subject=writer.subject, related=(), **facts)


def _write_as_variable(writer: TemplateWriter, field: _Field) -> None:
    """A value that the form hides or must have, in a variable of its own; what it may lack is empty."""
    name = variable_name(field.target)
    is_asked = field.is_required and not field.value
    name = writer.variables.keep(
        name,
        field.value or None,
        writer.name,
        is_masked=field.is_masked,
        is_asked=is_asked,
    )
    default = "" if field.value or is_asked else ":-"
    writer.add_open(
        "--env", f"{literal(field.target)}=${{{name}{default}}}", *field.sources
    )
    if is_asked:
        _note_asked(writer, field, name)


def _note_asked(writer: TemplateWriter, field: _Field, name: str) -> None:
    """Says that the stack does not start before the field of the form has a value."""
    field.cursor.annotate(
        "TC828",
        subject=ModelPath.of("settings", name),
        object=writer.name,
        field=field.label,
        result=f"the stack takes it from {name} in .env",
        task=f"Set {name} in `.env`.",
    )


def _write_label(writer: TemplateWriter, field: _Field) -> None:
    writer.add("--label", f"{field.target}={field.value}", *field.sources)


def _write_device(writer: TemplateWriter, field: _Field) -> None:
    if field.value:
        writer.add("--device", field.value, *field.sources)
    else:
        _note_empty(writer, field)


def _note_empty(writer: TemplateWriter, field: _Field) -> None:
    """Says that the form was not filled in, so that nothing is written."""
    field.cursor.annotate(
        "TC828",
        subject=writer.subject,
        object=writer.name,
        field=field.label,
        result="nothing was written for it",
        task="If the container needs it, add it to the compose file.",
    )
    field.cursor.mark_noted("TC828")


_KINDS: dict[str, Callable[[TemplateWriter, _Field], None]] = {
    "Device": _write_device,
    "Label": _write_label,
    "Path": _write_path,
    "Port": _write_port,
    "Variable": _write_variable,
}
