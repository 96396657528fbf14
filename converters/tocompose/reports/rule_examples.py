"""What the rules of `check` find, each with a compose file before and after it is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.notes import Level
from tocompose.record import NamedTuple
from tocompose.tables import table

COMPOSE_NAME = "compose.yaml"
_FILE_COLUMNS = {"files", "made", "removed"}
# What a level means to who reads a finding.
LEVEL_MEANINGS = {
    Level.ERROR: "An error: docker compose refuses the file, or what it starts fails or is not what the file says.",
    Level.WARNING: "A warning: it works, and it is a risk.",
    Level.INFO: "An info: it works, and it could be better.",
}


class RuleExample(NamedTuple):
    """The files of a folder in which the rule finds something, and those in which it does not."""

    code: str
    before: Mapping[str, str]
    after: Mapping[str, str]

    def shown_files(self, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The files to show of one of the folders: those that differ; the compose file before, and where none do."""
        names = [name for name in files if self.before.get(name) != self.after.get(name)]
        if COMPOSE_NAME not in names and (files is self.before or not names):
            names.insert(0, COMPOSE_NAME)
        for name in names:
            yield name, files[name]


def rule_examples() -> Mapping[str, RuleExample]:
    """The example of each rule, by its code."""
    rows = table("rule_examples", required={"before"}, optional={"after", *_FILE_COLUMNS})
    examples = {}
    for code, row in rows.items():
        shared = dict(row.get("files", {}))
        text = row.get("after", row["before"])
        before = {COMPOSE_NAME: row["before"], **shared, **row.get("removed", {})}
        after = {COMPOSE_NAME: text, **shared, **row.get("made", {})}
        examples[code] = RuleExample(code, before, after)
    return examples
