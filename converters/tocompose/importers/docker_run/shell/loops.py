"""`for`, `while` and `until`: constant loops are unrolled, loops that wait for something become waits."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.branches import source_text
from tocompose.importers.docker_run.shell.conditions import holds
from tocompose.importers.docker_run.shell.expansion import value
from tocompose.importers.docker_run.shell.parameters import free_name
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Open, Value
from tocompose.ledger import Cursor
from tocompose.source import Leaf, Node, leaves

MOST_ROUNDS = 50
_COUNT = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<first>[^;]+?)\s*;\s*(?P=name)\s*(?P<sign><=?|>=?|!=)\s*(?P<last>[^;]+?)\s*;"
    r"\s*(?:(?P=name)(?P<step>\+\+|--)|(?P<before>\+\+|--)(?P=name)|(?P=name)\s*(?P<change>[+-])=\s*(?P<by>\d{1,9}))\s*"
)
_TOOL = re.compile(r"(?:\S*/)?(?:docker|podman)|\$\{?DOCKER\w*\}?")


def read_for(shell: Shell, cursor: Cursor) -> None:
    """Reads the body once for each value, or once with the variable open when the values are not known."""
    name = cursor.children[0].key
    listed, body = cursor.at(name), cursor.at("body")
    values = _values(shell, listed, cursor.kind)
    if _waits(body):
        _settle_values(listed)
        _poll(shell, body)
        return
    if values is None:
        _open_round(shell, str(name), listed if listed.children else cursor, body)
        return
    _rounds(shell, str(name), values, body, cursor)


def _settle_values(listed: Cursor) -> None:
    listed.skip("how often a loop tries")


def _values(shell: Shell, listed: Cursor, kind: str) -> tuple[Value, ...] | None:
    if kind == "for-arguments":
        return shell.scope.arguments
    found: list[Value] = []
    for word in listed:
        fields = shell.fields(word)
        if not fields and re.search(r"[@*]", word.peek() or ""):
            return None
        if any(_is_unknown(field) for field in fields):
            return None
        found += fields
    return tuple(found)


def _is_unknown(field: Value) -> bool:
    """Whether the value of a loop is not known: an open variable, or a pattern for file names."""
    known = field.plain
    return known is None or bool(re.search(r"[*?\[]", known))


def _rounds(
    shell: Shell, name: str, values: tuple[Value, ...], body: Cursor, cursor: Cursor
) -> None:
    if not values:
        body.note("TC157", condition=f"the list of {name} is empty")
    _unrolled(shell, name, values, body, cursor)
    cursor.at(name).skip("the values of a loop")


def _unrolled(
    shell: Shell, name: str, values: tuple[Value, ...], body: Cursor, cursor: Cursor
) -> None:
    first = len(shell.steps)
    for item in values[:MOST_ROUNDS]:
        shell.scope.set(name, item)
        shell.run_all(body)
    if len(values) > MOST_ROUNDS and len(shell.steps) > first:
        cursor.remark("TC159", rounds=len(values), most=MOST_ROUNDS)


def _open_round(shell: Shell, name: str, where: Cursor, body: Cursor) -> None:
    """One round with the variable open."""
    written = (
        shown(f"{name} in {source_text(where)}").removeprefix(f"{name} in ")
        if where.kind == "words"
        else "$@"
    )
    free = free_name(name)
    shell.scope.set(name, _round_variable(free))
    first = len(shell.steps)
    shell.run_all(body)
    if len(shell.steps) > first:
        where.note("TC158", name=free, values=written)
    else:
        where.skip("the values of a loop")


def _round_variable(name: str) -> Value:
    """The variable of a loop that is read once; the note about the loop speaks of it."""
    return Value(f"${{{name}}}", opens=(Open(name, None),))


def read_count(shell: Shell, cursor: Cursor) -> None:
    """`for ((i = 1; i <= 3; i++))`."""
    header, body = cursor.at("header"), cursor.at("body")
    text = header.peek() or ""
    match = _COUNT.fullmatch(text)
    numbers = _numbers(shell, header, match) if match else None
    if _waits(body):
        header.skip("how often a loop tries")
        _poll(shell, body)
    elif match is None or numbers is None:
        name = match["name"] if match else "i"
        _open_round(shell, name, header, body)
    else:
        header.skip("the values of a loop")
        values = tuple(Value(str(number), (header,)) for number in numbers)
        _unrolled(shell, match["name"], values, body, cursor)


def _numbers(shell: Shell, header: Cursor, match: re.Match[str]) -> list[int] | None:
    first, last = (_constant(shell, header, match[group]) for group in ("first", "last"))
    if first is None or last is None:
        return None
    step = int(match["by"] or 1)
    if "-" in (match["step"] or match["before"] or match["change"] or ""):
        step = -step
    sign = match["sign"]
    stop = last + (0 if "=" not in sign or sign == "!=" else (1 if step > 0 else -1))
    found = range(first, stop, step)
    return list(found[: MOST_ROUNDS + 1]) if len(found) < 100_000 else None


def _constant(shell: Shell, header: Cursor, text: str) -> int | None:
    if "${" in text:
        text = value(text, header, shell.place).plain or ""
    name = text.strip().strip("${}")
    if re.fullmatch(r"-?\d{1,9}", name):
        return int(name)
    held = shell.scope.get(name)
    known = held.plain if held is not None else None
    return int(known) if known and re.fullmatch(r"-?\d{1,9}", known) else None


def read_while(shell: Shell, cursor: Cursor) -> None:
    """A loop that waits for its condition gives a wait; any other is read once."""
    condition, body = cursor.at("condition"), cursor.at("body")
    text = shown(source_text(condition))
    if (names := _read_names(condition)) is not None:
        _read_lines(shell, cursor, condition, body, names)
        return
    if _waits(body) and (_makes_nothing(condition)):
        condition.skip("how often a loop tries")
        _poll(shell, body)
        return
    if not _makes(body) and holds(shell, condition) is None:
        with shell.mode(polled=True):
            shell.run_all(condition)
        shell.run_all(body)
        return
    with shell.mode(testing=True):
        shell.run_all(condition)
    with shell.under("" if holds(shell, condition) else f"{cursor.kind} {text}"):
        shell.run_all(body)


def _read_names(condition: Cursor) -> list[str] | None:
    """The variables of `while read a b`; None for another condition."""
    if len(condition) != 1 or condition.at(0).kind != "command":
        return None
    raw = [child.peek() or "" for child in condition.at(0) if child.kind == "leaf"]
    if raw[:1] != ["read"]:
        return None
    return [word for word in raw[1:] if re.fullmatch(r"[A-Za-z_]\w*", word)]


def _read_lines(
    shell: Shell, cursor: Cursor, condition: Cursor, body: Cursor, names: list[str]
) -> None:
    for name in names:
        shell.scope.set(name, _round_variable(free_name(name)))
    first = len(shell.steps)
    shell.run_all(body)
    if len(shell.steps) > first:
        condition.note(
            "TC158",
            name=", ".join(map(free_name, names)),
            values="the lines that the loop reads",
        )
    condition.skip("what a loop reads")


def _poll(shell: Shell, body: Cursor) -> None:
    with shell.mode(polled=True):
        shell.run_all(body)


def _waits(body: Cursor) -> bool:
    """Whether a loop ends with `break` as soon as something works, and makes nothing itself."""
    texts = _texts(body)
    return "break" in texts and not _makes(body)


def _makes(body: Cursor) -> bool:
    """Whether the body has a docker command that makes something."""
    whole = " ".join(_texts(body))
    return bool(
        re.search(
            r"(?:docker|podman|\$\{?DOCKER\w*\}?) (?:-\S+ )*(?:\w+ )?(?:run|create)\b",
            whole,
        )
    )


def _makes_nothing(condition: Cursor) -> bool:
    return not any(_TOOL.search(text) for text in _texts(condition))


def _texts(cursor: Cursor) -> list[str]:
    return [leaf.text for leaf in _leaves(cursor)]


def _leaves(cursor: Cursor) -> list[Leaf]:
    nodes: list[Node] = [child.node for child in cursor.children]
    return [leaf for node in nodes for leaf in leaves(node)]
