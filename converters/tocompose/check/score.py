"""The audit of a folder's compose files: every rule on every service, summed up by line of the checklist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.check.ignores import IgnoredFinding, Sifted, sift
from tocompose.check.selection import EVERYTHING, RuleSelection
from tocompose.model import Stack
from tocompose.notes import Note, in_order, plugin_fault_note
from tocompose.plugin_faults import general_faults
from tocompose.project import Project
from tocompose.record import NamedTuple, replace
from tocompose.rules import Verdict
from tocompose.rules.checklist import ChecklistLine, checklist
from tocompose.rules.compositions import all_verdicts
from tocompose.rules.opened_files import open_view
from tocompose.source import Branch, Node

# Without one of these a YAML file says nothing to docker compose.
SECTIONS = ("services", "include", "networks", "volumes", "configs", "secrets", "models")


class Line(NamedTuple):
    """The score of one line of the checklist: of `total` things it applies to, `passed` are as they should be.

    `ignored` are not, and are left alone because somebody said so.
    """

    id: str
    group: str
    title: str
    passed: int
    total: int
    codes: tuple[str, ...]
    ignored: int = 0

    @property
    def state(self) -> str:
        """`passed`, `failed`, or `none` where the line does not apply."""
        if not self.total:
            return "none"
        return "passed" if self.passed + self.ignored == self.total else "failed"


class Audit(NamedTuple):
    """What was found: the files read in order with their trees, the notes in reading order, a score for each line.

    `ignored` are the findings that comments say to leave alone; they keep no line from being met.
    """

    files: tuple[str, ...]
    notes: tuple[Note, ...]
    lines: tuple[Line, ...]
    stack: Stack
    trees: tuple[Node, ...]
    ignored: tuple[IgnoredFinding, ...] = ()

    @property
    def recognised(self) -> bool:
        """Whether anything in the files is of a compose file."""
        roots = [root for root in self.trees if isinstance(root, Branch)]
        return any(root.child(key) for root in roots for key in SECTIONS)

    @property
    def passed(self) -> int:
        """How many lines that apply are met."""
        return sum(line.state == "passed" for line in self.lines)

    @property
    def applicable(self) -> int:
        """How many lines apply."""
        return sum(line.state != "none" for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """The audit for programs, without its notes (which the note formats hold)."""
        return {
            "files": list(self.files),
            "score": {"passed": self.passed, "applicable": self.applicable},
            "lines": [
                {**line._asdict(), "codes": list(line.codes), "state": line.state}
                for line in self.lines
            ],
        }


def audit(
    project: Project,
    paths: tuple[str, ...] = (),
    shown: str = "",
    selection: RuleSelection = EVERYTHING,
) -> Audit | None:
    """The audit of the named files, put together in this order as docker compose does with `-f`.

    Without names it audits what docker compose finds in the folder (base and override), and besides what base and
    production file come to together. None where there is no compose file. `shown` stands in front of the paths that it
    tells; what the `selection` ignores keeps no line from being met, a line of which it chooses nothing is left out.
    """
    view = open_view(project, paths, shown)
    if view is None:
        return None
    verdicts = list(all_verdicts(view))
    faults = dict.fromkeys(verdict.note for verdict in verdicts if verdict.note)
    of_plugins = map(plugin_fault_note, general_faults())
    sifted = sift(in_order([*view.notes, *faults, *of_plugins]), view.files)
    ignored_notes = _ignored_among(faults, sifted, selection)
    lines = filter(selection.chooses_line, checklist().values())
    return Audit(
        files=tuple(file.path for file in view.files),
        notes=tuple(in_order(told_once(sifted.notes))),
        lines=tuple(_score(lines, verdicts, ignored_notes)),
        stack=view.main.stack,
        trees=tuple(root for file in view.files for root in file.roots),
        ignored=sifted.ignored,
    )


def _ignored_among(
    faults: Iterable[Note], sifted: Sifted, selection: RuleSelection
) -> frozenset[Note]:
    """The faults that somebody said to ignore, in a comment or in the settings."""
    in_comments = {ignored.note for ignored in sifted.ignored}
    in_settings = (
        fault for fault in faults if selection.ignored_by(fault.code) is not None
    )
    return frozenset((*in_comments, *in_settings))


def told_once(notes: Iterable[Note]) -> Iterator[Note]:
    """The notes, those that say the same of one place to several services as one: a fragment stands once."""
    speakers: dict[tuple[object, ...], list[Note]] = {}
    for fault in notes:
        service = fault.subject.service_name
        if service is None or fault.span is None:
            yield fault
        else:
            statement = fault.message.replace(service, "")
            key = (fault.code, fault.span, statement)
            speakers.setdefault(key, []).append(fault)
    for speaker, *repeaters in speakers.values():
        names = {note.subject.service_name or "" for note in repeaters}
        names.discard(speaker.subject.service_name or "")
        listed = ", ".join(sorted(names))
        message = f"{speaker.message} (also {listed})" if names else speaker.message
        yield replace(speaker, message=message)


def _score(
    lines: Iterable[ChecklistLine],
    verdicts: Iterable[Verdict],
    ignored_notes: frozenset[Note],
) -> Iterator[Line]:
    by_line: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for name in verdict.ids:
            by_line.setdefault(name, []).append(verdict)
    for line in lines:
        of_line = by_line.get(line.id, [])
        faults = [verdict.note for verdict in of_line if verdict.note]
        open_faults = [fault for fault in faults if fault not in ignored_notes]
        yield Line(
            line.id,
            line.group,
            line.title,
            passed=len(of_line) - len(faults),
            total=len(of_line),
            codes=tuple(sorted({fault.code for fault in open_faults})),
            ignored=len(faults) - len(open_faults),
        )
