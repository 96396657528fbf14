"""The image of a container, with the variables that a tool fills in before `kubectl` reads the manifest."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_scalar,
    take_text,
)
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal, required_reference

# What envsubst, shells and make call a variable; `${NAME:-default}` as shells do.
_VARIABLE = regex(
    r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[\w./:-]*))?\}|\((?P<round>[A-Za-z_]\w*)\)|(?P<bare>[A-Za-z_]\w*))"
)


def container_image(container: ContainerContext) -> str:
    """The image; variables in it stay variables. A stand-in where there is none, or only a template's."""
    cursor = container.cursor.at("image")
    reference = (take_text(cursor, container.path("image")) or "").strip()
    # Charts rendered without values write an empty tag, which the engine refuses.
    if (
        "$" not in reference
        and not reference.endswith(":")
        and image_ref(reference) is not None
    ):
        return reference
    if "$" in reference and image_ref(_VARIABLE.sub(_sample_value, reference)) is not None:
        return _with_variables(reference, cursor, container)
    if (
        container.workload.kind == "DeploymentConfig"
        and (streamed := _image_of_stream(container)) is not None
    ):
        return literal(streamed)
    (cursor or container.cursor).remark(
        "TC212", object=container.workload_title, subject=container.path("image")
    )
    return (
        literal(reference)
        if reference and "{{" not in reference
        else f"{container.workload.name}:missing"
    )


def _image_of_stream(container: ContainerContext) -> str | None:
    """The image that OpenShift writes into the container: of the ImageStream's tag that a trigger names.

    https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/images/triggering-updates-on-imagestream-changes
    """
    for trigger in list_entries(container.workload.kube_object.at("spec", "triggers")):
        change = trigger.at("imageChangeParams")
        if container.name not in [
            peek_text(name) for name in list_entries(change.at("containerNames"))
        ]:
            continue
        space = peek_text(change.at("from", "namespace")) or container.namespace
        name, _, tag_name = (peek_text(change.at("from", "name")) or "").partition(":")
        stream = container.model.objects.get("ImageStream", space, name)
        for tag in list_entries(stream.at("spec", "tags")) if stream else ():
            if (
                peek_text(tag.at("name")) == (tag_name or "latest")
                and peek_text(tag.at("from", "kind")) == "DockerImage"
            ):
                return take_scalar(tag.at("from", "name"), container.path("image"))
    return None


def _sample_value(match: re.Match[str]) -> str:
    """What may stand in the variable's place."""
    return "x" if match["default"] is None else match["default"]


def _with_variables(reference: str, cursor: Cursor, container: ContainerContext) -> str:
    """No image holds a `$`: what stands there was to be replaced before the cluster saw it."""
    names: dict[str, None] = {}

    def variable(match: re.Match[str]) -> str:
        name = match["braced"] or match["round"] or match["bare"]
        names[name] = None
        if match["default"] is not None:
            return match[0]
        container.builder.require_setting(
            name, f"part of the image of {container.service}", cursor.span
        )
        return required_reference(name)

    with_variables = _VARIABLE.sub(variable, reference)
    cursor.remark(
        "TC265",
        object=container.workload_title,
        names=", ".join(names),
        subject=container.path("image"),
    )
    return with_variables
