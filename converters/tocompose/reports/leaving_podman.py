"""Steps that bring podman's images and volumes to the stack: Docker's engine sees none of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.knowledge.old_containers import image_copy_command, volume_copy_command
from tocompose.knowledge.renewed_folders import renewed_volume
from tocompose.model import Stack, Volume
from tocompose.reports.next_steps import NextStep


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
