"""Expands shell words without running anything: what is known is put in, what is not stays a variable of Compose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain

from tocompose.importers.docker_run.shell import parameters
from tocompose.importers.docker_run.shell.arithmetic import evaluate
from tocompose.importers.docker_run.shell.indirection import name_expansion
from tocompose.importers.docker_run.shell.open_words import default_texts, is_optional
from tocompose.importers.docker_run.shell.variables import NOTHING, Scope, Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.atoms import Atom, expand_braces, word_atoms
from tocompose.readers.words import Unbalanced, tokens
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import Variable, literal, parse
from tocompose.syntax.names import variable_name

_DEEPEST = 20
LONGEST_VALUE = 100_000
MOST_FIELDS = 5_000


class Endless(ValueError):
    """A value or a number of steps that grows beyond what any script needs."""


_BLANKS = " \t\n"


class WordContext(NamedTuple):
    """Where a word is expanded: the variables, the folder, the script's own path and how to read a `$(…)`."""

    scope: Scope
    directory: str
    script: str
    substitute: Callable[[str, Cursor, int], Value]


class ExpandedWord(NamedTuple):
    """The fields of a word; `unknown` says that it may be any number of fields, which are left out."""

    fields: tuple[Value, ...]
    unknown: bool = False


def expand_word(raw: str, cursor: Cursor, context: WordContext) -> ExpandedWord:
    """The fields that the shell makes of an unquoted word."""
    expanded = [
        expand_atoms(word_atoms(text), cursor, context) for text in expand_braces(raw)
    ]
    fields = tuple(field for word in expanded for field in word.fields)
    return ExpandedWord(fields, any(word.unknown for word in expanded))


def expand_atoms(
    atoms_of_word: Iterable[Atom], cursor: Cursor, context: WordContext, depth: int = 0
) -> ExpandedWord:
    """As `expand_word`, of a word that is taken apart already, perhaps by other rules than the shell's."""
    separators = context.scope.get("IFS")
    builder = _FieldBuilder(_BLANKS if separators is None else separators.plain or "")
    word_atoms = list(atoms_of_word)
    for atom in word_atoms:
        value = _atom_value(atom, cursor, context, depth)
        if len(word_atoms) == 1 and (value.unknown or is_optional(value, atom)):
            return ExpandedWord((), unknown=True)
        if len(word_atoms) == 1 and (texts := default_texts(value, atom)):
            cursor.annotate("TC864", name=atom.text, default=" ".join(texts))
            return ExpandedWord(tuple(Value(text, value.sources) for text in texts))
        if value.unknown:
            name = parameters.free_name(atom.text.strip("@*") or "ARGUMENTS")
            value = parameters.open_value(name, "TC151", cursor)
        builder.put(value, atom)
    return ExpandedWord(builder.finish())


def word_value(
    raw: str, cursor: Cursor, context: WordContext, *, quoted: bool = False
) -> Value:
    """What the word gives where it is not split: in an assignment, or with `quoted` in a here-document."""
    values = [
        _atom_value(atom, cursor, context, 0)
        for atom in word_atoms(raw, quoted=quoted, assigned=not quoted)
    ]
    is_whole = len(values) == 1 and values[0].items is None
    return values[0] if is_whole else join_values(values)


def join_values(values: list[Value], separator: str = "") -> Value:
    """The values one after the other as one value; arrays in it are joined with a blank."""
    flat = [
        value if value.items is None else join_values(list(value.items), " ")
        for value in values
    ]
    text = separator.join(value.text for value in flat)
    if len(text) > LONGEST_VALUE:
        raise Endless("a value grows beyond what a script needs")
    return Value(
        text,
        tuple(dict.fromkeys(chain.from_iterable(value.sources for value in flat))),
        tuple(dict.fromkeys(chain.from_iterable(value.opens for value in flat))),
        unknown=any(value.unknown for value in flat),
    )


class _FieldBuilder:
    """Puts fields together while a word is expanded."""

    def __init__(self, separators: str) -> None:
        self._separators = separators
        self._fields: list[Value] = []
        self._current: list[Value] | None = None

    def put(self, value: Value, atom: Atom) -> None:
        """Goes on with what an atom of the word gave: an array spreads over fields, unquoted text splits at blanks."""
        is_quoted = atom.quoted or atom.kind == "text"
        if value.items is not None:
            if not atom.quoted or "@" in (atom.item, atom.text):
                self._put_fields(value.items)
            else:
                self._put_fields([join_values(list(value.items), self._separators[:1])])
        elif is_quoted:
            self._put_fields([value])
        else:
            texts = _split_at(value.text, self._separators)
            self._put_fields(
                [value._replace(text=text) if text else None for text in texts]
            )

    def finish(self) -> tuple[Value, ...]:
        """The fields."""
        self._close()
        return tuple(self._fields)

    def _put_fields(self, values: Iterable[Value | None]) -> None:
        """Goes on with values of which each but the first starts a field; None for one that is empty."""
        for index, value in enumerate(values):
            if index:
                self._close()
            if value is not None:
                self._current = self._current or []
                self._current.append(value)

    def _close(self) -> None:
        if len(self._fields) > MOST_FIELDS:
            raise Endless("a list grows beyond what a script needs")
        if self._current is not None:
            self._fields.append(join_values(self._current))
        self._current = None


