"""Expands shell words without running anything: what is known is put in, what is not stays a variable of Compose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from tocompose.importers.docker_run.shell import parameters
from tocompose.importers.docker_run.shell.arithmetic import evaluate
from tocompose.importers.docker_run.shell.variables import NOTHING, Scope, Value
from tocompose.ledger import Cursor
from tocompose.readers.atoms import Atom, atoms, braces
from tocompose.readers.words import Unbalanced, tokens
from tocompose.values import literal, variable_name

_DEEPEST = 20
LONGEST_VALUE = 100_000
MOST_FIELDS = 5_000


class Endless(ValueError):
    """A value or a number of steps that grows beyond what any script needs."""


_GIVES_OPTIONS = re.compile(
    r"(?:echo|printf)\s+[\"']?-|^\s*\w*(?:arg|opt|flag|param)s?\w*\s*$", re.IGNORECASE
)
_OPTIONAL = re.compile(r"OPT|ARG|FLAG|PARAM|EXTRA|SWITCH", re.IGNORECASE)


class Place(NamedTuple):
    """Where a word is expanded: the variables, the folder, the script's own path and how to read a `$(…)`."""

    scope: Scope
    directory: str
    script: str
    substitute: Callable[[str, Cursor, int], Value]


class Expanded(NamedTuple):
    """The fields of a word, and the first unknown number of words in it, whose text is left out."""

    fields: tuple[Value, ...]
    unknown: bool = False


def expand(raw: str, cursor: Cursor, place: Place) -> Expanded:
    """The fields that the shell makes of an unquoted word."""
    found: list[Value] = []
    unknown = False
    for text in braces(raw):
        fields, lost = _fields(list(atoms(text)), cursor, place, 0)
        found += fields
        unknown = unknown or lost
    return Expanded(tuple(found), unknown)


def expand_atoms(parts: list[Atom], cursor: Cursor, place: Place) -> Expanded:
    """As `expand`, of a word that was taken apart by other rules than the shell's."""
    fields, unknown = _fields(parts, cursor, place, 0)
    return Expanded(tuple(fields), unknown)


def value(raw: str, cursor: Cursor, place: Place, *, quoted: bool = False) -> Value:
    """What the word gives where it is not split: in an assignment, or with `quoted` in a here-document."""
    parts = [evaluated(atom, cursor, place, 0) for atom in atoms(raw, quoted=quoted)]
    if len(parts) == 1 and parts[0].items is None:
        return parts[0]
    return joined(parts)


def joined(parts: list[Value], separator: str = "") -> Value:
    """The parts one after the other as one value; arrays in it are joined with a blank."""
    flat = [
        joined(list(part.items), " ") if part.items is not None else part for part in parts
    ]
    if sum(len(part.text) for part in flat) > LONGEST_VALUE:
        raise Endless("a value grows beyond what a script needs")
    return Value(
        separator.join(part.text for part in flat),
        tuple(dict.fromkeys(source for part in flat for source in part.sources)),
        tuple(dict.fromkeys(item for part in flat for item in part.opens)),
        unknown=any(part.unknown for part in flat),
    )


class _Fields:
    """Puts fields together while a word is expanded."""

    def __init__(self) -> None:
        self.done: list[Value] = []
        self.parts: list[Value] | None = None

    def add(self, part: Value) -> None:
        """Continues the current field."""
        if self.parts is None:
            self.parts = []
        self.parts.append(part)

    def close(self) -> None:
        """Ends the current field, if there is one."""
        if len(self.done) > MOST_FIELDS:
            raise Endless("a list grows beyond what a script needs")
        if self.parts is not None:
            self.done.append(joined(self.parts))
        self.parts = None

    def split(self, part: Value) -> None:
        """Continues with text that blanks split into fields."""
        for index, piece in enumerate(_blanks(part.text)):
            if index:
                self.close()
            if piece:
                self.add(part._replace(text=piece))

    def spread(self, items: tuple[Value, ...]) -> None:
        """Continues with the items of an array: each is a field, the first and last joined to what is around."""
        for index, item in enumerate(items):
            if index:
                self.close()
            self.add(item)


