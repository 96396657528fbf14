"""Steps that bring podman's images, volumes and file owners to the stack: Docker's engine sees none of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.knowledge.mapped_owners import written_folders
from tocompose.knowledge.old_containers import image_copy_command, volume_copy_command
from tocompose.knowledge.renewed_folders import renewed_volume
from tocompose.model import Stack, Volume
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report
from tocompose.syntax.host_paths import outermost
from tocompose.syntax.interpolation import Segment, Variable, parse


def image_copies(stack: Stack) -> Iterator[NextStep]:
    """Images that podman has alone, each once."""
    for image, command in {
        service.image: image_copy_command(service, stack.runs_in)
        for service in stack.services
    }.items():
        if command:
            yield NextStep(f"Copy podman's image {image}", command)


def volume_copies(stack: Stack) -> Iterator[NextStep]:
    """The data of podman's volumes go to those of the stack; what its program makes again stays."""
    for volume in _copied_volumes(stack):
        line = volume_copy_command(volume, stack.name)
        yield NextStep(f"Copy podman's volume {volume.filled_from}", line)


def remove_podmans_volumes(stack: Stack) -> Iterator[NextStep]:
    """The volumes that the stack has copies of go last."""
    names = [volume.filled_from or "" for volume in _copied_volumes(stack)]
    if names:
        title = "Remove the old volumes, which the stack has copies of"
        yield NextStep(title, f"podman volume rm {shlex.join(names)}")


def _copied_volumes(stack: Stack) -> Iterator[Volume]:
    for volume in stack.volumes:
        if volume.filled_from and not renewed_volume(volume.name, stack):
            yield volume


# Only files of the user and of subordinate IDs, which begin at 100000 (SUB_UID_MIN of login.defs(5)): what belongs to
# others of the host stays theirs. A folder comes after what lies in it, so that all of it is read before it is closed.
_OLD_OWNERS = (
    r"""sudo -v && sudo find {} -depth \( -uid +99999 -o -uid "$(id -u)" \) -print0"""
    r" | podman unshare xargs -0r stat --printf '%u:%g\0%n\0' | sudo xargs -0r -n 2 chown -h"
)
# Within podman's namespace nobody can give away what belongs to an ID outside of it: the user takes all of it first.
_NEW_OWNERS = (
    r"sudo find {} -depth -printf '%U:%G\0%p\0' > ~/owners && "
    r"""sudo chown -hR "$(id -u):$(id -g)" {} && podman unshare xargs -0r -n 2 chown -h < ~/owners && rm ~/owners"""
)


def owners_of_docker(report: Report) -> Iterator[NextStep]:
    """The step that gives the files of mounted folders the owners that their containers see.

    https://docs.podman.io/en/latest/markdown/podman-unshare.1.html
    """
    folders = _folders_to_own(report)
    if folders:
        yield NextStep(
            "If podman runs without root, give the mounted files the owners that the containers see",
            _OLD_OWNERS.format(folders),
            "Podman without root stores them under subordinate IDs, Docker does not. Files of your own in these folders"
            " then belong to root, as in the container.",
        )


def owners_of_podman(report: Report) -> Iterator[NextStep]:
    """The step that undoes it, new files included."""
    folders = _folders_to_own(report)
    if folders:
        yield NextStep(
            "If you changed the owners of the mounted files, change them back",
            _NEW_OWNERS.format(folders, folders),
        )


def _folders_to_own(report: Report) -> str:
    """The folders that notes speak of, as a shell names them."""
    names = {note.subject.service_name for note in report.notes if note.code == "TC095"}
    folders = (
        folder
        for service in report.stack.services
        if service.name in names
        for folder in written_folders(service)
    )
    return " ".join(map(_in_shell, outermost(folders)))


def _in_shell(path: str) -> str:
    """The path as a word of a shell, which knows the user's home and stops at other variables without a value."""
    segments = parse(path)
    if not any(isinstance(segment, Variable) for segment in segments):
        return shlex.quote(path.replace("$$", "$"))
    return "".join(map(_segment_in_shell, segments))


def _segment_in_shell(segment: Segment) -> str:
    if isinstance(segment, Variable):
        return (
            f'"${{{segment.name}}}"'
            if segment.name == "HOME"
            else f'"${{{segment.name}:?}}"'
        )
    return shlex.quote(segment.value)
