"""Folders of the host whose files show other owners where an engine maps the users of its containers."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.syntax.host_paths import is_of_host
from tocompose.syntax.interpolation import Variable, parse

# The homes of users and what holds them: more lies there than a container wrote.
_HOME = regex(r"^(?:~|/root|/home(?:/[^/]+)?)$")


def written_folders(service: Service) -> tuple[str, ...]:
    """The folders and files of the host that the service can write to, apart from the host's own."""
    return tuple(dict.fromkeys(_written_folders(service)))


def _written_folders(service: Service) -> Iterator[str]:
    for mount in service.mounts:
        source = (mount.source or "").rstrip("/")
        if mount.kind != "bind" or mount.read_only or not source:
            continue
        if not (is_of_host(source) or _is_of_session(source)):
            yield source


def _is_of_session(source: str) -> bool:
    """Whether it is a home, or lies in the folder of the session, whose files are gone after it."""
    match parse(source):
        case (Variable(name="HOME"),) | (Variable(name="XDG_RUNTIME_DIR"), *_):
            return True
    return bool(_HOME.search(source))