def _fields(
    parts: list[Atom], cursor: Cursor, place: Place, depth: int
) -> tuple[list[Value], bool]:
    fields, unknown = _Fields(), False
    for atom in parts:
        part = evaluated(atom, cursor, place, depth)
        if part.unknown and len(parts) > 1:
            part = parameters.opened(
                parameters.free_name(atom.text.strip("@*") or "ARGUMENTS"), "TC151", cursor
            )
        if part.unknown or (_is_optional(part, atom) and len(parts) == 1):
            unknown = True
        elif part.items is not None and (
            not atom.quoted or atom.item == "@" or atom.text == "@"
        ):
            fields.spread(part.items)
        elif part.items is not None:
            fields.add(joined(list(part.items), " "))
        elif atom.quoted or atom.kind == "text":
            fields.add(part)
        else:
            fields.split(part)
    fields.close()
    return fields.done, unknown


def _is_optional(part: Value, atom: Atom) -> bool:
    """Whether an unquoted word is one open variable that may well hold several options, or none."""
    if atom.quoted or not part.text.startswith("${"):
        return False
    if atom.kind == "command":
        return bool(part.opens) and bool(_GIVES_OPTIONS.search(atom.text))
    if atom.kind != "parameter":
        return False
    if part.text.endswith(":-}") and part.text.count("${") == 1:
        return True
    if atom.operator in (":+", "+") or (
        atom.operator in (":-", "-") and not atom.argument.strip("\"'")
    ):
        return True
    return (
        atom.operator == ""
        and bool(_OPTIONAL.search(atom.text))
        and part.text == f"${{{atom.text}}}"
    )


def _blanks(text: str) -> list[str]:
    """The text cut at runs of blanks outside `${…}`; an empty first or last piece says that a blank stands there."""
    pieces, start, depth, index = [], 0, 0, 0
    while index < len(text):
        if text.startswith("$$", index):
            index += 2
            continue
        if text.startswith("${", index):
            depth += 1
        elif text[index] == "}" and depth:
            depth -= 1
        elif not depth and text[index] in " \t\n":
            pieces.append(text[start:index])
            while index < len(text) and text[index] in " \t\n":
                index += 1
            start = index
            continue
        index += 1
    return [*pieces, text[start:]]


def evaluated(atom: Atom, cursor: Cursor, place: Place, depth: int) -> Value:
    """What one part of a word gives."""
    if atom.kind == "text":
        return Value(literal(atom.text))
    if atom.kind == "command":
        return place.substitute(atom.text, cursor, atom.offset)
    if atom.kind == "process":
        return parameters.opened(
            parameters.free_name("FILE"), "TC152", cursor, command="<(…)"
        )
    if atom.kind == "placeholder":
        name = parameters.free_name(atom.text)
        return parameters.opened(name, "TC153", cursor, written=f"<{atom.text}>")
    if atom.kind == "arithmetic":
        return _arithmetic(atom, cursor, place)
    return _parameter(atom, cursor, place, depth)


def _arithmetic(atom: Atom, cursor: Cursor, place: Place) -> Value:
    sources: list[Cursor] = []

    def known(name: str) -> str | None:
        found = parameters.lookup(name, place.scope, cursor)
        sources.extend(found.sources if found else ())
        return found.plain if found else None

    number = evaluate(atom.text, known)
    if number is None:
        name = variable_name(re.sub(r"\W+", "_", atom.text.strip())[:30] or "NUMBER")
        return parameters.opened(name, "TC152", cursor, command=f"echo $(({atom.text}))")
    return Value(str(number), tuple(sources))


