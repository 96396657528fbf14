"""The files that a service needs, and that are neither in the source nor made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from tocompose.model import Service
from tocompose.notes import Note
from tocompose.project import normal_path
from tocompose.record import NamedTuple
from tocompose.rules import Context, remark
from tocompose.rules.file_mounts import demands_file, is_host_file
from tocompose.rules.variables import with_values
from tocompose.source import Span
from tocompose.syntax.host_paths import is_relative_path, seccomp_profile
from tocompose.syntax.interpolation import plain

_NO_START = "the service does not start"
_EMPTY_FOLDER = "the engine makes an empty folder in its place"


class _NeededFile(NamedTuple):
    """A file by its path from the source, with the code that says that it is missing, and the key that names it."""

    path: str
    code: str
    key: str
    span: Span | None


def note_files(
    service: Service, made_files: Set[str], values: Mapping[str, str], context: Context
) -> Iterator[Note]:
    """A note for each file of variables and mounted file that the service needs and that nobody has: it is not made,
    and not there. The `values` are those of variables.

    Of a command that was pasted the folder is not known.
    """
    is_pasted = service.origin is not None and service.origin.file.startswith("<")
    if context.read is None or is_pasted:
        return
    yield from _note_host_files(service, values, context)
    yield from _note_profiles(service, context)
    for needed in _needed_files(service, values):
        path = normal_path(needed.path) or needed.path
        if not (path in made_files or _is_there(path, context)):
            facts = {"path": path}
            yield remark(needed.code, service, needed.key, needed.span, **facts)


def _is_there(path: str, context: Context) -> bool:
    """Whether something stands at the path: what is mounted may be a folder, or a socket."""
    if context.exists is not None and context.exists(path):
        return True
    return context.read is not None and context.read(path) is not None


def _needed_files(service: Service, values: Mapping[str, str]) -> Iterator[_NeededFile]:
    needed_files = [
        _NeededFile(env_file.path, "TC609", "env_file", env_file.origin)
        for env_file in service.env_files
        if env_file.required
    ]
    for mount in service.mounts:
        if demands_file(mount):
            path = mount.source or ""
            needed_files.append(_NeededFile(path, "TC681", "volumes", mount.origin))
    for needed in needed_files:
        plain_path = plain(with_values(needed.path, values))
        if plain_path is None:
            continue
        # Docker Compose reads files of variables itself, so that it also wants those of the host for `config` alone.
        if needed.code == "TC609" or is_relative_path(plain_path):
            yield needed._replace(path=plain_path)


def _note_host_files(
    service: Service, values: Mapping[str, str], context: Context
) -> Iterator[Note]:
    """A note for each mounted file of the host that the source has under its name, or that may become a folder."""
    for mount in service.mounts:
        path = plain(with_values(mount.source or "", values))
        if mount.kind != "bind" or path is None or not is_host_file(path):
            continue
        demanded = demands_file(mount)
        effect = _NO_START if demanded else _EMPTY_FOLDER
        if copy := _copy_in_source(path, context):
            facts = {"path": path, "copy": copy, "effect": effect}
            yield remark("TC639", service, "volumes", mount.origin, **facts)
        elif not demanded:
            yield remark("TC665", service, "volumes", mount.origin, path=path)


def _note_profiles(service: Service, context: Context) -> Iterator[Note]:
    """A note for each profile of seccomp that the source does not hold."""
    for option in service.security.security_opt:
        path = seccomp_profile(option)
        if path is None or plain(path) is None:
            continue
        path_in_source = normal_path(path)
        if path_in_source is None or not _is_there(path_in_source, context):
            facts = {"path": path, "copy": _copy_in_source(path, context)}
            yield remark("TC666", service, "security_opt", **facts)


def _copy_in_source(path: str, context: Context) -> str:
    """What a note says of the file of the source that is called so, with a space in front; empty without one."""
    namesake = context.namesake(path) if context.namesake else None
    return f" (copy {namesake} there, if it is that file)" if namesake else ""
