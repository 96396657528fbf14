"""Which findings a user wants to see: `--select` and `--ignore`, by codes, beginnings of them and ids of rules."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.notes import Level, Note
from tocompose.record import NamedTuple
from tocompose.rules.checklist import ChecklistLine, checklist, is_named


class RuleSelection(NamedTuple):
    """What names the findings to show (all without any) and to leave out; the longer one that fits has the say.

    A code, the beginning of one, the id of a rule or of a line of the checklist.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def includes(self, code: str) -> bool:
        """Whether findings of the code are shown."""
        if not self.chooses(code):
            return False
        selected = longest_start(code, self.select)
        ignored = longest_start(code, self.ignore)
        return ignored is None or (selected is not None and len(selected) > len(ignored))

    def chooses(self, code: str) -> bool:
        """Whether `--select` names the code, or is not there."""
        return not self.select or longest_start(code, self.select) is not None

    def chooses_line(self, line: ChecklistLine) -> bool:
        """Whether `--select` names the line of the checklist, or a code that says it is not met; or is not there."""
        return not self.select or any(_names_line(order, line) for order in self.select)

    def ignored_by(self, code: str) -> str | None:
        """The order that leaves out findings of the code; None where they are shown, or were not chosen."""
        if self.includes(code) or not self.chooses(code):
            return None
        return longest_start(code, self.ignore)


EVERYTHING = RuleSelection()


def _names_line(order: str, line: ChecklistLine) -> bool:
    if order in checklist():
        return order == line.id
    return any(is_named(code, order) for code in line.codes)


def longest_start(code: str, starts: Iterable[str]) -> str | None:
    """The longest of the texts that name the code."""
    fitting = [start for start in starts if is_named(code, start)]
    return max(fitting, key=len, default=None)


def fails(notes: Iterable[Note], fail_on: str) -> bool:
    """Whether a finding is as grave as that level, or graver; none is for `never`."""
    if fail_on == "never":
        return False
    ranks = {level.value: rank for rank, level in enumerate(Level)}
    return any(ranks[note.kind.level.value] <= ranks[fail_on] for note in notes)
