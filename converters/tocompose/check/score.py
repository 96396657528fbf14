"""The audit of a folder's compose files: every rule on every service, summed up by line of the checklist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.check import (
    confidential,
    form,
    health,
    limits,
    networking,
    storage,
    structure,
    web_stack,
)
from tocompose.check.scene import Verdict, scene
from tocompose.model import Stack
from tocompose.notes import Note, in_order
from tocompose.project import Project
from tocompose.source import Branch, Node
from tocompose.tables import table

RULES = (
    *(form.rules, health.rules, limits.rules, networking.rules),
    *(storage.rules, confidential.rules, structure.rules, web_stack.rules),
)

# Without one of these a YAML file says nothing to docker compose.
SECTIONS = ("services", "include", "networks", "volumes", "configs", "secrets", "models")


class Line(NamedTuple):
    """The score of one line of the checklist: of `total` things it applies to, `passed` are as they should be."""

    id: str
    group: str
    title: str
    passed: int
    total: int
    codes: tuple[str, ...]

    @property
    def state(self) -> str:
        """`passed`, `failed`, or `none` where the line does not apply."""
        return (
            "none"
            if not self.total
            else "passed"
            if self.passed == self.total
            else "failed"
        )


class Audit(NamedTuple):
    """What was found: the files read in order with their trees, the notes in reading order, a score for each line."""

    files: tuple[str, ...]
    notes: tuple[Note, ...]
    lines: tuple[Line, ...]
    stack: Stack
    trees: tuple[Node, ...]

    @property
    def recognised(self) -> bool:
        """Whether anything in the files is of a compose file."""
        return any(
            isinstance(root, Branch) and root.child(key)
            for root in self.trees
            for key in SECTIONS
        )

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


def audit(project: Project, paths: tuple[str, ...] = ()) -> Audit | None:
    """The audit of the named files, put together in this order as docker compose does with `-f`.

    Without names it audits what docker compose finds in the folder (base and override), and beside it the production
    file, which limits and secrets may stand in. None where there is no compose file.
    """
    found = scene(project, paths)
    if found is None:
        return None
    verdicts = [verdict for rules in RULES for verdict in rules(found)]
    said = dict.fromkeys(item.note for item in verdicts if item.note is not None)
    notes = in_order([*found.notes, *said])
    files = tuple(file.path for file in found.files)
    trees = tuple(root for file in found.files for root in file.roots)
    return Audit(files, tuple(notes), tuple(_lines(verdicts)), found.main.stack, trees)


def _lines(verdicts: list[Verdict]) -> Iterator[Line]:
    by_id: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for name in verdict.ids:
            by_id.setdefault(name, []).append(verdict)
    for name, row in checklist().items():
        given = by_id.get(name, [])
        codes = sorted({item.note.code for item in given if item.note is not None})
        passed = sum(item.holds for item in given)
        yield Line(
            name, str(row["group"]), str(row["title"]), passed, len(given), tuple(codes)
        )


def checklist() -> dict[str, Any]:
    """Every line of the checklist by its id."""
    return dict(table("checklist", required={"group", "title"}, optional=set()))
