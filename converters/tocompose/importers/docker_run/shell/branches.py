"""`if`, `case`, `&&` and `||`: which branches count, under which condition, and what the variables hold afterwards."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.shell.conditions import condition_holds, matching_branch
from tocompose.importers.docker_run.shell.parameters import compose_expansion
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Scope, Value
from tocompose.ledger import Cursor

# Commands that only ask whether something exists: a guard of them is about running the script twice.
_ASKING = frozenset(
    {
        "ps",
        "inspect",
        "images",
        "ls",
        "exists",
        "info",
        "version",
        "start",
        "logs",
        "port",
        "top",
        "stats",
    }
)


def source_text(cursor: Cursor) -> str:
    """The words of a statement, as the source writes them."""
    return " ".join(_leaf_texts(cursor))


def _leaf_texts(cursor: Cursor) -> list[str]:
    if cursor.kind == "leaf":
        return (
            []
            if cursor.style.startswith(("heredoc", "delimiter"))
            else [cursor.peek() or ""]
        )
    if cursor.kind == "redirect":
        return []
    if cursor.kind in ("assignment", "append"):
        return [f"{child.key}=…" for child in cursor.children]
    return [text for child in cursor for text in _leaf_texts(child)]


def read_if(shell: Shell, cursor: Cursor) -> None:
    """Reads both branches of an `if`, or the one that a constant condition chooses."""
    condition, then, other = cursor.at("condition"), cursor.at("then"), cursor.at("else")
    verdict, guard = asked(shell, condition)
    if verdict is not None:
        _settle_dead(other if verdict else then, shown(source_text(condition)))
        shell.run_all(then if verdict else other)
        return
    before = shell.scope
    branches = [(then, guard), (other, f"not ({guard})" if guard else "")]
    ended = [_branch(shell, before, body, text) for body, text in branches if body]
    if not other:
        ended.append(before)
    merged(shell, before, ended, condition)


def _branch(shell: Shell, before: Scope, body: Cursor, condition: str) -> Scope:
    shell.scope = before.copy()
    with shell.under(condition):
        shell.run_all(body)
    return shell.scope


def asked(shell: Shell, condition: Cursor) -> tuple[bool | None, str]:
    """Whether a condition holds, None when that is not known; and its text, empty when it only asks what exists."""
    first = len(shell.steps)
    with shell.mode(testing=True):
        shell.run_all(condition)
    verdict = condition_holds(shell, condition)
    asks = [step for step in shell.steps[first:] if isinstance(step, Invocation)]
    if any(step.verb[-1] in _ASKING for step in asks):
        return None, ""
    return verdict, shown(source_text(condition))


def _settle_dead(body: Cursor, condition: str) -> None:
    if not body:
        return
    if re.search(r"docker|podman", source_text(body)):
        body.note("TC157", condition=condition)
    body.skip("never runs as the script stands")


def merged(shell: Shell, before: Scope, ended: list[Scope], condition: Cursor) -> None:
    """Goes on with the variables as the branches leave them; where they differ, one is chosen and a note says so."""
    shell.scope = before
    names = dict.fromkeys(name for scope in ended for name in scope.variables)
    for name in names:
        held = [scope.get(name) for scope in ended]
        if any(value is not held[0] for value in held):
            shell.scope.set(name, _chosen(shell, name, before.get(name), held, condition))
    shell.scope.exports |= {name for scope in ended for name in scope.exports}


def _chosen(
    shell: Shell, name: str, old: Value | None, held: list[Value | None], condition: Cursor
) -> Value:
    new = [value for value in held if value is not None and value is not old]
    if (default := _default(name, old, new, condition)) is not None:
        return default
    grown = [value for value in new if old is not None and _extends(value, old)]
    if grown:
        chosen = grown[0]
    elif old is not None and (old.text or old.items) and old in held:
        chosen = old
    else:
        chosen = new[0]
    if any(
        value.text != chosen.text or value.items != chosen.items
        for value in held
        if value is not None
    ):
        for value in new:
            for source in value.sources[:1]:
                text = shown(source_text(condition))
                source.note(
                    "TC156",
                    name=name,
                    condition=text,
                    which="this value" if value is chosen else "another value",
                )
    return chosen


def _extends(value: Value, old: Value) -> bool:
    if value.items is not None:
        return (
            old.items is not None
            and value.items[: len(old.items)] == old.items
            and len(value.items) > len(old.items)
        )
    return (
        bool(old.text)
        and value.text.startswith(old.text)
        and len(value.text) > len(old.text)
    )


def _default(
    name: str, old: Value | None, new: list[Value], condition: Cursor
) -> Value | None:
    """`if [ -z "$X" ]; then X=d; fi` is `${X:-d}`."""
    text = source_text(condition)
    asks = re.search(
        rf"-z \"?\$\{{?{re.escape(name)}(?::?-)?\}}?\"?(?!\w)|\$\{{?{re.escape(name)}\}}?\"? ==? (?:\"\"|'')",
        text,
    )
    if (
        not asks
        or len(new) != 1
        or new[0].plain is None
        or (old is not None and not old.opens)
    ):
        return None
    known = old.text if old is not None else f"${{{name}}}"
    if not re.fullmatch(r"\$\{[A-Za-z_]\w*\}", known) or set(new[0].text) & set("}$"):
        return None
    return compose_expansion(known[2:-1], ":-", new[0])


def read_and(shell: Shell, cursor: Cursor) -> None:
    """`a && b`: b under the condition a, where a is a test."""
    left, right = cursor.at(0), cursor.at(1)
    if not _is_test(left):
        shell.run(left)
        shell.run(right)
        return
    _guarded(shell, left, right, wanted=True)


def read_or(shell: Shell, cursor: Cursor) -> None:
    """`a || b`: b where a fails; a docker command that asks or starts what exists guards nothing."""
    left, right = cursor.at(0), cursor.at(1)
    if left.kind == "and" and _is_test(left.at(0)):
        _either(shell, left, right)
        return
    _guarded(shell, left, right, wanted=False)


def _either(shell: Shell, left: Cursor, right: Cursor) -> None:
    """`test && a || b` is an `if` with an `else`."""
    condition = left.at(0)
    verdict, guard = asked_one(shell, condition)
    chosen = [(left.at(1), guard), (right, f"not ({guard})" if guard else "")]
    if verdict is not None:
        chosen = [chosen[0 if verdict else 1]]
    before = shell.scope
    ended = []
    for body, text in chosen:
        shell.scope = before.copy()
        with shell.under(text):
            shell.run(body)
        ended.append(shell.scope)
    merged(shell, before, ended, condition)
    for body in (left.at(1), right):
        if verdict is not None and body.path != chosen[0][0].path:
            _settle_dead(body, guard)


def _guarded(shell: Shell, left: Cursor, right: Cursor, *, wanted: bool) -> None:
    first = len(shell.steps)
    if _is_test(left):
        verdict, guard = asked_one(shell, left)
    else:
        shell.run(left)
        verdict, guard = None, shown(source_text(left))
    if verdict is not None and verdict is not wanted:
        _settle_dead(right, guard)
        return
    if verdict is wanted or len(shell.steps) > first:
        guard = ""
    before = shell.scope
    shell.scope = before.copy()
    with shell.under(guard if wanted or not guard else f"not ({guard})"):
        shell.run(right)
    after = shell.scope
    merged(
        shell,
        before,
        [after] if verdict is wanted or not _is_test(left) else [after, before],
        left,
    )


def asked_one(shell: Shell, statement: Cursor) -> tuple[bool | None, str]:
    """As `asked`, of one statement."""
    first = len(shell.steps)
    with shell.mode(testing=True):
        shell.run(statement)
    asks = [step for step in shell.steps[first:] if isinstance(step, Invocation)]
    if any(step.verb[-1] in _ASKING for step in asks):
        return None, ""
    return condition_holds(shell, statement), shown(source_text(statement))


def _is_test(cursor: Cursor) -> bool:
    """Whether a statement only asks: `[ … ]`, `[[ … ]]`, `test …`, `command -v …`, and what is made of them."""
    if cursor.kind in ("not", "and", "or", "pipeline", "group", "body"):
        return all(_is_test(child) for child in cursor)
    first = next((child.peek() for child in cursor if child.kind == "leaf"), None)
    return first in ("[", "[[", "test", "command", "which", "type", "hash", "grep") or (
        first or ""
    ).startswith("((")


def read_case(shell: Shell, cursor: Cursor) -> None:
    """Reads every branch of a `case`, or the one that a known subject chooses."""
    subject = shell.value(cursor.at("subject"))
    cursor.at("subject").skip("what a case compares")
    items = [item for item in cursor if item.key == "item"]
    for item in items:
        item.at("patterns").skip("what a case compares with")
    chosen = matching_branch(subject, [_patterns(item) for item in items])
    before = shell.scope
    ended: list[Scope] = []
    written = shown(cursor.at("subject").peek() or "")
    for index, item in enumerate(items):
        if chosen is not None and index != chosen:
            _settle_dead(item.at("body"), f"{written} is {subject.plain}")
            continue
        condition = (
            "" if chosen is not None else f"{written} is {'|'.join(_patterns(item))}"
        )
        ended.append(_branch(shell, before, item.at("body"), condition))
    if ended:
        merged(shell, before, ended, cursor.at("subject"))


def _patterns(item: Cursor) -> list[str]:
    return [child.peek() or "" for child in item.at("patterns")]
