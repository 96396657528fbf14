"""systemd units: their command lines, environment, restart policy and order."""

from __future__ import annotations

import posixpath
from posixpath import normpath

from tocompose.importers.docker_run.shell.expansion import expand_atoms
from tocompose.importers.docker_run.shell.parameters import opened
from tocompose.importers.docker_run.shell.simple import read_command
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.readers.systemd import atoms
from tocompose.values import literal

_ORDER = frozenset({"After", "Requires", "Wants", "BindsTo", "Requisite"})
_RESTART = {
    "always": "always",
    "on-success": "always",
    "on-failure": "on-failure",
    "on-abnormal": "on-failure",
    "on-abort": "on-failure",
    "on-watchdog": "on-failure",
    "no": "no",
}
_STARTING = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost")
# https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers, of the system's own manager.
_FOLDERS = {
    "t": "/run",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "E": "/etc",
    "T": "/tmp",
    "V": "/var/tmp",
    "h": "/root",
    "u": "root",
    "U": "0",
    "g": "root",
    "G": "0",
}
_UNKNOWN = {
    "H": ("HOST_NAME", "hostname"),
    "l": ("HOST_NAME", "hostname -s"),
    "q": ("HOST_NAME", "hostname"),
    "m": ("MACHINE_ID", "cat /etc/machine-id"),
    "b": ("BOOT_ID", "cat /proc/sys/kernel/random/boot_id"),
    "v": ("KERNEL_VERSION", "uname -r"),
}


def read_unit(shell: Shell, cursor: Cursor) -> None:
    """Reads a unit: what it starts, in the order in which systemd starts it."""
    unit = posixpath.basename(shell.path)
    _specifiers(shell, unit, cursor)
    service = [child for child in cursor if child.key == "Service"]
    entries = [entry for section in service for entry in section]
    for entry in entries:
        if entry.key in ("Environment", "EnvironmentFile", "WorkingDirectory"):
            _surroundings(shell, entry)
    shell.settings = {"unit": unit, "restart": _restart(entries), "after": _after(cursor)}
    for key in _STARTING:
        for entry in entries:
            if entry.key == key:
                read_command(shell, entry)
    cursor.skip("a setting of systemd that is about the docker client, not the container")


def _specifiers(shell: Shell, unit: str, cursor: Cursor) -> None:
    name = unit.rpartition(".")[0] or unit
    prefix, at, instance = name.partition("@")
    known = {"n": unit, "N": name, "p": prefix, "j": prefix.rpartition("-")[2], **_FOLDERS}
    if not at or instance:
        known |= {"i": instance, "I": instance.replace("-", "/")}
    for letter, text in known.items():
        shell.scope.set(f"%{letter}", Value(literal(text)))
    if at and not instance:
        value = opened("INSTANCE", "TC154", cursor, written="%i")
        shell.scope.set("%i", value)
        shell.scope.set("%I", value)
        shell.scope.set(
            "%n", value._replace(text=f"{literal(prefix)}@{value.text}.service")
        )
        shell.scope.set("%N", value._replace(text=f"{literal(prefix)}@{value.text}"))
    for letter, (variable, command) in _UNKNOWN.items():
        shell.scope.set(f"%{letter}", opened(variable, "TC152", cursor, command=command))


def _surroundings(shell: Shell, entry: Cursor) -> None:
    if entry.key == "Environment":
        for word in entry:
            _environment(shell, word)
    elif entry.key == "EnvironmentFile":
        _environment_file(shell, entry)
    else:
        shell.directory = entry.peek() or "."
        entry.skip("the folder that commands start in, which paths in the output follow")


def _environment(shell: Shell, word: Cursor) -> None:
    fields = expand_atoms(
        list(atoms(word.peek() or "", variables=False)), word, shell.place
    ).fields
    for field in fields:
        name, _, text = field.text.partition("=")
        value = field._replace(text=text, sources=(word, *field.sources))
        shell.scope.set(name, shell.kept.keep(name, value, exported=False))
        shell.scope.exports.add(name)
    shell.assigned.append(word)


def _environment_file(shell: Shell, entry: Cursor) -> None:
    """Settings in a file of the project; systemd's own paths lie outside."""
    path = (entry.peek() or "").lstrip("-")
    inside = normpath(path)
    data = shell.project.read(inside)
    if data is None:
        entry.note("TC161", file=shown(path))
        return
    from tocompose.importers.docker_run.shell.calls import run_file

    run_file(shell, entry, inside, data)
    entry.skip("a file of the project with settings, which was read")


def _restart(entries: list[Cursor]) -> str:
    found = ""
    for entry in entries:
        if entry.key == "Restart":
            found = _RESTART.get(entry.peek() or "", "")
            entry.skip("taken as the restart policy of the service")
    return found


def _after(cursor: Cursor) -> tuple[str, ...]:
    """The services that the unit starts after."""
    names: list[str] = []
    for section in cursor:
        for entry in section:
            if section.key == "Unit" and entry.key in _ORDER:
                names += [word.peek() or "" for word in entry]
                entry.skip("the order of units, taken as the order of services")
    wanted = [
        name
        for name in names
        if name.endswith(".service") and name not in ("docker.service", "podman.service")
    ]
    return tuple(dict.fromkeys(wanted))
