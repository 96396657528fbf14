"""The verdicts of all rules: on what `docker compose up` starts, and on base and production put together."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.documents import Places
from tocompose.notes import Level, Note
from tocompose.record import replace
from tocompose.rules import Verdict, View, judging_rules
from tocompose.syntax.model_path import ModelPath


def all_verdicts(view: View) -> Iterator[Verdict]:
    """The verdicts on what `up` starts; after them what is wrong only with what production starts, each thing once."""
    statements: set[tuple[str, ModelPath, str]] = set()
    for verdict in _verdicts_on(view):
        if verdict.note is not None:
            statements.add(_statement(verdict.note))
        yield verdict
    if view.together is None:
        return
    production = _Production(view, view.together)
    for verdict in _verdicts_on(view.together):
        fault = verdict.note
        if fault is None or _statement(fault) in statements:
            continue
        if fault.kind.level is Level.ERROR or production.states(fault):
            yield verdict._replace(note=production.place(fault))


def _verdicts_on(view: View) -> Iterator[Verdict]:
    for rule in judging_rules():
        if rule.judge is not None:
            yield from rule.judge(view)


def _statement(fault: Note) -> tuple[str, ModelPath, str]:
    """What a finding says, wherever it stands."""
    return fault.code, fault.subject, fault.message


class _Production:
    """The files that only production reads, and what they say."""

    def __init__(self, view: View, together: View) -> None:
        self._together = together.main
        self._shared = {service.name for service in view.main.stack.services}
        paths = set(view.main.places.files)
        own_files = [file for file in together.files if file.path not in paths]
        self._paths = frozenset(file.path for file in own_files)
        self._places = Places(own_files)

    def states(self, fault: Note) -> bool:
        """Whether the files say what is found fault with; what only an override adds is not missing in them."""
        name = fault.subject.service_name
        if name is not None and len(fault.subject) <= len(("services", name)):
            return name not in self._shared
        return bool(fault.subject) and self._places.first(*fault.subject) is not None

    def place(self, fault: Note) -> Note:
        """The fault at the line that speaks of the service, where it stands in a file that is right by itself."""
        service = self._together.stack.service(fault.subject.service_name or "")
        if service is None or fault.span is None or fault.span.file in self._paths:
            return fault
        span = self._places.span("services", service.name)
        stated = self._places.first("services", service.name)
        return replace(fault, span=span) if stated is not None else fault
