"""Texts inside of YAML that are code or files of their own: what a step runs, units, compose files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator

from tocompose.importers.docker_run.sources.commands import remark_branch
from tocompose.importers.docker_run.sources.parameters import Remark
from tocompose.patterns import regex
from tocompose.readers import shell, systemd
from tocompose.readers.mentions import starts_containers
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.readers.templates import (
    quoted_word,
    read_expression,
    with_shell_variables,
)
from tocompose.readers.text import Text, Unreadable, decode, join_texts
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span, leaves, text_at

_FOLDER_KEYS = ("working-directory", "workingDirectory", "chdir")
_UNIT = regex(r"^\[(?:Service|Container)\][ \t]*$", re.MULTILINE)
_SERVICES = regex(r"^services:[ \t]*$", re.MULTILINE)
_SERVICE_IMAGE = regex(r"^.*[ \t{](?:image|build):", re.MULTILINE)


class Surroundings(NamedTuple):
    """What holds around a text: the map that it stands in, and the variables of the maps around, the nearest last."""

    child: Child
    variables: tuple[Child, ...] = ()

    def inside(self, node: Branch, names: Collection[str]) -> Surroundings:
        """The surroundings of what stands in a map, with the variables that it sets."""
        settings = [
            setting
            for child in node.children
            if str(child.key) in names and isinstance(child.node, Branch)
            for setting in child.node.children
            if isinstance(setting.node, Leaf)
        ]
        return Surroundings(Child("", node.span, node), (*self.variables, *settings))

    def sibling(self, key: str) -> str:
        """The text beside, under a key; empty where there is none."""
        return text_at(self.child.node, key)


def code_branch(code: list[Leaf], around: Surroundings, texts: ScalarTexts) -> Branch:
    """The statements of the texts as one script of their own, with the variables and the folder that hold for it."""
    line_end = Text(code[0].span.file, "\n")
    pieces = [piece for leaf in code for piece in (texts.text_of(leaf), line_end)]
    tree = shell.read(with_shell_variables(join_texts(pieces)), documentation=True)
    nodes: list[Node] = [*_variables_in(code, around.variables), *_folder_change(around)]
    nodes += [child.node for child in tree.children]
    span = code[0].span.to(code[-1].span)
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch("subshell", children, span)


def with_variables(
    branches: Iterable[Node], sources: tuple[Node, ...], around: Surroundings
) -> Branch:
    """The branches in a scope of their own, behind assignments of the variables that the texts of their sources use."""
    texts = [leaf for source in sources for leaf in leaves(source)]
    nodes: list[Node] = [*_variables_in(texts, around.variables), *branches]
    children = (Child(index, branch.span, branch) for index, branch in enumerate(nodes))
    return Branch("subshell", tuple(children), sources[0].span)


def _variables_in(code: Iterable[Leaf], variables: tuple[Child, ...]) -> list[Branch]:
    text = "\n".join(leaf.text for leaf in code)
    names = set(re.findall(r"\w+", text))
    used = {str(setting.key): setting for setting in variables if str(setting.key) in names}
    return [
        _assignment(name, setting, setting.node)
        for key, setting in used.items()
        for name in dict.fromkeys((key, read_expression(key).name))
        if isinstance(setting.node, Leaf)
    ]


def assignments_for(settings: Iterable[Child]) -> list[Branch]:
    """The settings as assignments in front of a command."""
    return [
        _assigned_branch(str(setting.key), setting, setting.node)
        for setting in settings
        if isinstance(setting.node, Leaf)
    ]


def _assignment(name: str, setting: Child, leaf: Leaf) -> Branch:
    """The command `name=value`."""
    assignment = _assigned_branch(name, setting, leaf)
    return Branch("command", (Child(0, setting.span, assignment),), setting.span)


def _assigned_branch(name: str, setting: Child, leaf: Leaf) -> Branch:
    held = Leaf(quoted_word(leaf.text), leaf.span, "word")
    return Branch("assignment", (Child(name, setting.span, held),), setting.span)


def _folder_change(around: Surroundings) -> Iterator[Branch]:
    folder = next(filter(None, (around.sibling(key) for key in _FOLDER_KEYS)), "")
    if folder:
        span = around.child.node.span
        change_words = (Leaf("cd", span, "literal"), Leaf(folder, span, "literal"))
        children = tuple(
            Child(index, span, word) for index, word in enumerate(change_words)
        )
        yield Branch("command", children, span)


def is_compose_file(text: str) -> bool:
    """Whether a text is a compose file by its look: services with an image or a build."""
    services = _SERVICES.search(text)
    if services is None:
        return False
    return _SERVICE_IMAGE.search(text, services.end()) is not None


def is_unit(text: str) -> bool:
    """Whether a text is a unit of systemd that starts containers."""
    return _UNIT.search(text) is not None and starts_containers(text)


def file_branch(
    leaf: Leaf, path: str, around: Surroundings, texts: ScalarTexts
) -> Branch | None:
    """What a text starts that is the content of a file: a unit, or a compose file; None for any other text."""
    text = texts.text_of(leaf)
    if around.sibling("encoding") in ("b64", "base64") or leaf.style == "!!binary":
        text = _decoded(leaf) or text
    if is_compose_file(text.text):
        return remark_branch(Remark("TC037", Leaf(path or "a compose file", leaf.span)))
    if is_unit(text.text):
        return unit_branch(with_shell_variables(text), path, leaf.span)
    return None


def _decoded(leaf: Leaf) -> Text | None:
    try:
        content = decode(base64.b64decode(leaf.text, validate=False))
    except (ValueError, binascii.Error):
        return None
    return None if content is None else Text(leaf.span.file, content, None, leaf.span.line)


def unit_branch(text: Text, path: str, span: Span) -> Branch | None:
    """The unit that a text holds, under the path that it is written to; None where it cannot be read."""
    try:
        unit = systemd.read(text)
    except Unreadable:
        return None
    children = (
        Child("path", span, Leaf(path or "app.service", span)),
        Child("unit", span, unit),
    )
    return Branch("written-unit", children, span)
