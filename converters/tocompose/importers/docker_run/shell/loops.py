"""`for`, `while` and `until`: constant loops are unrolled, loops that wait for something become waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from tocompose.importers.docker_run.invocation import Invocation, WaitLoop
from tocompose.importers.docker_run.shell import flow
from tocompose.importers.docker_run.shell.assignments import assign_number
from tocompose.importers.docker_run.shell.branches import ask
from tocompose.importers.docker_run.shell.commands import source_text
from tocompose.importers.docker_run.shell.conditions import condition_holds
from tocompose.importers.docker_run.shell.discovery import CLIENT_VARIABLE
from tocompose.importers.docker_run.shell.expansion import calculate
from tocompose.importers.docker_run.shell.file_patterns import file_names
from tocompose.importers.docker_run.shell.input import (
    assign_line,
    input_lines,
    names_to_read,
    separators_of,
)
from tocompose.importers.docker_run.shell.parameters import free_name
from tocompose.importers.docker_run.shell.state import Shell, Unknowable, shown
from tocompose.importers.docker_run.shell.variables import OpenVariable, Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.commands import DECLARATIONS
from tocompose.source import leaves
from tocompose.syntax.units import is_whole_number

MOST_ROUNDS = 50
# Of a loop that only computes.
_MOST_SILENT_ROUNDS = 2_000
# What a loop may call that waits for nothing and starts nothing.
_COMPUTING = frozenset(
    {"[", "[[", "test", ":", "true", "let", "echo", "printf", "break", "continue"}
)
_MOST_NUMBERS = 100_000
_COUNTING_HEADER = regex(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<first>[^;]+?)\s*;\s*(?P=name)\s*(?P<sign><=?|>=?|!=)\s*(?P<last>[^;]+?)\s*;"
    r"\s*(?:(?P=name)(?P<step>\+\+|--)|(?P<before>\+\+|--)(?P=name)|(?P=name)\s*(?P<change>[+-])=\s*(?P<by>\d{1,9}))\s*"
)
_DOCKER_WORD = regex(rf"docker|podman|{CLIENT_VARIABLE}")
_CREATION = regex(
    rf"(?:docker|podman|{CLIENT_VARIABLE}) (?:-\S+ )*(?:\w+ )?(?:run|create)\b"
)


def read_for(shell: Shell, cursor: Cursor) -> None:
    """Reads the body once for each value, or once with the variable open when the values are not known."""
    name = cursor.children[0].key
    listed = cursor.at(name)
    header = listed if listed.children else cursor
    values = _by_default(shell, header, lambda: _listed_values(shell, listed, cursor.kind))
    _read_rounds(shell, str(name), values, header, cursor.at("body"))


_Counted = TypeVar("_Counted")


def _by_default(
    shell: Shell, header: Cursor, count: Callable[[], _Counted | None]
) -> _Counted | None:
    """What a loop counts; where variables are open in it, by what the script says they are without its user."""
    counted = count()
    if counted is not None:
        return counted
    with shell.scope.taking_defaults() as taken:
        counted = count()
    if counted is not None and taken:
        names, defaults = ", ".join(taken), ", ".join(taken.values())
        header.annotate("TC864", name=names, default=defaults)
    return counted


def read_select(shell: Shell, cursor: Cursor) -> None:
    """Reads the body of a menu for what the script's own input chooses, else once with the choice open."""
    name = str(cursor.children[0].key)
    listed, body = cursor.at(name), cursor.at("body")
    values = _listed_values(shell, listed, "for") if len(listed) else None
    text, shell.piped = shell.piped, None
    header = listed if listed.children else cursor
    if text is None or text.plain is None or values is None:
        _open_round(shell, name, header, body)
        return
    choices = [
        values[int(line.text) - 1] if _is_choice(line.text, len(values)) else Value("")
        for line in input_lines(text)
        if line.text.strip()
    ]
    _read_rounds(shell, name, choices, header, body)


def _is_choice(text: str, count: int) -> bool:
    return is_whole_number(text.strip()) and 0 < int(text) <= count


def _read_rounds(
    shell: Shell, name: str, values: Iterable[Value] | None, header: Cursor, body: Cursor
) -> None:
    if _ends_by_break(body) and not _only_computes(body):
        _settle_header(header, "how often a loop tries")
        _poll(shell, body)
        return
    if values is None:
        _open_round(shell, name, header, body)
        return
    values = list(values)
    if not values:
        body.note("TC157", condition=f"the list of {name} is empty")
    has_steps = False
    for value in values[:MOST_ROUNDS]:
        shell.scope.set(name, value)
        has_steps = shell.run_all(body) or has_steps
        if flow.is_left(shell):
            break
    if has_steps and len(values) > MOST_ROUNDS:
        header.annotate("TC159", rounds=len(values), most=MOST_ROUNDS)
    _settle_header(header, "the values of a loop")


def _poll(shell: Shell, body: Cursor) -> None:
    """Reads the body of a loop that tries until something works, which ends it."""
    with shell.mode(polled=True):
        shell.run_all(body)
    shell.jump = None


