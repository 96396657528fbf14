"""The disk of a service, which becomes a volume: its files stay at Render until they are moved."""

from __future__ import annotations

import shlex
from typing import Any

from tocompose.importers.render.blueprint import Part, text_of
from tocompose.importers.render.images import SOURCE_FOLDER
from tocompose.knowledge.renewed_folders import renewed_files
from tocompose.model import Mount, Service, Volume
from tocompose.record import replace
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier


def with_disk(
    render_part: Part, service: Service, workdir: str
) -> tuple[Service, tuple[Volume, ...]]:
    """The service with a volume in the place of its disk, and that volume."""
    disk = render_part.cursor.at("disk")
    target = text_of(disk.at("mountPath"))
    if not target:
        return service, ()
    disk_name = identifier(text_of(disk.at("name")) or "", "data")
    name = f"{render_part.name}_{disk_name}".replace("-", "_")
    for key in ("name", "mountPath"):
        disk.at(key).map(to=render_part.path.child("volumes"))
    if target.startswith(SOURCE_FOLDER) and workdir:
        target = f"{workdir.rstrip('/')}{target.removeprefix(SOURCE_FOLDER)}"
    mount = Mount(kind="volume", source=name, target=literal(target), origin=disk.span)
    kind = renewed_files(target)
    subject = ModelPath.of("volumes", name)
    facts: dict[str, Any] = {"service": service.name, "path": target}
    if kind:
        copy_target = shlex.quote(f"{service.name}:{target}")
        command = (
            f"docker compose create && docker compose cp DOWNLOADED_FOLDER/. {copy_target}"
        )
        disk.annotate("TC444", subject=subject, kind=kind, command=command, **facts)
    else:
        disk.annotate("TC436", subject=subject, name=name, **facts)
    return replace(service, mounts=(mount,)), (Volume(name=name, origin=disk.span),)
