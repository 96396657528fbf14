"""What every report is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from tocompose.earlier_run import COMPOSE_SOURCE, SHARED_FILES, added_variables
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.ledger import Fate, Ledger
from tocompose.model import File, Service, Stack
from tocompose.notes import Kind, Note, explanation
from tocompose.patterns import regex
from tocompose.project import Project, source_alone
from tocompose.record import NamedTuple
from tocompose.reports.masking import SourceLines
from tocompose.source import Leaf, Path, Span, shown_place
from tocompose.stack_texts import required_variables, secret_variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import ALWAYS_SET
from tocompose.wording import listed_names

# The notes on values that were read and are in no written file: docker refuses them, or they wait for the reader's own.
_REPLACED = frozenset({"TC045", "TC046", "TC771", "TC852"})


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
        """How many values of the source met each fate, by the fate's name; what was replaced is noted."""
        numbers = {fate.value: number for fate, number in self.ledger.count().items()}
        replaced = sum(note.code in _REPLACED for note in self.notes)
        replaced = min(replaced, numbers[Fate.MAPPED.value])
        numbers[Fate.MAPPED.value] -= replaced
        numbers[Fate.NOTED.value] += replaced
        return numbers

    def kinds(self) -> dict[str, int]:
        """How many notes there are of each kind, by the kind's name."""
        kind_counts = Counter(note.kind.value for note in self.notes)
        return {kind.value: kind_counts[kind.value] for kind in Kind}

    def ignored_by_reason(self) -> dict[str, IgnoredValues]:
        """The values that were left out on purpose, by the reason, the most frequent first."""
        leaves_by_reason: dict[str, list[Leaf]] = {}
        for leaf in self.ledger.leaves():
            settlement = self.ledger.fate(leaf)
            if settlement.fate is Fate.IGNORED:
                leaves_by_reason.setdefault(settlement.detail[0], []).append(leaf)
        ignored = {
            reason: IgnoredValues(len(leaves), self._examples(leaves))
            for reason, leaves in leaves_by_reason.items()
        }
        return dict(
            sorted(
                ignored.items(),
                key=lambda reason_values: (-reason_values[1].number, reason_values[0]),
            )
        )

    def _examples(self, leaves: list[Leaf]) -> tuple[str, ...]:
        """What the first of some values are called, or where they stand."""
        names: dict[str, None] = {}
        for leaf in leaves:
            names[_name_of_value(leaf, self.ledger.path(leaf))] = None
            if len(names) == _MOST_EXAMPLES:
                break
        return tuple(names)

    def trace(self) -> Iterator[tuple[Span, ModelPath]]:
        """Each source value that was carried over, with the compose path that it went to."""
        for leaf in self.ledger.leaves():
            for path in self.ledger.fate(leaf).paths:
                yield leaf.span, self.ledger.written_at(path)

    def sources(self) -> tuple[str, ...]:
        """The source files that were read, sorted."""
        return tuple(sorted({leaf.span.file for leaf in self.ledger.leaves()}))


class IgnoredValues(NamedTuple):
    """How many values were left out for one reason, and what the first of them are called."""

    number: int
    examples: tuple[str, ...]


_MOST_EXAMPLES = 3


def _name_of_value(leaf: Leaf, path: Path) -> str:
    """The keys that lead to a value (`services.name`); for a word of a script its line."""
    keys = [key for key in path if isinstance(key, str)]
    if leaf.style == "word" or not keys:
        return shown_place(leaf.span.file, leaf.span.line)
    return ".".join(keys[-2:])


def report(outcome: ReportedConversion, project: Project) -> Report:
    """The report on a conversion of `project`."""
    return Report(
        stack=outcome.stack,
        importer=outcome.importer,
        files=outcome.files,
        notes=outcome.notes,
        ledger=outcome.ledger,
        quotes=SourceLines(project, outcome.stack, lambda: _files_quoted(outcome)),
        variables_added=_variables_added(outcome, project),
    )


def _files_quoted(outcome: ReportedConversion) -> Iterator[str]:
    """The files of which lines may be shown, some of them again and again."""
    yield from (leaf.span.file for leaf in outcome.ledger.leaves())
    yield from (note.span.file for note in outcome.notes if note.span)


