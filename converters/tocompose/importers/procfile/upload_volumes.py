"""A named volume for each folder of uploaded files, in every service of the app; or a note that it has none."""

from __future__ import annotations

from posixpath import isabs

from tocompose.importers.procfile.database_volumes import has_room
from tocompose.importers.procfile.services import AppPlan, volume_name
from tocompose.importers.procfile.upload_folders import UploadFolder
from tocompose.model import Mount, Service, Volume
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.wording import enumerated


def share_uploads(
    plan: AppPlan, services: tuple[Service, ...]
) -> tuple[tuple[Service, ...], tuple[Volume, ...]]:
    """The services with a volume for each folder of uploads that can have one, and the volumes."""
    volumes: dict[str, Volume] = {}
    for upload in plan.uploads:
        target = _target(plan, upload)
        if target is None or not _can_be_kept(plan, upload):
            _note_lost(plan, upload, target)
        elif not _is_mounted(services, target):
            name = _free_name(services, target)
            volumes[name] = Volume(name=name, origin=upload.span)
            mount = Mount(kind="volume", source=name, target=target)
            services = tuple(
                replace(service, mounts=(*service.mounts, mount)) for service in services
            )
            _note_kept(plan, upload, mount, [service.name for service in services])
    return services, tuple(volumes.values())


def _target(plan: AppPlan, upload: UploadFolder) -> str | None:
    """Where the folder lies in the image; None where that cannot be told."""
    folder = upload.folder
    if folder is None or isabs(folder):
        return folder
    workdir = plan.image(plan.processes[0]).workdir
    return f"{workdir}/{folder}" if workdir else None


def _can_be_kept(plan: AppPlan, upload: UploadFolder) -> bool:
    image = plan.images.get("")
    if image is None or len(plan.images) > 1 or not upload.is_placed:
        return False
    return has_room(plan, image, upload.folder or "")


def _is_mounted(services: tuple[Service, ...], target: str) -> bool:
    """Whether a volume keeps the folder, or one above it, already."""
    targets = {mount.target for service in services for mount in service.mounts}
    return any(f"{target}/".startswith(f"{mounted}/") for mounted in targets)


def _free_name(services: tuple[Service, ...], target: str) -> str:
    """The name of the folder's volume, from its whole path where another volume has the short one."""
    taken_names = {mount.source for service in services for mount in service.mounts}
    short_name = volume_name(target)
    # Laravel's storage/app: its last word says nothing.
    if short_name not in {*taken_names, "app_app"}:
        return short_name
    return identifier(target.strip("/")).replace("-", "_")


def _note_kept(plan: AppPlan, upload: UploadFolder, mount: Mount, names: list[str]) -> None:
    plan.repository.add_note(
        "TC419",
        upload.span,
        subject=ModelPath.service(names[0], "volumes"),
        what=upload.what,
        path=mount.target,
        services=enumerated(names),
        volume=mount.source,
        count="has" if len(names) == 1 else "share",
    )


def _note_lost(plan: AppPlan, upload: UploadFolder, target: str | None) -> None:
    """Says that the files are lost with the container."""
    web = next(
        (process for process in plan.processes if process.publishes), plan.processes[0]
    )
    subject = ModelPath.service(web.service, "volumes")
    code = "TC352" if target else "TC427"
    facts = {"what": upload.what, "where": target} if target else {"what": upload.what}
    plan.repository.add_note(code, upload.span, subject=subject, **facts)
