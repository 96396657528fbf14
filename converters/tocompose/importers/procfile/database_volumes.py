"""One named volume for the SQLite database of an app, in every service that opens it."""

from __future__ import annotations

from posixpath import isabs

from tocompose.importers.procfile.database_files import DatabaseFile
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.services import AppPlan, volume_name
from tocompose.model import Mount, Service, Volume
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

# Those whose generated image makes its work directory for the app's own user, who can put a link there.
_OWN_WORKDIR = ("python", "ruby", "node", "php", "elixir", "deno", "dotnet")
# Those whose image has a user of its own, for whom root makes the folder.
_OWN_USER = ("go", "rust", "java", "clojure")


def shared_databases(plan: AppPlan) -> tuple[DatabaseFile, ...]:
    """The databases whose folder a volume can be mounted at; none where one of the app's cannot be placed."""
    image = plan.images.get("")
    is_placed = image is not None and all(
        has_room(plan, image, database.folder, database.linked)
        for database in plan.databases
    )
    return plan.databases if is_placed and len(plan.images) == 1 else ()


def has_room(plan: AppPlan, image: Image, folder: str, is_linked: bool = False) -> bool:
    """Whether the image has a folder, and its user may write there; with `is_linked` a link leads there."""
    if image.generated:
        makes_folder = image.language in _OWN_USER and not is_linked
        is_made = image.language in _OWN_WORKDIR or makes_folder
        return bool(folder) and is_made
    if image.own_stage is None or is_linked or not image.workdir:
        return False
    is_root = image.own_stage.stage.user in ("", "0", "root")
    prefix = f"{folder}/"
    holds_folder = image.mountable and any(
        path.startswith(prefix) for path in plan.repository.project.files()
    )
    return is_root or holds_folder


def share_databases(
    plan: AppPlan, services: tuple[Service, ...]
) -> tuple[tuple[Service, ...], tuple[Volume, ...]]:
    """The services with a named volume for each folder of a database, and the volumes."""
    databases = shared_databases(plan)
    if not databases:
        return services, ()
    _note_volume(plan, databases[0], [service.name for service in services])
    workdir = plan.images[""].workdir
    origins = {database.folder: database.span for database in reversed(databases)}
    taken = {mount.target for service in services for mount in service.mounts}
    folders = [folder for folder in origins if _target(folder, workdir) not in taken]
    added = [
        Mount(kind="volume", source=volume_name(folder), target=_target(folder, workdir))
        for folder in folders
    ]
    mounted = (replace(service, mounts=(*service.mounts, *added)) for service in services)
    volumes = (
        Volume(name=volume_name(folder), origin=origins[folder]) for folder in folders
    )
    return tuple(mounted), tuple(volumes)


def _note_volume(plan: AppPlan, database: DatabaseFile, names: list[str]) -> None:
    """Says of a database that the services keep it in a volume, or share it there."""
    plan.repository.add_note(
        "TC418",
        database.span,
        subject=ModelPath.service(names[0], "volumes"),
        services=enumerated(names),
        path=database.path,
        volume=volume_name(database.folder),
        count="keep" if len(names) == 1 else "share",
    )


def _target(folder: str, workdir: str) -> str:
    return folder if isabs(folder) else f"{workdir}/{folder}"
