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


class WordContext(NamedTuple):
    """Where a word is expanded: the variables, the folder, the script's own path and how to read a `$(…)`."""

    scope: Scope
    directory: str
    script: str
    substitute: Callable[[str, Cursor, int], Value]


class ExpandedWord(NamedTuple):
    """The fields of a word, and the first unknown number of words in it, whose text is left out."""

    fields: tuple[Value, ...]
    unknown: bool = False


def expand_word(raw: str, cursor: Cursor, context: WordContext) -> ExpandedWord:
    """The fields that the shell makes of an unquoted word."""
    held: list[Value] = []
    unknown = False
    for text in braces(raw):
        fields, lost = _expand_atoms(list(atoms(text)), cursor, context, 0)
        held += fields
        unknown = unknown or lost
    return ExpandedWord(tuple(held), unknown)


def expand_atoms(parts: list[Atom], cursor: Cursor, context: WordContext) -> ExpandedWord:
    """As `expand`, of a word that was taken apart by other rules than the shell's."""
    fields, unknown = _expand_atoms(parts, cursor, context, 0)
    return ExpandedWord(tuple(fields), unknown)


def word_value(
    raw: str, cursor: Cursor, context: WordContext, *, quoted: bool = False
) -> Value:
    """What the word gives where it is not split: in an assignment, or with `quoted` in a here-document."""
    parts = [_atom_value(atom, cursor, context, 0) for atom in atoms(raw, quoted=quoted)]
    if len(parts) == 1 and parts[0].items is None:
        return parts[0]
    return join_values(parts)


def join_values(parts: list[Value], separator: str = "") -> Value:
    """The parts one after the other as one value; arrays in it are joined with a blank."""
    flat = [
        join_values(list(held.items), " ") if held.items is not None else held
        for held in parts
    ]
    if sum(len(held.text) for held in flat) > LONGEST_VALUE:
        raise Endless("a value grows beyond what a script needs")
    return Value(
        separator.join(held.text for held in flat),
        tuple(dict.fromkeys(source for held in flat for source in held.sources)),
        tuple(dict.fromkeys(item for held in flat for item in held.opens)),
        unknown=any(held.unknown for held in flat),
    )


class _FieldBuilder:
    """Puts fields together while a word is expanded."""

    def __init__(self) -> None:
        self.done: list[Value] = []
        self.parts: list[Value] | None = None

    def add(self, held: Value) -> None:
        """Continues the current field."""
        if self.parts is None:
            self.parts = []
        self.parts.append(held)

    def close(self) -> None:
        """Ends the current field, if there is one."""
        if len(self.done) > MOST_FIELDS:
            raise Endless("a list grows beyond what a script needs")
        if self.parts is not None:
            self.done.append(join_values(self.parts))
        self.parts = None

    def split(self, held: Value) -> None:
        """Continues with text that blanks split into fields."""
        for index, text in enumerate(_split_at_blanks(held.text)):
            if index:
                self.close()
            if text:
                self.add(held._replace(text=text))

    def spread(self, items: tuple[Value, ...]) -> None:
        """Continues with the items of an array: each is a field, the first and last joined to what is around."""
        for index, item in enumerate(items):
            if index:
                self.close()
            self.add(item)


def _expand_atoms(
    parts: list[Atom], cursor: Cursor, context: WordContext, depth: int
) -> tuple[list[Value], bool]:
    fields, unknown = _FieldBuilder(), False
    for atom in parts:
        held = _atom_value(atom, cursor, context, depth)
        if held.unknown and len(parts) > 1:
            held = parameters.open_value(
                parameters.free_name(atom.text.strip("@*") or "ARGUMENTS"), "TC151", cursor
            )
        if held.unknown or (_is_optional(held, atom) and len(parts) == 1):
            unknown = True
        elif held.items is not None and (
            not atom.quoted or atom.item == "@" or atom.text == "@"
        ):
            fields.spread(held.items)
        elif held.items is not None:
            fields.add(join_values(list(held.items), " "))
        elif atom.quoted or atom.kind == "text":
            fields.add(held)
        else:
            fields.split(held)
    fields.close()
    return fields.done, unknown


def _is_optional(held: Value, atom: Atom) -> bool:
    """Whether an unquoted word is one open variable that may well hold several options, or none."""
    if atom.quoted or not held.text.startswith("${"):
        return False
    if atom.kind == "command":
        return bool(held.opens) and bool(_GIVES_OPTIONS.search(atom.text))
    if atom.kind != "parameter":
        return False
    if held.text.endswith(":-}") and held.text.count("${") == 1:
        return True
    if atom.operator in (":+", "+") or (
        atom.operator in (":-", "-") and not atom.argument.strip("\"'")
    ):
        return True
    return (
        atom.operator == ""
        and bool(_OPTIONAL.search(atom.text))
        and held.text == f"${{{atom.text}}}"
    )


def _split_at_blanks(text: str) -> list[str]:
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


def _atom_value(atom: Atom, cursor: Cursor, context: WordContext, depth: int) -> Value:
    """What one part of a word gives."""
    if atom.kind == "text":
        return Value(literal(atom.text))
    if atom.kind == "command":
        return context.substitute(atom.text, cursor, atom.offset)
    if atom.kind == "process":
        return parameters.open_value(
            parameters.free_name("FILE"), "TC152", cursor, command="<(…)"
        )
    if atom.kind == "placeholder":
        name = parameters.free_name(atom.text)
        return parameters.open_value(name, "TC153", cursor, written=f"<{atom.text}>")
    if atom.kind == "arithmetic":
        return _arithmetic_value(atom, cursor, context)
    return _parameter_value(atom, cursor, context, depth)


