"""The services of workflows: containers that GitHub, GitLab and their like start beside the steps of a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.docker_run.sources.commands import container_branches
from tocompose.importers.docker_run.sources.parameters import (
    ContainerWords,
    ParameterReader,
)
from tocompose.patterns import regex
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node
from tocompose.syntax.interpolation import variable_names
from tocompose.tables import load


class WorkflowService(NamedTuple):
    """How a service is written (a row of `services` in the table), and the maps around it, the file's first."""

    dialect: Mapping[str, Any]
    owners: tuple[Branch, ...]

    def passed_variables(self) -> tuple[Child, ...]:
        """The variables of the file and of the job, where the tool gives them to every service."""
        settings: dict[str, Child] = {}
        for owner in self.owners if "passes" in self.dialect else ():
            for holder in _children_called(owner, self.dialect["passes"]):
                for setting in filter(self._is_passed, _children_called(holder.node, "*")):
                    settings[str(setting.key)] = setting
        return tuple(settings.values())

    def _is_passed(self, setting: Child) -> bool:
        """Whether a variable may be meant for a service: neither the runner's own, nor made of what only it knows."""
        node = setting.node
        own_names = regex(self.dialect["keeps"])
        if not isinstance(node, Leaf) or own_names.match(str(setting.key)):
            return False
        return not any(own_names.match(name) for name in variable_names(node.text))


def service_nodes(root: Node) -> dict[int, WorkflowService]:
    """What is known of each node, by its identity, that is a service of a workflow."""
    for dialect in load("docker/sources")["services"].values():
        if any(True for path in dialect["needs"] for _ in _nodes_at(root, path)):
            services = {
                id(node): WorkflowService(dialect, owners)
                for path in dialect["paths"]
                for node, owners in _nodes_with_owners(root, path)
            }
            if _is_workflow(root) and services:
                return services
    return {}


def job_containers(root: Node) -> Iterator[Node]:
    """The containers that the steps of a job run in."""
    if _is_workflow(root):
        for path in load("docker/sources")["jobs"]:
            yield from _nodes_at(root, path)


def read_service(
    child: Child, service: WorkflowService, texts: ScalarTexts
) -> Iterator[Branch]:
    """The command that starts a service, and what is lost of it."""
    dialect = service.dialect
    reader = ParameterReader(texts, expands=bool(dialect.get("expands")))
    node = child.node
    if isinstance(node, Leaf):
        container_words = ContainerWords(
            [], [reader.word(node.text, node.span)], [], [], []
        )
    else:
        container_words = reader.read_all(node.children, dialect["parameters"])
    if passed_variables := service.passed_variables():
        settings = Branch("map", passed_variables, passed_variables[0].span)
        # What the service says itself stands behind it and counts.
        container_words.flags[:0] = reader.flag("--env", settings, passed_variables[0].span)
    if (
        dialect.get("keyed")
        and not container_words.names
        and not isinstance(child.key, int)
    ):
        container_words.names.append(Leaf(str(child.key), child.span))
    yield from container_branches(
        "docker", ("run", "--detach"), container_words, child.span
    )


def _is_workflow(root: Node) -> bool:
    """Whether a document may be a workflow: a map that is no object of Kubernetes."""
    return isinstance(root, Branch) and root.child("apiVersion") is None


def _nodes_at(node: Node, path: str) -> Iterator[Node]:
    """The nodes at a path of the table."""
    for node_at_path, _ in _nodes_with_owners(node, path):
        yield node_at_path


def _nodes_with_owners(
    node: Node, path: str, owners: tuple[Branch, ...] = ()
) -> Iterator[tuple[Node, tuple[Branch, ...]]]:
    """The nodes at a path of the table, each with the maps and lists that it stands in, the outermost first."""
    name, _, path_in_folder = path.partition("/")
    if isinstance(node, Branch):
        owners = (*owners, node)
    for child in _children_called(node, name):
        if path_in_folder:
            yield from _nodes_with_owners(child.node, path_in_folder, owners)
        else:
            yield child.node, owners


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
