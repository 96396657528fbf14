"""Commands that get at what containers keep that ran before the stack."""

from __future__ import annotations

from tocompose.knowledge.versions import default_version
from tocompose.model import Service


def old_container(service: Service) -> str:
    """The container that ran before, as a shell names it."""
    return service.container_name or f"$(docker ps -aqf ancestor={service.image})"


def copy_command(container: str, path: str, volume: str) -> str:
    """The command that copies what a container has at a path into a volume, owners and rights included."""
    image = f"busybox:{default_version('busybox')}"
    taken = f"docker cp {container}:{path}/. -"
    return f"{taken} | docker run --rm -i -v {volume}:/to {image} tar -xpf - -C /to"
