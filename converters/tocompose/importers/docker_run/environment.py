"""`--env-file`, and the variables that a script leaves open."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from tocompose.ledger import Ledger
from tocompose.model import EnvFile, EnvSetting, Mount, Service, Stack
from tocompose.notes import note
from tocompose.project import Project, only_namesake
from tocompose.record import replace
from tocompose.stack_texts import map_texts, stack_texts
from tocompose.syntax.interpolation import (
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
    """An `.env` entry for each variable that the services still hold.

    A host path that the source leaves open is a folder beside the compose file until the user says otherwise: a mount
    without a source is refused.
    """
    used = dict.fromkeys(
        name for _, text in stack_texts(stack, "$") for name in variable_names(text)
    )
    folders = dict(_stand_ins(stack))
    values = {
        name: folders.get(name) if script_values.get(name) is None else script_values[name]
        for name in used
        if name in script_values
    }
    return tuple(
        EnvSetting(
            name=name, value=value, secret=name in secret_names, required=value is None
        )
        for name, value in values.items()
        if name != "HOME"
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


def note_stand_ins(
    script_values: Mapping[str, str | None], stack: Stack, ledger: Ledger
) -> None:
    """Says of each host path that the source leaves open where its data goes for now."""
    for service in stack.services:
        for mount in service.mounts:
            for name, folder in _stand_in(mount):
                if name in script_values and script_values[name] is None:
                    subject = ModelPath.service(service.name, "volumes")
                    ledger.add_note(
                        note(
                            "TC105",
                            mount.origin,
                            subject=subject,
                            variable=name,
                            folder=folder,
                        )
                    )


def _stand_ins(stack: Stack) -> Iterator[tuple[str, str]]:
    for service in stack.services:
        for mount in service.mounts:
            yield from _stand_in(mount)


def _stand_in(mount: Mount) -> Iterator[tuple[str, str]]:
    """The variable that a bind mount's source starts with, and the folder that stands in for it."""
    match parse(mount.source or "") if mount.kind == "bind" else ():
        case (Variable(name=name, operator=""), *_):
            yield name, f"./{name.lower().replace('_', '-')}"
