"""Reads shell text into a positioned tree.

Kinds: `script` and `body` hold statements; `command` holds words (leaves of style `word`), `assignment`, `append` and
`redirect`; `and`, `or`, `not`, `pipeline`, `background`, `if`, `for`, `while`, `until`, `case`, `function`, `group`,
`subshell` and XX
"""

from __future__ import annotations

import re

from tocompose.readers.commands import by_line, simple_list
from tocompose.readers.idioms import cleaned, loose_operators
from tocompose.readers.text import Text, Unreadable, without_returns
from tocompose.readers.windows import as_shell
from tocompose.source import Branch, Child, Leaf, Node, leaves
from tocompose.syntax.names import variable_name

LONGEST_TEXT = 2_000_000
LONGEST_LINE = 200_000
_EXPRESSION = re.compile(r"\$\{\{([^{}\n]*)\}\}")
_DOCKER = re.compile(r"(?:\S*/)?(?:docker|podman)")


def read(source: Text, *, documentation: bool = False) -> Branch:
    """The tree of a script, or of a code block in `documentation`, where `# ` may be a prompt, also for Windows.

    Raises Unreadable for text of a size that no script has.
    """
    _guard_expressions(source)
    source = without_returns(source)
    source = _without_expressions(as_shell(source) if documentation else source)
    as_written, operators = source, loose_operators(source.text)
    source = (
        source.edited((start, start, "\\") for start in operators) if operators else source
    )
    text, asides = cleaned(source, documentation=documentation)
    statements = simple_list(text, 0, len(text.text))
    unclosed: list[Child] = []
    if statements is None:
        statements, unclosed = _read_repaired(text)
    nodes: list[Node] = [*statements]
    nodes += [
        Leaf(source.text[a.start : a.end_offset], text.span(a.start, a.end_offset), a.kind)
        for a in asides
    ]
    nodes += [
        Leaf(as_written.text[at], as_written.span(at, at + 1), "operator")
        for at in operators
    ]
    children = (
        *(Child(index, node.span, node) for index, node in enumerate(nodes)),
        *unclosed,
    )
    return Branch("script", children, source.span(0, len(source.text)))


def _without_expressions(source: Text) -> Text:
    """The text with the expressions of GitHub workflows, which no shell sees, as variables.

    https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
    """
    if "${{" not in source.text:
        return source
    return source.edited(
        (match.start(), match.end(), _as_variable(match[1]))
        for match in _EXPRESSION.finditer(source.text)
    )


def _as_variable(expression: str) -> str:
    name = re.sub(r"^\s*(?:secrets|vars|env|inputs)\.", "", expression)
    return f"${{{variable_name(name)}}}"


def _read_repaired(text: Text) -> tuple[list[Node], list[Child]]:
    """The statements of text with compound commands, and each line with an unclosed quote as a leaf `unclosed`."""
    from tocompose.readers.repair import repaired

    sound, lines = repaired(text)
    remaining = [
        Child(
            f"unclosed{line.start}",
            text.span(line.quote, line.quote + 1),
            _unclosed_leaf(text, line.start, line.end_offset),
        )
        for line in lines
    ]
    statements = simple_list(sound, 0, len(sound.text)) if lines else None
    return (_read_structured(sound) if statements is None else statements), remaining


def _unclosed_leaf(text: Text, start: int, end_offset: int) -> Leaf:
    return Leaf(
        text.text[start:end_offset].strip(), text.span(start, end_offset), "unclosed"
    )


def _read_structured(text: Text) -> list[Node]:
    """The statements by the grammar of bash; where it finds errors, by line if that keeps more docker commands."""
    from tocompose.readers.grammar import by_grammar

    statements, sound = by_grammar(text)
    if sound:
        return statements
    recovered = by_line(text, 0, len(text.text))
    return recovered if _docker_calls(recovered) > _docker_calls(statements) else statements


def _docker_calls(nodes: list[Node]) -> int:
    return sum(
        1
        for node in nodes
        for leaf in leaves(node)
        if leaf.style == "word" and _DOCKER.fullmatch(leaf.text)
    )


def _guard_expressions(source: Text) -> None:
    if len(source.text) > LONGEST_TEXT:
        message = f"{len(source.text):,} characters are too many for a script; give the part with the docker commands"
        raise Unreadable(source.span(0, 0), message)
    start = 0
    while start < len(source.text):
        stop = source.text.find("\n", start)
        stop = len(source.text) if stop == -1 else stop
        if stop - start > LONGEST_LINE:
            message = f"a line of {stop - start:,} characters is too long for a script; is this a script?"
            raise Unreadable(source.span(start, start), message)
        start = stop + 1
