"""What a stack needs on another machine than that of the old containers: networks, data of volumes, and folders."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.reports.kept_data import StoresInPlace, kept_volumes, stores_in_place
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report
from tocompose.syntax.host_paths import is_relative_path
from tocompose.wording import enumerated

# The note on a network that exists where the containers run names the command that makes it elsewhere.
_CREATES_NETWORK = regex(r"`(docker network create [^`]+)`")


def arrival_steps(report: Report) -> tuple[NextStep, ...]:
    """What comes before the first start on another machine, where the old containers are on one that is known."""
    return (
        *_networks_to_create(report),
        *_images_to_copy(report),
        *_data_to_copy(report),
    )


def _networks_to_create(report: Report) -> Iterator[NextStep]:
    for note in report.notes:
        command = _CREATES_NETWORK.search(note.advice) if note.code == "TC483" else None
        if command is not None:
            yield NextStep(f"Create the network {note.subject[1]}", command[1])


def _images_to_copy(report: Report) -> Iterator[NextStep]:
    services = report.stack.services
    images = {service.image or "": None for service in services if service.has_local_image}
    for image in filter(None, images):
        title = f"Copy the image {image}, which no registry has; OLD_HOST is the machine of the old containers"
        copied = f"ssh OLD_HOST docker save {shlex.quote(image)} | docker load"
        yield NextStep(title, copied)


def _data_to_copy(report: Report) -> Iterator[NextStep]:
    stores = stores_in_place(report.stack, report.stack.services)
    if stores.are_none:
        return
    if report.importer == "engine":
        stopped = f"Stop {_old_containers(report)} there"
    else:
        stopped = "If old containers run on another machine, stop them there"
    title = f"{stopped}, and copy {_same_places(stores)} on this machine: {stores.listed()}"
    yield NextStep(title, "", " ".join(_ways_to_copy(report, stores)))


def _same_places(stores: StoresInPlace) -> str:
    """What is copied where, as a part of a sentence."""
    if stores.volumes and stores.paths:
        return "these to volumes and paths of the same names"
    if stores.volumes:
        of_same_name = (
            "volumes of the same names"
            if stores.volumes[1:]
            else "a volume of the same name"
        )
    else:
        of_same_name = f"the same path{'s' if stores.paths[1:] else ''}"
    return f"{'these' if stores.are_several else 'this'} to {of_same_name}"


def _ways_to_copy(report: Report, stores: StoresInPlace) -> Iterator[str]:
    """What has to be known of the paths and of the owners of files, and why there is a copy at all."""
    if any(is_relative_path(path) for path in stores.paths):
        is_script = report.importer == "docker_run"
        folder = "in which the script was started" if is_script else "of the source"
        yield (
            "Relative paths are seen from this folder; on the other machine, what they name is in the folder"
            f" {folder}."
        )
    if any(note.code == "TC095" for note in report.notes):
        yield "If podman runs without root there, change the owners before you copy, as TC095 says."
    if stores.paths:
        yield "Copy as root, with numeric owners (`sudo rsync -a --numeric-ids`)."
    several = bool(report.stack.services[1:])
    start = "the services start" if several else "the service starts"
    yield f"Without the copy {start} without data."


def _old_containers(report: Report) -> str:
    return f"the old container{'s' if report.stack.services[1:] else ''}"


def old_containers_hold(report: Report) -> str:
    """What the old containers have that the new ones need: the reason for the way over, as a clause."""
    services = report.stack.services
    names = [name for service in services if (name := service.container_name)]
    ports = [port.published for service in services for port in service.ports]
    have, use = ("have", "use") if services[1:] else ("has", "uses")
    had = [*_called("name", names), *_called("port", list(filter(None, ports)))]
    used = list(_called("volume", kept_volumes(report.stack, services)))
    clauses = [f"{have} {enumerated(had)}"] if had else []
    clauses += [f"{use} {enumerated(used)}"] if used else []
    return f"{_old_containers(report)} {' and '.join(clauses) or 'still run'}"


def _called(noun: str, entries: list[str]) -> Iterator[str]:
    """A thing by its name, several by what they are."""
    distinct_entries = sorted(set(entries))
    if distinct_entries:
        several = distinct_entries[1:]
        yield f"the {noun}s" if several else f"the {noun} {distinct_entries[0]}"