def _split_at(text: str, separators: str) -> list[str]:
    """The text cut at runs of separators outside variables; an empty first or last one says that one stands there."""
    if not separators:
        return [text]
    fields = [""]
    for segment in parse(text):
        if isinstance(segment, Variable):
            fields[-1] += segment.source
        else:
            joined, *separate = re.split(f"[{re.escape(separators)}]+", segment.source)
            fields[-1] += joined
            fields += separate
    return fields


def _atom_value(atom: Atom, cursor: Cursor, context: WordContext, depth: int) -> Value:
    """What one part of a word gives."""
    value = _value_of_kind(atom, cursor, context, depth)
    return context.scope.settle_open(value)


def _value_of_kind(atom: Atom, cursor: Cursor, context: WordContext, depth: int) -> Value:
    match atom.kind:
        case "text":
            return Value(literal(atom.text))
        case "command":
            return context.substitute(atom.text, cursor, atom.offset)
        case "process":
            name = parameters.free_name("FILE")
            return parameters.open_value(name, "TC152", cursor, command="<(…)")
        case "placeholder":
            name = parameters.free_name(_own_key(cursor.peek() or "") or atom.text)
            return parameters.open_value(name, "TC153", cursor, written=f"<{atom.text}>")
        case "template":
            return _template_value(atom, cursor, context)
        case "arithmetic":
            return _arithmetic_value(atom, cursor, context)
    return _parameter_value(atom, cursor, context, depth)


def _template_value(atom: Atom, cursor: Cursor, context: WordContext) -> Value:
    """What an expression of a template gives: a variable that is set, else one that stays open."""
    held = context.scope.get(atom.text)
    if held is not None:
        return held
    name = parameters.free_name(atom.text)
    value = parameters.open_value(name, "TC031", cursor, written=atom.text)
    if not atom.operator:
        return value
    return parameters.compose_expansion(name, ":-", Value(literal(atom.argument)), value)


_KEY_OF_PLACEHOLDER = regex(r"(?:-e|--env=)?['\"]?([A-Za-z_]\w*)=<[^<>]*>['\"]?")


def _own_key(word: str) -> str:
    """The variable whose value is nothing but a placeholder, as `KEY=<your key>` states it; empty for other words."""
    match = _KEY_OF_PLACEHOLDER.fullmatch(word)
    return match[1] if match else ""


def _arithmetic_value(atom: Atom, cursor: Cursor, context: WordContext) -> Value:
    sources: list[Cursor] = []
    changes: dict[str, int] = {}
    number = calculate(atom.text, cursor, context, changes, sources)
    if number is not None:
        for name, changed in changes.items():
            context.scope.set(name, Value(str(changed), (cursor,)))
        return Value(str(number), tuple(sources))
    name = variable_name(re.sub(r"\W+", "_", atom.text.strip())[:30] or "NUMBER")
    command = f"echo $(({atom.text}))"
    return parameters.open_value(name, "TC152", cursor, command=command)


def calculate(
    text: str,
    cursor: Cursor,
    context: WordContext,
    changes: dict[str, int],
    sources: list[Cursor] | None = None,
) -> int | None:
    """The number that an expression gives, None where it is not known; what it assigns is added to `changes`."""
    sources = [] if sources is None else sources

    def look_up(name: str) -> str | None:
        name, _, index = name.rstrip("]").partition("[")
        held = parameters.look_up(name, context.scope, cursor)
        if held is None:
            return None
        if held.items is not None:
            held = parameters.element_at(held, look_up(index) or index)
        sources.extend(held.sources)
        return held.plain

    if "$" in text:
        expanded = word_value(text, cursor, context, quoted=True)
        sources.extend(expanded.sources)
        if expanded.plain is None:
            return None
        text = expanded.plain
    return evaluate(text, look_up, changes)


def _parameter_value(atom: Atom, cursor: Cursor, context: WordContext, depth: int) -> Value:
    """What the parameter holds, after what its operator makes of it."""
    if atom.operator == "unknown":
        name, command = variable_name(atom.text[:30]), f"${{{atom.text}}}"
        return parameters.open_value(name, "TC152", cursor, command=command)
    held = _held_value(atom, cursor, context, depth)
    if atom.operator in parameters.COMPOSE_OPERATORS:
        return _with_operator(atom, held, cursor, context)
    if atom.operator:
        return _transform_value(atom, held, cursor, context)
    if held is None and atom.text.startswith("%"):
        # A specifier that systemd does not know.
        return Value(literal(atom.text))
    return held or parameters.open_value(atom.text, "TC151", cursor)


