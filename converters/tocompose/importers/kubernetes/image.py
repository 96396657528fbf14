"""The image of a container, with the variables that a tool fills in before `kubectl` reads the manifest."""

from __future__ import annotations

import re

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_scalar,
)
from tocompose.importers.kubernetes.templates import TemplateVariable, replace_variables
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal
from tocompose.syntax.names import variable_name

# `<DOCKER_REPO>/web:1`: what a guide tells its readers to replace.
_PLACEHOLDER = regex(r"<([A-Za-z][\w .-]*)>")


def _as_variable(placeholder: re.Match[str]) -> str:
    separated_name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", placeholder[1])
    return "${" + variable_name(separated_name) + "}"


def container_image(container: ContainerContext) -> str:
    """The image; variables in it stay variables. A stand-in where there is none, or only a template's."""
    stated_image = container.fields.image
    cursor = stated_image.cursor
    reference = (stated_image.take_text(container.path("image")) or "").strip()
    if "$" in reference:
        if image_ref(replace_variables(reference, _sample_value)) is not None:
            return _with_variables(reference, cursor, container)
    elif _PLACEHOLDER.search(reference):
        opened = _PLACEHOLDER.sub(_as_variable, reference)
        if image_ref(replace_variables(opened, _sample_value)) is not None:
            return _with_variables(opened, cursor, container)
    # Charts rendered without values write an empty tag, which the engine refuses.
    elif not reference.endswith(":") and image_ref(reference) is not None:
        return reference
    return _stand_in(reference, cursor, container)


def _stand_in(reference: str, cursor: Cursor, container: ContainerContext) -> str:
    """What takes the place of an image that there is not: of OpenShift's stream, else what the user must change."""
    if container.workload.kind == "DeploymentConfig":
        streamed = _image_of_stream(container)
        if streamed is not None:
            return literal(streamed)
    (cursor or container.fields.cursor).annotate(
        "TC212", object=container.workload_title, subject=container.path("image")
    )
    if reference and "{{" not in reference:
        return literal(reference)
    return f"{container.workload.name}:missing"


def _image_of_stream(container: ContainerContext) -> str | None:
    """The image that OpenShift writes into the container: of the ImageStream's tag that a trigger names.

    https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/images/triggering-updates-on-imagestream-changes
    """
    for trigger in list_entries(container.workload.kube_object.at("spec", "triggers")):
        change = trigger.at("imageChangeParams")
        names = [peek_text(name) for name in list_entries(change.at("containerNames"))]
        source = (
            _tag_source(change.at("from"), container) if container.name in names else None
        )
        if source is not None:
            return take_scalar(source, container.path("image"))
    return None


def _tag_source(reference: Cursor, container: ContainerContext) -> Cursor | None:
    """Where the ImageStream says which image a tag stands for."""
    namespace = peek_text(reference.at("namespace")) or container.namespace
    name, _, tag_name = (peek_text(reference.at("name")) or "").partition(":")
    stream = container.model.objects.get("ImageStream", namespace, name)
    for tag in list_entries(stream.at("spec", "tags")) if stream else ():
        source = tag.at("from")
        is_image = peek_text(source.at("kind")) == "DockerImage"
        if is_image and peek_text(tag.at("name")) == (tag_name or "latest"):
            return source.at("name")
    return None


def _sample_value(variable: TemplateVariable) -> str:
    """What may stand in the variable's place."""
    return "x" if variable.default is None else variable.default


def _with_variables(reference: str, cursor: Cursor, container: ContainerContext) -> str:
    """No image holds a `$`: what stands there was to be replaced before the cluster saw it."""
    names: dict[str, None] = {}

    def open_variable(variable: TemplateVariable) -> str:
        names[variable.name] = None
        if variable.default is None:
            description = "part of the name of an image"
            container.require(variable.name, description, cursor.span)
        return variable.in_compose()

    opened = replace_variables(reference, open_variable)
    cursor.annotate(
        "TC265",
        object=container.workload_title,
        names=", ".join(names),
        subject=container.path("image"),
    )
    return opened
