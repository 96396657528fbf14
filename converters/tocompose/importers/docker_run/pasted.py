"""A docker command given as arguments: the user's shell has already split and expanded it."""

from __future__ import annotations

import shlex

from tocompose.importers.docker_run.invocation import Argument, Invocation, Script
from tocompose.ledger import Ledger
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.interpolation import literal

FILE = "<command>"
_TOOLS = ("docker", "podman")
# Options of `docker` itself that take a value: they choose an engine or a configuration.
_GLOBAL_VALUES = frozenset(
    {
        "-H",
        "--host",
        "-c",
        "--context",
        "--config",
        "-l",
        "--log-level",
        "--connection",
        "--url",
    }
)
_GROUPS = frozenset({"container", "image", "network", "volume", "pod", "buildx"})


def pasted_script(argv: tuple[str, ...], ledger: Ledger) -> Script:
    """The script that holds just the command `argv`; positions are columns of the command as a shell would quote it.

    A prompt, `sudo` and the carriage returns of a paste are left aside.
    """
    clean = _without_returns(argv)
    tree = _argv_tree(clean)
    cursor = ledger.open(tree)
    arguments = tuple(
        Argument(literal(text), leaf.span, (leaf,))
        for text, leaf in zip(clean, cursor, strict=True)
    )
    start = next((index for index, text in enumerate(clean) if _is_tool(text)), 0)
    verb_at = _verb_index(clean, start + 1)
    size = 2 if clean[verb_at : verb_at + 1] and clean[verb_at] in _GROUPS else 1
    verb = tuple(
        argument for argument in clean[verb_at : verb_at + size] if argument != "container"
    )
    for argument in arguments[start + 1 : verb_at]:
        if argument.text.startswith("-"):
            argument.remark("TC147", option=argument.text.partition("=")[0])
    tool = clean[start].rpartition("/")[2] if clean else "docker"
    step = Invocation(
        tool, verb, arguments[verb_at + size :], tree.span, head=arguments[: verb_at + size]
    )
    return Script((step,), {})


def _without_returns(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The words without the carriage return that a pasted Windows line leaves at its end."""
    if not argv or not argv[-1].endswith("\r"):
        return argv
    return (*argv[:-1], argv[-1][:-1]) if len(argv[-1]) > 1 else argv[:-1]


def _is_tool(text: str) -> bool:
    return text.rpartition("/")[2] in _TOOLS


def _verb_index(argv: tuple[str, ...], index: int) -> int:
    """Where the verb stands, behind the global options of the client."""
    while index < len(argv) and argv[index].startswith("-"):
        index += 2 if argv[index] in _GLOBAL_VALUES else 1
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
