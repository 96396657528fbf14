"""Folders of the host that systemd makes by a file of tmpfiles.d beside the units, and that services mount."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from tocompose.ledger import Ledger
from tocompose.model import Service
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.text import decode
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.host_paths import paths_meet
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load
from tocompose.wording import enumerated

_FILE = regex(r"(?:^|/)tmpfiles\.d/[^/]+\.conf$")
_SPECIFIER = regex(r"%(.)")
# What a line holds but for its argument, which may be the content of a file: it is neither kept nor shown.
_FIELDS = 6


class _MadePath(NamedTuple):
    """A folder or file that systemd makes; where, unless the line holds a content as well."""

    path: str
    span: Span | None


def note_made_folders(
    services: Iterable[Service], project: Project, ledger: Ledger
) -> None:
    """Says of each file of tmpfiles.d that it was not read, and what it makes that the services mount."""
    services = tuple(services)
    for file in project.files():
        if not _FILE.search(file):
            continue
        made_paths = [
            made_path
            for made_path in _made_paths(file, project)
            if any(_mounts(service, made_path) for service in services)
        ]
        if made_paths:
            _note_file(file, made_paths, services, ledger)


def _made_paths(file: str, project: Project) -> Iterator[_MadePath]:
    making = load("shell")["systemd"]["making"]
    text = decode(project.read(file) or b"") or ""
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split(maxsplit=_FIELDS)
        if len(fields) < 2 or re.sub(r"[^A-Za-z].*", "", fields[0]) not in making:
            continue
        path = _SPECIFIER.sub(_folder_of, fields[1].strip("\"'")).rstrip("/")
        has_content = len(fields) > _FIELDS and fields[_FIELDS] != "-"
        span = None if has_content else Span(file, number, 1, number, len(line) + 1)
        if path.startswith("/"):
            yield _MadePath(path, span)


def _folder_of(specifier: re.Match[str]) -> str:
    folders: dict[str, str] = load("shell")["systemd"]["specifiers"]
    return folders.get(specifier[1], specifier[0])


def _mounts(service: Service, made_path: _MadePath) -> bool:
    """Whether a service mounts what is made, what holds it, or what lies in it."""
    return any(
        mount.kind == "bind" and paths_meet(mount.source or "", made_path.path)
        for mount in service.mounts
    )


def _note_file(
    file: str, made_paths: list[_MadePath], services: tuple[Service, ...], ledger: Ledger
) -> None:
    names = [
        service.name
        for service in services
        if any(_mounts(service, made_path) for made_path in made_paths)
    ]
    spans = [made_path.span for made_path in made_paths if made_path.span is not None]
    copied = f"sudo cp {shlex.quote(file)} /etc/tmpfiles.d/"
    ledger.add_note(
        note(
            "TC449",
            next(iter(spans), None),
            subject=ModelPath.service(names[0]),
            file=file,
            paths=enumerated([made_path.path for made_path in made_paths]),
            users=f"{enumerated(names)} {'mount' if names[1:] else 'mounts'}",
            command=f"{copied} && sudo systemd-tmpfiles --create",
        )
    )
