"""Ports and mounts as entries of a list: in the short form where that says everything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tocompose.compose.keys import Key
from tocompose.compose.yaml_text import Quoted
from tocompose.model import Mount, Port
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.mounts import MountParts, format_mount
from tocompose.syntax.ports import PortParts, format_port
from tocompose.syntax.units import is_whole_number

# What nobody takes for the name of a volume; a variable is looked at after it is replaced.
_PATH_STARTS = ("/", "./", "../", "~/", "${")


def write_ports(_: Key, ports: Iterable[Port]) -> list[Quoted]:
    """The ports in their short form, sorted."""
    return [write_port(port) for port in sorted(ports, key=_port_order)]


def _port_order(port: Port) -> tuple[Any, ...]:
    """Signs, then numbers by value, then letters: as dclint sorts ports."""
    runs = re.split(r"(\d+)", port.published or port.target)
    return tuple(_rank_run(run) for run in runs if run), port.host_ip or ""


def _rank_run(run: str) -> tuple[int, int, str]:
    if is_whole_number(run):
        return 1, int(run), ""
    return 2 if run[0].isalpha() else 0, 0, run


def write_port(port: Port) -> Quoted:
    """The short form, in quotes."""
    port_parts = PortParts(port.target, port.published, port.host_ip, port.protocol)
    return Quoted(format_port(port_parts))


def short_mount(mount: Mount) -> str | None:
    """The mount in the short form; None where that does not say everything."""
    if not _fits_short(mount):
        return None
    modes = ("ro" if mount.read_only else "", mount.mode)
    written_modes = tuple(mode for mode in modes if mode)
    return format_mount(MountParts(mount.source, mount.target, written_modes))


def _fits_short(mount: Mount) -> bool:
    """The short form creates a missing host folder, and reads a one-letter name as a Windows drive."""
    source = mount.source or ""
    has_colon = len(split_outside_variables(f"{source} {mount.target}", ":")) > 1
    if mount.options or mount.is_long or has_colon:
        return False
    if mount.kind == "bind":
        return source.startswith(_PATH_STARTS) or source in (".", "..", "~")
    if mount.source is None:
        # `/data:ro` would mount the host's /data at `ro`.
        return mount.kind == "volume" and not mount.read_only and not mount.mode
    return mount.kind == "volume" and len(source) > 1


def is_plain_tmpfs(mount: Mount) -> bool:
    """Whether the mount fits into the key `tmpfs`."""
    return mount.kind == "tmpfs" and not mount.options and not mount.read_only


def write_tmpfs(_: Key, mounts: Iterable[Mount]) -> list[str]:
    """The mounts in memory that fit into the key `tmpfs`."""
    return [
        f"{mount.target}:{mount.mode}" if mount.mode else mount.target
        for mount in mounts
        if is_plain_tmpfs(mount)
    ]