def _parameter(atom: Atom, cursor: Cursor, place: Place, depth: int) -> Value:
    if atom.operator == "unknown":
        return parameters.opened(
            variable_name(atom.text[:30]), "TC152", cursor, command=f"${{{atom.text}}}"
        )
    found = (
        place.scope.get(f"{atom.text}[{_index(atom.item, cursor, place)}]")
        if atom.item
        else None
    )
    if found is not None:
        atom = atom._replace(item="")
    else:
        found = _special(atom, place) or parameters.lookup(atom.text, place.scope, cursor)
    if found is not None and atom.text.startswith("%"):
        found = found._replace(
            opens=tuple(item._replace(cursor=cursor) for item in found.opens)
        )
    if found is not None and found.raw is not None:
        found = _textual(found, cursor, place, depth)
    if found is not None and atom.item:
        found = parameters.indexed(found, _index(atom.item, cursor, place))
    elif (
        found is not None
        and found.items is not None
        and atom.text not in ("@", "*")
        and not found.unknown
    ):
        found = found if found.raw is not None else parameters.indexed(found, "0")
    if atom.operator in parameters.CARRIED:
        return _carried(atom, found, cursor, place)
    if not atom.operator:
        return found if found is not None else parameters.opened(atom.text, "TC151", cursor)
    return _transformed(atom, found, cursor, place)


def _index(index: str, cursor: Cursor, place: Place) -> str:
    return value(index, cursor, place).text if "$" in index else index


def _special(atom: Atom, place: Place) -> Value | None:
    if atom.text in ("PWD", "CURDIR") and place.scope.get(atom.text) is None:
        return Value(parameters.here(place.directory))
    if atom.text in ("0", "BASH_SOURCE"):
        return Value(literal(place.script))
    return None


def _textual(found: Value, cursor: Cursor, place: Place, depth: int) -> Value:
    """A variable of make, whose text is read as shell source at the place where it is used."""
    if depth > _DEEPEST:
        return found._replace(raw=None)
    try:
        pieces = [
            token.text
            for token in tokens(found.raw or "")
            if token.kind in ("word", "operator")
        ]
    except Unbalanced:
        pieces = [found.raw or ""]
    items: list[Value] = []
    for piece in pieces:
        items += _fields(list(atoms(piece)), cursor, place, depth + 1)[0]
    sources = tuple(
        dict.fromkeys(
            source for item in items for source in (*found.sources, *item.sources)
        )
    )
    spread = tuple(
        item._replace(sources=tuple(dict.fromkeys((*found.sources, *item.sources))))
        for item in items
    )
    if len(spread) == 1:
        return spread[0]
    return Value("", sources or found.sources, items=spread, raw=found.raw)


def _carried(atom: Atom, found: Value | None, cursor: Cursor, place: Place) -> Value:
    argument = (
        value(atom.argument, cursor, place, quoted=atom.quoted)
        if atom.argument
        else NOTHING
    )
    if found is None:
        return parameters.operated(atom.text, atom.operator, argument)
    if atom.operator.endswith("=") and not found.opens:
        return parameters.carried(atom, found, argument)
    return parameters.carried(atom, found, argument)


def _transformed(atom: Atom, found: Value | None, cursor: Cursor, place: Place) -> Value:
    if found is not None and found.unknown:
        return found
    if atom.operator == "indirect":
        found = (
            _keys(atom, place)
            if atom.item in ("@", "*")
            else _indirect(found, cursor, place)
        )
        if found is not None:
            return found
    elif found is not None and found.items is not None and atom.operator == ":":
        return parameters.sliced(found, atom.argument, 1 if atom.text in ("@", "*") else 0)
    else:
        argument = (
            value(atom.argument, cursor, place, quoted=True).plain if atom.argument else ""
        )
        result = (
            parameters.transformed(atom, found, argument) if found is not None else None
        )
        if result is not None:
            return result
    written = f"${{{atom.text}{atom.operator}{atom.argument}}}"
    name = parameters.renamed(atom.text, atom)
    return parameters.opened(name, "TC152", cursor, command=f"echo {written}")


def _keys(atom: Atom, place: Place) -> Value | None:
    """`${!A[@]}`: the keys of an array, or its indices."""
    prefix = f"{atom.text}["
    named = [name for name in place.scope.variables if name.startswith(prefix)]
    array = place.scope.get(atom.text)
    if array is None or array.items is None:
        return Value("", unknown=True)
    keys = [name[len(prefix) : -1] for name in named] or [
        str(number) for number in range(len(array.items))
    ]
    return Value("", array.sources, items=tuple(Value(literal(key)) for key in keys))


def _indirect(found: Value | None, cursor: Cursor, place: Place) -> Value | None:
    name = found.plain if found is not None else None
    return parameters.lookup(name, place.scope, cursor) if name else None
