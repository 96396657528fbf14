"""What went from the documents because docker refuses it: no report may speak of it as if it stood there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from tocompose.compose.write import model_paths
from tocompose.exporters.refused_values import Accepted
from tocompose.model import Service, Stack
from tocompose.notes import Kind, Note
from tocompose.record import NamedTuple, replace
from tocompose.syntax.interpolation import document_variables
from tocompose.syntax.model_path import ModelPath

# The keys of a service that reports show, with what is left of each.
_SHOWN_EMPTY: dict[str, Any] = {
    "ports": (),
    "networks": (),
    "depends_on": (),
    "healthcheck": None,
}


class Refusals(NamedTuple):
    """The paths that the documents lost, and the variables that nothing uses any more."""

    paths: frozenset[ModelPath] = frozenset()
    settings: frozenset[str] = frozenset()

    def without_settings(self, stack: Stack) -> Stack:
        """The stack without the variables that nothing uses."""
        if not self.settings:
            return stack
        names = self.settings
        kept_settings = tuple(
            setting for setting in stack.settings if setting.name not in names
        )
        return replace(stack, settings=kept_settings)

    def without_refused(self, stack: Stack) -> Stack:
        """The stack as reports may show it."""
        if not self.paths:
            return stack
        services = tuple(map(self._without_refused_keys, stack.services))
        return self.without_settings(replace(stack, services=services))

    def _without_refused_keys(self, service: Service) -> Service:
        refused_keys = {
            key: empty
            for key, empty in _SHOWN_EMPTY.items()
            if ModelPath.service(service.name, key) in self.paths
        }
        return replace(service, **refused_keys) if refused_keys else service


# What says of a part of the files how it came there.
_ABOUT_PARTS = (Kind.ADDED, Kind.CHANGED, Kind.ASSUMED)


def true_notes(notes: Iterable[Note], absent: Collection[ModelPath]) -> Iterator[Note]:
    """The notes that are true without these paths: what is not there was neither added nor changed."""
    for earlier_note in notes:
        is_gone = any(map(earlier_note.subject.is_within, absent))
        if earlier_note.kind not in _ABOUT_PARTS or not is_gone:
            yield earlier_note


def refusals_between(
    wanted: Iterable[dict[str, Any]], accepted: Iterable[Accepted]
) -> Refusals:
    """What the wanted documents hold and the accepted ones do not."""
    accepted_files = list(accepted)
    if not any(part.paths for part in accepted_files):
        return Refusals()
    wanted_documents = list(wanted)
    documents = [part.document for part in accepted_files]
    paths = _all_paths(wanted_documents) - _all_paths(documents)
    return variables_between(wanted_documents, documents)._replace(paths=paths)


def variables_between(
    wanted: list[dict[str, Any]], written: list[dict[str, Any]]
) -> Refusals:
    """The variables that only the wanted documents use, not those that are written."""
    names = frozenset(document_variables(wanted)) - set(document_variables(written))
    return Refusals(settings=names)


def _all_paths(documents: Iterable[dict[str, Any]]) -> frozenset[ModelPath]:
    return frozenset(path for document in documents for path in model_paths(document))
