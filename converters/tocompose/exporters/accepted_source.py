"""A stack without what docker refuses of it, before the rules look at it: they fill the gap that is left.

A compose file that is converted in place is the source of the next conversion. What is refused only when the files are
written leaves gaps that the rules of that one would fill: the file would change once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from tocompose.compose.read import read_section
from tocompose.compose.write import DECLARED_SECTIONS, compose_document
from tocompose.exporters.conflicts import (
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
)
from tocompose.exporters.creation import creatable_document
from tocompose.exporters.final_checks import Check, run_checks
from tocompose.exporters.ordering import start_in_order
from tocompose.exporters.references import refer_to_known
from tocompose.exporters.refusals import Refusals, refusals_between
from tocompose.exporters.refused_values import Accepted, accepted_document
from tocompose.model import (
    ComposeFileRole,
    FileResource,
    Network,
    Service,
    Stack,
    Volume,
)
from tocompose.notes import Note
from tocompose.record import NamedTuple, record_fields, replace
from tocompose.syntax.model_path import ModelPath

_CHECKS: tuple[Check, ...] = (
    limits_in_one_place,
    names_free_to_scale,
    one_network_form,
    ports_bound_once,
    refer_to_known,
    start_in_order,
)
_ROLES = (ComposeFileRole.BASE, ComposeFileRole.DEV, ComposeFileRole.PROD)

_Part = TypeVar("_Part", Service, Network, Volume, FileResource)


class AcceptedSource(NamedTuple):
    """A stack that docker creates, what was left out of the source for that, and where."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    paths: frozenset[ModelPath] = frozenset()
    refusals: Refusals = Refusals()


def accepted_source(stack: Stack) -> AcceptedSource:
    """The stack of a source without what docker refuses, each file of it together with the base."""
    checked = run_checks(stack, _CHECKS)
    stack = checked.stack
    base: Mapping[str, Any] | None = None
    documents: list[dict[str, Any]] = []
    accepted: list[Accepted] = []
    for role in _ROLES:
        documents.append(compose_document(stack, role))
        accepted.append(accepted_file(documents[-1], stack, base))
        stack = _reread(stack, role, documents[-1], accepted[-1].document)
        base = accepted[0].document
    refusals = refusals_between(documents, accepted)
    notes = (file_note for file in accepted for file_note in file.notes)
    return AcceptedSource(
        refusals.without_settings(stack),
        (*checked.notes, *dict.fromkeys(notes)),
        checked.paths.union(*(file.paths for file in accepted)),
        refusals,
    )


def accepted_files(
    documents: Mapping[ComposeFileRole, dict[str, Any]], stack: Stack
) -> dict[ComposeFileRole, Accepted]:
    """The base file and those beside it as docker compose reads them and docker creates them."""
    base = accepted_file(documents[ComposeFileRole.BASE], stack)
    return {
        role: base
        if role is ComposeFileRole.BASE
        else accepted_file(document, stack, base.document)
        for role, document in documents.items()
    }


def accepted_file(
    document: dict[str, Any], stack: Stack, base: Mapping[str, Any] | None = None
) -> Accepted:
    """The document as docker compose reads and docker creates it, after the base file where it is not that itself."""
    if (
        base is not None
        and document.keys() == {"name", "services"}
        and not document["services"]
    ):
        # A file that adds nothing leaves the base as it was judged.
        return Accepted(document, (), frozenset())
    accepted = accepted_document(document, stack)
    creatable = creatable_document(accepted.document, stack, base)
    return Accepted(
        creatable.document,
        (*accepted.notes, *creatable.notes),
        accepted.paths | creatable.paths,
    )


def _reread(
    stack: Stack,
    role: ComposeFileRole,
    old_bodies: Mapping[str, Any],
    new_bodies: Mapping[str, Any],
) -> Stack:
    """The stack with what is left of each part that lost something."""
    if old_bodies == new_bodies:
        return stack
    services = old_bodies["services"], new_bodies["services"]
    change = partial(_layer_left, role=role, bodies=services)
    changed = replace(stack, services=tuple(map(change, stack.services)))
    if role is not ComposeFileRole.BASE:
        return changed
    sections = {
        section: tuple(
            _part_left(resource, section, old_bodies[section], new_bodies.get(section, {}))
            for resource in getattr(stack, section)
        )
        for section in DECLARED_SECTIONS
        if section in old_bodies
    }
    return replace(changed, **sections)


def _layer_left(
    service: Service, role: ComposeFileRole, bodies: tuple[Any, Any]
) -> Service:
    if role is ComposeFileRole.BASE:
        return _part_left(service, "services", *bodies)
    layer = service.overlays.get(role)
    if layer is None:
        return service
    reduced = _part_left(layer, "services", *bodies)
    return replace(service, overlays={**service.overlays, role: reduced})


def _part_left(
    resource: _Part,
    section: str,
    old_bodies: Mapping[str, Any],
    new_bodies: Mapping[str, Any],
) -> _Part:
    """The part with the fields that are other ones now; what no key says stays as it is."""
    old_body, new_body = old_bodies.get(resource.name), new_bodies.get(resource.name)
    if old_body == new_body:
        return resource
    old, new = (read_section(section, resource.name, body) for body in (old_body, new_body))
    changes = {
        name: getattr(new, name)
        for name in record_fields(type(resource))
        if getattr(old, name) != getattr(new, name)
    }
    return replace(resource, **changes)


def written_documents(
    accepted: Mapping[ComposeFileRole, Accepted], stack: Stack
) -> dict[ComposeFileRole, dict[str, Any]]:
    """The documents that say something; others are not written."""
    return {
        role: part.document
        for role, part in accepted.items()
        if part.document["services"] or _says_more(stack, role)
    }


def _says_more(stack: Stack, role: ComposeFileRole) -> bool:
    """Whether a file is written although no service stands in it: the base, or with sections or a name of its own."""
    if role is ComposeFileRole.BASE or role in stack.file_names:
        return True
    return bool(stack.extensions.get(role))
