"""`X=y`, `X+=y`, arrays, `export`, `local`, `read`."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.expansion import calculate, join_values
from tocompose.importers.docker_run.shell.parameters import free_name, open_value
from tocompose.importers.docker_run.shell.state import Shell, with_source
from tocompose.importers.docker_run.shell.variables import NOTHING, Value
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import Variable, parse
from tocompose.syntax.units import is_whole_number

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_POSITIONAL = re.compile(r"ARG_\d+")


def assign_variable(
    shell: Shell, cursor: Cursor, *, exported: bool = False
) -> tuple[str, Value]:
    """Reads one assignment (a branch with one entry) into the scope; its name and what the variable now holds."""
    key = cursor.children[0].key
    name, _, index = str(key).rstrip("]").partition("[")
    held = cursor.at(key)
    exported = exported or shell.exporting or name in shell.scope.exports
    value = _assigned_value(shell, name, held)
    if cursor.kind == "append":
        value = _append_value(shell.scope.get(name), value, name in shell.integers)
    if name in shell.integers:
        value = _as_number(shell, value, held)
    if value.items is None and not index:
        value = shell.kept_variables.keep(name, value, exported=exported)
    _store_value(shell, name, index, value)
    if exported:
        shell.scope.exports.add(name)
    shell.assigned += [held] if held.kind == "leaf" else list(held)
    if held.kind == "array" and not len(held):
        held.skip("an empty array")
    return name, value


def _assigned_value(shell: Shell, name: str, held: Cursor) -> Value:
    shell.variable = name
    if held.kind == "array":
        value = _read_array(shell, held)
    else:
        value = _under_own_name(name, shell.value(held))
    shell.variable = ""
    return value


def _store_value(shell: Shell, name: str, index: str, value: Value) -> None:
    if not index:
        shell.scope.set(name, value)
        return
    array = shell.scope.get(name)
    elements = array.items if array is not None and array.items is not None else ()
    if is_whole_number(index) and int(index) <= len(elements):
        number = int(index)
        shell.scope.set(
            name, Value("", items=(*elements[:number], value, *elements[number + 1 :]))
        )
    shell.scope.set(f"{name}[{index}]", value)


def _read_array(shell: Shell, held: Cursor) -> Value:
    elements: list[Value] = []
    for leaf in held:
        pair = re.match(r"\[([^\]]+)\]=", leaf.peek() or "")
        if pair is None:
            elements += shell.expand_fields(leaf)
            continue
        value = with_source(shell.value(leaf), leaf)
        value = value._replace(text=value.text.removeprefix(f"[{pair[1]}]="))
        shell.scope.set(f"{shell.variable}[{pair[1]}]", value)
        elements.append(value)
    return Value("", items=tuple(elements))


def _under_own_name(name: str, value: Value) -> Value:
    """The value, a positional parameter in it called by the variable's own name: `HOST=$1` is `${HOST}`."""
    match parse(value.text):
        case (Variable() as parameter,) if _POSITIONAL.fullmatch(parameter.name):
            new = free_name(name)
        case _:
            return value
    opens = tuple(
        variable._replace(name=new, facts=(("name", new), *variable.facts[1:]))
        if variable.name == parameter.name
        else variable
        for variable in value.opens
    )
    text = f"${{{new}}}"
    # `TAG=${1:-$(git describe)}`: what stands for the output has the variable's name too.
    if parameter.operator and parameter.default != text:
        text = f"${{{new}{parameter.operator}{parameter.operand}}}"
    return value._replace(text=text, opens=opens)


def _as_number(shell: Shell, value: Value, held: Cursor) -> Value:
    """What a variable holds that is declared to be a whole number."""
    if value.plain is None:
        return value
    number = calculate(value.plain, held, shell.word_context, {})
    return value if number is None else value._replace(text=str(number))


