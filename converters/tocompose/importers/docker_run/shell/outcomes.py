"""What the variables hold after branches of which it is not known which one runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.shell.commands import leaf_texts, source_text
from tocompose.importers.docker_run.shell.parameters import (
    compose_expansion,
    parameter_names,
    sole_parameter,
    sole_variable,
)
from tocompose.importers.docker_run.shell.state import Jump, Shell, shown
from tocompose.importers.docker_run.shell.variables import NOTHING, Scope, Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple

_EMPTY_COMPARISONS = [[sign, text] for sign in ("=", "==") for text in ('""', "''")]


class BranchOutcome(NamedTuple):
    """The variables as a branch leaves them, and where it leads if not to what follows."""

    scope: Scope
    jump: Jump | None
    is_likely: bool


def demanded_names(condition: Cursor, scope: Scope) -> Iterator[str]:
    """The variables and parameters each of which must be set for the script to get past a condition.

    Of several that are joined by "and" it is not known which one is missing.
    """
    text = source_text(condition) or condition.peek() or ""
    names = dict.fromkeys(parameter_names(text))
    if len(names) > 1 and (condition.kind == "and" or _JOINT.search(text)):
        return
    yield from _counted_parameters(text) if "#" in names else ()
    for name in names:
        held = scope.get(name)
        stand_in = sole_variable(held.text) if held else None
        yield f"${name}" if name.isdigit() else stand_in or name


# `[ $# -lt 2 ]`, `(( $# != 1 ))`, `[ $# -eq 0 ]`
_COUNT = regex(r"\$#\"?\s*(?P<sign>-l[te]|<=?|-ne|!=|-eq|==?)\s*\"?(?P<number>\d)\b")


def _counted_parameters(text: str) -> Iterator[str]:
    """The parameters that a script needs which ends where it gets too few."""
    match = _COUNT.search(text)
    if match is not None:
        is_enough = match["sign"] in ("-lt", "<", "-ne", "!=")
        count = int(match["number"]) + (not is_enough)
        yield from (f"${number}" for number in range(1, count + 1))


# `[[ -z $A && -z $B ]]`, `[ -n "$A" -o -n "$B" ]`
_JOINT = regex(r"&&|\s-a\s|-n\s[^|]*(?:\|\||\s-o\s)")


def merge_outcomes(
    shell: Shell, scope: Scope, outcomes: list[BranchOutcome], condition: Cursor
) -> None:
    """Goes on with the variables as the branches leave them; where they differ, one is chosen and a note says so."""
    going_on = [outcome for outcome in outcomes if outcome.jump is None]
    if not going_on:
        shell.scope, shell.jump = scope, outcomes[0].jump
        return
    if len(going_on) == 1:
        shell.scope = going_on[0].scope
        return
    shell.scope = scope
    _merge_scopes(scope, going_on, condition)


def _merge_scopes(scope: Scope, going_on: list[BranchOutcome], condition: Cursor) -> None:
    scopes = [outcome.scope for outcome in going_on]
    names = dict.fromkeys(name for branch in scopes for name in branch.variables)
    for name in names:
        values = [branch.get(name) for branch in scopes]
        if any(value is not values[0] for value in values):
            likely = _likely_value(name, going_on)
            merged = _merged_value(name, scope.get(name), values, condition, likely)
            scope.set(name, merged)
    scope.exports |= set().union(*(branch.exports for branch in scopes))
    scope.status = _common_status(scopes)


def _likely_value(name: str, going_on: list[BranchOutcome]) -> Value | None:
    """The value after the one branch that is likely; None where there are several, or none."""
    likely = [outcome.scope for outcome in going_on if outcome.is_likely]
    return likely[0].get(name) or NOTHING if len(likely) == 1 else None


def _common_status(scopes: Iterable[Scope]) -> int | None:
    """The status that all branches end with; None where they differ."""
    statuses = {branch.status for branch in scopes}
    return statuses.pop() if len(statuses) == 1 else None


def _merged_value(
    name: str,
    old: Value | None,
    values: list[Value | None],
    condition: Cursor,
    likely: Value | None,
) -> Value:
    changed = [value for value in values if value is not None and value is not old]
    default = _as_default(name, old, changed, condition)
    if default is not None:
        return default
    is_kept = likely is old or likely is NOTHING
    if likely is None or (is_kept and not _asks_for_argument(condition, old, changed)):
        chosen_value = _preferred(old, values, changed)
    else:
        chosen_value = likely
    if any(value is not None and _differs(value, chosen_value) for value in values):
        _note_choice(name, chosen_value, changed, condition)
    return chosen_value


def _asks_for_argument(condition: Cursor, old: Value | None, changed: list[Value]) -> bool:
    """Whether a value only changes where the script gets an argument, and has none otherwise that could be open."""
    if old is None and any(value.opens for value in changed):
        return False
    names = parameter_names(source_text(condition) or condition.peek() or "")
    return any(name.isdigit() or name in "#@*" for name in names)


def _preferred(
    old: Value | None, values: list[Value | None], changed: list[Value]
) -> Value:
    """The value that goes on with the old one, else the old one where a branch keeps it, else the first new one."""
    if old is None:
        return changed[0]
    extended = next((value for value in changed if _extends(value, old)), None)
    if extended is not None:
        return extended
    is_kept = bool(old.text or old.items) and old in values
    return old if is_kept or not changed else changed[0]


def _differs(value: Value, chosen_value: Value) -> bool:
    return (value.text, value.items) != (chosen_value.text, chosen_value.items)


def _note_choice(
    name: str, chosen_value: Value, changed: list[Value], condition: Cursor
) -> None:
    text = shown(source_text(condition))
    chosen_lines = [source.span.line for source in _telling_sources(chosen_value)]
    other = f"the value of line {chosen_lines[0]}" if chosen_lines else "its earlier value"
    for value in changed:
        which = "this value" if value is chosen_value else other
        for source in _telling_sources(value):
            source.note("TC156", name=name, condition=text, which=which)


def _telling_sources(value: Value) -> tuple[Cursor, ...]:
    """Where it is told what became of the value: at its first word, at the last one of a list."""
    if value.items is None:
        return value.sources[:1]
    sources = value.sources or tuple(
        part.sources[0] for part in value.items if part.sources
    )
    return sources[-1:]


def _extends(value: Value, old: Value) -> bool:
    if value.items is None:
        return bool(old.text) and value.text != old.text and value.text.startswith(old.text)
    if old.items is None:
        return False
    count = len(old.items)
    return len(value.items) > count and value.items[:count] == old.items


def _as_default(
    name: str, old: Value | None, changed: list[Value], condition: Cursor
) -> Value | None:
    """`if [ -z "$X" ]; then X=d; fi` is `${X:-d}`."""
    if len(changed) != 1 or changed[0].plain is None or set(changed[0].text) & set("}$"):
        return None
    if (old is not None and not old.opens) or not _asks_for_empty(name, condition):
        return None
    variable = name if old is None else sole_variable(old.text)
    return compose_expansion(variable, ":-", changed[0]) if variable else None


def _asks_for_empty(name: str, condition: Cursor) -> bool:
    """Whether a condition asks if a variable is empty: `-z "$X"`, `"$X" = ""`."""
    texts = leaf_texts(condition)
    for index, text in enumerate(texts):
        is_asked = texts[index - 1 : index] == ["-z"]
        is_asked = is_asked or texts[index + 1 : index + 3] in _EMPTY_COMPARISONS
        if is_asked and _is_parameter(text, name):
            return True
    return False


def _is_parameter(raw: str, name: str) -> bool:
    """Whether a word is the parameter of that name, at most with an empty default."""
    parameter = sole_parameter(raw)
    return parameter is not None and (parameter.text, parameter.argument) == (name, "")
