"""`if`, `case`, `&&` and `||`: which branches count, under which condition, and what the variables hold afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.docker_run.invocation import Invocation, starts_container
from tocompose.importers.docker_run.shell.commands import source_text
from tocompose.importers.docker_run.shell.conditions import (
    condition_holds,
    default_text,
    matching_branch,
)
from tocompose.importers.docker_run.shell.discovery import CLIENT_VARIABLE, mentions_docker
from tocompose.importers.docker_run.shell.outcomes import (
    BranchOutcome,
    demanded_names,
    merge_outcomes,
)
from tocompose.importers.docker_run.shell.state import Shell, Unknowable, shown
from tocompose.importers.docker_run.shell.variables import Scope
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.tables import load

_ASKS_DOCKER = regex(rf"\b(?:docker|podman)\b|{CLIENT_VARIABLE}", re.IGNORECASE)
_TESTS = frozenset({"[", "[[", "test", "command", "which", "type", "hash", "grep"})


def read_if(shell: Shell, cursor: Cursor) -> None:
    """Reads both branches of an `if`, or the one that a constant condition chooses."""
    _read_branches(shell, cursor.at("condition"), cursor.at("then"), cursor.at("else"))


def _read_branches(
    shell: Shell, condition: Cursor, then: Cursor, otherwise: Cursor
) -> None:
    verdict = ask(shell, condition)
    if shell.jump is not None:
        return
    if verdict is not None:
        _settle_dead(otherwise if verdict else then, shown(source_text(condition)))
        alive = then if verdict else otherwise
        shell.status = 0
        if alive:
            shell.run(alive)
        return
    likely = condition_holds(shell, condition, by_default=True)
    bodies = [body for body in (then, otherwise) if body]
    chosen_branch = None if likely is None else then if likely else otherwise
    run_alternatives(shell, bodies, condition, chosen_branch, is_complete=bool(otherwise))


def run_alternatives(
    shell: Shell,
    bodies: list[Cursor],
    condition: Cursor,
    chosen_branch: Cursor | None,
    *,
    is_complete: bool,
) -> None:
    """Reads each of the bodies of which one runs, or none unless they are complete.

    `chosen` is the one that runs where nobody sets what the condition asks for, a missing one for none of them; None
    where that is not known either.
    """
    if shell.output is not None:
        raise Unknowable
    scope = shell.scope
    outcomes: list[BranchOutcome] = []
    is_guess = chosen_branch is None and not asks_what_exists(condition)
    for body in bodies:
        is_likely = chosen_branch is None or chosen_branch.node is body.node
        outcome = _run_branch(
            shell, scope, body, condition, is_likely=is_likely, is_guess=is_guess
        )
        outcomes.append(outcome)
    if chosen_branch is not None and _ends_script(outcomes):
        shell.demanded.update(demanded_names(condition, scope))
    if not is_complete:
        outcomes.append(BranchOutcome(scope, None, is_likely=not chosen_branch))
    merge_outcomes(shell, scope, outcomes, condition)


def _ends_script(outcomes: Iterable[BranchOutcome]) -> bool:
    """Whether the script ends in the branch that runs where nobody sets what the condition asks for."""
    return any(
        outcome.is_likely and outcome.jump is not None and outcome.jump.kind == "exit"
        for outcome in outcomes
    )


def asks_what_exists(condition: Cursor) -> bool:
    """Whether a condition asks docker, or looks for a program: it is about running the script twice, or at all."""
    return _ASKS_DOCKER.search(source_text(condition)) is not None


def _run_branch(
    shell: Shell,
    scope: Scope,
    body: Cursor,
    condition: Cursor,
    *,
    is_likely: bool,
    is_guess: bool,
) -> BranchOutcome:
    """What comes of a body that starts with a copy of `scope`."""
    steps_before = len(shell.steps)
    shell.scope = scope.copy()
    shell.undecided += 1
    shell.run(body)
    shell.undecided -= 1
    jump, shell.jump = shell.jump, None
    text = shown(source_text(condition) or (condition.peek() or ""))
    steps = [step for step in shell.steps[steps_before:] if isinstance(step, Invocation)]
    if not is_likely:
        shell.unlikely += [(step, body, text) for step in steps]
    elif is_guess:
        for step in steps:
            if starts_container(step):
                (*step.head, *step.arguments)[0].annotate("TC175", condition=text)
    return BranchOutcome(shell.scope, jump, is_likely)


def ask(shell: Shell, condition: Cursor) -> bool | None:
    """Whether a condition holds; None when that is not known, or it only asks what exists."""
    steps_before = len(shell.steps)
    with shell.mode(testing=True):
        shell.run(condition)
    for step in shell.steps[steps_before:]:
        if isinstance(step, Invocation) and step.verb[-1] in load("shell")["asking"]:
            return None
    return None if shell.status is None else shell.status == 0


def settle_unreached(shell: Shell) -> None:
    """Settles what no jump ever led to."""
    for statement in shell.unreached:
        if statement.unread():
            _settle_dead(statement, "the script goes on elsewhere before it")


def settle_unlikely(shell: Shell) -> None:
    """Leaves out what only runs where somebody asks for it, unless the script then makes nothing."""
    unlikely = {id(step) for step, _, _ in shell.unlikely}
    likely_steps = [step for step in shell.steps if id(step) not in unlikely]
    if any(starts_container(step) for step in likely_steps):
        for step, body, condition in shell.unlikely:
            for word in (*step.head, *step.arguments):
                word.skip("it runs only on request")
            if starts_container(step):
                body.annotate("TC174", condition=condition)
        shell.steps = likely_steps
    else:
        for step, _, condition in shell.unlikely:
            if starts_container(step):
                (*step.head, *step.arguments)[0].annotate("TC175", condition=condition)


def _settle_dead(body: Cursor, condition: str) -> None:
    if not body:
        return
    if mentions_docker(source_text(body)):
        body.note("TC157", condition=condition)
    body.skip("never runs as the script stands")


def read_and(shell: Shell, cursor: Cursor) -> None:
    """`a && b`: b under the condition a, where a is a test."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if _is_test(condition):
        _run_guarded(shell, condition, consequence, runs_on=True)
        return
    shell.run(condition)
    if shell.jump is not None or shell.status == 0:
        shell.run(consequence)
    elif shell.status is None:
        shell.run(consequence)
        # Whether it is reached at all is not known.
        shell.jump = None
    else:
        _settle_dead(consequence, shown(source_text(condition)) + " fails")