def _held_value(
    atom: Atom, cursor: Cursor, context: WordContext, depth: int
) -> Value | None:
    """What a parameter holds, or the element of an array that it names; None when the script does not set it."""
    index = _element_index(atom, cursor, context) if atom.item else ""
    if index and context.scope.lacks_element(atom.text, index):
        return NOTHING
    element = context.scope.get(f"{atom.text}[{index}]") if index else None
    held = element or _own_path(atom, context)
    held = held or parameters.look_up(atom.text, context.scope, cursor)
    if held is None:
        return None
    is_make = held.raw is not None
    held = _as_used(held, atom, cursor, context, depth)
    if element is not None:
        return held
    gives_all = is_make or atom.text in "@*"
    return parameters.element_at(held, index or ("@" if gives_all else "0"))


def _element_index(atom: Atom, cursor: Cursor, context: WordContext) -> str:
    """The key of the element that a parameter names: as it stands, or what the expression gives."""
    index = atom.item
    if "$" in index:
        index = word_value(index, cursor, context).text
    is_key = index in context.scope.elements(atom.text)
    if is_key or re.fullmatch(r"[@*]|-?\d*", index) or context.scope.get(atom.text) is None:
        return index
    number = calculate(index, cursor, context, {})
    return index if number is None else str(number)


def _as_used(
    held: Value, atom: Atom, cursor: Cursor, context: WordContext, depth: int
) -> Value:
    """What a specifier of systemd or a variable of make gives at the place where it is used."""
    if atom.text.startswith("%"):
        opens = tuple(variable._replace(cursor=cursor) for variable in held.opens)
        held = held._replace(opens=opens)
    return held if held.raw is None else _make_value(held, cursor, context, depth)


def _own_path(atom: Atom, context: WordContext) -> Value | None:
    if atom.text in ("PWD", "CURDIR") and context.scope.get(atom.text) is None:
        return Value(parameters.script_folder(context.directory))
    if atom.text in ("0", "BASH_SOURCE"):
        return context.scope.get(atom.text) or Value(literal(context.script))
    return None


def _make_value(held: Value, cursor: Cursor, context: WordContext, depth: int) -> Value:
    """A variable of make, whose text is read as shell source at the place where it is used."""
    if depth > _DEEPEST:
        return held._replace(raw=None)
    fields: list[Value] = []
    for text in _source_words(held.raw or ""):
        for field in expand_atoms(word_atoms(text), cursor, context, depth + 1).fields:
            sources = tuple(dict.fromkeys((*held.sources, *field.sources)))
            fields.append(field._replace(sources=sources))
    if len(fields) == 1:
        return fields[0]
    sources = tuple(dict.fromkeys(source for field in fields for source in field.sources))
    return Value("", sources or held.sources, items=tuple(fields), raw=held.raw)


def _source_words(source: str) -> list[str]:
    try:
        return [
            token.text for token in tokens(source) if token.kind in ("word", "operator")
        ]
    except Unbalanced:
        return [source]


def _with_operator(
    atom: Atom, held: Value | None, cursor: Cursor, context: WordContext
) -> Value:
    argument = NOTHING
    if atom.argument:
        argument = word_value(atom.argument, cursor, context, quoted=atom.quoted)
    if held is None:
        return parameters.compose_expansion(atom.text, atom.operator, argument)
    return parameters.apply_operator(atom.operator, held, argument)


def _transform_value(
    atom: Atom, held: Value | None, cursor: Cursor, context: WordContext
) -> Value:
    """What `${X%p}`, `${!X}`, `${A[@]:1}` … give; a variable of their own where that is not known."""
    if held is not None and held.unknown:
        return held
    if atom.operator in ("indirect", "prefix"):
        default = word_value(atom.argument, cursor, context, quoted=atom.quoted)
        result = name_expansion(atom, held, default, context.scope, cursor)
    elif held is None:
        result = None
    elif held.items is not None and atom.operator == ":":
        cut = _computed_slice(atom.argument, cursor, context)
        result = parameters.slice_array(held, cut, int(atom.text in "@*"))
    elif atom.operator == ":":
        cut = _computed_slice(atom.argument, cursor, context)
        result = parameters.transform(atom, held, cut)
    else:
        argument = word_value(atom.argument, cursor, context, quoted=True)
        result = parameters.transform(atom, held, argument.plain)
    if result is not None:
        return result
    command = f"echo ${{{atom.text}{atom.operator}{atom.argument}}}"
    name = parameters.derived_name(atom.text, atom)
    return parameters.open_value(name, "TC152", cursor, command=command)


def _computed_slice(text: str, cursor: Cursor, context: WordContext) -> str:
    """`start:size` with the numbers that the two expressions give; as it stands where one is not known."""
    numbers = [calculate(side, cursor, context, {}) for side in text.split(":")]
    return text if None in numbers else ":".join(map(str, numbers))
