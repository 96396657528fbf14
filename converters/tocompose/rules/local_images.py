"""LOCAL-IMAGE: an image that no registry has is where the source ran alone, and has to be copied to this engine."""

from __future__ import annotations

from tocompose.knowledge.old_containers import image_copy_command
from tocompose.model import Stack
from tocompose.rules import Context, Example, Outcome, Rule, remark


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each image that only the old engine has, at its first service."""
    notes = []
    told_images: set[str | None] = set()
    for service in stack.services:
        command = image_copy_command(service, stack.runs_in)
        if command and service.image not in told_images:
            told_images.add(service.image)
            facts = {"image": service.image, "command": command}
            notes.append(remark("TC680", service, "image", **facts))
    return Outcome(stack, tuple(notes))


RULE = Rule(
    id="LOCAL-IMAGE",
    title="Report images that only the old engine has",
    summary=(
        "Reports images that probably no registry has, with the command that copies them from"
        " the machine where the source ran."
    ),
    severity="may",
    mend=apply,
    covers=("S-01",),
    url="https://docs.docker.com/reference/cli/docker/image/load/",
    examples=(
        Example(
            "services: {web: {image: localhost/web:1}}",
            "services: {web: {image: localhost/web:1}}",
        ),
    ),
)
