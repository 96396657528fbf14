"""`X=y`, `X+=y`, arrays, `export`, `local`, `read`."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.expansion import calculate, join_values
from tocompose.importers.docker_run.shell.parameters import free_name, open_value
from tocompose.importers.docker_run.shell.state import Shell, with_source
from tocompose.importers.docker_run.shell.variables import NOTHING, Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.commands import DECLARATIONS
from tocompose.syntax.interpolation import Variable, parse
from tocompose.syntax.units import is_whole_number

_IDENTIFIER = regex(r"[A-Za-z_]\w*")
_POSITIONAL = regex(r"ARG_\d+")


def assign_variable(
    shell: Shell, cursor: Cursor, *, exported: bool = False
) -> tuple[str, Value]:
    """Reads one assignment (a branch with one entry) into the scope; its name and what the variable now holds."""
    key = cursor.children[0].key
    name, _, index = str(key).rstrip("]").partition("[")
    held = cursor.at(key)
    exported = exported or shell.exporting or name in shell.scope.exports
    shell.variable = name
    if held.kind == "array":
        value = _assign_array(shell, name, held, adds=cursor.kind == "append")
    elif index:
        value = _assign_element(shell, name, index, cursor)
    else:
        value = _assign_text(shell, name, cursor, exported=exported)
    shell.variable = ""
    if exported:
        shell.scope.exports.add(name)
    shell.assigned += [held] if held.kind == "leaf" else list(held)
    return name, value


def _assign_text(shell: Shell, name: str, cursor: Cursor, *, exported: bool) -> Value:
    """`X=y` and `X+=y`."""
    held = cursor.at(cursor.children[0].key)
    value = _under_own_name(name, shell.value(held))
    if cursor.kind == "append":
        value = _append_value(shell.scope.get(name), value, name in shell.integers)
    if name in shell.integers:
        value = _as_number(shell, value, held)
    if value.items is None:
        value = shell.kept_variables.keep(name, value, exported=exported)
    shell.scope.set(name, value)
    return value


def _assign_element(shell: Shell, name: str, index: str, cursor: Cursor) -> Value:
    """`A[i]=y` and `A[i]+=y`."""
    held = cursor.at(cursor.children[0].key)
    value = shell.value(held)
    elements = shell.scope.elements(name)
    key = _element_key(shell, name, index, held)
    if cursor.kind == "append":
        value = _append_value(elements.get(key), value, name in shell.integers)
    if name in shell.integers:
        value = _as_number(shell, value, held)
    shell.scope.set_elements(name, {**elements, key: value})
    return value


def _element_key(shell: Shell, name: str, index: str, held: Cursor) -> str:
    """The key of an element: text for an associative array, else what the expression in the brackets gives."""
    key = shell.value_of(index, held).plain
    if key is None or name in shell.maps or is_whole_number(key):
        return index if key is None else key
    number = calculate(key, held, shell.word_context, {})
    if number is not None and number < 0:
        number += len(shell.scope.elements(name))
    return key if number is None else str(number)


def _assign_array(shell: Shell, name: str, held: Cursor, *, adds: bool) -> Value:
    """`A=(x y)` and `A+=(z)`."""
    array = shell.scope.get(name)
    elements = shell.scope.elements(name) if adds else {}
    is_keyed = bool(elements) and shell.scope.has_keys(name)
    for leaf in held:
        pair = re.match(r"\[([^\]]+)\]=", leaf.peek() or "")
        if pair is not None:
            key = _element_key(shell, name, pair[1], leaf)
            value = with_source(shell.value(leaf), leaf)
            raw = value.text.removeprefix(f"[{pair[1]}]=")
            elements[key] = value._replace(text=raw)
            is_keyed = True
            continue
        for field in shell.expand_fields(leaf):
            elements[_key_behind(elements)] = field
    if not len(held):
        held.skip("an empty array")
    shell.scope.set_elements(name, elements)
    value = shell.scope.get(name) or Value("", items=())
    if not is_keyed:
        shell.scope.forget_elements(name)
    if adds and array is not None:
        value = value._replace(unknown=array.unknown)
    shell.scope.set(name, value)
    return value


def _key_behind(elements: dict[str, Value]) -> str:
    """The index of what is appended."""
    numbers = [int(key) for key in elements if is_whole_number(key)]
    return str(max(numbers) + 1) if numbers else "0"


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
    _declare_assignments(shell, cursor, _flags_of(leaves), exported=exported)
    is_new = name in ("local", "declare", "typeset")
    for leaf in leaves:
        _declare_word(shell, leaf, exported=exported, is_new=is_new)
        leaf.skip("a declaration")
    command.skip("a declaration")


def _flags_of(leaves: list[Cursor]) -> str:
    """The letters of the options among the words of a declaration."""
    texts = [leaf.peek() or "" for leaf in leaves]
    return "".join(text for text in texts if text.startswith("-"))


def _declare_assignments(
    shell: Shell, cursor: Cursor, flags: str, *, exported: bool
) -> None:
    """Reads the assignments of a declaration; its flags say what the variables are."""
    if "i" in flags:
        shell.integers |= _declared_names(cursor)
    if "A" in flags:
        shell.maps |= _declared_names(cursor)
    for child in cursor:
        if child.kind == "assignment" and "n" in flags:
            _declare_reference(shell, child)
        elif child.kind in ("assignment", "append"):
            assign_variable(shell, child, exported=exported)
        elif child.kind == "redirect":
            child.skip("a redirection of a declaration")


def _declare_reference(shell: Shell, cursor: Cursor) -> None:
    """`declare -n X=y`: X stands for the variable of that name."""
    key = str(cursor.children[0].key)
    held = cursor.at(key)
    target = shell.value(held).plain
    if target is None:
        assign_variable(shell, cursor)
    else:
        shell.scope.references[key] = target
        held.skip("the name of another variable")


def _declared_names(cursor: Cursor) -> set[str]:
    """The names that a declaration is about."""
    names: set[str] = set()
    for child in cursor:
        is_word = child.kind == "leaf"
        text = (child.peek() or "") if is_word else str(child.children[0].key)
        names.add(text.partition("[")[0] if child.kind != "redirect" else "")
    return {name for name in names if _IDENTIFIER.fullmatch(name)}


def _keep_outer_values(shell: Shell, cursor: Cursor) -> None:
    """Remembers what names held before a function makes them its own, and lets those hold nothing that get no value."""
    unset_names = {child.peek() or "" for child in cursor if child.kind == "leaf"}
    for name in _declared_names(cursor) - shell.locals[-1].keys() - DECLARATIONS:
        shell.locals[-1][name] = shell.scope.get(name)
        if name in unset_names:
            shell.scope.variables.pop(name, None)


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
            shell.demanded.add(free_name(name))
        takes_value = bool(re.fullmatch(r"-\w*[pdnNtui]", name))
    cursor.skip("asks the person who runs the script")


def assign_number(shell: Shell, cursor: Cursor, expression: str) -> int | None:
    """The number of an expression, after what it assigns was assigned; None where it is not known."""
    changes: dict[str, int] = {}
    number = calculate(expression, cursor, shell.word_context, changes)
    for name, changed in changes.items():
        shell.scope.set(name, Value(str(changed), (cursor,)))
    return number


def unset_variables(shell: Shell, words: list[str]) -> None:
    """`unset X`, `unset 'A[1]'`, `unset -f F`."""
    is_function = "-f" in words
    for word in words:
        name, bracket, index = word.partition("[")
        if bracket and not is_function:
            _unset_element(shell, name, index.rstrip("]"))
        elif not is_function and shell.scope.get(name) is not None:
            shell.scope.forget_elements(name)
            shell.scope.variables.pop(name, None)
        elif name in shell.functions:
            del shell.functions[name]


def _unset_element(shell: Shell, name: str, key: str) -> None:
    elements = shell.scope.elements(name)
    if key == "-1" and elements:
        key = list(elements)[-1]
    elements.pop(key, None)
    shell.scope.set_elements(name, elements)
