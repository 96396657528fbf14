"""What every report is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from tocompose.earlier_run import SHARED_FILES, added_variables
from tocompose.ledger import Fate, Ledger
from tocompose.model import File, Service, Stack
from tocompose.notes import Kind, Note
from tocompose.project import Project, source_alone
from tocompose.reports.masking import SourceLines
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# The notes on values that were read, and left out because docker refuses them.
_REFUSED = frozenset({"TC045", "TC046", "TC771"})


class ReportedConversion(Protocol):
    """The part of a conversion's result that reports look at."""

    @property
    def files(self) -> tuple[File, ...]:
        """The files to write, the compose file first."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes in reading order."""

    @property
    def stack(self) -> Stack:
        """The stack as it was written."""

    @property
    def ledger(self) -> Ledger:
        """The fate of every leaf of the source."""

    @property
    def importer(self) -> str:
        """The name of the importer."""


class Report(NamedTuple):
    """A conversion to report on; `quotes` gives source lines with secret values masked."""

    stack: Stack
    importer: str
    files: tuple[File, ...]
    notes: tuple[Note, ...]
    ledger: Ledger
    quotes: SourceLines
    variables_added: Mapping[str, list[str]]

    def of_kind(self, kind: Kind) -> tuple[Note, ...]:
        """The notes of one kind, in reading order."""
        return tuple(note for note in self.notes if note.kind is kind)

    def values_by_fate(self) -> dict[str, int]:
        """How many values of the source met each fate, by the fate's name; what docker refuses was not carried over."""
        numbers = {fate.value: number for fate, number in self.ledger.count().items()}
        refused = sum(note.code in _REFUSED for note in self.notes)
        refused = min(refused, numbers[Fate.MAPPED.value])
        numbers[Fate.MAPPED.value] -= refused
        numbers[Fate.NOTED.value] += refused
        return numbers

    def kinds(self) -> dict[str, int]:
        """How many notes there are of each kind, by the kind's name."""
        kind_counts = Counter(note.kind.value for note in self.notes)
        return {kind.value: kind_counts[kind.value] for kind in Kind}

    def ignored_by_reason(self) -> dict[str, int]:
        """Why values were left out on purpose, and how many for each reason, the most frequent first."""
        reasons: Counter[str] = Counter()
        for leaf in self.ledger.leaves():
            settlement = self.ledger.fate(leaf)
            if settlement.fate is Fate.IGNORED:
                reasons[settlement.detail[0]] += 1
        return dict(
            sorted(
                reasons.items(),
                key=lambda reason_count: (-reason_count[1], reason_count[0]),
            )
        )

    def trace(self) -> Iterator[tuple[Span, ModelPath]]:
        """Each source value that was carried over, with the compose path that it went to."""
        for leaf in self.ledger.leaves():
            for path in self.ledger.fate(leaf).paths:
                yield leaf.span, self.ledger.written_at(path)

    def sources(self) -> tuple[str, ...]:
        """The source files that were read, sorted."""
        return tuple(sorted({leaf.span.file for leaf in self.ledger.leaves()}))


def report(outcome: ReportedConversion, project: Project) -> Report:
    """The report on a conversion of `project`."""
    return Report(
        stack=outcome.stack,
        importer=outcome.importer,
        files=outcome.files,
        notes=outcome.notes,
        ledger=outcome.ledger,
        quotes=SourceLines(project, outcome.stack),
        variables_added=_variables_added(outcome.files, project),
    )


def _variables_added(files: Iterable[File], project: Project) -> dict[str, list[str]]:
    source = source_alone(project)
    return added_variables(files, {path: source.read(path) for path in SHARED_FILES})


def place_of(note: Note) -> str:
    """Where a note's reason stands, before what it says: `run.sh:1:2: `; empty without a place."""
    return f"{note.span}: " if note.span else ""


def message_with_advice(note: Note) -> str:
    """What a note says and what to do about it, as sentences of one line."""
    return f"{note.message.rstrip('.')}. {note.advice}" if note.advice else note.message


# What a section of the model is called in the reports.
_HEADINGS = {"settings": "variable"}


def subject_of(note: Note) -> str:
    """What a note is about, for a heading: a service's name, `volume data`, or nothing for the whole stack."""
    if len(note.subject) < 2:
        return ""
    section, name, *_ = note.subject
    heading = _HEADINGS.get(section, section.removesuffix("s"))
    return name if section == "services" else f"{heading} {name}"


def image_of(service: Service) -> str:
    """What a service runs: its image, or where it is built."""
    if service.image:
        return service.image
    return f"built from {service.build.context}" if service.build else "no image"


def settings_of(report: Report) -> Mapping[str, bool]:
    """The names in `.env`, and whether each must be filled in before the first start."""
    return {
        env_setting.name: env_setting.required and env_setting.value is None
        for env_setting in report.stack.settings
    }
