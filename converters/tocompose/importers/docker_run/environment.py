"""`--env-file`, and the variables that a script leaves open."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from tocompose.ledger import Ledger
from tocompose.model import EnvFile, EnvSetting, Mount, Service, Stack
from tocompose.notes import note
from tocompose.project import Project, only_namesake
from tocompose.record import replace
from tocompose.stack_texts import map_texts, stack_texts
from tocompose.syntax.interpolation import (
    Literal,
    Variable,
    parse,
    replace_variables,
    required_reference,
    variable_names,
)
from tocompose.syntax.model_path import ModelPath

# docker run reads env files raw; Compose's own dialect gives these characters a meaning.
_SPECIAL = frozenset("\"'$#`\\")


def adapt_env_file(
    env_file: EnvFile, project: Project, service: str, ledger: Ledger
) -> EnvFile:
    """The env file in Compose's own dialect where both read it alike, else as `format: raw` (Compose 2.30 on).

    One that the source does not bring is optional, so that its absence does not keep the whole stack from starting.
    """
    content = project.read(env_file.path)
    if content is not None and not _reads_differently(content.decode("utf-8", "replace")):
        return replace(env_file, format=None)
    code = "TC142" if content is None else "TC143"
    ledger.add_note(
        note(
            code,
            env_file.origin,
            subject=ModelPath.service(service, "env_file"),
            path=env_file.path,
            copy=copy_in_source(project, env_file.path),
        )
    )
    return env_file if content is not None else replace(env_file, required=False)


def copy_in_source(project: Project, path: str) -> str:
    """What a note says of the file that may be the one which is missing at its path, with a space in front."""
    namesake = only_namesake(project, path)
    return f" (copy {namesake} there, if it is that file)" if namesake else ""


def known_label_files(service: Service, project: Project, ledger: Ledger) -> Service:
    """The service without files of labels that the source does not hold: Compose refuses the whole stack for one."""
    files = service.options.get("label_file")
    if not files:
        return service
    path = ModelPath.service(service.name, "label_file")
    for file in files:
        if project.read(file) is None:
            ledger.add_note(note("TC196", service.origin, subject=path, file=file))
    known_files = [file for file in files if project.read(file) is not None]
    if not known_files:
        ledger.move(path, ModelPath.service(service.name))
    other_options = {
        key: value for key, value in service.options.items() if key != "label_file"
    }
    options = {**other_options, "label_file": known_files} if known_files else other_options
    return replace(service, options=options)


def _reads_differently(text: str) -> bool:
    return any(_line_reads_differently(line) for line in text.splitlines())


def _line_reads_differently(line: str) -> bool:
    if not line.strip() or line.lstrip().startswith("#"):
        return False
    name, _, value = line.partition("=")
    return (
        line != line.lstrip()
        or name != name.strip()
        or value != value.strip()
        or bool(_SPECIAL & set(value))
    )


def open_settings(
    script_values: Mapping[str, str | None], secret_names: Container[str], stack: Stack
) -> tuple[EnvSetting, ...]:
    """An `.env` entry for each variable that the services still hold."""
    used = dict.fromkeys(
        name for _, text in stack_texts(stack, "$") for name in variable_names(text)
    )
    folders = open_folders(script_values, stack)
    values = {name: script_values[name] for name in used if name in script_values}
    return tuple(
        EnvSetting(
            name=name,
            value=value,
            secret=name in secret_names,
            description=folders.get(name, ""),
            required=value is None,
        )
        for name, value in values.items()
        if name != "HOME"
    )


def described_by_commands(
    settings: Iterable[EnvSetting], commands: Mapping[str, str]
) -> tuple[EnvSetting, ...]:
    """The settings; those that a command of the source prints are described by it, where nothing else is said."""
    return tuple(
        replace(setting, description=f"Output of: {commands[setting.name]}")
        if setting.name in commands and not setting.description
        else setting
        for setting in settings
    )


def ask_for_values(stack: Stack, demanded: Container[str]) -> Stack:
    """The stack that does not start without the demanded variables; those with a value in `.env` are set there."""
    unset = {setting.name for setting in stack.settings if setting.value is None}

    def as_required(variable: Variable) -> str:
        if variable.default is not None:
            default = replace_variables(variable.default, as_required)
            return variable.with_operand(default)
        is_asked = variable.name in demanded and variable.name in unset
        is_open = is_asked and not variable.operator
        return required_reference(variable.name, ".env") if is_open else variable.source

    return map_texts(
        stack,
        lambda _, text: replace_variables(text, as_required) if "$" in text else text,
    )


def open_folders(
    script_values: Mapping[str, str | None], stack: Stack
) -> Mapping[str, str]:
    """The variables without a value in the paths of bind mounts, each with the folder that it begins or is part of.

    Nothing may start without them: data of the old container would be left behind for an empty folder.
    """
    folders: dict[str, str] = {}
    for service in stack.services:
        for mount in service.mounts:
            source = (mount.source or "") if mount.kind == "bind" else ""
            for name in variable_names(source):
                if name in script_values and script_values[name] is None:
                    folders.setdefault(name, _described_folder(service, mount, name))
    return {name: text for name, text in folders.items() if name != "HOME"}


def _described_folder(service: Service, mount: Mount, name: str) -> str:
    """What the user is asked for: the folder that a service has at a path, or one above it."""
    match parse(mount.source or ""):
        case (Variable(),):
            return f"Folder of this machine that {service.name} sees at {mount.target}"
        case (Variable(), Literal(value=path)) if path.startswith("/"):
            below = path.lstrip("/")
            return (
                f"Folder of this machine with {below}, which {service.name} sees at"
                f" {mount.target}"
            )
    return f"Part of the path of the folder that {service.name} sees at {mount.target}"
