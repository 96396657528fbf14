"""Files that a script writes with a here-document, where a service mounts them."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.docker_run.invocation import WrittenFile as Written
from tocompose.model import File, Service
from tocompose.project import normal
from tocompose.syntax.interpolation import plain


def written_files(
    written: Iterable[Written], services: Iterable[Service]
) -> tuple[File, ...]:
    """The files with constant content that some service mounts, itself or with its folder; others are noted."""
    mounts = {
        mount.source: service.name
        for service in services
        for mount in service.mounts
        if mount.kind == "bind"
    }
    contents: dict[str, bytes] = {}
    for file in written:
        path = normal((plain(file.path.text) or "/").removeprefix("./"))
        content = plain(file.body.text)
        service = _mounting_service(path, mounts) if path else None
        if not path or content is None or service is None:
            file.body.note("TC108", path=file.path.text.replace("$$", "$"))
            file.path.skip("see TC108")
            continue
        content_before = contents.get(path, b"") if file.append else b""
        contents[path] = content_before + content.encode()
        file.path.take(f"files.{path}")
        file.body.take(f"files.{path}")
        file.path.remark("TC107", subject=f"files.{path}", path=path, service=service)
    return tuple(File(path=path, content=content) for path, content in contents.items())


def _mounting_service(path: str, mounts: dict[str | None, str]) -> str | None:
    """The service that mounts the file or a folder above it."""
    for source, service in mounts.items():
        folder = normal(source or "/")
        if folder is not None and (folder in ("", path) or path.startswith(f"{folder}/")):
            return service
    return None
