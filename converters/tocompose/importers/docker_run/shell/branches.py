"""`if`, `case`, `&&` and `||`: which branches count, under which condition, and what the variables hold afterwards."""

from __future__ import annotations

import re
from itertools import pairwise

from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.shell.conditions import condition_holds, matching_branch
from tocompose.importers.docker_run.shell.parameters import (
    compose_expansion,
    sole_parameter,
    sole_variable,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Scope, Value
from tocompose.ledger import Cursor
from tocompose.tables import load

_TESTS = frozenset({"[", "[[", "test", "command", "which", "type", "hash", "grep"})


def source_text(cursor: Cursor) -> str:
    """The words of a statement, as the source writes them."""
    return " ".join(_leaf_texts(cursor))


def _leaf_texts(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        is_document = cursor.style.startswith(("heredoc", "delimiter"))
        return [] if is_document else [cursor.peek() or ""]
    if cursor.kind == "redirect":
        return []
    if cursor.kind in ("assignment", "append"):
        return [f"{child.key}=…" for child in cursor.children]
    return [text for child in cursor for text in _leaf_texts(child)]


def read_if(shell: Shell, cursor: Cursor) -> None:
    """Reads both branches of an `if`, or the one that a constant condition chooses."""
    condition = cursor.at("condition")
    verdict, guard = ask_all(shell, condition)
    branches = [(cursor.at("then"), guard), (cursor.at("else"), _negated(guard))]
    if verdict is not None:
        _settle_dead(branches[1 if verdict else 0][0], shown(source_text(condition)))
        shell.run_all(branches[0 if verdict else 1][0])
        return
    scope = shell.scope
    outcomes = [_run_branch(shell, scope, body, text) for body, text in branches if body]
    if not cursor.at("else"):
        outcomes.append(scope)
    merge_outcomes(shell, scope, outcomes, condition)


def _negated(guard: str) -> str:
    return f"not ({guard})" if guard else ""


def _run_branch(shell: Shell, scope: Scope, body: Cursor, guard: str) -> Scope:
    """The scope as a body leaves it that starts with a copy of `scope`."""
    shell.scope = scope.copy()
    with shell.under(guard):
        shell.run(body)
    return shell.scope


def ask_all(shell: Shell, condition: Cursor) -> tuple[bool | None, str]:
    """Whether a condition holds, None when that is not known; and its text, empty when it only asks what exists."""
    steps_before = len(shell.steps)
    with shell.mode(testing=True):
        shell.run(condition)
    for step in shell.steps[steps_before:]:
        if isinstance(step, Invocation) and step.verb[-1] in load("shell")["asking"]:
            return None, ""
    return condition_holds(shell, condition), shown(source_text(condition))


def _settle_dead(body: Cursor, condition: str) -> None:
    if not body:
        return
    if re.search(r"docker|podman", source_text(body)):
        body.note("TC157", condition=condition)
    body.skip("never runs as the script stands")


def merge_outcomes(
    shell: Shell, scope: Scope, outcomes: list[Scope], condition: Cursor
) -> None:
    """Goes on with the variables as the branches leave them; where they differ, one is chosen and a note says so."""
    shell.scope = scope
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.variables)
    for name in names:
        values = [outcome.get(name) for outcome in outcomes]
        if any(value is not values[0] for value in values):
            scope.set(name, _merged_value(name, scope.get(name), values, condition))
    for outcome in outcomes:
        scope.exports |= outcome.exports


def _merged_value(
    name: str, old: Value | None, values: list[Value | None], condition: Cursor
) -> Value:
    changed = [value for value in values if value is not None and value is not old]
    default = _as_default(name, old, changed, condition)
    if default is not None:
        return default
    chosen = _preferred(old, values, changed)
    if any(value is not None and _differs(value, chosen) for value in values):
        _note_choice(name, chosen, changed, condition)
    return chosen


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


def _differs(value: Value, chosen: Value) -> bool:
    return (value.text, value.items) != (chosen.text, chosen.items)


def _note_choice(name: str, chosen: Value, changed: list[Value], condition: Cursor) -> None:
    text = shown(source_text(condition))
    for value in changed:
        which = "this value" if value is chosen else "another value"
        for source in value.sources[:1]:
            source.note("TC156", name=name, condition=text, which=which)


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
    texts = _leaf_texts(condition)
    operands = {
        operand for flag, operand in pairwise(texts) if flag == "-z"
    } | {
        operand
        for operand, sign, text in zip(texts, texts[1:], texts[2:], strict=False)
        if sign in ("=", "==") and text in ('""', "''")
    }  # fmt: skip
    return any(_is_parameter(operand, name) for operand in operands)


def _is_parameter(raw: str, name: str) -> bool:
    """Whether a word is the parameter of that name, at most with an empty default."""
    parameter = sole_parameter(raw)
    return parameter is not None and (parameter.text, parameter.argument) == (name, "")


def read_and(shell: Shell, cursor: Cursor) -> None:
    """`a && b`: b under the condition a, where a is a test."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if _is_test(condition):
        _run_guarded(shell, condition, consequence, runs_on=True)
    else:
        shell.run(condition)
        shell.run(consequence)


def read_or(shell: Shell, cursor: Cursor) -> None:
    """`a || b`: b where a fails; a docker command that asks or starts what exists guards nothing."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if condition.kind == "and" and _is_test(condition.at(0)):
        _read_either(shell, condition, consequence)
    else:
        _run_guarded(shell, condition, consequence, runs_on=False)


def _read_either(shell: Shell, test_and_then: Cursor, otherwise: Cursor) -> None:
    """`test && a || b` is an `if` with an `else`."""
    condition, then = test_and_then.at(0), test_and_then.at(1)
    verdict, guard = ask_all(shell, condition)
    branches = [(then, guard), (otherwise, _negated(guard))]
    if verdict is not None:
        branches = [branches[0 if verdict else 1]]
    scope = shell.scope
    outcomes = [_run_branch(shell, scope, body, text) for body, text in branches]
    merge_outcomes(shell, scope, outcomes, condition)
    if verdict is not None:
        _settle_dead(otherwise if verdict else then, guard)


def _run_guarded(
    shell: Shell, condition: Cursor, consequence: Cursor, *, runs_on: bool
) -> None:
    """Runs what follows `&&` (where it runs on success) or `||` under what stands in front."""
    steps_before = len(shell.steps)
    is_test = _is_test(condition)
    if is_test:
        verdict, guard = ask_all(shell, condition)
    else:
        shell.run(condition)
        verdict, guard = None, shown(source_text(condition))
    if verdict is not None and verdict is not runs_on:
        _settle_dead(consequence, guard)
        return
    if verdict is runs_on or len(shell.steps) > steps_before:
        guard = ""
    scope = shell.scope
    outcome = _run_branch(shell, scope, consequence, guard if runs_on else _negated(guard))
    is_certain = verdict is runs_on or not is_test
    merge_outcomes(shell, scope, [outcome] if is_certain else [outcome, scope], condition)


def _is_test(cursor: Cursor) -> bool:
    """Whether a statement only asks: `[ … ]`, `[[ … ]]`, `test …`, `command -v …`, and what is made of them."""
    if cursor.kind in ("not", "and", "or", "pipeline", "group", "body"):
        return all(_is_test(child) for child in cursor)
    name = next((child.peek() for child in cursor if child.kind == "leaf"), None) or ""
    return name in _TESTS or name.startswith("((")


def read_case(shell: Shell, cursor: Cursor) -> None:
    """Reads every branch of a `case`, or the one that a known subject chooses."""
    subject = shell.value(cursor.at("subject"))
    cursor.at("subject").skip("what a case compares")
    branches = [child for child in cursor if child.key == "item"]
    for branch in branches:
        branch.at("patterns").skip("what a case compares with")
    chosen = matching_branch(subject, [_patterns_of(branch) for branch in branches])
    scope = shell.scope
    outcomes: list[Scope] = []
    written = shown(cursor.at("subject").peek() or "")
    for index, branch in enumerate(branches):
        guard = f"{written} is {'|'.join(_patterns_of(branch))}" if chosen is None else ""
        if chosen in (None, index):
            outcomes.append(_run_branch(shell, scope, branch.at("body"), guard))
        else:
            _settle_dead(branch.at("body"), f"{written} is {subject.plain}")
    if outcomes:
        merge_outcomes(shell, scope, outcomes, cursor.at("subject"))


def _patterns_of(branch: Cursor) -> list[str]:
    return [child.peek() or "" for child in branch.at("patterns")]
