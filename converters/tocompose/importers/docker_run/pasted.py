"""A docker command given as arguments: the user's shell has already split and expanded it."""

from __future__ import annotations

import shlex

from tocompose.importers.docker_run.invocation import Argument, Invocation, Script
from tocompose.importers.docker_run.options import (
    flag_rows,
    flags_with_value,
    parse_command_line,
    program_name,
    read_verb,
)
from tocompose.ledger import Ledger
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.interpolation import literal

FILE = "<command>"
_TOOLS = ("docker", "podman")


def paste_options(argv: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The options of this importer for a command given as arguments: as its text where copying has changed it."""
    from tocompose.importers.docker_run.paste.arguments import as_pasted

    text = as_pasted(argv)
    return {"argv": argv} if text is None else {"argv": argv, "paste": (text,)}


def pasted_script(argv: tuple[str, ...], ledger: Ledger) -> Script:
    """The script that holds just the command `argv`; positions are columns of the command as a shell would quote it.

    A prompt, `sudo` and the carriage returns of a paste are left aside.
    """
    argv = _without_returns(argv)
    tree = _argv_tree(argv)
    arguments = tuple(
        Argument(literal(text), leaf.span, (leaf,))
        for text, leaf in zip(argv, ledger.open(tree), strict=True)
    )
    tools = [program_name(text) for text in argv]
    start = next((index for index, tool in enumerate(tools) if tool in _TOOLS), 0)
    tool = tools[start] if tools else _TOOLS[0]
    verb_at = _verb_index(argv, start + 1, tool)
    for argument in arguments[start + 1 : verb_at]:
        if argument.text.startswith("-"):
            argument.annotate("TC147", option=argument.text.partition("=")[0])
    verb, verb_end = read_verb(argv, verb_at)
    return Script(
        (
            Invocation(
                tool, verb, arguments[verb_end:], tree.span, head=arguments[:verb_end]
            ),
        ),
        {},
    )


def unknown_options(argv: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The options of a `docker run` that docker does not know, and the long ones and `-o` behind its image."""
    start = next((at for at, text in enumerate(argv) if program_name(text) in _TOOLS), 0)
    _, verb_end = read_verb(argv, _verb_index(argv, start + 1, "docker"))
    nowhere = Span(FILE, 1, 1, 1, 1)
    arguments = tuple(Argument(literal(text), nowhere) for text in argv[verb_end:])
    line = parse_command_line(arguments, flag_rows("run", "podman"))
    unknown = [option.name for option in line.options if option.row is None]
    behind = [argument.text for argument in line.operands[1:]]
    return unknown, [text for text in behind if text == "-o" or text.startswith("--")]


def _without_returns(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The words without the carriage return that a pasted Windows line leaves at its end."""
    if not argv or not argv[-1].endswith("\r"):
        return argv
    return (*argv[:-1], argv[-1][:-1]) if len(argv[-1]) > 1 else argv[:-1]


def _verb_index(argv: tuple[str, ...], index: int, tool: str) -> int:
    """Where the verb stands, behind the global options of the client."""
    valued = flags_with_value(tool)
    while index < len(argv) and argv[index].startswith("-"):
        index += 2 if argv[index] in valued else 1
    return index


def _argv_tree(argv: tuple[str, ...]) -> Branch:
    children: list[Child] = []
    column = 1
    for index, text in enumerate(argv):
        width = len(shlex.quote(text))
        span = Span(FILE, 1, column, 1, column + width)
        children.append(Child(index, span, Leaf(text, span, "word")))
        column += width + 1
    return Branch("command", tuple(children), Span(FILE, 1, 1, 1, max(column - 1, 1)))
