"""A compose document as a stack, by the table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tocompose.compose.current_form import (
    as_docker_reads,
    flag_of,
    says_nothing,
    section_as_docker_reads,
)
from tocompose.compose.keys import (
    Form,
    Key,
    blank_fields,
    is_extension,
    keeps_options,
    section_below,
    section_keys,
)
from tocompose.compose.shapes import (
    as_file_mode,
    as_list,
    as_map,
    as_pairs,
    as_text,
    as_texts,
    port_parts,
    with_texts,
)
from tocompose.model import (
    Build,
    ComposeFileRole,
    ConfigMount,
    Dependency,
    EnvFile,
    EnvVariable,
    FileResource,
    Healthcheck,
    Limits,
    Logging,
    Mount,
    Network,
    NetworkAttachment,
    Plain,
    Port,
    ResourceLimits,
    Security,
    Service,
    Stack,
    Stop,
    Volume,
)
from tocompose.record import replace
from tocompose.syntax.command_words import CommandText, command_words
from tocompose.syntax.interpolation import variables
from tocompose.syntax.mounts import is_path, parse_mount
from tocompose.syntax.names import identifier

if TYPE_CHECKING:
    from tocompose.compose.documents import Places

# The record of each section whose maps are one, and the records that hold some fields of another.
_RECORDS: Mapping[str, type[Any]] = {
    "attachment": NetworkAttachment,
    "build": Build,
    "config": FileResource,
    "dependency": Dependency,
    "env_file": EnvFile,
    "grant": ConfigMount,
    "healthcheck": Healthcheck,
    "logging": Logging,
    "mount": Mount,
    "network": Network,
    "secret": FileResource,
    "service": Service,
    "volume": Volume,
}
_RECORDS_WITHIN: Mapping[str, type[Any]] = {
    "security": Security,
    "stop": Stop,
    "resources": ResourceLimits,
    "limits": Limits,
    "reservations": Limits,
}


def stack_of(document: Mapping[str, Any], positions: Places, name: str = "app") -> Stack:
    """The stack that a (merged) document describes; `name` is the folder's, for a document without one."""
    sections: dict[str, Any] = {}
    for key in section_keys("top").values():
        if key.form is Form.NAMED and key.field is not None:
            sections[key.field] = tuple(
                read_record(
                    key.section,
                    _with_external_name(as_map(body)),
                    name=entry_name,
                    origin=positions.span(key.name, entry_name),
                )
                for entry_name, body in as_map(document.get(key.name)).items()
            )
    carried_sections = extensions_of(document)
    return Stack(
        name=as_text(document.get("name")) or identifier(name),
        extensions={ComposeFileRole.BASE: carried_sections} if carried_sections else {},
        **sections,
    )


def read_section(section: str, name: str, body: Any) -> Any:
    """The record of one service, network, volume, config or secret, which are sections of the document."""
    below = section_below("top", section)
    return read_record(below, _with_external_name(as_map(body)), name=name)


def extensions_of(document: Mapping[str, Any]) -> dict[str, Plain]:
    """The top-level sections that are carried on as they are, their numbers as texts: the user's own, and `models`."""
    return {
        name: with_texts(_carried(section_keys("top").get(name), body))
        for name, body in document.items()
        if is_carried_section(name) and (body or is_extension(name))
    }


def _carried(key: Key | None, body: Any) -> Any:
    """The content of a carried section; what docker compose knows of it stands in the form that this takes."""
    if key is None:
        return body
    return {
        name: section_as_docker_reads(key, as_map(entry))
        for name, entry in as_map(body).items()
    }


def is_carried_section(key: str) -> bool:
    """Whether a top-level section is the user's own, or one that no field of a stack holds."""
    known = section_keys("top").get(key)
    return is_extension(key) or (
        known is not None and known.form is Form.NAMED and known.field is None
    )


def _with_external_name(body: dict[str, Any]) -> dict[str, Any]:
    """The old form `external: {name: …}` as the one of today."""
    external_name = as_map(body.get("external")).get("name")
    return body if external_name is None else {"name": external_name, **body}


def read_record(section: str, body: Mapping[str, Any], **fields: Any) -> Any:
    """The record that a map of the section describes; what it has no field for stands in its options, if any."""
    record_type: Any = _RECORDS[section]
    tree, unread = _read_fields(section, body)
    if keeps_options(section, record_type):
        tree["options"] = unread
    return record_type(**{**blank_fields(record_type), **_with_records(tree), **fields})


