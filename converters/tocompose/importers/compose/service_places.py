"""Where a service of a compose file and what notes speak of in it stand."""

from __future__ import annotations

from tocompose.compose.documents import Places
from tocompose.model import Service
from tocompose.record import replace


def with_places(service: Service, positions: Places, at: tuple[str, ...]) -> Service:
    """The service with the places of what notes speak of."""
    path = (*at, service.name)
    environment = (
        replace(variable, origin=positions.span(*path, "environment", variable.name))
        for variable in service.environment
    )
    mounts = (
        replace(mount, origin=positions.item(mount.target, *path, "volumes"))
        for mount in service.mounts
    )
    env_files = (
        replace(env_file, origin=positions.item(env_file.path, *path, "env_file"))
        for env_file in service.env_files
    )
    secrets, configs = (
        tuple(
            replace(grant, origin=positions.item(grant.source, *path, section))
            for grant in grants
        )
        for section, grants in (("secrets", service.secrets), ("configs", service.configs))
    )
    return replace(
        service,
        origin=positions.span(*path),
        environment=tuple(environment),
        mounts=tuple(mounts),
        env_files=tuple(env_files),
        secrets=secrets,
        configs=configs,
    )