def _settle_header(header: Cursor, why: str) -> None:
    """Settles what a loop counts or lists; one that goes through the script's arguments has no words for it."""
    if header.kind in ("words", "leaf"):
        header.skip(why)


def _listed_values(shell: Shell, listed: Cursor, kind: str) -> tuple[Value, ...] | None:
    if kind == "for-arguments":
        return shell.scope.arguments
    values: list[Value] = []
    for leaf in listed:
        fields = file_names(shell, leaf.peek() or "", shell.expand_fields(leaf))
        if not fields and re.search(r"[@*]", leaf.peek() or ""):
            return None
        if any(_is_unknown(field) for field in fields):
            return None
        values += fields
    return tuple(values)


def _is_unknown(field: Value) -> bool:
    """Whether the value of a loop is not known: an open variable, or a pattern for file names."""
    text = field.plain
    return text is None or bool(re.search(r"[*?\[]", text))


def _open_round(shell: Shell, name: str, header: Cursor, body: Cursor) -> None:
    """One round with the variable open."""
    written = "$@"
    if header.kind == "words":
        written = shown(f"{name} in {source_text(header)}").removeprefix(f"{name} in ")
    free = free_name(name)
    shell.scope.set(name, _round_variable(free))
    if _run_undecided(shell, body):
        header.note("TC158", name=free, values=written)
    else:
        header.skip("the values of a loop")


def _run_undecided(shell: Shell, body: Cursor) -> bool:
    """Whether a body makes a step that may run any number of times, and is read once."""
    if shell.output is not None:
        raise Unknowable
    shell.undecided += 1
    has_steps = shell.run_all(body)
    shell.undecided -= 1
    shell.jump = None
    return has_steps


def _round_variable(name: str) -> Value:
    """The variable of a loop that is read once; the note about the loop speaks of it."""
    return Value(f"${{{name}}}", opens=(OpenVariable(name, None),))


def read_count(shell: Shell, cursor: Cursor) -> None:
    """`for ((i = 1; i <= 3; i++))`."""
    header = cursor.at("header")
    if _counts_by_expressions(shell, header, cursor.at("body")):
        return
    match = _COUNTING_HEADER.fullmatch(header.peek() or "")
    numbers = (
        _by_default(shell, header, lambda: _counted_numbers(shell, header, match))
        if match
        else None
    )
    name, values = match["name"] if match else "i", None
    if numbers is not None:
        values = [Value(str(number), (header,)) for number in numbers]
    _read_rounds(shell, name, values, header, cursor.at("body"))


def _counts_by_expressions(shell: Shell, header: Cursor, body: Cursor) -> bool:
    """Whether a loop counts by expressions that are no plain counting, and was read as often as they say."""
    text = header.peek() or ""
    expressions = text.split(";")
    if _COUNTING_HEADER.fullmatch(text) or len(expressions) != 3 or _ends_by_break(body):
        return False
    start, condition, step = expressions
    if start.strip() and assign_number(shell, header, start) is None:
        return False
    if _constant_number(shell, header, condition) is None:
        return False
    for _ in range(MOST_ROUNDS):
        if not _constant_number(shell, header, condition):
            break
        shell.run_all(body)
        if flow.is_left(shell) or assign_number(shell, header, step) is None:
            break
    else:
        header.annotate("TC159", rounds=MOST_ROUNDS + 1, most=MOST_ROUNDS)
    header.skip("the counter of a loop")
    return True


def _counted_numbers(shell: Shell, header: Cursor, match: re.Match[str]) -> range | None:
    start = _constant_number(shell, header, match["first"])
    limit = _constant_number(shell, header, match["last"])
    if start is None or limit is None:
        return None
    counts_down = "-" in (match["step"] or match["before"] or match["change"] or "")
    direction = -1 if counts_down else 1
    if match["sign"] in ("<=", ">="):
        limit += direction
    numbers = range(start, limit, direction * int(match["by"] or 1))
    return numbers if len(numbers) < _MOST_NUMBERS else None


def _constant_number(shell: Shell, header: Cursor, text: str) -> int | None:
    return calculate(text, header, shell.word_context, {})


def read_while(shell: Shell, cursor: Cursor) -> None:
    """A loop that waits for its condition gives a wait; any other is read once."""
    condition, body = cursor.at("condition"), cursor.at("body")
    if (reading := _reading_command(condition)) is not None:
        _read_lines(shell, condition, reading, body)
    elif _only_computes(body) and not _is_poll(condition):
        _repeat(shell, condition, body, wanted=cursor.kind == "while")
    elif _ends_by_break(body) and _calls_no_docker(condition):
        condition.skip("how often a loop tries")
        _poll(shell, body)
    elif (
        not _reads_options(shell, condition)
        and not _creates_something(body)
        and _is_open(shell, condition)
    ):
        with shell.mode(polled=True):
            shell.run_all(condition)
        _run_undecided(shell, body)
    else:
        _repeat(shell, condition, body, wanted=cursor.kind == "while")


