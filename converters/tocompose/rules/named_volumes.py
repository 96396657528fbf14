"""VOL-NAMED: data on volumes with a name, so that they outlive the container."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.model import Mount, Role, Service, Stack, Volume
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import (
    data_paths,
    facts,
    image_name,
    remark,
    runs_server,
    volumes_of,
)
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique, variable_name

# Folders of dependencies: an anonymous volume there keeps the image's own content from being hidden by a bind mount.
MASKS = frozenset(
    {
        "node_modules",
        "vendor",
        ".venv",
        "venv",
        "target",
        ".next",
        "dist",
        "build",
        ".yarn",
        "deps",
        "_build",
        ".bundle",
    }
    | {
        ".gradle",
        ".m2",
        "bower_components",
        ".nuxt",
        ".svelte-kit",
        "elm-stuff",
        "__pycache__",
        ".cache",
        "bundle",
    }
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with anonymous volumes named, and a named volume where a known image keeps its data."""
    taken = {volume.name for volume in stack.volumes}
    services: list[Service] = []
    notes: list[Note] = []
    names: list[str] = []
    for service in stack.services:
        mounts, said, new = _mounts(service, taken)
        services.append(replace(service, mounts=mounts) if new else service)
        notes += said
        names += new
    volumes = (*stack.volumes, *(Volume(name=name) for name in names))
    return Outcome(
        stack=replace(stack, services=tuple(services), volumes=volumes), notes=tuple(notes)
    )


def _mounts(
    service: Service, taken: set[str]
) -> tuple[tuple[Mount, ...], list[Note], list[str]]:
    known = facts(service)
    wanted = (
        data_paths(service, known) if known and known.sure and _keeps_data(service) else []
    )
    mounts, said, names = [], [], []
    for mount in service.mounts:
        if is_anonymous(mount) and not is_mask(mount, service):
            if (service.replicas or 1) > 1:
                said.append(remark("TC653", service, path=mount.target))
            else:
                names.append(_name(service, mount.target, wanted, taken))
                said.append(
                    remark("TC650", service, "volumes", path=mount.target, volume=names[-1])
                )
                mount = replace(mount, source=names[-1])
        mounts.append(mount)
    for path in wanted:
        if _covered(path, service):
            said += _mismatch(service, path)
        elif (service.replicas or 1) > 1:
            said.append(remark("TC653", service, path=path))
        else:
            names.append(_name(service, path, wanted, taken))
            mounts.append(Mount(kind="volume", source=names[-1], target=path))
            said.append(
                remark(
                    "TC651",
                    service,
                    "volumes",
                    path=path,
                    volume=names[-1],
                    image=image_name(service),
                )
            )
    said += [
        note("TC654", subject=ModelPath.of("volumes", name), volume=name) for name in names
    ]
    return tuple(mounts), said, names


def is_anonymous(mount: Mount) -> bool:
    """Whether the mount is a volume without a name."""
    return mount.kind == "volume" and mount.source is None


def is_mask(mount: Mount, service: Service) -> bool:
    """Whether an anonymous volume only keeps a folder of dependencies from being hidden by a bind mount."""
    parent, _, leaf = mount.target.rstrip("/").rpartition("/")
    binds = [item.target.rstrip("/") for item in volumes_of(service) if item.kind == "bind"]
    return leaf in MASKS and any(f"{parent}/".startswith(f"{target}/") for target in binds)


def _keeps_data(service: Service) -> bool:
    return service.role is not Role.JOB and runs_server(service)


def _covered(path: str, service: Service) -> bool:
    """Whether some mount lies at the path, above it or below it: then where the data go is the user's own choice."""
    return any(
        f"{path}/".startswith(f"{mount.target.rstrip('/')}/")
        or mount.target.startswith(f"{path}/")
        for mount in volumes_of(service)
    )


def _mismatch(service: Service, path: str) -> Iterable[Note]:
    """A note when only a folder above or below the data is mounted: the data lie in an anonymous volume."""
    targets = [mount.target.rstrip("/") for mount in volumes_of(service)]
    known = facts(service)
    if (
        path not in targets
        and known is not None
        and known.category == "data"
        and "postgresql" in path
    ):
        yield remark("TC652", service, path=path, image=service.image or "")


def _name(service: Service, path: str, wanted: list[str], taken: set[str]) -> str:
    leaf = "data" if wanted and path == wanted[0] else path.rstrip("/").rpartition("/")[2]
    word = variable_name(leaf).lower().strip("_") or "data"
    return unique(f"{service.name}_{word}", taken)


PRACTICE = Practice(
    id="VOL-NAMED",
    title="Keep data on named volumes",
    severity="must",
    apply=apply,
    covers=("Q-08", "Q-09", "A-02", "S-03", "M-05", "T-03", "T-04", "T-05"),
    url="https://docs.docker.com/engine/storage/volumes/",
    examples=(
        Example(
            "services: {db: {image: 'postgres:16'}, web: {image: 'corp/web:1', volumes: [/srv/uploads]}}",
            """
            services:
              db: {image: 'postgres:16', volumes: ['db_data:/var/lib/postgresql/data']}
              web: {image: 'corp/web:1', volumes: ['web_uploads:/srv/uploads']}
            volumes: {db_data: , web_uploads: }
            """,
        ),
        Example(
            "services: {db: {image: 'postgres:18', volumes: ['./pg:/var/lib/postgresql']}}",
            "services: {db: {image: 'postgres:18', volumes: ['./pg:/var/lib/postgresql']}}",
        ),
    ),
)
