"""The image of a container, with the variables that a tool fills in before `kubectl` reads the manifest."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_scalar,
    take_text,
)
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.model import Setting
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import literal, required_reference

# What envsubst, shells and make call a variable; `${NAME:-default}` as shells do.
_VARIABLE = regex(
    r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[\w./:-]*))?\}|\((?P<round>[A-Za-z_]\w*)\)|(?P<bare>[A-Za-z_]\w*))"
)


def container_image(place: ContainerContext) -> str:
    """The image; variables in it stay variables. A stand-in where there is none, or only a template's."""
    cursor = place.unit.cursor.at("image")
    given = (take_text(cursor, place.path("image")) or "").strip()
    # Charts rendered without values write an empty tag, which the engine refuses.
    if "$" not in given and not given.endswith(":") and image_ref(given) is not None:
        return given
    if "$" in given and image_ref(_VARIABLE.sub(_sample_value, given)) is not None:
        return _with_variables(given, cursor, place)
    if (
        place.workload.kind == "DeploymentConfig"
        and (streamed := _image_of_stream(place)) is not None
    ):
        return literal(streamed)
    (cursor or place.unit.cursor).remark(
        "TC212", object=str(place.workload.kube_object), subject=place.path("image")
    )
    return (
        literal(given) if given and "{{" not in given else f"{place.workload.name}:missing"
    )


def _image_of_stream(place: ContainerContext) -> str | None:
    """The image that OpenShift writes into the container: of the ImageStream's tag that a trigger names.

    https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/images/triggering-updates-on-imagestream-changes
    """
    for trigger in list_entries(place.workload.kube_object.at("spec", "triggers")):
        change = trigger.at("imageChangeParams")
        if place.unit.name not in [
            peek_text(name) for name in list_entries(change.at("containerNames"))
        ]:
            continue
        space = peek_text(change.at("from", "namespace")) or place.workload.namespace
        name, _, wanted = (peek_text(change.at("from", "name")) or "").partition(":")
        stream = place.model.objects.get("ImageStream", space, name)
        for tag in list_entries(stream.at("spec", "tags")) if stream else ():
            if (
                peek_text(tag.at("name")) == (wanted or "latest")
                and peek_text(tag.at("from", "kind")) == "DockerImage"
            ):
                return take_scalar(tag.at("from", "name"), place.path("image"))
    return None


def _sample_value(match: re.Match[str]) -> str:
    """What may stand in the variable's place."""
    return "x" if match["default"] is None else match["default"]


def _with_variables(given: str, cursor: Cursor, place: ContainerContext) -> str:
    """No image holds a `$`: what stands there was to be replaced before the cluster saw it."""
    names: dict[str, None] = {}

    def variable(match: re.Match[str]) -> str:
        name = match["braced"] or match["round"] or match["bare"]
        names[name] = None
        if match["default"] is not None:
            return match[0]
        _declare_setting(name, cursor.span, place)
        return required_reference(name)

    found = _VARIABLE.sub(variable, given)
    cursor.remark(
        "TC265",
        object=str(place.workload.kube_object),
        names=", ".join(names),
        subject=place.path("image"),
    )
    return found


def _declare_setting(name: str, span: Span, place: ContainerContext) -> None:
    description = f"part of the image of {place.service}"
    setting = Setting(name=name, required=True, description=description, origin=span)
    place.model.builder.settings.setdefault(name, setting)
