"""Where values stand that reach the place of a secret by a way through variables and arguments.

A variable is looked at as if its value stood in its place: where that would be hidden, so is what the variable is set
to, in whatever file, and what that takes its value from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tocompose.knowledge.secrets.texts import may_be_secret
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.flow_expressions import (
    Stretch,
    expressions,
    literal_stretches,
    names_taken,
)
from tocompose.reports.flow_index import CallScope, FlowIndex, Passage
from tocompose.reports.hidden_text import HIDDEN
from tocompose.reports.likely_secrets import mask_likely_secrets

# A letter that hardly any source writes.
_STAND_IN = "\ua66e"
_OPTION = regex(r"-{1,2}[\w.-]*=?")
_QUOTES = "\"' \t"
_ARGUMENTS = "@"


class _Flow(NamedTuple):
    """A variable that holds a secret; with a scope, an argument of it."""

    name: str
    scope: CallScope | None = None


def flow_passages(texts: Mapping[str, Sequence[str]]) -> dict[str, list[Passage]]:
    """The passages of the texts, by their paths, whose values reach the place of a secret."""
    index = FlowIndex(texts)
    pending = [
        flow for path, lines in texts.items() for flow in _flows_in(lines, path, index)
    ]
    visited: set[_Flow] = set()
    hidden: dict[str, list[Passage]] = {}
    while pending:
        flow = pending.pop()
        if flow in visited:
            continue
        visited.add(flow)
        for passage in _sources_of(flow, index):
            pending += _flows_at(passage, index)
            for literal in _literals(passage, index, flow.scope is not None):
                hidden.setdefault(passage.path, []).append(literal)
    return hidden


def _flows_in(lines: Sequence[str], path: str, index: FlowIndex) -> Iterator[_Flow]:
    """What the lines take where a value would be hidden."""
    if not any("$" in line for line in lines):
        return
    taken = [list(expressions(line)) if "$" in line else [] for line in lines]
    stand_ins = [
        _with_stand_ins(line, stretches)
        for line, stretches in zip(lines, taken, strict=True)
    ]
    masked = mask_likely_secrets(stand_ins, path)
    for number, (line, stretches) in enumerate(zip(masked, taken, strict=True)):
        for stretch in stretches:
            if HIDDEN in line[slice(*stretch)]:
                yield from _flows_at(Passage(path, number, stretch), index)


def _with_stand_ins(line: str, stretches: Sequence[Stretch]) -> str:
    """The line with letters in the place of each expression."""
    for start, stop in stretches:
        line = line[:start] + _STAND_IN * (stop - start) + line[stop:]
    return line


def _flows_at(passage: Passage, index: FlowIndex) -> Iterator[_Flow]:
    """The variables and arguments that a passage takes its value from."""
    text = index.text_of(passage)
    for stretch in expressions(text):
        for name in names_taken(text[slice(*stretch)]):
            if name in ("OPTARG", "@", "*"):
                yield _Flow(_ARGUMENTS, index.scope_at(passage))
            elif name.isdigit():
                yield _Flow(name, index.scope_at(passage))
            else:
                yield _Flow(name)


def _sources_of(flow: _Flow, index: FlowIndex) -> Iterator[Passage]:
    if flow.scope is None:
        return index.values_of(flow.name)
    return index.arguments_of(flow.scope, flow.name)


def _literals(passage: Passage, index: FlowIndex, is_argument: bool) -> Iterator[Passage]:
    """What of a passage stands there as it is and may be a secret."""
    text = index.text_of(passage)
    for start, stop in literal_stretches(text):
        literal_text = text[start:stop]
        option = _OPTION.match(literal_text) if is_argument and not start else None
        start += option.end() if option else 0
        value = text[start:stop].strip(_QUOTES)
        if value and may_be_secret(value):
            start = passage.stretch.start + text.index(value, start)
            yield passage._replace(stretch=Stretch(start, start + len(value)))
