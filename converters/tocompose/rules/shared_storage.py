"""What two services both keep: a volume, a folder, or all volumes that one takes over from the other."""

from __future__ import annotations

from tocompose.model import Service


def shared_storage(service: Service, sibling: Service) -> str:
    """What to call the storage that both may write to; empty for none."""
    if sibling.name in _sources_of_volumes(service):
        return "its volumes"
    if service.name in _sources_of_volumes(sibling):
        return "its volumes"
    sources = {mount.source for mount in sibling.mounts if not mount.read_only}
    shared = (
        mount.source
        for mount in service.mounts
        if mount.source and mount.source in sources and not mount.read_only
    )
    return next(shared, "")


def _sources_of_volumes(service: Service) -> list[str]:
    """The services whose volumes it takes over (https://docs.docker.com/reference/compose-file/services/#volumes_from)."""
    lines = service.options.get("volumes_from") or ()
    return [str(line).partition(":")[0] for line in lines]
