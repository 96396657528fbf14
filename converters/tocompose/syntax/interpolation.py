"""Compose's interpolation: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}` …, `$$` for a dollar sign.

A default may hold variables again, at any depth. Read as compose-go's template reads it
(https://github.com/compose-spec/compose-go/blob/main/template/template.go), in one pass over the text. What
Compose refuses (`${`, `${A!}`, a brace that does not close on its line) counts as text.
https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from tocompose.patterns import regex
from tocompose.record import NamedTuple

_TOKEN = regex(
    r"\$(?:\$|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:\}|(?P<operator>:?[-?+])))"
)
# compose-go, which looks for the closing brace of a variable, leaves out the character behind each opening one.
_BRACE = regex(r"\{.?|\}", re.DOTALL)


class Literal(NamedTuple):
    """Text without variables, as it stands in the file: a dollar sign is doubled."""

    source: str

    @property
    def value(self) -> str:
        """The text that Compose makes of it."""
        return self.source.replace("$$", "$")


class Variable(NamedTuple):
    """One variable expression inside a `template`; `parts` are those of its operand."""

    name: str
    operator: str
    parts: tuple[Segment, ...]
    template: str
    start: int
    operand_start: int
    end_offset: int

    @property
    def source(self) -> str:
        """The whole expression, braces included."""
        return self.template[self.start : self.end_offset]

    @property
    def operand(self) -> str:
        """What follows the operator, as it stands: a default, a message, another value; empty without operator."""
        return (
            self.template[self.operand_start : self.end_offset - 1] if self.operator else ""
        )

    @property
    def default(self) -> str | None:
        """The text that is used where the variable has no value; None where none is stated."""
        return self.operand if self.operator in ("-", ":-") else None

    @property
    def holds_variable(self) -> bool:
        """Whether its operand holds a variable."""
        return any(isinstance(part, Variable) for part in self.parts)

    @property
    def is_required(self) -> bool:
        """Whether nothing starts without a value."""
        return self.operator in ("?", ":?")

    def with_operand(self, operand: str) -> str:
        """The expression with another operand, given as Compose reads it."""
        return f"${{{self.name}{self.operator}{operand}}}"

    def uses_operand(self, values: Mapping[str, str]) -> bool:
        """Whether Compose puts the operand in the place of the expression, with these values set."""
        value = values.get(self.name)
        is_set = bool(value) if self.operator.startswith(":") else value is not None
        if self.operator.endswith("+"):
            return is_set
        return self.operator.endswith("-") and not is_set


Segment: TypeAlias = Literal | Variable


class _Frame:
    """A variable whose operand is being read, up to `close`, or the whole text."""

    __slots__ = ("close", "literal_start", "name", "operator", "parts", "start")

    def __init__(
        self, start: int, literal_start: int, name: str, operator: str, close: int
    ) -> None:
        self.start, self.literal_start, self.close = start, literal_start, close
        self.name, self.operator = name, operator
        self.parts: list[Segment] = []

    def end_literal(self, text: str, literal_end: int) -> None:
        """Takes the text up to `literal_end` over as a literal."""
        if literal_end > self.literal_start:
            self.parts.append(Literal(text[self.literal_start : literal_end]))


def parse(text: str) -> tuple[Segment, ...]:
    """The parts of the text in order, in a time that grows with its length; their sources joined are the text."""
    if "$" not in text:
        return (Literal(text),) if text else ()
    braces = _Braces(text)
    frames = [_Frame(0, 0, "", "", len(text))]
    for token in _TOKEN.finditer(text):
        start, token_end = token.span()
        while frames[-1].close <= start:
            _close_frame(text, frames)
        frame = frames[-1]
        if operator := token["operator"]:
            close = braces.closing(start, token_end, frame.close)
            if close is not None:
                frame.end_literal(text, start)
                frames.append(_Frame(start, token_end, token["braced"], operator, close))
        elif (name := token["bare"] or token["braced"]) and token_end <= frame.close:
            frame.end_literal(text, start)
            frame.parts.append(Variable(name, "", (), text, start, token_end, token_end))
            frame.literal_start = token_end
    while len(frames) > 1:
        _close_frame(text, frames)
    frames[0].end_literal(text, len(text))
    return tuple(frames[0].parts)


def _close_frame(text: str, frames: list[_Frame]) -> None:
    frame = frames.pop()
    frame.end_literal(text, frame.close)
    variable_end = frame.close + 1
    operand_start = frame.start + len("${") + len(frame.name) + len(frame.operator)
    variable = Variable(
        frame.name,
        frame.operator,
        tuple(frame.parts),
        text,
        frame.start,
        operand_start,
        variable_end,
    )
    frames[-1].parts.append(variable)
    frames[-1].literal_start = variable_end


class _Braces:
    """Where variables close: read once, when the first variable with an operator asks."""

    __slots__ = ("_closers", "_line_ends", "_partners", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._partners: dict[int, int] | None = None
        self._closers: list[int] = []
        self._line_ends: list[int] = []

    def closing(self, start: int, operand_start: int, limit: int) -> int | None:
        """The brace before `limit` that closes the variable at `start`; None where none stands on its line.

        Where the braces do not balance, compose-go takes the last one on the line.
        """
        partners = self._pair() if self._partners is None else self._partners
        line_end_index = bisect_left(self._line_ends, operand_start)
        if line_end_index < len(self._line_ends):
            limit = min(limit, self._line_ends[line_end_index])
        index = bisect_left(self._closers, limit) - 1
        if index < 0 or self._closers[index] < operand_start:
            return None
        partner = partners.get(start + 1)
        last_closer = self._closers[index]
        return last_closer if partner is None or partner > last_closer else partner

    def _pair(self) -> dict[int, int]:
        text = self._text
        self._partners = partners = {}
        self._closers = [match.start() for match in re.finditer(r"\}", text)]
        self._line_ends = [match.start() for match in re.finditer(r"\n", text)]
        opened: list[int] = []
        for brace in _BRACE.finditer(text):
            if brace[0] != "}":
                opened.append(brace.start())
            elif opened:
                partners[opened.pop()] = brace.start()
        return partners


def variables(text: str) -> list[Variable]:
    """The outermost variables of the text, in order."""
    if "$" not in text:
        return []
    return [segment for segment in parse(text) if isinstance(segment, Variable)]


def nested_variables(text: str) -> Iterator[Variable]:
    """The variables of the text at any depth, each before those in its operand."""
    if "$" not in text:
        return
    pending = [*reversed(parse(text))]
    while pending:
        segment = pending.pop()
        if isinstance(segment, Variable):
            yield segment
            pending.extend(reversed(segment.parts))


def variable_names(text: str) -> Iterator[str]:
    """The names of the variables that Compose would replace in the text, at any depth."""
    return (variable.name for variable in nested_variables(text))


def literal(text: str) -> str:
    """The text as Compose must read it to mean exactly `text`: each `$` doubled."""
    return text.replace("$", "$$")


def plain(text: str) -> str | None:
    """What Compose makes of the text without any variable; None when it holds one."""
    return None if variables(text) else text.replace("$$", "$")


def required_reference(name: str, file: str = "") -> str:
    """The variable as Compose reads it where nothing starts without a value, and says in which file to set it."""
    hint = f" in {file}" if file else ""
    return f"${{{name}:?set {name}{hint}}}"


def substitute(text: str, values: Mapping[str, str]) -> str:
    """What Compose makes of the text when the variables have these values; an unset one is empty."""
    output: list[str] = []
    pending = [*reversed(parse(text))]
    while pending:
        segment = pending.pop()
        if isinstance(segment, Literal):
            output.append(segment.value)
        elif segment.uses_operand(values):
            pending.extend(reversed(segment.parts))
        elif not segment.operator.endswith("+"):
            output.append(values.get(segment.name, ""))
    return "".join(output)


def apply_defaults(text: str) -> str:
    """The text, as Compose reads it, with each variable that has a default replaced by it, at any depth."""
    output: list[str] = []
    pending = [*reversed(parse(text))]
    while pending:
        segment = pending.pop()
        if isinstance(segment, Variable) and segment.default is not None:
            pending.extend(reversed(segment.parts))
        else:
            output.append(segment.source)
    return "".join(output)


def replace_variables(text: str, replacement: Callable[[Variable], str]) -> str:
    """The text with each outermost variable replaced; a doubled dollar sign stays as it is."""
    if "$" not in text:
        return text
    return "".join(
        segment.source if isinstance(segment, Literal) else replacement(segment)
        for segment in parse(text)
    )


def replace_literals(text: str, replacement: Callable[[Literal], str]) -> str:
    """The text with the literals at any depth replaced, those of defaults too: a default is a value.

    Messages of required variables stay. What replaces a literal is given as Compose reads it.
    """
    output: list[str] = []
    pending: list[Segment | str] = [*reversed(parse(text))]
    while pending:
        segment = pending.pop()
        if isinstance(segment, str):
            output.append(segment)
        elif isinstance(segment, Literal):
            output.append(replacement(segment))
        elif not segment.operator or segment.is_required:
            output.append(segment.source)
        else:
            output.append(f"${{{segment.name}{segment.operator}")
            pending.append("}")
            pending.extend(reversed(segment.parts))
    return "".join(output)


def replace_in_document(value: Any, replacement: Callable[[Variable], str]) -> Any:
    """A document with the outermost variables of each text replaced; Compose never interpolates keys."""
    if isinstance(value, Mapping):
        return {
            key: replace_in_document(child, replacement) for key, child in value.items()
        }
    if isinstance(value, list):
        return type(value)(replace_in_document(child, replacement) for child in value)
    if isinstance(value, str):
        return type(value)(replace_variables(value, replacement))
    return value


def document_variables(value: Any) -> dict[str, Variable]:
    """The variables of a document by name, each as it first occurs, also those in the defaults of others."""
    by_name: dict[str, Variable] = {}
    for text in _document_texts(value):
        for variable in nested_variables(text):
            by_name.setdefault(variable.name, variable)
    return by_name


def _document_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for child in value.values() if isinstance(value, Mapping) else value:
            yield from _document_texts(child)


def split_outside_variables(text: str, separator: str, limit: int = -1) -> list[str]:
    """`text.split(separator, limit)` that leaves variables whole."""
    if "${" not in text:
        return text.split(separator, limit)
    fields = [""]
    for segment in parse(text):
        if isinstance(segment, Variable):
            fields[-1] += segment.source
            continue
        splits_left = limit if limit < 0 else limit - len(fields) + 1
        head, *following = segment.source.split(separator, splits_left)
        fields[-1] += head
        fields += following
    return fields
