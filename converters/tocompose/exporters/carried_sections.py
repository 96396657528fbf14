"""The sections of a compose source that are carried on as they are, in a file that is written anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.keys import is_extension
from tocompose.compose.merge import merge_documents
from tocompose.compose.shapes import with_texts
from tocompose.compose.yaml_text import Tagged
from tocompose.exporters.anchors import with_anchors
from tocompose.model import ComposeFileRole, NumberText, Stack
from tocompose.notes import Note, note
from tocompose.syntax.model_path import ModelPath

# Numbers that Go prints otherwise than YAML writes them: https://yaml.org/spec/1.2.2/#1032-tag-resolution
_NOT_FINITE = {"NaN": ".nan", "+Inf": ".inf", "-Inf": "-.inf"}


def whole_document(
    document: Mapping[str, Any], own_sections: Mapping[str, Any]
) -> dict[str, Any]:
    """The document with what its services share in front, and the user's own sections below, their numbers as such.

    A block that an earlier conversion wrote for its services, and which they share again, is not said twice.
    """
    services = {
        name: _with_own_numbers(body) for name, body in document["services"].items()
    }
    if not services:
        # A file beside the base that holds nothing but these.
        return {"name": document["name"], **_with_numbers(own_sections)}
    anchored = with_anchors({**document, "services": services}, own_sections)
    added = {
        name: _with_numbers(body)
        for name, body in own_sections.items()
        if name not in anchored or with_texts(anchored[name]) != body
    }
    return {**anchored, **added}


def _with_own_numbers(service: Any) -> Any:
    """The service with numbers in the keys that are the user's own: elsewhere docker compose wants texts."""
    own_keys = filter(is_extension, service or {})
    return service and {**service, **{key: _with_numbers(service[key]) for key in own_keys}}


def _with_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_numbers(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_numbers(child) for child in value]
    if isinstance(value, NumberText):
        return Tagged(_NOT_FINITE.get(value, value))
    return value


def sections_of(stack: Stack, role: ComposeFileRole | None) -> Mapping[str, Any]:
    """The user's own sections of the file; None puts those of the base and of development into one."""
    if role is not None:
        return stack.extensions.get(role, {})
    base, development = (
        stack.extensions.get(role, {})
        for role in (ComposeFileRole.BASE, ComposeFileRole.DEV)
    )
    return merge_documents(base, development)


def with_models(document: dict[str, Any], stack: Stack) -> dict[str, Any]:
    """The document with the models that its services are given."""
    used_names = {
        name for body in document["services"].values() for name in body.get("models") or ()
    }
    models = {name: body for name, body in stack.models.items() if name in used_names}
    return {**document, "models": models} if models else document


def own_section_notes(stack: Stack, file: str) -> Iterator[Note]:
    """A note on the user's own sections of the source, which are not added to the file."""
    stated = (name for sections in stack.extensions.values() for name in sections)
    names = [name for name in dict.fromkeys(stated) if is_extension(name)]
    if names:
        subject = ModelPath.of("files", file)
        yield note("TC776", subject=subject, sections=", ".join(names), file=file)
