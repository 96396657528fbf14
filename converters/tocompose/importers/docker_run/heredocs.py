"""Files that a script writes with a here-document, where a service mounts them."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.docker_run.invocation import File as Written
from tocompose.model import File, Service
from tocompose.project import normal
from tocompose.values import plain


def written_files(
    written: Iterable[Written], services: Iterable[Service]
) -> tuple[File, ...]:
    """The files with constant content that some service mounts, itself or with its folder; others are noted."""
    mounts = {
        item.source: service.name
        for service in services
        for item in service.mounts
        if item.kind == "bind"
    }
    found: dict[str, bytes] = {}
    for one in written:
        path = normal((plain(one.path.text) or "/").removeprefix("./"))
        content = plain(one.body.text)
        service = _mounting(path, mounts) if path else None
        if not path or content is None or service is None:
            one.body.note("TC108", path=one.path.text.replace("$$", "$"))
            one.path.skip("see TC108")
            continue
        before = found.get(path, b"") if one.append else b""
        found[path] = before + content.encode()
        one.path.take(f"files.{path}")
        one.body.take(f"files.{path}")
        one.path.remark("TC107", subject=f"files.{path}", path=path, service=service)
    return tuple(File(path=path, content=content) for path, content in found.items())


def _mounting(path: str, mounts: dict[str | None, str]) -> str | None:
    """The service that mounts the file or a folder above it."""
    for source, service in mounts.items():
        place = normal(source or "/")
        if place is not None and (place in ("", path) or path.startswith(f"{place}/")):
            return service
    return None