def _arithmetic_value(atom: Atom, cursor: Cursor, context: WordContext) -> Value:
    sources: list[Cursor] = []

    def known(name: str) -> str | None:
        held = parameters.look_up(name, context.scope, cursor)
        sources.extend(held.sources if held else ())
        return held.plain if held else None

    number = evaluate(atom.text, known)
    if number is None:
        name = variable_name(re.sub(r"\W+", "_", atom.text.strip())[:30] or "NUMBER")
        return parameters.open_value(
            name, "TC152", cursor, command=f"echo $(({atom.text}))"
        )
    return Value(str(number), tuple(sources))


def _parameter_value(atom: Atom, cursor: Cursor, context: WordContext, depth: int) -> Value:
    if atom.operator == "unknown":
        return parameters.open_value(
            variable_name(atom.text[:30]), "TC152", cursor, command=f"${{{atom.text}}}"
        )
    held = (
        context.scope.get(f"{atom.text}[{_index_text(atom.item, cursor, context)}]")
        if atom.item
        else None
    )
    if held is not None:
        atom = atom._replace(item="")
    else:
        held = _own_path(atom, context) or parameters.look_up(
            atom.text, context.scope, cursor
        )
    if held is not None and atom.text.startswith("%"):
        held = held._replace(
            opens=tuple(item._replace(cursor=cursor) for item in held.opens)
        )
    if held is not None and held.raw is not None:
        held = _make_value(held, cursor, context, depth)
    if held is not None and atom.item:
        held = parameters.element_at(held, _index_text(atom.item, cursor, context))
    elif (
        held is not None
        and held.items is not None
        and atom.text not in ("@", "*")
        and not held.unknown
    ):
        held = held if held.raw is not None else parameters.element_at(held, "0")
    if atom.operator in parameters.COMPOSE_OPERATORS:
        return _with_operator(atom, held, cursor, context)
    if not atom.operator:
        return (
            held if held is not None else parameters.open_value(atom.text, "TC151", cursor)
        )
    return _transform_value(atom, held, cursor, context)


def _index_text(index: str, cursor: Cursor, context: WordContext) -> str:
    return word_value(index, cursor, context).text if "$" in index else index


def _own_path(atom: Atom, context: WordContext) -> Value | None:
    if atom.text in ("PWD", "CURDIR") and context.scope.get(atom.text) is None:
        return Value(parameters.script_folder(context.directory))
    if atom.text in ("0", "BASH_SOURCE"):
        return Value(literal(context.script))
    return None


def _make_value(held: Value, cursor: Cursor, context: WordContext, depth: int) -> Value:
    """A variable of make, whose text is read as shell source at the place where it is used."""
    if depth > _DEEPEST:
        return held._replace(raw=None)
    try:
        pieces = [
            token.text
            for token in tokens(held.raw or "")
            if token.kind in ("word", "operator")
        ]
    except Unbalanced:
        pieces = [held.raw or ""]
    items: list[Value] = []
    for text in pieces:
        items += _expand_atoms(list(atoms(text)), cursor, context, depth + 1)[0]
    sources = tuple(
        dict.fromkeys(source for item in items for source in (*held.sources, *item.sources))
    )
    spread = tuple(
        item._replace(sources=tuple(dict.fromkeys((*held.sources, *item.sources))))
        for item in items
    )
    if len(spread) == 1:
        return spread[0]
    return Value("", sources or held.sources, items=spread, raw=held.raw)


def _with_operator(
    atom: Atom, held: Value | None, cursor: Cursor, context: WordContext
) -> Value:
    argument = (
        word_value(atom.argument, cursor, context, quoted=atom.quoted)
        if atom.argument
        else NOTHING
    )
    if held is None:
        return parameters.compose_expansion(atom.text, atom.operator, argument)
    if atom.operator.endswith("=") and not held.opens:
        return parameters.apply_to_open(atom, held, argument)
    return parameters.apply_to_open(atom, held, argument)


def _transform_value(
    atom: Atom, held: Value | None, cursor: Cursor, context: WordContext
) -> Value:
    if held is not None and held.unknown:
        return held
    if atom.operator == "indirect":
        held = (
            _array_keys(atom, context)
            if atom.item in ("@", "*")
            else _indirect_value(held, cursor, context)
        )
        if held is not None:
            return held
    elif held is not None and held.items is not None and atom.operator == ":":
        return parameters.slice_array(
            held, atom.argument, 1 if atom.text in ("@", "*") else 0
        )
    else:
        argument = (
            word_value(atom.argument, cursor, context, quoted=True).plain
            if atom.argument
            else ""
        )
        result = parameters.transform(atom, held, argument) if held is not None else None
        if result is not None:
            return result
    written = f"${{{atom.text}{atom.operator}{atom.argument}}}"
    name = parameters.derived_name(atom.text, atom)
    return parameters.open_value(name, "TC152", cursor, command=f"echo {written}")


def _array_keys(atom: Atom, context: WordContext) -> Value | None:
    """`${!A[@]}`: the keys of an array, or its indices."""
    prefix = f"{atom.text}["
    named = [name for name in context.scope.variables if name.startswith(prefix)]
    array = context.scope.get(atom.text)
    if array is None or array.items is None:
        return Value("", unknown=True)
    keys = [name[len(prefix) : -1] for name in named] or [
        str(number) for number in range(len(array.items))
    ]
    return Value("", array.sources, items=tuple(Value(literal(key)) for key in keys))


def _indirect_value(
    held: Value | None, cursor: Cursor, context: WordContext
) -> Value | None:
    name = held.plain if held is not None else None
    return parameters.look_up(name, context.scope, cursor) if name else None
