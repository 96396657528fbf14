"""What containers keep on their host at AWS, outside of its file systems: the stack starts without it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.knowledge.dumps import dump_of_service
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Ledger
from tocompose.model import Mount, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.syntax.host_paths import paths_meet
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier


class _HostFolder(NamedTuple):
    """What a service mounts of its host, and whether its image is known to keep its data there."""

    mount: Mount
    is_data: bool

    @property
    def place(self) -> str:
        """What it is called on the host."""
        source = self.mount.source or ""
        return source if self.mount.kind == "bind" else f"the volume {source}"


class HostData:
    """What stays on the hosts at AWS: the volumes that outlive their tasks, and how the containers are called there."""

    def __init__(self) -> None:
        self._kept_volumes: set[str] = set()
        self._container_names: dict[str, str] = {}

    def add_task(self, kept_volumes: Iterable[str], names: Mapping[str, str]) -> None:
        """Adds what a task keeps, and the names of its services by those of its containers."""
        self._kept_volumes |= set(kept_volumes)
        by_service = ((identifier(service), name) for name, service in names.items())
        self._container_names |= dict(by_service)

    def is_kept(self, mount: Mount) -> bool:
        """Whether the volume outlives its task."""
        return mount.kind == "volume" and mount.source in self._kept_volumes

    def search_command(self, service: Service) -> str:
        """What prints the container of a service on its host; without a task it is the only one there.

        The ECS agent gives it the label: https://github.com/aws/amazon-ecs-agent agent/engine/labels.go
        """
        name = self._container_names.get(service.name, "")
        label = f"com.amazonaws.ecs.container-name={name}"
        return (
            f"docker ps -q -f {shlex.quote(f'label={label}')}" if name else "docker ps -q"
        )


def note_host_data(stack: Stack, host_data: HostData, ledger: Ledger) -> None:
    """Says of each volume that outlives its task, and of each folder with data of a server, how they are moved."""
    told_sources: set[str] = set()
    for service in stack.services:
        folders = [
            folder
            for folder in _host_folders(service, host_data)
            if folder.mount.source not in told_sources
        ]
        told_sources.update(folder.mount.source or "" for folder in folders)
        command = host_data.search_command(service)
        for folder_note in _notes_on(service, folders, command):
            ledger.add_note(folder_note)


def _host_folders(service: Service, host_data: HostData) -> Iterator[_HostFolder]:
    for mount in service.mounts:
        is_folder = mount.kind == "bind" and (mount.source or "").startswith("/")
        is_data = _is_data(service, mount.target)
        if not mount.read_only and (host_data.is_kept(mount) or (is_folder and is_data)):
            yield _HostFolder(mount, is_data)


def _is_data(service: Service, path: str) -> bool:
    """Whether the image of the service is known to keep its data in the folder, above or below it."""
    facts = image_facts(service.image) if service.image else None
    return facts is not None and any(paths_meet(path, data.path) for data in facts.data)


def _notes_on(
    service: Service, folders: list[_HostFolder], search_command: str
) -> Iterator[Note]:
    dump = dump_of_service(service)
    subject = ModelPath.service(service.name)
    for folder in folders:
        span = folder.mount.origin or service.origin
        facts: dict[str, Any] = {"service": service.name, "where": folder.place}
        if dump is not None and dump.dump and folder.is_data:
            remark = f" {dump.remark}" if dump.remark else ""
            facts |= {"image": service.image or "", "remark": remark}
            dumping = f"sh -c {shlex.quote(dump.dump)} > dump"
            command = f'docker exec "$({search_command})" {dumping}'
            facts |= {"command": command, "restore": dump.restore}
            yield note("TC458", span, subject=subject, **facts)
        else:
            path = folder.mount.target
            yield note("TC459", span, subject=subject, path=path, **facts)
