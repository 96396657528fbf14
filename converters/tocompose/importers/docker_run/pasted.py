"""A docker command given as arguments: the user's shell has already split and expanded it."""

from __future__ import annotations

from tocompose.importers.docker_run.invocation import Invocation, Script, Word
from tocompose.ledger import Ledger
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.values import literal

FILE = "<command>"


def pasted(argv: tuple[str, ...], ledger: Ledger) -> Script:
    """The script that holds just the command `argv`; positions are columns of the command as a shell would quote it."""
    tree = _tree(argv)
    cursor = ledger.open(tree)
    words = tuple(Word(literal(text), leaf.span, (leaf,)) for text, leaf in zip(argv, cursor, strict=True))
    size = 2 if len(argv) > 2 and argv[1] in ("container", "image", "network", "volume", "pod") else 1
    verb = tuple(argv[1 : 1 + size])
    if verb[:1] == ("container",):
        verb = verb[1:]
    head, rest = words[: 1 + size], words[1 + size :]
    tool = argv[0].rpartition("/")[2]
    step = Invocation(tool, verb, rest, tree.span, head=head)
    return Script((step,), {})


def _tree(argv: tuple[str, ...]) -> Branch:
    import shlex

    children, column = [], 1
    for index, text in enumerate(argv):
        width = len(shlex.quote(text))
        span = Span(FILE, 1, column, 1, column + width)
        children.append(Child(index, span, Leaf(text, span, "word")))
        column += width + 1
    return Branch("command", tuple(children), Span(FILE, 1, 1, 1, max(column - 1, 1)))
