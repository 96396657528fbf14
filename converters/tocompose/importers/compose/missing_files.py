"""The files of configs and secrets that are not in the source: the engine does not start a container without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.compose.shapes import as_map
from tocompose.ledger import Ledger
from tocompose.model import FileResource, Stack
from tocompose.notes import note
from tocompose.project import Project, normal_path
from tocompose.syntax.host_paths import is_relative_path
from tocompose.syntax.interpolation import plain
from tocompose.syntax.model_path import ModelPath

_KINDS = {"configs": "config", "secrets": "secret"}


def note_missing_files(
    stack: Stack,
    documents: Iterable[Mapping[str, Any]],
    project: Project,
    ledger: Ledger,
) -> None:
    """A note for each config and secret that some service is given, and whose file these documents name in vain.

    Beside standard input nothing can be seen.
    """
    if project.named == ("<stdin>",):
        return
    sections = tuple(documents)
    for section, kind in _KINDS.items():
        given_names = _given_names(stack, section)
        for resource in getattr(stack, section):
            name, path = resource.name, resource.file
            states_file = any(
                _states_file(document, section, name) for document in sections
            )
            if name in given_names and states_file and _is_missing(resource, project):
                shown = plain(path or "") or ""
                facts = {"kind": kind, "name": name, "path": normal_path(shown) or shown}
                subject = ModelPath.of(section, name)
                ledger.add_note(note("TC774", resource.origin, subject=subject, **facts))


def _given_names(stack: Stack, section: str) -> frozenset[str]:
    """The configs or secrets that services are given, in whichever file."""
    services = (*stack.services, *stack.development)
    layers = (
        part for service in services for part in (service, *service.overlays.values())
    )
    return frozenset(grant.source for part in layers for grant in getattr(part, section))


def _states_file(document: Mapping[str, Any], section: str, name: str) -> bool:
    """Whether the user's own document names the file: that of a swarm's config is told of where it is made up."""
    return "file" in as_map(as_map(document.get(section)).get(name))


def _is_missing(resource: FileResource, project: Project) -> bool:
    """Whether no file, folder or pipe stands at a path whose place in the source is known."""
    path = plain(resource.file or "")
    if path is None or not is_relative_path(path):
        return False
    inside = normal_path(path)
    return inside is None or not project.exists(inside)