def _append_value(old: Value | None, value: Value, is_number: bool = False) -> Value:
    if old is None:
        return value
    if is_number:
        return join_values([old, value], "+")
    if value.items is None and old.items is None:
        return join_values([old, value])
    old_elements, elements = (
        (held,) if held.items is None else held.items for held in (old, value)
    )
    return Value("", items=(*old_elements, *elements), unknown=old.unknown)


def declare_variables(shell: Shell, cursor: Cursor) -> None:
    """`export X=y`, `export X`, `local X`, `readonly X=y`, `declare -a X`."""
    command, *leaves = [child for child in cursor if child.kind == "leaf"]
    name = command.peek() or ""
    exported = name == "export" or any(map(_is_export_flag, leaves))
    if shell.locals and name in ("local", "declare", "typeset"):
        _keep_outer_values(shell, cursor)
    shell.status = 0
    if any(re.match(r"-\w*i", leaf.peek() or "") for leaf in leaves):
        shell.integers |= _assigned_names(cursor)
    for child in cursor:
        if child.kind in ("assignment", "append"):
            assign_variable(shell, child, exported=exported)
        elif child.kind == "redirect":
            child.skip("a redirection of a declaration")
    is_new = name in ("local", "declare", "typeset")
    for leaf in leaves:
        _declare_word(shell, leaf, exported=exported, is_new=is_new)
        leaf.skip("a declaration")
    command.skip("a declaration")


def _assigned_names(cursor: Cursor) -> set[str]:
    return {str(child.children[0].key) for child in cursor if child.kind == "assignment"}


def _keep_outer_values(shell: Shell, cursor: Cursor) -> None:
    """Remembers what names held before a function makes them its own."""
    for child in cursor:
        is_word = child.kind == "leaf"
        text = (child.peek() or "") if is_word else str(child.children[0].key)
        name = text.partition("[")[0] if child.kind != "redirect" else ""
        if _IDENTIFIER.fullmatch(name):
            shell.locals[-1].setdefault(name, shell.scope.get(name))


def _is_export_flag(leaf: Cursor) -> bool:
    return re.match(r"-(?!-)\w*x", leaf.peek() or "") is not None


def _declare_word(shell: Shell, leaf: Cursor, *, exported: bool, is_new: bool) -> None:
    text = leaf.peek() or ""
    if _IDENTIFIER.fullmatch(text):
        _declare_name(shell, text, exported=exported, is_new=is_new)
    elif not text.startswith("-"):
        _declare_fields(shell, leaf, exported=exported)


def _declare_fields(shell: Shell, leaf: Cursor, *, exported: bool) -> None:
    """`export $X` or `export "A=$B"`: the word says name and value only when it is expanded."""
    for field in shell.expand_fields(leaf):
        name, equals, text = field.text.partition("=")
        if equals and _IDENTIFIER.fullmatch(name):
            value = shell.kept_variables.keep(
                name, field._replace(text=text), exported=exported
            )
            shell.scope.set(name, value)
            if exported:
                shell.scope.exports.add(name)


def _declare_name(shell: Shell, name: str, *, exported: bool, is_new: bool) -> None:
    value = shell.scope.get(name)
    if exported:
        shell.scope.exports.add(name)
        if value is not None and value.items is None and not value.opens:
            shell.scope.set(name, shell.kept_variables.keep(name, value, exported=True))
    elif is_new and value is None:
        shell.scope.set(name, NOTHING)


def read_from_user(shell: Shell, cursor: Cursor, leaves: list[Cursor]) -> None:
    """`read X`: what the user types is not known."""
    takes_value = False
    for leaf in leaves[1:]:
        name = leaf.peek() or ""
        if not takes_value and _IDENTIFIER.fullmatch(name):
            shell.scope.set(name, open_value(free_name(name), "TC151", leaf))
        takes_value = bool(re.fullmatch(r"-\w*[pdnNtui]", name))
    cursor.skip("asks the person who runs the script")


def unset_variables(shell: Shell, leaves: list[Cursor]) -> None:
    """`unset X`."""
    for leaf in leaves[1:]:
        shell.scope.variables.pop(leaf.peek() or "", None)
