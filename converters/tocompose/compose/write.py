"""From the stack model to a compose document: plain maps and lists in the order in which people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any

from tocompose.compose.keys import (
    UNKNOWN,
    Form,
    Key,
    blank_fields,
    keeps_options,
    section_below,
    section_keys,
    written_rank,
)
from tocompose.compose.merge import merge_services
from tocompose.compose.short_entries import (
    is_plain_tmpfs,
    short_mount,
    write_ports,
    write_tmpfs,
)
from tocompose.compose.yaml_text import RESET, Flow, Quoted
from tocompose.model import (
    ComposeFileRole,
    EnvVariable,
    Mount,
    Service,
    Stack,
)
from tocompose.record import replace
from tocompose.syntax.command_words import CommandText
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.units import is_whole_number

_LINE = 100  # characters of a command that stands on one line


def compose_document(stack: Stack, home: ComposeFileRole | None = None) -> dict[str, Any]:
    """The document of one file of the stack: base, dev override or production; None puts base and dev into one."""
    beside = development_services(stack) if home is not ComposeFileRole.PROD else ()
    ordered = sorted(
        (*stack.services, *beside), key=lambda service: alphabetical(service.name)
    )
    bodies = {service.name: service_in(service, home) for service in ordered}
    services = {
        service.name: bodies[service.name]
        for service in ordered
        if bodies[service.name] or _must_be_named(service, home)
    }
    declared = {key: _declarations(key, stack) for key in DECLARED_SECTIONS}
    used_names = {key: _referred_names(key, services.values()) for key in DECLARED_SECTIONS}
    if home in (ComposeFileRole.BASE, None):
        for key in DECLARED_SECTIONS:
            overlay_names = _names_in_overlays(key, ordered)
            used_names[key] |= declared[key].keys() - overlay_names
    return {
        "name": _project_name(stack, home),
        "services": services,
        **_used_declarations(declared, used_names),
    }


def _project_name(stack: Stack, home: ComposeFileRole | None) -> str:
    """The name of the project as the file states it: of two files docker compose takes the name in the later one."""
    return stack.file_names.get(home or ComposeFileRole.DEV, stack.name)


def _used_declarations(
    declared: Mapping[str, Mapping[str, Any]], used_names: Mapping[str, set[str]]
) -> dict[str, dict[str, Any]]:
    """The declarations by key that are named; a key of which none is used stays out."""
    used = {
        key: {name: body for name, body in bodies.items() if name in used_names[key]}
        for key, bodies in declared.items()
    }
    return {key: bodies for key, bodies in used.items() if bodies}


def development_services(stack: Stack) -> tuple[Service, ...]:
    """The services that only the dev override has, on the networks of the first service built here if on none."""
    return tuple(
        Service(
            name=service.name,
            origin=service.origin,
            overlays={ComposeFileRole.DEV: _with_networks(stack, service)},
        )
        for service in stack.development
    )


def _with_networks(stack: Stack, service: Service) -> Service:
    """The service; what is built here and waits for nothing has no business on an internal network, with the data."""
    if service.networks:
        return service
    internal = {network.name for network in stack.networks if network.internal}
    closed = internal if _needs_no_data(service) else set[str]()
    built = (one_service for one_service in stack.services if one_service.build)
    networks = tuple(
        attachment
        for owner in islice(built, 1)
        for attachment in owner.networks
        if attachment.network not in closed
    )
    return replace(service, networks=networks)


def _needs_no_data(service: Service) -> bool:
    return service.build is not None and not service.depends_on


# The sections beside the services, in the order in which they are written. What no file refers to stands in the base.
DECLARED_SECTIONS = ("networks", "volumes", "secrets", "configs")


def _declarations(key: str, stack: Stack) -> dict[str, dict[str, Any] | None]:
    """The networks, volumes, secrets or configs of the stack; None (nothing behind the colon) without settings."""
    section = section_below("top", key)
    return {
        declaration.name: write_record(section, declaration) or None
        for declaration in getattr(stack, key)
    }


def referred_names(stack: Stack, key: str) -> set[str]:
    """The networks, volumes, secrets or configs that the services name in any file."""
    services = (*stack.services, *development_services(stack))
    bodies = (service_in(service, role) for service in services for role in ComposeFileRole)
    return _referred_names(key, bodies)


def _names_in_overlays(key: str, services: Iterable[Service]) -> set[str]:
    bodies = (
        service_in(service, role)
        for service in services
        for role in (ComposeFileRole.DEV, ComposeFileRole.PROD)
    )
    return _referred_names(key, bodies)


def alphabetical(name: str) -> tuple[tuple[int, ...], str]:
    """A sort key in the order of the Unicode collation that dclint uses: `_`, `-`, `.`, digits, letters."""
    return tuple(
        "_-.".find(char) if char in "_-." else ord(char) for char in name.lower()
    ), name.swapcase()


def _must_be_named(service: Service, home: ComposeFileRole | None) -> bool:
    """Whether the file names a service of which it says nothing, since no other file does."""
    return home in (ComposeFileRole.BASE, None) and not service.overlays


def service_in(service: Service, home: ComposeFileRole | None) -> dict[str, Any]:
    """What a service contributes to one file."""
    if home is None:
        body = service_body(service)
        overlay = service.overlays.get(ComposeFileRole.DEV)
        if overlay is None:
            return body
        return in_order(_with_short_networks(merge_services(body, service_body(overlay))))
    layer = service if home is ComposeFileRole.BASE else service.overlays.get(home)
    return service_body(layer) if layer else {}


def _with_short_networks(body: dict[str, Any]) -> dict[str, Any]:
    """The service with its networks as a list, as other services have them, where merging made an empty map of it."""
    networks = body.get("networks")
    if not isinstance(networks, Mapping) or any(networks.values()):
        return body
    return {**body, "networks": list(networks)} if networks else body


def _referred_names(key: str, bodies: Iterable[Mapping[str, Any]]) -> set[str]:
    """The networks, volumes, configs or secrets that services name."""
    names: set[str] = set()
    for body in bodies:
        build = body.get("build")
        # A build may name secrets of its own.
        of_build = build.get(key) if isinstance(build, Mapping) else None
        for reference in (*(body.get(key) or ()), *(of_build or ())):
            if isinstance(reference, Mapping):
                names.add(str(reference.get("source", "")))
            else:
                names.add(
                    split_outside_variables(reference, ":")[0]
                    if key == "volumes"
                    else reference
                )
    return names


def service_body(service: Service) -> dict[str, Any]:
    """The keys of a service that are set, in order."""
    return in_order(merge_services(_written_fields("service", service), service.options))


def in_order(body: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a service in the order of the table, the rest by name."""
    rank = written_rank("service")
    return dict(
        sorted(body.items(), key=lambda pair: (rank.get(pair[0], UNKNOWN.order), pair[0]))
    )