def _with_records(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with a record for each branch of the tree."""
    return {
        name: _RECORDS_WITHIN[name](**_with_records(value))
        if name in _RECORDS_WITHIN
        else value
        for name, value in tree.items()
    }


def _read_fields(
    section: str, body: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the rows of the section make of a map: a tree of fields, and the entries that no field holds."""
    tree: dict[str, Any] = {}
    unread = dict(body)
    for name, key in section_keys(section).items():
        value = body.get(name)
        if key.field is None:
            unread.pop(name, None)
            if name in body and not says_nothing(key, value):
                unread[name] = as_docker_reads(key, value)
        elif value is None:
            unread.pop(name, None)
        elif key.form is Form.SECTION and key.section not in _RECORDS:
            fields_below, unread_below = _read_fields(key.section, as_map(value))
            _branch(tree, key.field).update(fields_below)
            unread[name] = unread_below
            if not unread_below:
                del unread[name]
        elif (held := READERS[key.form](key, value)) is not None:
            _put(tree, key.field, held)
            del unread[name]
    return tree, unread


def _branch(tree: dict[str, Any], path: str) -> dict[str, Any]:
    """The part of the tree at the path of a field, which is put there where it is missing."""
    for name in path.split("."):
        tree = tree.setdefault(name, {}) if name else tree
    return tree


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    """Sets a field; two keys of one field (`volumes` and `tmpfs`) fill it in turn."""
    branch_path, _, name = path.rpartition(".")
    branch = _branch(tree, branch_path)
    branch[name] = branch[name] + value if name in branch else value


def _read_section(key: Key, value: Any) -> Any:
    """The record of a section; None for what is neither a map nor its short form."""
    body = _long_form(key, value)
    return read_record(key.section, body) if isinstance(body, Mapping) else None


def _read_entries(key: Key, value: Any) -> tuple[Any, ...]:
    bodies = (_long_form(key, entry_value) for entry_value in as_list(value))
    return tuple(read_record(key.section, as_map(body)) for body in bodies)


def _long_form(key: Key, value: Any) -> Any:
    return {key.short: value} if key.short and not isinstance(value, Mapping) else value


def _read_names(key: Key, value: Any) -> tuple[Any, ...]:
    """Records by name, of a map or a list of names."""
    bodies = value if isinstance(value, Mapping) else dict.fromkeys(as_texts(value))
    return tuple(
        read_record(key.section, as_map(body), **{key.named_by: str(name)})
        for name, body in bodies.items()
    )


def keeps_texts(section: str) -> bool:
    """Whether a record of the section has a place for a text where a switch has to be: a variable may say that."""
    record_type: Any = _RECORDS.get(section)
    return record_type is None or keeps_options(section, record_type)


def _read_flag(_: Key, value: Any) -> bool | None:
    return flag_of(value)


def _read_count(_: Key, value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _read_pairs(_: Key, value: Any) -> dict[str, str]:
    """Values as texts, empty where there is none."""
    return {name: as_text(text) or "" for name, text in as_pairs(value).items()}


def _read_arguments(_: Key, value: Any) -> dict[str, str | None]:
    """Values as texts; what has none is passed through from the host."""
    return {name: as_text(text) for name, text in as_pairs(value).items()}


def _read_variables(key: Key, value: Any) -> tuple[EnvVariable, ...]:
    return tuple(
        EnvVariable(name=name, value=text)
        for name, text in _read_arguments(key, value).items()
    )


def _read_command(_: Key, value: Any) -> tuple[str, ...]:
    """The words of a command, with its text where docker compose fills in variables before it splits that."""
    if isinstance(value, list):
        return as_texts(value)
    text = str(value)
    return CommandText(text) if variables(text) else command_words(text)


def _read_health_test(_: Key, value: Any) -> tuple[str, ...]:
    return as_texts(value) if isinstance(value, list) else ("CMD-SHELL", str(value))


def _read_port(value: Any) -> Port:
    return Port(**port_parts(value)._asdict())


def _read_mount(value: Any) -> Mount:
    """An entry of `volumes` in short or long form."""
    if isinstance(value, Mapping):
        mount: Mount = read_record(
            "mount", {**value, "type": value.get("type") or "volume"}
        )
        return replace(mount, is_long=True)
    mount_parts = parse_mount(str(value))
    source = mount_parts.source
    is_bind = source is not None and (is_path(source) or source.startswith("$"))
    return Mount(
        kind="bind" if is_bind else "volume",
        source=source,
        target=mount_parts.target,
        read_only=mount_parts.is_read_only,
        mode=",".join(mode for mode in mount_parts.modes if mode not in ("ro", "rw")),
    )


def _read_tmpfs(value: Any) -> Mount:
    target, _, options = str(value).partition(":")
    return Mount(kind="tmpfs", target=target, mode=options)


READERS: Mapping[Form, Callable[[Key, Any], Any]] = {
    Form.ARGUMENTS: _read_arguments,
    Form.COMMAND: _read_command,
    Form.COUNT: _read_count,
    Form.DECIMAL: lambda _, value: as_text(value),
    Form.ENTRIES: _read_entries,
    Form.EXPOSED: lambda _, value: as_texts(value),
    Form.FLAG: _read_flag,
    Form.HEALTH_TEST: _read_health_test,
    Form.LIST: lambda _, value: as_texts(value),
    Form.MOUNTS: lambda _, value: tuple(map(_read_mount, as_list(value))),
    Form.NAMES: _read_names,
    Form.NUMBER: lambda _, value: as_text(value),
    Form.PAIRS: _read_pairs,
    Form.PORTS: lambda _, value: tuple(map(_read_port, as_list(value))),
    Form.SECTION: _read_section,
    Form.MODE: lambda _, value: as_file_mode(value),
    Form.TEXT: lambda _, value: as_text(value),
    Form.TMPFS: lambda _, value: tuple(map(_read_tmpfs, as_list(value))),
    Form.TRUTH: lambda _, value: bool(value) and flag_of(value) is not False,
    Form.VARIABLES: _read_variables,
}
