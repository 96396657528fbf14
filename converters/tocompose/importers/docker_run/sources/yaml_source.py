"""Reads YAML and JSON that start containers: workflows, playbooks, cloud-init, task files, settings of editors.

What a tool says by parameters becomes a command with the places of the parameters; code in a text is read as shell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.importers.docker_run.sources.commands import named_branch, remark_branch
from tocompose.importers.docker_run.sources.parameters import Remark
from tocompose.importers.docker_run.sources.playbooks import read_task
from tocompose.importers.docker_run.sources.texts import (
    Surroundings,
    assignments_for,
    code_branch,
    file_branch,
    with_variables,
)
from tocompose.importers.docker_run.sources.workflows import (
    job_containers,
    read_service,
    service_nodes,
)
from tocompose.readers import shell
from tocompose.readers.mentions import is_command, starts_containers
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.readers.text import Text
from tocompose.readers.yaml import read_yaml
from tocompose.source import Branch, Child, Leaf, Node
from tocompose.tables import load

_CLIENTS = frozenset({"docker", "podman", "nerdctl"})
_PATH_KEYS = ("path", "dest", "name", "filename")


def read_yaml_source(source: Text) -> Branch:
    """A `script` of one branch for each container and each piece of code, in the order of the file."""
    documents = read_yaml(source.text.encode(), source.file)
    if any(document.root is None for document in documents):
        # Templates, tabs: its lines are still commands to read.
        return shell.read(source, documentation=True)
    nodes: list[Node] = []
    for document in documents:
        if document.root is not None:
            nodes += _DocumentReader(source, document.root).read()
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch("script", children, source.span(0, len(source.text)))


class _DocumentReader:
    """Reads one document from its root."""

    def __init__(self, source: Text, root: Node) -> None:
        self._texts = ScalarTexts(source)
        self._root = root
        self._services = service_nodes(root)
        self._jobs = {id(node) for node in job_containers(root)}
        self._tables: Mapping[str, Any] = load("docker/sources")

    def read(self) -> Iterator[Node]:
        """The branches of the document."""
        root = Child("", self._root.span, self._root)
        yield from self._visit(root, Surroundings(root))

    def _visit(self, child: Child, around: Surroundings) -> Iterator[Node]:
        """What a node holds; `around` is what holds for it."""
        node = child.node
        if id(node) in self._services:
            service = self._services[id(node)]
            branches = read_service(child, service, self._texts)
            passed_nodes = (setting.node for setting in service.passed_variables())
            yield with_variables(branches, (node, *passed_nodes), around)
        elif id(node) in self._jobs:
            yield _job_remark(node)
        elif isinstance(node, Leaf):
            yield from self._visit_text(child, node, around)
        elif node.kind == "list":
            yield from self._visit_list(child, node, around)
        else:
            yield from self._visit_map(str(child.key), node, around)

    def _visit_map(self, key: str, node: Branch, around: Surroundings) -> Iterator[Node]:
        around = around.inside(node, self._tables["variables"])
        if (call := _client_settings(node, key)) is not None:
            yield call
            return
        for child in node.children:
            task = read_task(child, node, self._texts)
            if task is None:
                yield from self._visit(child, around)
            elif task:
                yield with_variables(task, (node,), around)

    def _visit_list(
        self, child: Child, node: Branch, around: Surroundings
    ) -> Iterator[Node]:
        texts = [entry.node for entry in node.children if isinstance(entry.node, Leaf)]
        if len(texts) == len(node.children) and _is_argument_list(texts):
            yield _literal_command(texts)
            return
        is_code = str(child.key) in self._tables["code"] or _holds_command(texts)
        if is_code and any(starts_containers(text.text) for text in texts):
            yield code_branch(texts, around, self._texts)
            texts = []
        for entry in node.children:
            is_read = isinstance(entry.node, Leaf) and not texts
            if not is_read:
                yield from self._visit(Child(child.key, entry.span, entry.node), around)

    def _visit_text(self, child: Child, leaf: Leaf, around: Surroundings) -> Iterator[Node]:
        path = next(filter(None, (around.sibling(key) for key in _PATH_KEYS)), "")
        if (branch := file_branch(leaf, path, around, self._texts)) is not None:
            yield branch
            return
        if child.key == "uses" and leaf.text.startswith("docker://"):
            yield remark_branch(Remark("TC032", Leaf(leaf.text[9:], leaf.span)))
        if not starts_containers(leaf.text):
            return
        speaks = str(child.key) in self._tables["speaking"]
        is_code = str(child.key) in self._tables["code"] or is_command(leaf.text)
        if speaks or not is_code:
            yield remark_branch(Remark("TC033", Leaf("", leaf.span)))
        else:
            yield code_branch([leaf], around, self._texts)


def _job_remark(node: Node) -> Branch:
    image = node.child("image") if isinstance(node, Branch) else None
    leaf = node if image is None else image.node
    text = leaf.text if isinstance(leaf, Leaf) else "an image"
    return remark_branch(Remark("TC032", Leaf(text, node.span)))


def _holds_command(texts: Iterable[Leaf]) -> bool:
    return any(is_command(text.text) for text in texts)


def _is_argument_list(texts: list[Leaf]) -> bool:
    """Whether a list holds the words of one docker command: `[docker, run, nginx]`."""
    argument_texts = [text.text for text in texts]
    while argument_texts[:1] in (["sudo"], ["-n"], ["-E"]):
        del argument_texts[0]
    is_client = bool(argument_texts) and argument_texts[0].rpartition("/")[2] in _CLIENTS
    return is_client and len(argument_texts) > 2


def _literal_command(texts: Iterable[Leaf], settings: Iterable[Branch] = ()) -> Branch:
    """A command whose words no shell reads, behind the settings that hold for it."""
    leaves = [
        Leaf(text.text, text.span, "template" if "{{" in text.text else "literal")
        for text in texts
    ]
    nodes: list[Node] = [*settings, *leaves]
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch("command", children, leaves[0].span.to(leaves[-1].span))


def _client_settings(node: Branch, key: str) -> Branch | None:
    """A program that is docker with its arguments in a list, as editors and MCP clients are told what to start."""
    command, arguments = node.child("command"), node.child("args")
    if command is None or arguments is None or not isinstance(command.node, Leaf):
        return None
    program = command.node.text.rpartition("/")[2]
    if program not in _CLIENTS or not isinstance(arguments.node, Branch):
        return None
    leaves = [
        child.node for child in arguments.node.children if isinstance(child.node, Leaf)
    ]
    settings = node.child("env")
    holders = (
        settings.node.children if settings and isinstance(settings.node, Branch) else ()
    )
    call = _literal_command([command.node, *leaves], assignments_for(holders))
    return named_branch(Leaf(key, node.span), call) if key else call
