"""Paths as compose files and docker commands write them: below the folder of the file, or elsewhere."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from tocompose.patterns import regex
from tocompose.syntax.mounts import is_windows_path, path_of_folder

# What docker and docker compose build from without a folder; addresses with `://` besides.
# https://docs.docker.com/build/concepts/context/#git-repositories, compose-go's paths/context.go
_REMOTE_STARTS = ("git@", "github.com/", "docker-image:", "service:")

# What is bound from the host on purpose, in production too.
_OF_HOST = regex(
    r"(?:^/(?:var/run|run|dev|proc|sys|etc|lib/modules|usr/share/zoneinfo|tmp/\.X11-unix)\b|\.sock$|^/$)"
)


def is_of_host(path: str) -> bool:
    """Whether a path is the host's own: its sockets, devices and settings, or all of it."""
    return _OF_HOST.search(path) is not None


# The settings that every machine has of its own; what else lies there belongs to a program.
_OF_EACH_HOST = regex(
    r"/etc(?:/(?:localtime|timezone|hosts|hostname|resolv\.conf|passwd|group|shadow|machine-id|os-release|ssl|pki"
    r"|docker)\b.*)?/?"
)


def is_on_every_machine(path: str) -> bool:
    """Whether each machine has a file or folder of its own at that path, so that nobody copies it from another."""
    return is_of_host(path) and (
        not path.startswith("/etc") or _OF_EACH_HOST.fullmatch(path) is not None
    )


def is_remote_context(context: str) -> bool:
    """Whether a build context is no folder: a repository, an address, an image, or what another service builds."""
    return "://" in context or context.startswith(_REMOTE_STARTS)


def is_relative_path(path: str) -> bool:
    """Whether a path is one below the folder of its file, or beside it; not for what begins with a variable."""
    if path.startswith(("/", "~", "$", "\\")) or is_windows_path(path):
        return False
    return "://" not in path


def is_relative_context(context: str) -> bool:
    """Whether a build context is a folder below that of its file, or beside it."""
    return is_relative_path(context) and not is_remote_context(context)


def is_below(path: str, folder: str) -> bool:
    """Whether the path is the folder, or lies in it."""
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def paths_meet(path: str, other_path: str) -> bool:
    """Whether one of two folders is the other, or holds it."""
    return is_below(path, other_path) or is_below(other_path, path)


def outermost(paths: Iterable[str]) -> list[str]:
    """The folders that lie in none of the others, in order."""
    folders = sorted(set(paths))
    return [
        folder
        for folder in folders
        if not any(is_below(folder, other) for other in folders if other != folder)
    ]


def rebased_path(path: str, folder: str) -> str:
    """A relative path that the folder's files name, as seen from outside of the folder; others stay."""
    if folder in ("", ".") or not is_relative_path(path):
        return path
    return path_of_folder(posixpath.normpath(posixpath.join(folder, path)))


def rebased_context(context: str, folder: str) -> str:
    """A build context that the folder's files name, as seen from outside of the folder; what is no folder stays."""
    return context if is_remote_context(context) else rebased_path(context, folder)


def seccomp_profile(option: str) -> str | None:
    """The file that an entry of `security_opt` names; None for what names none, such as `seccomp=unconfined`."""
    key, _, value = option.partition("=")
    return None if key != "seccomp" or value in ("", "unconfined", "builtin") else value
