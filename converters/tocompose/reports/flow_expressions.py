"""What lines of a shell and of make take the values of: `$x`, `${x:-y}`, `$(X)`, `$(call f,$(X))`, `$1`.

Nothing is expanded here. Both languages are read at once, for a line of a recipe is written in both.
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.make_functions import TEXT_FUNCTIONS

_CLOSING = {"(": ")", "{": "}"}
_BARE_NAME = regex(r"[A-Za-z_]\w*|[0-9@*]")
_NAME_PART = regex(r"[\w.-]+|[@*]")
_TEXT_FUNCTIONS = TEXT_FUNCTIONS | {"call", "foreach", "echo", "printf"}
# The first word behind these is a name.
_NAMING_FUNCTIONS = frozenset({"call", "value", "origin", "flavor"})
ANY = "*"


class Stretch(NamedTuple):
    """Part of a text, from `start` up to but not including `stop`."""

    start: int
    stop: int


def expressions(text: str) -> Iterator[Stretch]:
    """The outermost expressions of the text, each from its dollar sign to its end."""
    start = text.find("$")
    while start != -1:
        stop = expression_end(text, start)
        if text[start:stop].strip("$"):
            yield Stretch(start, stop)
        start = text.find("$", stop)


def expression_end(text: str, start: int) -> int:
    """The offset behind the expression that starts there; what is not closed reaches to the end of the text."""
    inner = start
    while text.startswith("$", inner):
        inner += 1
    closing = _CLOSING.get(text[inner : inner + 1])
    if closing is None:
        bare = _BARE_NAME.match(text, inner)
        return bare.end() if bare else inner
    opening, depth = text[inner], 0
    for offset in range(inner, len(text)):
        depth += (text[offset] == opening) - (text[offset] == closing)
        if not depth:
            return offset + 1
    return len(text)


def names_taken(expression: str) -> Iterator[str]:
    """The names whose values an expression takes, with `*` for what a name computes: `T_*` for `$(T_$(n))`."""
    pending = [expression]
    while pending:
        inner = pending.pop().lstrip("$")
        if inner[:1] not in _CLOSING:
            yield inner
            continue
        body = inner[1:].removesuffix(_CLOSING[inner[0]]).lstrip("#")
        if body.startswith("!"):
            continue
        function, space, arguments = body.partition(" ")
        if not space:
            name, stop = _computed_name(body, is_makes=False)
            # `${x-y}` may be either language's; `$(x-y)` may be a command, which no variable is called.
            yield from dict.fromkeys((name, name_pattern(body)))
            body = body[stop:]
        elif function in _NAMING_FUNCTIONS:
            yield name_pattern(arguments.lstrip())
        nested = [body[slice(*stretch)] for stretch in expressions(body)]
        pending += reversed(nested)


def literal_stretches(text: str) -> Iterator[Stretch]:
    """The parts of a text that stand in it as they are, those too that a function of make gives back."""
    pending = [Stretch(0, len(text))]
    while pending:
        done, stop = pending.pop()
        offset, part = done, text[done:stop]
        for expression in expressions(part):
            yield Stretch(done, offset + expression.start)
            done = offset + expression.stop
            for start, end in _arguments(part, expression):
                pending.append(Stretch(offset + start, offset + end))
        yield Stretch(done, stop)


def _arguments(text: str, expression: Stretch) -> Iterator[Stretch]:
    """The arguments of a function that gives them back; nothing for another expression."""
    body = text[slice(*expression)]
    head = body.lstrip("$")[1:].partition(" ")[0]
    if head in _TEXT_FUNCTIONS:
        offset = expression.start + body.index(head) + len(head)
        yield Stretch(offset, max(offset, expression.stop - 1))


def name_pattern(name: str) -> str:
    """The name with `*` for each expression in it."""
    return _computed_name(name, is_makes=True)[0]


def _computed_name(text: str, *, is_makes: bool) -> tuple[str, int]:
    """The name at the start of a text, with `*` for each expression in it, and the offset behind it.

    A dash belongs to the names of make: `$(my-name)`. Those of a shell have none: `${x-default}`.
    """
    parts: list[str] = []
    offset = 0
    while offset < len(text):
        if text[offset] == "$":
            parts.append(ANY)
            offset = max(expression_end(text, offset), offset + 1)
        elif part := _NAME_PART.match(text, offset):
            name = part[0] if is_makes else part[0].partition("-")[0]
            parts.append(name)
            offset += max(len(name), 1)
            if len(name) < len(part[0]):
                break
        else:
            break
    return "".join(parts), offset
