"""Commands that get at what containers keep that ran before the stack."""

from __future__ import annotations

from tocompose.knowledge.versions import default_version
from tocompose.model import Service


def old_container(service: Service, project: str = "") -> str:
    """The container that ran before, as a shell names it; `project` is that of Compose, where this made it."""
    if service.container_name:
        return service.container_name
    if project:
        # Both Compose 1.3 and later and Compose 2 write these labels, whatever they name the container.
        labels = (f"project={project}", f"service={service.name}")
        filters = " ".join(f"-f label=com.docker.compose.{label}" for label in labels)
        return f"$(docker ps -aq {filters})"
    return f"$(docker ps -aqf ancestor={service.image})"


def copy_command(container: str, path: str, volume: str) -> str:
    """The command that copies what a container has at a path into a volume, owners and rights included."""
    image = f"busybox:{default_version('busybox')}"
    taken = f"docker cp {container}:{path}/. -"
    return f"{taken} | docker run --rm -i -v {volume}:/to {image} tar -xpf - -C /to"
