"""Networks and volumes as the engine describes them."""

from __future__ import annotations

from shlex import quote
from typing import Any

from tocompose.importers.engine.field_rows import field_tables
from tocompose.importers.engine.json_values import is_true, text_at
from tocompose.importers.engine.objects import EngineObject
from tocompose.importers.engine.resource_names import ResourceNames
from tocompose.importers.engine.shapes import text_of
from tocompose.importers.engine.tool_labels import tool_label
from tocompose.importers.field_tables import FieldWalk, note_findings
from tocompose.ledger import Cursor
from tocompose.model import Network, Volume
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


def read_network(
    network: EngineObject, names: ResourceNames, key: str, exists: bool
) -> Network:
    """The network of the compose file: the stack's own where Compose made it so, else the one that `exists` there.

    Compose refuses a network that exists and that it did not make (docker/compose, pkg/compose/create.go,
    resolveOrCreateNetwork), so that such a one is external.
    """
    cursor, path = network.cursor, ModelPath.of("networks", key)
    name = text_of(cursor, "Name") or text_of(cursor, "name")
    if exists and not names.is_made_by_stack(name):
        command = _create_command(cursor, name)
        cursor.note("TC483", subject=path, name=name, command=command)
        _map_name(cursor, path)
        return Network(
            name=key,
            engine_name=name if name != key else None,
            external=True,
            origin=cursor.span,
        )
    driver = text_of(cursor, "Driver") or text_of(cursor, "driver")
    _settle(cursor, "Network", path)
    return Network(
        name=key,
        engine_name=_written(names.stated_name(name)),
        driver=None if driver == "bridge" else driver,
        internal=is_true(cursor, "Internal") or is_true(cursor, "internal"),
        options=_network_options(cursor, path),
        origin=cursor.span,
    )


def _map_name(cursor: Cursor, path: ModelPath) -> None:
    for key in ("Name", "name"):
        cursor.take(key, to=path)


def _written(name: str | None) -> str | None:
    return None if name is None else literal(name)


def _network_options(cursor: Cursor, path: ModelPath) -> dict[str, Any]:
    """The keys of Compose that differ from what it does by itself."""
    options: dict[str, Any] = {
        "driver_opts": _texts(cursor.at("Options")),
        "labels": _own_labels(cursor.at("Labels")),
        "attachable": is_true(cursor, "Attachable"),
        "enable_ipv6": is_true(cursor, "EnableIPv6"),
        "ipam": _read_ipam(cursor.at("IPAM")),
    }
    written = {name: value for name, value in options.items() if value}
    if cursor.peek("EnableIPv4") == "false":
        written["enable_ipv4"] = False
    return written


def _read_ipam(ipam: Cursor) -> dict[str, Any]:
    """The address plan, only where something of it was chosen: the engine gives every bridge a subnet."""
    driver = text_of(ipam, "Driver")
    ipam_settings: dict[str, Any] = {}
    if driver not in ("", "default"):
        ipam_settings["driver"] = driver
    if options := _texts(ipam.at("Options")):
        ipam_settings["options"] = options
    ranges = [
        field_entry
        for field_entry in ipam.at("Config")
        if text_at(field_entry, "IPRange") or field_entry.at("AuxiliaryAddresses").children
    ]
    if ranges or ipam_settings:
        ipam_settings["config"] = [
            _read_subnet(field_entry) for field_entry in ipam.at("Config")
        ]
    return ipam_settings


def _read_subnet(field_entry: Cursor) -> dict[str, Any]:
    subnet: dict[str, Any] = {
        "subnet": text_of(field_entry, "Subnet"),
        "ip_range": text_of(field_entry, "IPRange"),
        "gateway": text_of(field_entry, "Gateway"),
        "aux_addresses": _texts(field_entry.at("AuxiliaryAddresses")),
    }
    return {name: value for name, value in subnet.items() if value}


def _texts(cursor: Cursor) -> dict[str, str]:
    return {field_entry.key: text_of(field_entry) for field_entry in cursor}


def _own_labels(cursor: Cursor) -> dict[str, str]:
    return {
        name: value for name, value in _texts(cursor).items() if tool_label(name) is None
    }


def _create_command(cursor: Cursor, name: str) -> str:
    """The command that makes the network on another machine."""
    command_line = ["docker network create"]
    driver = text_at(cursor, "Driver") or "bridge"
    if driver != "bridge":
        command_line.append(f"--driver {driver}")
    if is_true(cursor, "Internal"):
        command_line.append("--internal")
    if is_true(cursor, "EnableIPv6"):
        command_line.append("--ipv6")
    if cursor.peek("EnableIPv4") == "false":
        command_line.append("--ipv4=false")
    if is_true(cursor, "Attachable"):
        command_line.append("--attachable")
    for field_entry in cursor.at("IPAM", "Config"):
        if text_at(field_entry, "Subnet"):
            command_line.append(f"--subnet {field_entry.peek('Subnet')}")
    for option in cursor.at("Options"):
        command_line.append(f"--opt {quote(f'{option.key}={text_at(option)}')}")
    return " ".join((*command_line, name))


def read_volume(volume: EngineObject, names: ResourceNames, key: str) -> Volume:
    """The volume of the compose file, under the engine's name so that its data are found again."""
    cursor, path = volume.cursor, ModelPath.of("volumes", key)
    name = volume.text("Name")
    driver = text_of(cursor, "Driver")
    _settle(cursor, "Volume", path)
    options: dict[str, Any] = {
        "driver_opts": _texts(cursor.at("Options")),
        "labels": _own_labels(cursor.at("Labels")),
    }
    return Volume(
        name=key,
        engine_name=_written(names.stated_name(name)),
        driver=None if driver == "local" else driver,
        options={option: value for option, value in options.items() if value},
        origin=cursor.span,
    )


def _settle(cursor: Cursor, type_name: str, path: ModelPath) -> None:
    """Settles every field of a network or volume by its row."""
    if cursor.node is None:
        return
    walk = FieldWalk(field_tables(), cursor.ledger, default_reason="the default value")
    walk.visit(cursor.node, type_name)
    note_findings(walk.findings, cursor.ledger, path[-1], path)
    for field in cursor:
        if field.unread():
            field.map(to=path)
