"""Rewrites what arguments of docker name: containers, volumes and host paths, in which variables count for more.

Names are keys of a compose file, in which Compose puts no variables, so that a default is stated; `${PWD}`, the folder
the script is started in, is `.` where Compose reads a path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.parameters import path_from_here
from tocompose.syntax.interpolation import (
    Variable,
    apply_defaults,
    parse,
    split,
    variable_names,
)
from tocompose.syntax.mounts import format_mount, is_path, parse_docker_mount

Rewrite = Callable[[str], str]
_NAMING_VERBS = (("run",), ("create",), ("build",))
_MOUNT_SOURCES = ("source", "src")


def rewrite_fields(fields: list[CommandField], verb: tuple[str, ...]) -> list[CommandField]:
    """The fields behind a verb, those that name something without a variable where the source says a default."""
    texts = [field.value.text for field in fields]
    if verb in _NAMING_VERBS:
        stated, is_noted = list(_rewrite_values(texts, _NAME_REWRITES)), True
    else:
        stated = [apply_defaults(text) for text in texts]
        is_noted = verb[-1] in ("create", "connect")
    return [
        field if text == field.value.text else _with_name(field, text, is_noted)
        for field, text in zip(fields, stated, strict=True)
    ]


def _with_name(field: CommandField, text: str, is_noted: bool) -> CommandField:
    if is_noted:
        field.cursor.remark("TC171", written=field.value.text, name=text)
    names = set(variable_names(text))
    opens = tuple(variable for variable in field.value.opens if variable.name in names)
    return field._replace(value=field.value._replace(text=text, opens=opens))


def relative_host_paths(
    arguments: Iterable[Argument], verb: tuple[str, ...]
) -> tuple[Argument, ...]:
    """The arguments with `${PWD}` at the start of a host path as `.`; elsewhere it stays, for it is absolute."""
    arguments = list(arguments)
    rewrite_operand = _relative_path if verb in (("build",), ("cp",)) else None
    texts = [argument.text for argument in arguments]
    rewritten = _rewrite_values(texts, _PATH_REWRITES, rewrite_operand)
    return tuple(
        argument.with_text(text)
        for argument, text in zip(arguments, rewritten, strict=True)
    )


def _rewrite_values(
    texts: list[str],
    rewrites: Mapping[str, Rewrite],
    rewrite_operand: Rewrite | None = None,
) -> Iterator[str]:
    """The arguments with the values of some flags rewritten, whether they stand behind the flag or are joined to it."""
    flag = ""
    for text in texts:
        name, equals, value = text.partition("=")
        if "$" not in text:
            yield text
        elif flag in rewrites:
            yield rewrites[flag](text)
        elif equals and name in rewrites:
            yield f"{name}={rewrites[name](value)}"
        elif text[:2] in rewrites:
            yield text[:2] + rewrites[text[:2]](text[2:])
        elif rewrite_operand is not None and not flag.startswith("-"):
            yield rewrite_operand(text)
        else:
            yield text
        flag = text


def _state_volume(text: str) -> str:
    """A volume with its name stated; a path may stay a variable."""
    mount = parse_docker_mount(text)
    if mount.source is None:
        return text
    source = _state_source(mount.source)
    return text if source == mount.source else format_mount(mount._replace(source=source))


def _state_source(source: str) -> str:
    name = apply_defaults(source)
    is_host_path = is_path(name) or "/" in name or name.startswith("$")
    return source if is_host_path else name


def _relative_path(text: str) -> str:
    """The text with `.` for `${PWD}` at the start, or at the start of the default of a variable that stands there."""
    if (path := path_from_here(text)) is not None:
        return path
    match parse(text):
        case (Variable(default=str(default)) as variable, *_):
            tail = text[len(variable.source) :]
            return variable.with_operand(_relative_path(default)) + tail
    return text


def _rewrite_csv(text: str, rewrite: Rewrite, keys: tuple[str, ...] = ()) -> str:
    """The `key=value` fields of a value with the values of these keys rewritten, of all when none are given."""
    fields = []
    for field in split(text, ","):
        key, equals, value = field.partition("=")
        is_meant = bool(equals) and (key in keys or not keys)
        fields.append(f"{key}={rewrite(value)}" if is_meant else field)
    return ",".join(fields)


def _state_mount(text: str) -> str:
    return _rewrite_csv(text, _state_source, _MOUNT_SOURCES)


def _relative_mount(text: str) -> str:
    return _rewrite_csv(text, _relative_path, _MOUNT_SOURCES)


def _relative_values(text: str) -> str:
    return _rewrite_csv(text, _relative_path)


_NAME_REWRITES: dict[str, Rewrite] = {
    "--link": apply_defaults,
    "--mount": _state_mount,
    "--name": apply_defaults,
    "--net": apply_defaults,
    "--net-alias": apply_defaults,
    "--network": apply_defaults,
    "--network-alias": apply_defaults,
    "--pod": apply_defaults,
    "--volume": _state_volume,
    "--volumes-from": apply_defaults,
    "-v": _state_volume,
}
_PATH_REWRITES: dict[str, Rewrite] = {
    "--build-context": _relative_path,
    "--cidfile": _relative_path,
    "--env-file": _relative_path,
    "--file": _relative_path,
    "--label-file": _relative_path,
    "--mount": _relative_mount,
    "--secret": _relative_values,
    "--security-opt": _relative_values,
    "--volume": _relative_path,
    "-f": _relative_path,
    "-v": _relative_path,
}
