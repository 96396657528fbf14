"""Relative paths of a compose document, seen from another folder: of what is included or extended from elsewhere.

https://docs.docker.com/reference/compose-file/include/ and https://docs.docker.com/reference/compose-file/services/#extends
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.syntax.mounts import is_path, is_windows_path, parse_mount

_FILE_SECTIONS = ("configs", "secrets")


def rebase_document(document: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The document of a file in the folder, with its paths as the file sees them that names it."""
    result = dict(document)
    if folder in ("", "."):
        return result
    if isinstance(document.get("services"), Mapping):
        result["services"] = {
            name: rebase_service(body, folder) if isinstance(body, Mapping) else body
            for name, body in document["services"].items()
        }
    for section in _FILE_SECTIONS:
        if isinstance(document.get(section), Mapping):
            result[section] = {
                name: _with_path(body, "file", folder)
                for name, body in document[section].items()
            }
    return result


def rebase_service(body: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The body of a service with its paths rebased."""
    result = dict(body)
    build = body.get("build")
    if isinstance(build, str):
        result["build"] = rebased_path(build, folder)
    elif isinstance(build, Mapping):
        result["build"] = _with_path(build, "context", folder)
    for key, inner_key in (("env_file", "path"), ("label_file", "path")):
        if key in body:
            result[key] = _rebase_listed(body[key], inner_key, folder)
    if isinstance(body.get("volumes"), list):
        result["volumes"] = [_rebase_mount(mount, folder) for mount in body["volumes"]]
    return result


def _rebase_listed(value: Any, inner_key: str, folder: str) -> Any:
    if isinstance(value, list):
        return [_rebase_listed(listed, inner_key, folder) for listed in value]
    return (
        rebased_path(value, folder)
        if isinstance(value, str)
        else _with_path(value, inner_key, folder)
    )


def _with_path(body: Any, key: str, folder: str) -> Any:
    if not isinstance(body, Mapping) or not isinstance(body.get(key), str):
        return body
    return {**body, key: rebased_path(body[key], folder)}


def _rebase_mount(mount: Any, folder: str) -> Any:
    if isinstance(mount, Mapping):
        is_bind = as_map(mount).get("type") == "bind"
        return _with_path(mount, "source", folder) if is_bind else mount
    source = parse_mount(mount).source if isinstance(mount, str) else None
    if source is None or not is_path(source):
        return mount
    return rebased_path(source, folder) + str(mount)[len(source) :]


def rebased_path(path: str, folder: str) -> str:
    """A path that the folder's files name, as seen from outside; absolute ones, variables and addresses stay."""
    if path.startswith(("/", "~", "$", "\\")) or is_windows_path(path):
        return path
    if "://" in path or path.startswith(
        ("git@", "github.com/", "docker-image:", "service:")
    ):
        return path
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined if joined.startswith(".") else f"./{joined}"
