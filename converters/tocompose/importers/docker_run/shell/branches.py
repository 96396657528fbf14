"""`if`, `case`, `&&` and `||`: which branches count, under which condition, and what the variables hold afterwards."""

from __future__ import annotations

from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.shell.conditions import condition_holds, matching_branch
from tocompose.importers.docker_run.shell.discovery import mentions_docker
from tocompose.importers.docker_run.shell.parameters import (
    compose_expansion,
    sole_parameter,
    sole_variable,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Scope, Value
from tocompose.ledger import Cursor
from tocompose.tables import load

_EMPTY_COMPARISONS = [[sign, text] for sign in ("=", "==") for text in ('""', "''")]
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
    _read_branches(shell, cursor.at("condition"), cursor.at("then"), cursor.at("else"))


def _read_branches(
    shell: Shell, condition: Cursor, then: Cursor, otherwise: Cursor
) -> None:
    verdict = ask(shell, condition)
    if verdict is not None:
        _settle_dead(otherwise if verdict else then, shown(source_text(condition)))
        alive = then if verdict else otherwise
        if alive:
            shell.run(alive)
        return
    scope = shell.scope
    outcomes = [_run_branch(shell, scope, body) for body in (then, otherwise) if body]
    if not otherwise:
        outcomes.append(scope)
    merge_outcomes(shell, scope, outcomes, condition)


def _run_branch(shell: Shell, scope: Scope, body: Cursor) -> Scope:
    """The scope as a body leaves it that starts with a copy of `scope`."""
    shell.scope = scope.copy()
    shell.run(body)
    return shell.scope


def ask(shell: Shell, condition: Cursor) -> bool | None:
    """Whether a condition holds; None when that is not known, or it only asks what exists."""
    steps_before = len(shell.steps)
    with shell.mode(testing=True):
        shell.run(condition)
    for step in shell.steps[steps_before:]:
        if isinstance(step, Invocation) and step.verb[-1] in load("shell")["asking"]:
            return None
    return condition_holds(shell, condition)


def _settle_dead(body: Cursor, condition: str) -> None:
    if not body:
        return
    if mentions_docker(source_text(body)):
        body.note("TC157", condition=condition)
    body.skip("never runs as the script stands")


def merge_outcomes(
    shell: Shell, scope: Scope, outcomes: list[Scope], condition: Cursor
) -> None:
    """Goes on with the variables as the branches leave them; where they differ, one is chosen and a note says so."""
    if len(outcomes) == 1:
        shell.scope = outcomes[0]
        return
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


def read_and(shell: Shell, cursor: Cursor) -> None:
    """`a && b`: b under the condition a, where a is a test."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if _is_test(condition):
        _run_guarded(shell, condition, consequence, runs_on=True)
    else:
        shell.run(condition)
        shell.run(consequence)


def read_or(shell: Shell, cursor: Cursor) -> None:
    """`a || b`: b where a fails; `test && a || b` is an `if` with an `else`."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if condition.kind == "and" and _is_test(condition.at(0)):
        _read_branches(shell, condition.at(0), condition.at(1), consequence)
    elif _is_test(condition):
        _run_guarded(shell, condition, consequence, runs_on=False)
    else:
        # What stands for a command that fails is read, but says nothing about what the variables hold.
        shell.run(condition)
        with shell.inner():
            shell.run(consequence)


def _run_guarded(
    shell: Shell, condition: Cursor, consequence: Cursor, *, runs_on: bool
) -> None:
    """Runs what follows the test in front of `&&` (where it runs on success) or of `||`."""
    verdict = ask(shell, condition)
    if verdict is None:
        scope = shell.scope
        outcome = _run_branch(shell, scope, consequence)
        merge_outcomes(shell, scope, [outcome, scope], condition)
    elif verdict is runs_on:
        shell.run(consequence)
    else:
        _settle_dead(consequence, shown(source_text(condition)))


def _is_test(cursor: Cursor) -> bool:
    """Whether a statement only asks: `[ … ]`, `[[ … ]]`, `test …`, `command -v …`, and what is made of them."""
    if cursor.kind in ("not", "and", "or", "pipeline", "group", "body"):
        return all(_is_test(child) for child in cursor)
    name = next((child.peek() for child in cursor if child.kind == "leaf"), None) or ""
    return name in _TESTS or name.startswith("((")


def read_case(shell: Shell, cursor: Cursor) -> None:
    """Reads every branch of a `case`, or the one that a known subject chooses."""
    subject = cursor.at("subject")
    value = shell.value(subject)
    subject.skip("what a case compares")
    branches = [child for child in cursor if child.key == "item"]
    for branch in branches:
        branch.at("patterns").skip("what a case compares with")
    chosen = matching_branch(value, [_patterns_of(branch) for branch in branches])
    scope = shell.scope
    outcomes: list[Scope] = []
    for index, branch in enumerate(branches):
        if chosen in (None, index):
            outcomes.append(_run_branch(shell, scope, branch.at("body")))
        else:
            written = shown(subject.peek() or "")
            _settle_dead(branch.at("body"), f"{written} is {value.plain}")
    if outcomes:
        merge_outcomes(shell, scope, outcomes, subject)


def _patterns_of(branch: Cursor) -> list[str]:
    return [child.peek() or "" for child in branch.at("patterns")]
