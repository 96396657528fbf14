"""`${!X}`, `${!A[@]}`, `${!P@}`: what is reached by a name that another variable holds, and names themselves."""

from __future__ import annotations

from tocompose.importers.docker_run.shell.parameters import look_up
from tocompose.importers.docker_run.shell.variables import NOTHING, Scope, Value
from tocompose.ledger import Cursor
from tocompose.readers.atoms import Atom
from tocompose.syntax.interpolation import literal


def name_expansion(
    atom: Atom, held: Value | None, default: Value, scope: Scope, cursor: Cursor
) -> Value | None:
    """What the expansion gives; `held` is what the variable holds that it names, None where that is not set."""
    if atom.operator == "prefix":
        return _names_by_prefix(atom.text, scope)
    if atom.item in ("@", "*"):
        return _array_keys(atom.text, scope)
    name, bracket, index = ((held.plain if held else None) or "").partition("[")
    named = look_up(name, scope, cursor) if name else None
    if named is not None and bracket and index != "@]":
        named = scope.elements(name).get(index.rstrip("]"), NOTHING)
    is_empty = named is None or named.plain == ""
    return default if atom.argument and is_empty else named


def _array_keys(name: str, scope: Scope) -> Value:
    """The keys of an array, or its indices."""
    array = scope.get(name)
    if array is None or array.items is None:
        return Value("", unknown=True)
    keys = scope.elements(name)
    return Value("", array.sources, items=tuple(Value(literal(key)) for key in keys))


def _names_by_prefix(prefix: str, scope: Scope) -> Value:
    """The names of the script's variables that begin like this; the environment may have more."""
    names = sorted(
        name
        for name in scope.variables
        if name.startswith(prefix) and not name.endswith("]")
    )
    return Value("", items=tuple(map(Value, names)), unknown=not names)