def read_or(shell: Shell, cursor: Cursor) -> None:
    """`a || b`: b where a fails; `test && a || b` is an `if` with an `else`."""
    condition, consequence = cursor.at(0), cursor.at(1)
    if condition.kind == "and" and _is_test(condition.at(0)):
        _read_branches(shell, condition.at(0), condition.at(1), consequence)
    elif _is_test(condition):
        _run_guarded(shell, condition, consequence, runs_on=False)
    else:
        # What stands for a command that fails is read, but says nothing about what the variables hold.
        count = len(shell.steps)
        shell.run(condition)
        if shell.jump is not None:
            shell.run(consequence)
        elif shell.status == 0 and any(map(starts_container, shell.steps[count:])):
            _read_fallback(shell, condition, consequence)
        elif shell.status is None or _makes_something(shell, condition):
            with shell.inner():
                shell.run(consequence)
            shell.jump, shell.status = None, None
        elif shell.status:
            shell.run(consequence)
        else:
            _settle_dead(consequence, shown(source_text(condition)) + " succeeds")


def _read_fallback(shell: Shell, condition: Cursor, consequence: Cursor) -> None:
    """Leaves out what only runs where a container could not be started: starting one is taken to succeed."""
    count = len(shell.steps)
    with shell.inner():
        shell.run(consequence)
    steps = [step for step in shell.steps[count:] if isinstance(step, Invocation)]
    for step in steps:
        for word in (*step.head, *step.arguments):
            word.skip("only runs where a container could not be started")
    if any(map(starts_container, steps)):
        consequence.annotate("TC862", condition=shown(source_text(condition)))
    del shell.steps[count:]
    shell.jump, shell.status = None, 0


def _makes_something(shell: Shell, condition: Cursor) -> bool:
    """Whether a statement is more than a constant: what happens when it fails is read too."""
    return condition_holds(shell, condition) is None


def _run_guarded(
    shell: Shell, condition: Cursor, consequence: Cursor, *, runs_on: bool
) -> None:
    """Runs what follows the test in front of `&&` (where it runs on success) or of `||`."""
    verdict = ask(shell, condition)
    if verdict is None:
        likely = condition_holds(shell, condition, by_default=True)
        nothing = consequence.at("nothing")
        chosen_branch = (
            None if likely is None else consequence if likely is runs_on else nothing
        )
        run_alternatives(shell, [consequence], condition, chosen_branch, is_complete=False)
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
    subject.skip("the value of a case statement")
    branches = [child for child in cursor if child.key == "item"]
    for branch in branches:
        branch.at("patterns").skip("a pattern of a case statement")
    patterns = [_patterns_of(branch) for branch in branches]
    if value.plain is None or matching_branch(value.plain, patterns) is None:
        likely = matching_branch(default_text(value, subject), patterns)
        bodies = [branch.at("body") for branch in branches]
        chosen_branch = None if likely is None else cursor.at("nothing")
        if likely is not None and likely >= 0:
            chosen_branch = bodies[likely]
        takes_all = ["*"] in patterns
        run_alternatives(shell, bodies, subject, chosen_branch, is_complete=takes_all)
        return
    _run_matching(shell, branches, value.plain, shown(subject.peek() or ""))


def _run_matching(shell: Shell, branches: list[Cursor], text: str, written: str) -> None:
    """Runs the branch that a known subject chooses, and those that it goes on with (`;&`, `;;&`)."""
    falls, is_over = False, False
    shell.status = 0
    for branch in branches:
        matches = falls or matching_branch(text, [_patterns_of(branch)]) == 0
        if is_over or not matches:
            _settle_dead(branch.at("body"), f"{written} is {text}")
            continue
        shell.run(branch.at("body"))
        falls = branch.kind == "item-falls"
        is_over = branch.kind == "item"


def _patterns_of(branch: Cursor) -> list[str]:
    return [child.peek() or "" for child in branch.at("patterns")]