def write_record(section: str, record: Any) -> dict[str, Any]:
    """The map that stands for a record of a section, its options among it."""
    record_type: Any = type(record)
    body = _written_fields(section, record)
    closed = any(section_keys(section)[name].closes for name in body)
    return (
        body
        if closed or not keeps_options(section, record_type)
        else body | _copy_options(record.options)
    )


def _copy_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: dict(value) if isinstance(value, dict) else value
        for name, value in options.items()
    }


def _written_fields(section: str, record: Any) -> dict[str, Any]:
    """The keys whose fields say something that is not said by leaving them out."""
    record_type: Any = type(record)
    body: dict[str, Any] = {}
    for name, key, value_of, blank_value in _fields_to_write(section, record_type):
        value = value_of(record)
        if key.always or value != blank_value:
            written = WRITERS[key.form](key, value)
            if written not in _NOTHING or key.form is Form.COMMAND:
                body[name] = written
        if key.closes and name in body:
            return body
    return body


_NOTHING: tuple[Any, ...] = (None, [], {})


@cache
def _fields_to_write(
    section: str, record_type: Any
) -> tuple[tuple[str, Key, Callable[[Any], Any], Any], ...]:
    """The keys that a record has a field for, each with what gives its value and the value that says nothing."""
    blank = _blank_record(record_type)
    getters = {
        name: attrgetter(key.field) if key.field else _whole_record
        for name, key in section_keys(section).items()
        if key.field is not None
    }
    return tuple(
        (name, section_keys(section)[name], value_of, value_of(blank))
        for name, value_of in getters.items()
    )


def _whole_record(record: Any) -> Any:
    return record


@cache
def _blank_record(record_type: Any) -> Any:
    """A record of the type that says nothing."""
    return record_type(**blank_fields(record_type))


