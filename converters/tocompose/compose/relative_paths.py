"""Relative paths of compose documents, seen from another folder.

https://docs.docker.com/reference/compose-file/include/ and https://docs.docker.com/reference/compose-file/services/#extends
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.record import NamedTuple
from tocompose.syntax.host_paths import rebased_context, rebased_path
from tocompose.syntax.mounts import is_path, parse_mount

_FILE_SECTIONS = ("configs", "secrets")


class PathChange(NamedTuple):
    """What becomes of a path, and of a build context, which may be no path at all."""

    path: Callable[[str], str]
    context: Callable[[str], str]


def rebase_document(document: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The document of a file in the folder, with its paths as the file sees them that names it."""
    result = dict(document)
    if folder in ("", "."):
        return result
    change = into_folder(folder)
    _change_each(result, "services", partial(with_service_paths, change=change))
    _change_each(result, "volumes", partial(with_device_path, change=change))
    for section in _FILE_SECTIONS:
        _change_each(result, section, lambda body: _with_path(body, "file", change.path))
    return result


def rebase_service(body: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The body of a service of a file in the folder, with its paths as the file sees them that names it."""
    return with_service_paths(body, into_folder(folder))


def into_folder(folder: str) -> PathChange:
    """What becomes of the paths of a file in the folder, seen from outside."""
    path = partial(rebased_path, folder=folder)
    return PathChange(path, partial(rebased_context, folder=folder))


def _change_each(
    document: dict[str, Any], section: str, change: Callable[[Mapping[str, Any]], Any]
) -> None:
    bodies = document.get(section)
    if isinstance(bodies, Mapping):
        document[section] = {
            name: change(body) if isinstance(body, Mapping) else body
            for name, body in bodies.items()
        }


# Every key that docker compose resolves against the folder of the file: compose-go's paths/resolve.go.


def with_service_paths(body: Mapping[str, Any], change: PathChange) -> dict[str, Any]:
    """The keys of a service with all their paths changed."""
    result = dict(body)
    build = body.get("build")
    if isinstance(build, str):
        result["build"] = change.context(build)
    elif isinstance(build, Mapping):
        result["build"] = with_build_paths(build, change)
    for key in ("env_file", "label_file"):
        if key in body:
            result[key] = _with_listed(body[key], change.path)
    if isinstance(body.get("volumes"), list):
        result["volumes"] = [_with_source(mount, change.path) for mount in body["volumes"]]
    develop = as_map(body.get("develop"))
    if isinstance(develop.get("watch"), list):
        watch = [_with_path(rule, "path", change.path) for rule in develop["watch"]]
        result["develop"] = {**develop, "watch": watch}
    return result


def with_build_paths(build: Mapping[str, Any], change: PathChange) -> dict[str, Any]:
    """The keys of a build with all their paths changed; the Dockerfile is one below the context."""
    result = dict(_with_path(build, "context", change.context))
    if "additional_contexts" in build:
        result["additional_contexts"] = _with_paired(
            build["additional_contexts"], change.context
        )
    if "ssh" in build:
        result["ssh"] = _with_paired(build["ssh"], change.path)
    return result


def with_device_path(volume: Mapping[str, Any], change: PathChange) -> dict[str, Any]:
    """The keys of a volume with the folder changed that it is bound to."""
    driver_opts = as_map(volume.get("driver_opts"))
    if volume.get("driver") != "local" or driver_opts.get("o") != "bind":
        return dict(volume)
    return {**volume, "driver_opts": _with_path(driver_opts, "device", change.path)}


def _with_path(body: Any, key: str, change: Callable[[str], str]) -> Any:
    if not isinstance(body, Mapping) or not isinstance(body.get(key), str):
        return body
    return {**body, key: change(body[key])}


def _with_listed(value: Any, change: Callable[[str], str]) -> Any:
    """One path or many, each by itself or below `path`."""
    if isinstance(value, list):
        return [_with_listed(listed, change) for listed in value]
    return change(value) if isinstance(value, str) else _with_path(value, "path", change)


def _with_paired(value: Any, change: Callable[[str], str]) -> Any:
    """Paths by their names, in a map or as `name=path`."""
    if isinstance(value, Mapping):
        return {
            name: change(path) if isinstance(path, str) else path
            for name, path in value.items()
        }
    if isinstance(value, list):
        return [_with_paired(pair, change) for pair in value]
    name, equals, path = str(value).partition("=")
    return f"{name}={change(path)}" if equals else value


def _with_source(mount: Any, change: Callable[[str], str]) -> Any:
    if isinstance(mount, Mapping):
        is_bind = as_map(mount).get("type") == "bind"
        return _with_path(mount, "source", change) if is_bind else mount
    source = parse_mount(mount).source if isinstance(mount, str) else None
    if source is None or not is_path(source):
        return mount
    return change(source) + str(mount)[len(source) :]