def _variables_added(outcome: ReportedConversion, project: Project) -> dict[str, list[str]]:
    """The variables that the source's own files lack; none beside a compose file, whose `.env` is the source's own."""
    if outcome.importer == COMPOSE_SOURCE:
        return {}
    source = source_alone(project)
    source_texts = {path: source.read(path) for path in SHARED_FILES}
    return added_variables(outcome.files, source_texts)


# The notes on commands that no value could be taken from.
_UNREAD_COMMANDS = frozenset({"TC162", "TC172"})


def has_unread_commands(report: Report) -> bool:
    """Whether the numbers of values hold commands that were not read, each as one value."""
    return any(note.code in _UNREAD_COMMANDS for note in report.notes)


def image_checked_services(report: Report) -> frozenset[str]:
    """The services whose health check is that of their image, as a note says."""
    return frozenset(note.subject[1] for note in report.notes if note.code == "TC611")


def place_of(note: Note) -> str:
    """Where a note's reason stands, before what it says: `run.sh:1:2: `; empty without a place."""
    return f"{note.span}: " if note.span else ""


def message_with_advice(note: Note) -> str:
    """What a note says and what to do about it, as sentences of one line."""
    return f"{note.message.rstrip('.')}. {note.advice}" if note.advice else note.message


# What each kind of note is, for a heading.
KIND_HEADINGS = {
    Kind.LOST: "lost: not carried over",
    Kind.CHANGED: "changed: carried over with a difference",
    Kind.ASSUMED: "assumed: not stated in the source",
    Kind.ADDED: "added: good practice that the source did not state",
    Kind.INFO: "for your information",
}
# What a section of the model is called in the reports.
_HEADINGS = {"settings": "variable"}


def subject_of(note: Note) -> str:
    """What a note is about, for a heading: a service's name, `volume data`, or nothing for the whole stack."""
    if len(note.subject) < 2:
        return ""
    section, name, *_ = note.subject
    return f"{_heading_of(section)} {name}".strip()


def _heading_of(section: str) -> str:
    """What a section of the model is called before a name in it; services go by their names."""
    is_services = section == "services"
    return "" if is_services else _HEADINGS.get(section, section.removesuffix("s"))


# An advice that is a fact of the note itself.
_OWN_ADVICE = regex(r"\{\w+\}")


def group_of(note: Note) -> tuple[str, str]:
    """What notes have in common that are told as one: the code, and the advice where each note has its own."""
    row_advice = str(explanation(note.code).get("advice", ""))
    return note.code, note.advice if _OWN_ADVICE.fullmatch(row_advice) else ""


def listed_subjects(subjects: Iterable[ModelPath], most: int | None = None) -> str:
    """What notes are about, each once: `web, volumes data, logs`; of many of a section the first and how many more."""
    names_by_section: dict[str, dict[str, None]] = {}
    for section, name, *_ in filter(_has_name, subjects):
        names_by_section.setdefault(section, {})[str(name)] = None
    return ", ".join(
        _listed_section(_heading_of(section), list(names), most)
        for section, names in names_by_section.items()
    )


def _has_name(subject: ModelPath) -> bool:
    return len(subject) > 1


def _listed_section(heading: str, names: Sequence[str], most: int | None) -> str:
    plural = f"{heading}s" if names[1:] and heading else heading
    return f"{plural} {listed_names(names, most or len(names))}".strip()


def image_of(service: Service) -> str:
    """What a service runs: its image, or where it is built."""
    if service.image:
        return redact_secrets(service.image)
    return f"built from {service.build.context}" if service.build else "no image"


def settings_of(report: Report) -> Mapping[str, bool]:
    """The names in `.env`, and whether each must be filled in before the first start."""
    required = required_variables(report.stack)
    demanded = {*required, *secret_variables(report.stack)}
    settings = {
        env_setting.name: env_setting.name in demanded and env_setting.value is None
        for env_setting in report.stack.settings
    }
    for name in required:
        if name not in ALWAYS_SET:
            settings.setdefault(name, True)
    return settings
