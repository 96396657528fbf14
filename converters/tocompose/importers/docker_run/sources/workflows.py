"""The services of workflows: containers that GitHub, GitLab and their like start beside the steps of a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.docker_run.sources.commands import container_branches
from tocompose.importers.docker_run.sources.parameters import (
    ContainerWords,
    ParameterReader,
)
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.source import Branch, Child, Leaf, Node
from tocompose.tables import load

# The row of `services` in the table that says how a service is written.
Dialect = Mapping[str, Any]


def service_nodes(root: Node) -> dict[int, Dialect]:
    """The dialect of each node, by its identity, that is a service of a workflow."""
    for dialect in load("docker/sources")["services"].values():
        if any(True for path in dialect["needs"] for _ in _nodes_at(root, path)):
            nodes = [node for path in dialect["paths"] for node in _nodes_at(root, path)]
            if _is_workflow(root) and nodes:
                return {id(node): dialect for node in nodes}
    return {}


def job_containers(root: Node) -> Iterator[Node]:
    """The containers that the steps of a job run in."""
    if _is_workflow(root):
        for path in load("docker/sources")["jobs"]:
            yield from _nodes_at(root, path)


def read_service(child: Child, dialect: Dialect, texts: ScalarTexts) -> Iterator[Branch]:
    """The command that starts a service, and what is lost of it."""
    reader = ParameterReader(texts, expands=bool(dialect.get("expands")))
    node = child.node
    if isinstance(node, Leaf):
        words = ContainerWords([], [reader.word(node.text, node.span)], [], [], [])
    else:
        words = reader.read_all(node.children, dialect["parameters"])
    if dialect.get("keyed") and not words.names and not isinstance(child.key, int):
        words.names.append(Leaf(str(child.key), child.span))
    yield from container_branches("docker", ("run", "--detach"), words, child.span)


def _is_workflow(root: Node) -> bool:
    """Whether a document may be a workflow: a map that is no object of Kubernetes."""
    return isinstance(root, Branch) and root.child("apiVersion") is None


def _nodes_at(node: Node, path: str) -> Iterator[Node]:
    """The nodes at a path of the table."""
    name, _, below = path.partition("/")
    for child in _children_called(node, name):
        if below:
            yield from _nodes_at(child.node, below)
        else:
            yield child.node


def _children_called(node: Node, name: str) -> tuple[Child, ...]:
    if isinstance(node, Leaf):
        return ()
    is_list = node.kind == "list"
    match name:
        case "*":
            return () if is_list else node.children
        case "+":
            return node.children if is_list else ()
        case "1+":
            return node.children[1:] if is_list else ()
    child = node.child(0 if name == "0" else name)
    return () if child is None else (child,)
