"""The lines of the checklist, and the findings that an id stands for: of a line, of a practice or of another rule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tocompose.record import NamedTuple
from tocompose.rules import Rule, judging_rules, registry
from tocompose.tables import table


class ChecklistLine(NamedTuple):
    """What one line asks for and why, and the codes of the findings which say that it is not met."""

    id: str
    group: str
    title: str
    why: str
    codes: tuple[str, ...]


@cache
def checklist() -> Mapping[str, ChecklistLine]:
    """Every line of the checklist by its id."""
    rows = table("checklist", required={"group", "title", "why", "codes"}, optional=set())
    return {
        name: ChecklistLine(
            name, str(row["group"]), str(row["title"]), str(row["why"]), tuple(row["codes"])
        )
        for name, row in rows.items()
    }


@cache
def all_rules() -> tuple[Rule, ...]:
    """Each rule once: those that mend, then those that only judge."""
    return tuple({rule.id: rule for rule in (*registry(), *judging_rules())}.values())


@cache
def codes_by_name() -> Mapping[str, frozenset[str]]:
    """The codes of findings by the id of the rule or of the line of the checklist which they belong to."""
    of_rules = {rule.id: frozenset(rule.tells) for rule in all_rules() if rule.tells}
    of_lines = {line.id: frozenset(line.codes) for line in checklist().values()}
    return {**of_rules, **of_lines}


def is_named(code: str, name: str) -> bool:
    """Whether the code begins so, or the name is of a rule or a line that it belongs to."""
    return code.startswith(name) or code in codes_by_name().get(name, ())


def rules_covering(line: ChecklistLine) -> tuple[Rule, ...]:
    """The practices that see to it that the line is met."""
    return tuple(rule for rule in all_rules() if line.id in rule.covers)
