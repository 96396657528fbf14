"""systemd units: their command lines, environment, restart policy and order."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from posixpath import normpath

from tocompose.importers.docker_run.shell.calls import run_file
from tocompose.importers.docker_run.shell.expansion import expand_atoms
from tocompose.importers.docker_run.shell.parameters import open_value
from tocompose.importers.docker_run.shell.simple_command import read_command
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.project import is_refused
from tocompose.readers.systemd import atoms
from tocompose.syntax.interpolation import literal
from tocompose.tables import load

_ORDERING = frozenset({"After", "Requires", "Wants", "BindsTo", "Requisite"})
_STARTING = ("ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost")


def read_unit(shell: Shell, cursor: Cursor) -> None:
    """Reads a unit: what it starts, in the order in which systemd starts it."""
    unit = posixpath.basename(shell.path)
    _set_specifiers(shell, unit, cursor)
    service = [child for child in cursor if child.key == "Service"]
    settings = [setting for section in service for setting in section]
    for setting in settings:
        if setting.key in ("Environment", "EnvironmentFile", "WorkingDirectory"):
            _read_surroundings(shell, setting)
    shell.settings = {
        "unit": unit,
        "keeper": "the unit",
        "restart": _restart_policy(settings),
        "after": _ordered_after(cursor),
    }
    _note_made_folders(unit, settings)
    for key in _STARTING:
        for setting in settings:
            if setting.key == key:
                read_command(shell, setting)
    cursor.skip("a setting of systemd that is about the docker client, not the container")


def read_written_unit(shell: Shell, cursor: Cursor) -> None:
    """Reads a unit that stands inside of another file, under the path that it is written to."""
    path = cursor.at("path")
    path_before, settings_before = shell.path, shell.settings
    shell.path = path.peek() or "app.service"
    path.skip("the path of the unit, which gives it its name")
    with shell.inner():
        shell.run(cursor.at("unit"))
    shell.path, shell.settings = path_before, settings_before


def _set_specifiers(shell: Shell, unit: str, cursor: Cursor) -> None:
    name = unit.rpartition(".")[0] or unit
    prefix, at, instance = name.partition("@")
    specifiers = {
        "n": unit,
        "N": name,
        "p": prefix,
        "j": prefix.rpartition("-")[2],
        **load("shell")["systemd"]["specifiers"],
    }
    if not at or instance:
        specifiers |= {"i": instance, "I": instance.replace("-", "/")}
    for letter, text in specifiers.items():
        shell.scope.set(f"%{letter}", Value(literal(text)))
    if at and not instance:
        value = open_value("INSTANCE", "TC154", cursor, written="%i")
        shell.scope.set("%i", value)
        shell.scope.set("%I", value)
        shell.scope.set(
            "%n", value._replace(text=f"{literal(prefix)}@{value.text}.service")
        )
        shell.scope.set("%N", value._replace(text=f"{literal(prefix)}@{value.text}"))
    for letter, (variable, command) in load("shell")["systemd"]["host"].items():
        shell.scope.set(
            f"%{letter}", open_value(variable, "TC152", cursor, command=command)
        )


def _read_surroundings(shell: Shell, setting: Cursor) -> None:
    if setting.key == "Environment":
        for leaf in setting:
            _read_environment(shell, leaf)
    elif setting.key == "EnvironmentFile":
        _environment_file(shell, setting)
    else:
        shell.directory = setting.peek() or "."
        setting.skip("the folder that commands start in, which paths in the output follow")


def _read_environment(shell: Shell, leaf: Cursor) -> None:
    fields = expand_atoms(
        atoms(leaf.peek() or "", variables=False), leaf, shell.word_context
    ).fields
    for field in fields:
        name, _, text = field.text.partition("=")
        value = field._replace(text=text, sources=(leaf, *field.sources))
        shell.scope.set(name, shell.kept_variables.keep(name, value, exported=False))
        shell.scope.exports.add(name)
    shell.assigned.append(leaf)


def _environment_file(shell: Shell, setting: Cursor) -> None:
    """Settings in a file of the project; systemd's own paths lie outside."""
    path = (setting.peek() or "").lstrip("-")
    inside = normpath(path)
    data = shell.project.read(inside)
    if data is None and is_refused(shell.project, inside):
        setting.skip("a file that we may not read, of which a note tells")
        return
    if data is None:
        setting.note("TC161", file=path)
        return
    run_file(shell, setting, inside, data)
    setting.skip("a file of the project with settings, which was read")


def _note_made_folders(unit: str, settings: list[Cursor]) -> None:
    """Says of folders that systemd makes for the unit, and its container mounts, that nothing makes them here."""
    starting = [setting for setting in settings if setting.key in _STARTING]
    command = " ".join(leaf.peek() or "" for setting in starting for leaf in setting)
    for setting in settings:
        for path, folder in _made_folders(setting):
            if f"{path}:" in command or f"{folder}:" in command:
                how = f"sudo mkdir -p {shlex.quote(path)}"
                key = setting.key
                setting.note("TC450", path=path, object=unit, key=key, command=how)


def _made_folders(setting: Cursor) -> Iterator[tuple[str, str]]:
    """The folders that systemd makes for a setting: the path, and the same as units write it (`%t/shop`)."""
    rows = load("shell")["systemd"]
    letter = rows["folders"].get(setting.key)
    if letter is not None:
        for name in (setting.peek() or "").split():
            folder = name.partition(":")[0]
            yield f"{rows['specifiers'][letter]}/{folder}", f"%{letter}/{folder}"


def _restart_policy(settings: list[Cursor]) -> str:
    policy = ""
    for setting in settings:
        if setting.key == "Restart":
            policy = load("shell")["systemd"]["restart"].get(setting.peek() or "", "")
            setting.skip("taken as the restart policy of the service")
    return policy


def _ordered_after(cursor: Cursor) -> tuple[str, ...]:
    """The services that the unit starts after."""
    names: list[str] = []
    for section in cursor:
        for setting in section:
            if section.key == "Unit" and setting.key in _ORDERING:
                names += [leaf.peek() or "" for leaf in setting]
                setting.skip("the order of units, taken as the order of services")
    units = [
        name
        for name in names
        if name.endswith(".service") and name not in ("docker.service", "podman.service")
    ]
    return tuple(dict.fromkeys(units))
