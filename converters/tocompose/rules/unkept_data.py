"""Databases of images that are not known: nothing is mounted, so their data end with the container."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.images import (
    DATA_ROLES,
    ImageFacts,
    image_facts,
    image_ref,
    role_of,
)
from tocompose.knowledge.old_containers import copy_command, old_container
from tocompose.model import Role, Runtime, Service, Stack
from tocompose.notes import Note
from tocompose.rules import remark
from tocompose.rules.evidence import data_addresses
from tocompose.rules.roles import ROLE_TITLES
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import mounts_of

_WITH_OLD_DATA = (Runtime.DOCKER, Runtime.PODMAN)
# What is lost with a cache can be made again.
_STORING = (Role.DATA, Role.QUEUE)


def note_unkept(service: Service, stack: Stack) -> Iterator[Note]:
    """A note where an image is not known, seems to be that of a database, and has no volume to keep anything on."""
    if _keeps_files(service) or service.role is Role.JOB:
        return
    namesake = _namesake(service)
    if namesake is None:
        if facts_of(service) is None and (reason := _likeness(service, stack)):
            where = "see the documentation of the image"
            yield remark("TC447", service, "", reason=reason, where=where)
        return
    path, volume = namesake.data[0].path, f"{service.name}_data"
    ref = image_ref(service.image or "")
    title = ref.repository.rpartition("/")[2] if ref else ""
    reason = f"{service.image} is named after {title}"
    if stack.runs_in not in _WITH_OLD_DATA:
        yield remark("TC447", service, "", reason=reason, where=f"{title}: `{path}`")
        return
    client = "podman" if stack.runs_in is Runtime.PODMAN else "docker"
    container = old_container(service, client=client)
    command = copy_command(container, path, f"{stack.name}_{volume}", client)
    facts = {"command": command, "volume": volume, "title": title, "path": path}
    yield remark("TC446", service, "", reason=reason, **facts)


def _likeness(service: Service, stack: Stack) -> str:
    """Why a service whose image says nothing may store data for others; empty where nothing shows it."""
    if service.role in _STORING:
        return f"it is treated as {ROLE_TITLES[service.role]}"
    return data_addresses(stack).get(service.name, "")


def _keeps_files(service: Service) -> bool:
    return any(mount.kind in ("bind", "volume") for mount in mounts_of(service))


def _namesake(service: Service) -> ImageFacts | None:
    """The well-known server of data, of the same version, that an unknown image is named after."""
    ref = image_ref(service.image) if service.image else None
    if ref is None or facts_of(service) is not None:
        return None
    version = f":{ref.tag}" if ref.tag[:1].isdigit() else ""
    facts = image_facts(f"{ref.repository.rpartition('/')[2]}{version}")
    is_data = facts is not None and role_of(facts) in DATA_ROLES and facts.data
    return facts if is_data else None