def _reads_options(shell: Shell, condition: Cursor) -> bool:
    """Whether a loop goes through the options that the script is known to be started with."""
    return (
        shell.scope.arguments is not None
        and source_text(condition).partition(" ")[0] == "getopts"
    )


def _is_open(shell: Shell, condition: Cursor) -> bool:
    """Whether a loop waits for something outside, or never ends."""
    is_constant = "$" not in source_text(condition) and "((" not in source_text(condition)
    return is_constant or condition_holds(shell, condition) is None


def _repeat(shell: Shell, condition: Cursor, body: Cursor, *, wanted: bool) -> None:
    """Reads the body as long as the condition is known to hold, within limits."""
    rounds, words_before = 0, list[object]()
    most_rounds = _MOST_SILENT_ROUNDS if _only_computes(body) else MOST_ROUNDS
    while rounds < most_rounds:
        verdict = _by_default(shell, condition, lambda: ask(shell, condition))
        if verdict is None and rounds == 0:
            _run_undecided(shell, body)
        if verdict is not wanted:
            break
        first_step = len(shell.steps)
        shell.run_all(body)
        rounds += 1
        step_words = _words_of(shell.steps[first_step:])
        if step_words and step_words == words_before:
            # A loop that does the same again and again is read once.
            del shell.steps[first_step:]
            shell.jump = None
            break
        words_before = step_words
        if flow.is_left(shell):
            break
    if rounds == 0:
        _settle_unread(body, condition)
    elif rounds == most_rounds:
        condition.annotate("TC159", rounds=most_rounds + 1, most=most_rounds)


def _words_of(steps: list[Invocation | WaitLoop]) -> list[object]:
    return [[argument.text for argument in step.arguments] for step in steps]


def _settle_unread(body: Cursor, condition: Cursor) -> None:
    if body.unread():
        if _creates_something(body):
            body.note("TC157", condition=shown(source_text(condition)))
        body.skip("never runs as the script stands")


def _reading_command(condition: Cursor) -> Cursor | None:
    """The `read` of `while read a b`, also of `while read a || [ -n "$a" ]`; None for another condition."""
    if len(condition) != 1:
        return None
    command = condition.at(0)
    command = command.at(0) if command.kind == "or" else command
    command_words = [child.peek() or "" for child in command if child.kind == "leaf"]
    return command if command.kind == "command" and command_words[:1] == ["read"] else None


def _read_lines(shell: Shell, condition: Cursor, reading: Cursor, body: Cursor) -> None:
    """Reads the body for each line that the script says itself, else once."""
    read_words = [child.peek() or "" for child in reading if child.kind == "leaf"][1:]
    names, fills_array = names_to_read(read_words)
    text, shell.piped = shell.piped, None
    if text is None or text.plain is None:
        _read_open_lines(shell, condition, body, names)
        return
    lines_before, shell.lines = shell.lines, input_lines(text)
    has_steps, count = False, len(shell.lines)
    separators = separators_of(shell, reading)
    for _ in range(min(count, MOST_ROUNDS)):
        if not shell.lines:
            break
        line = shell.lines.pop(0)
        assign_line(shell, line, names, separators, as_array=fills_array)
        has_steps = shell.run_all(body) or has_steps
        if flow.is_left(shell):
            break
    shell.lines = lines_before
    if has_steps and count > MOST_ROUNDS:
        condition.annotate("TC159", rounds=count, most=MOST_ROUNDS)
    condition.skip("the input of a loop")


def _read_open_lines(
    shell: Shell, condition: Cursor, body: Cursor, names: list[str]
) -> None:
    for name in names:
        shell.scope.set(name, _round_variable(free_name(name)))
    if _run_undecided(shell, body):
        free_names = ", ".join(map(free_name, names))
        values = "the lines that the loop reads"
        condition.note("TC158", name=free_names, values=values)
    condition.skip("the input of a loop")


def _ends_by_break(body: Cursor) -> bool:
    """Whether a loop ends with `break` as soon as something works, and makes nothing itself."""
    return "break" in _leaf_texts(body) and not _creates_something(body)


def _only_computes(body: Cursor) -> bool:
    """Whether the statements of a loop only test and change variables, so that its rounds can be counted."""
    if body.kind == "command":
        body_words = [child.peek() or "" for child in body if child.kind == "leaf"]
        name = body_words[0] if body_words else ":"
        return name in _COMPUTING or name.startswith(("((", "[[")) or name in DECLARATIONS
    return all(
        _only_computes(child) for child in body if child.kind not in ("leaf", "words")
    )


def _is_poll(condition: Cursor) -> bool:
    """Whether a condition asks something outside of the script."""
    return not _only_computes(condition)


def _creates_something(body: Cursor) -> bool:
    """Whether the body has a docker command that makes something."""
    return _CREATION.search(" ".join(_leaf_texts(body))) is not None


def _calls_no_docker(condition: Cursor) -> bool:
    return not any(_DOCKER_WORD.search(text) for text in _leaf_texts(condition))


def _leaf_texts(cursor: Cursor) -> list[str]:
    return [leaf.text for child in cursor.children for leaf in leaves(child.node)]
