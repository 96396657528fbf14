"""Commands that are made of parameters: branches as the reader of shell text makes them, each word at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.sources.parameters import ContainerWords, Remark
from tocompose.source import Branch, Child, Leaf, Node, Span


def container_branches(
    tool: str, verb: Iterable[str], words: ContainerWords, span: Span
) -> Iterator[Branch]:
    """The command of a container with the notes about it; under the name that others call it, where it has one."""
    head = [Leaf(text, span, "literal") for text in (tool, *verb)]
    command = _branch_of("command", [*head, *words.flags, *words.operands()], span)
    yield named_branch(words.names[0], command) if words.names else command
    yield from map(remark_branch, words.remarks)


def named_branch(name: Leaf, command: Branch) -> Branch:
    """The command of a container that others call by the name."""
    children = (Child("name", name.span, name), Child("command", command.span, command))
    return Branch("named", children, command.span)


def remark_branch(remark: Remark) -> Branch:
    """A branch that says a note and does nothing else."""
    child = Child(remark.code, remark.leaf.span, remark.leaf)
    return Branch("noted", (child,), remark.leaf.span)


def _branch_of(kind: str, nodes: Iterable[Node], span: Span) -> Branch:
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch(kind, children, span)
