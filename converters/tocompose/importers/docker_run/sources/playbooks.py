"""Tasks of Ansible that make containers, networks and volumes, by the modules in `mappings/docker/sources.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.docker_run.sources.commands import (
    container_branches,
    remark_branch,
)
from tocompose.importers.docker_run.sources.parameters import (
    Bindings,
    ParameterReader,
    Remark,
)
from tocompose.patterns import regex
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.source import Branch, Child, Leaf, Node
from tocompose.tables import load

_LOOPS = ("loop", "with_items", "with_list", "with_dict")
# No name begins within a word, and no expression within another: a long text is read once.
_SETTING = regex(
    r"(?<!\w)(?P<name>\w+)=(?P<value>\"[^\"]*\"|'[^']*'|\{\{(?:(?!\{\{).)*?\}\}\S*|\S*)"
)
_MOST_ROUNDS = 50


def read_task(child: Child, task: Branch, texts: ScalarTexts) -> list[Node] | None:
    """The commands that an entry of a task stands for, or a leaf `removal`; None for any other entry."""
    tables = load("docker/sources")
    name = str(child.key).rpartition(".")[2]
    parameters = _parameters(child.node)
    if parameters is None:
        return None
    if name in tables["by_files"]:
        return [_file_remark(name, parameters, child)]
    module = tables["modules"].get(name)
    if module is None:
        return None
    if _is_removal(module, parameters):
        return [Leaf(name, child.span, "removal")]
    commands: list[Node] = [
        branch
        for bindings in _loop_rounds(task)
        for branch in _read_round(
            module, parameters, child, ParameterReader(texts, bindings)
        )
    ]
    return [*commands, *_loop_remark(task)]


def _read_round(
    module: Mapping[str, Any],
    parameters: tuple[Child, ...],
    child: Child,
    reader: ParameterReader,
) -> Iterator[Branch]:
    container_words = reader.read_all(parameters, module["parameters"])
    yield from container_branches(
        module["tool"], module["verb"], container_words, child.span
    )


def _parameters(node: Node) -> tuple[Child, ...] | None:
    """The parameters of a module, also in the short form `name=web image=nginx`; None for what are none."""
    if isinstance(node, Branch):
        return node.children if node.kind == "map" else None
    settings = [
        Child(match["name"], node.span, Leaf(match["value"].strip("\"'"), node.span))
        for match in _SETTING.finditer(node.text)
    ]
    return tuple(settings) or None


def _is_removal(module: Mapping[str, Any], parameters: tuple[Child, ...]) -> bool:
    unless = module["unless"]
    return any(
        child.key == unless["parameter"]
        and isinstance(child.node, Leaf)
        and child.node.text in unless["values"]
        for child in parameters
    )


def _file_remark(name: str, parameters: tuple[Child, ...], child: Child) -> Branch:
    file_keys = load("docker/sources")["by_files"][name]
    leaf = next((p.node for p in parameters if p.key == file_keys), None)
    file = leaf.text if isinstance(leaf, Leaf) else name
    return remark_branch(Remark("TC036", Leaf(file, child.span)))


def _loop_rounds(task: Branch) -> list[Bindings]:
    """What `item` holds in each round of the task's loop, where the task says it; one round of nothing else."""
    loop = next((task.child(name) for name in _LOOPS if task.child(name)), None)
    if loop is None or not isinstance(loop.node, Branch) or loop.node.kind != "list":
        return [{}]
    rounds = [_binding_of(child.node) for child in loop.node.children[:_MOST_ROUNDS]]
    return rounds if all(rounds) else [{}]


def _binding_of(node: Node) -> Bindings:
    if isinstance(node, Leaf):
        return {} if "{{" in node.text else {"item": node.text}
    return {
        f"item.{child.key}": child.node.text
        for child in node.children
        if isinstance(child.node, Leaf)
    }


def _loop_remark(task: Branch) -> Iterator[Branch]:
    """What to say about a loop over what the task does not say."""
    loop = next((task.child(name) for name in _LOOPS if task.child(name)), None)
    if loop is not None and _loop_rounds(task) == [{}]:
        yield remark_branch(Remark("TC158", Leaf(f"`{loop.key}`", loop.span)))
