"""TAG: a word about images whose tag does not say which version they are."""

from __future__ import annotations

from tocompose.knowledge.images import image_ref
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import remark
from tocompose.syntax.interpolation import plain

_FLOATING = frozenset(
    {
        "",
        "latest",
        "stable",
        "edge",
        "nightly",
        "dev",
        "develop",
        "beta",
        "canary",
        "lts",
        "main",
        "master",
        "testing",
    }
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each image that is not pinned; no version is ever made up."""
    return each(stack, _remarks)


def _remarks(service: Service) -> tuple[Service, list[Note]]:
    # A variable in the name of the repository says nothing of the tag; one in the tag may be any version.
    name, _, last = (service.image or "").rpartition("/")
    if not last or plain(last) is None:
        return service, []
    ref = image_ref(f"x/{last}" if plain(name) is None else f"{name}/{last}".lstrip("/"))
    if ref is None or ref.digest or not floats(ref.tag):
        return service, []
    return service, [remark("TC675", service, image=service.image, tag=ref.tag or "latest")]


def floats(tag: str) -> bool:
    """Whether the tag means another image tomorrow."""
    return tag.lower() in _FLOATING


PRACTICE = Practice(
    id="TAG",
    title="Pin the versions of images",
    severity="should",
    apply=apply,
    covers=("E-02",),
    url="https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
    examples=(
        Example("services: {web: {image: nginx}}", "services: {web: {image: nginx}}"),
    ),
)
