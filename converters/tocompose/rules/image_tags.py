"""TAG: a word about images whose tag does not say which version they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.knowledge.images import image_ref
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    remark,
)
from tocompose.rules.variables import setting_values
from tocompose.rules.views import annotate_services, judge_production
from tocompose.syntax.interpolation import Variable, literal, parse, plain, substitute

_FLOATING = frozenset(
    ("latest stable edge nightly dev develop beta canary lts main master testing").split()
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each image that is not pinned; no version is ever made up."""
    values = setting_values(stack, context)
    return annotate_services(stack, lambda service: _note_tag(service, values))


def _note_tag(service: Service, values: Mapping[str, str]) -> Iterator[Note]:
    tag = _floating_tag(service, values)
    if tag is not None:
        yield remark("TC675", service, image=service.image, tag=tag)


def _floating_tag(service: Service, values: Mapping[str, str]) -> str | None:
    """The tag of the service's image that means another image tomorrow; None where it is pinned, or not known."""
    # A variable in the name of the repository says nothing of the tag; one without a value may be any version.
    name, _, name_and_tag = _image_with_values(service, values).rpartition("/")
    if not name_and_tag or plain(name_and_tag) is None:
        return None
    ref = image_ref(
        f"x/{name_and_tag}" if plain(name) is None else f"{name}/{name_and_tag}".lstrip("/")
    )
    if ref is None or ref.digest:
        return None
    tag = ref.tag or "latest"
    return tag if tag.lower() in _FLOATING else None


def _image_with_values(service: Service, values: Mapping[str, str]) -> str:
    """The image, with each variable that has a value or a default replaced by it."""
    return "".join(
        literal(substitute(segment.source, values))
        if isinstance(segment, Variable) and _has_value(segment, values)
        else segment.source
        for segment in parse(service.image or "")
    )


def _has_value(variable: Variable, values: Mapping[str, str]) -> bool:
    return bool(values.get(variable.name)) or variable.default is not None


def _judge_tag(startup: Startup, service: Service) -> Iterator[Verdict]:
    if service.image is not None and service.build is None:
        values = startup.values_at(startup.span(service, "image"))
        pinned = _floating_tag(service, values) is None
        facts = {"image": service.image}
        yield startup.verdict(service, "image", "E-02", pinned, "TC734", **facts)


RULE = Rule(
    id="TAG",
    title="Report images without a fixed version",
    summary=(
        "Reports images without a fixed version, which any pull may change. No version is "
        "made up."
    ),
    tells=("TC734",),
    severity="should",
    mend=apply,
    covers=("E-02",),
    url="https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
    examples=(
        Example("services: {web: {image: nginx}}", "services: {web: {image: nginx}}"),
    ),
    judge=judge_production(_judge_tag),
    said_by={"TC734": ("TC675",)},
)