def _write_section(key: Key, record: Any) -> dict[str, Any]:
    """The map below a key; without a record of its own, its fields are those of the record around it."""
    if key.field:
        return write_record(key.section, record)
    return _written_fields(key.section, record)


def _write_entries(key: Key, records: Iterable[Any]) -> list[Any]:
    """Maps, or the text that stands for one that says nothing else."""
    bodies = (write_record(key.section, record) for record in records)
    return [body[key.short] if body.keys() == {key.short} else body for body in bodies]


def _write_names(key: Key, records: Iterable[Any]) -> Any:
    """Maps by name, or a list of the names where none of them says more."""
    bodies = {
        getattr(record, key.named_by): write_record(key.section, record) or None
        for record in records
    }
    names = sorted(bodies) if key.sorted else list(bodies)
    if not any(bodies.values()):
        return names
    return {name: bodies[name] for name in names}


# Maps that may be lists of `key=value` too.
_LISTABLE = frozenset({"annotations", "args", "labels", "sysctls"})


def _write_pairs(key: Key, pairs: Mapping[str, Any]) -> dict[str, Any] | list[str]:
    """A map; a list where a name begins with `x-`, which docker compose takes for an extension and drops in a map."""
    if key.name not in _LISTABLE or not any(name.startswith("x-") for name in pairs):
        return dict(pairs)
    return [f"{name}={'' if value is None else value}" for name, value in pairs.items()]


def _write_variables(_: Key, variables: Iterable[EnvVariable]) -> dict[str, Any]:
    return {
        variable.name: RESET if variable.remove else variable.value
        for variable in variables
    }


def _write_command(_: Key, arguments: tuple[str, ...]) -> list[str] | str:
    """On one line where it fits and holds no line breaks; as the text that it was where that holds variables."""
    if isinstance(arguments, CommandText):
        return arguments.text
    fits = sum(len(argument) + 4 for argument in arguments) <= _LINE
    broken = any("\n" in argument for argument in arguments)
    return Flow(arguments) if not arguments or (fits and not broken) else list(arguments)


def _write_text(key: Key, text: str) -> str | None:
    """The text; an empty one is no amount of anything."""
    return text if text or key.unit is None else None


def write_number(text: str) -> int | str:
    """A whole number as a number; a text with variables stays text."""
    return int(text) if is_whole_number(text.removeprefix("-")) else text


def _write_mounts(_: Key, mounts: Iterable[Mount]) -> list[Any]:
    return [write_mount(mount) for mount in mounts if not is_plain_tmpfs(mount)]


def write_mount(mount: Mount) -> str | dict[str, Any]:
    """A mount as an entry of `volumes:`, in the short form where that says everything."""
    return short_mount(mount) or write_record("mount", mount)


def _as_it_is(_: Key, value: Any) -> Any:
    return value


WRITERS: Mapping[Form, Callable[[Key, Any], Any]] = {
    Form.ARGUMENTS: lambda _, pairs: dict(pairs),
    Form.COMMAND: _write_command,
    Form.COUNT: _as_it_is,
    Form.DECIMAL: lambda _, text: Quoted(text) if text else None,
    Form.ENTRIES: _write_entries,
    Form.EXPOSED: lambda _, texts: [Quoted(text) for text in texts],
    Form.FLAG: _as_it_is,
    Form.HEALTH_TEST: lambda _, arguments: Flow(arguments),
    Form.LIST: lambda _, texts: list(texts),
    Form.MODE: _write_text,
    Form.MOUNTS: _write_mounts,
    Form.NAMES: _write_names,
    Form.NUMBER: lambda _, text: write_number(text),
    Form.PAIRS: _write_pairs,
    Form.PORTS: write_ports,
    Form.SECTION: _write_section,
    Form.TEXT: _write_text,
    Form.TMPFS: write_tmpfs,
    Form.TRUTH: _as_it_is,
    Form.VARIABLES: _write_variables,
}


def model_paths(value: Any, path: ModelPath = ROOT) -> Iterator[ModelPath]:
    """Every path of a document: what the ledger's second check compares with."""
    if isinstance(value, Mapping):
        for name, content in value.items():
            path_below = path.child(str(name))
            yield path_below
            yield from model_paths(content, path_below)
    elif isinstance(value, list):
        for text in value:
            if isinstance(text, str) and "=" in text:
                yield path.child(text.partition("=")[0])
