"""The lines of the source that what is written comes from, for the notes about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.notes import Kind, Note
from tocompose.record import replace
from tocompose.source import Leaf, Span
from tocompose.syntax.model_path import ModelPath

# The keys of the path of a service itself.
_WHOLE_SERVICE = 2


def setting_origins(ledger: Ledger) -> dict[ModelPath, Span]:
    """Where what is written at each path stands in the source, without what comes from several lines of it."""
    spans: dict[ModelPath, Span] = {}
    unclear: set[ModelPath] = set()
    for leaf in ledger.leaves():
        for path in map(ledger.written_at, ledger.fate(leaf).paths):
            own_path = _path_of_setting(path, leaf, ledger)
            known_span = spans.setdefault(own_path, leaf.span)
            if (known_span.file, known_span.line) != (leaf.span.file, leaf.span.line):
                unclear.add(own_path)
    return {path: span for path, span in spans.items() if path not in unclear}


def _path_of_setting(path: ModelPath, leaf: Leaf, ledger: Ledger) -> ModelPath:
    """The path of a value; in a compose file, whose services are mapped as a whole, that of its keys."""
    if len(path) > _WHOLE_SERVICE:
        return path
    keys = ledger.path(leaf)
    return ModelPath(tuple(map(str, keys))) if keys[:1] == ("services",) else path


def at_own_lines(
    practice_notes: Iterable[Note], stack: Stack, origins: Mapping[ModelPath, Span]
) -> Iterator[Note]:
    """The notes of rules, each about a setting of the source where that stands, and not where its service begins.

    What is added to a service is no setting of the source.
    """
    begins = {service.name: service.origin for service in stack.services}
    for one_note in practice_notes:
        is_setting = (
            len(one_note.subject) > _WHOLE_SERVICE and one_note.kind is not Kind.ADDED
        )
        if is_setting and one_note.span == begins.get(one_note.subject.service_name or ""):
            own_span = origins.get(one_note.subject, one_note.span)
            yield replace(one_note, span=own_span)
        else:
            yield one_note
