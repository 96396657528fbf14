"""Task definitions of CloudFormation templates, in the words that ECS itself uses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.aws.defaults import StatedDefault
from tocompose.patterns import regex
from tocompose.source import Branch, Child, Leaf, Node, node_at, text_at
from tocompose.syntax.names import variable_name

_TYPE = "AWS::ECS::TaskDefinition"
# Maps whose keys are the user's own.
_FREE_MAPS = frozenset({"DockerLabels", "DriverOpts", "Labels", "Options"})
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
_LONG_FORM = regex(r"Fn::(\w+)|(Ref|Condition)")
_SHORT_FORM = regex(r"!(\w+)(?:\s|$)")


class TemplateText:
    """The lines of a template, in which the tags of its lists and maps stand: the reader keeps those of scalars."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines() if "!" in text else []

    def function_at(self, node: Node) -> tuple[str, Node] | None:
        """The name of the function that a node calls, in its short or its long form, and what it is given."""
        if isinstance(node, Leaf):
            is_call = node.style.startswith("!") and not node.style.startswith("!!")
            return (node.style[1:], node) if is_call else None
        tag = _SHORT_FORM.match(self._text_at(node))
        if tag:
            return tag[1], node
        if len(node.children) != 1:
            return None
        key, _, argument = node.children[0]
        name = _LONG_FORM.fullmatch(str(key))
        return (name[1] or name[2], argument) if name else None

    def _text_at(self, node: Branch) -> str:
        line = node.span.line
        return self._lines[line - 1][node.span.column - 1 :] if self._lines else ""


def task_properties(template: Branch, text: TemplateText) -> Iterator[Branch]:
    """The properties of each task definition of a template, their keys as ECS writes them."""
    resources = node_at(template, "Resources")
    for child in resources.children if isinstance(resources, Branch) else ():
        properties = node_at(child.node, "Properties")
        is_task = text_at(child.node, "Type") == _TYPE
        if is_task and isinstance(properties, Branch):
            converted = _in_words_of_ecs(properties, text, False)
            if isinstance(converted, Branch):
                yield converted


def stated_defaults(template: Branch) -> Iterator[StatedDefault]:
    """The defaults of the parameters of a template."""
    parameters = node_at(template, "Parameters")
    for child in parameters.children if isinstance(parameters, Branch) else ():
        default = node_at(child.node, "Default")
        is_secret = text_at(child.node, "NoEcho").lower() == "true"
        if isinstance(default, Leaf) and default.text:
            name = variable_name(str(child.key))
            yield StatedDefault(name, default.text, is_secret, default.span)


def _in_words_of_ecs(node: Node, text: TemplateText, keeps_keys: bool) -> Node:
    call = text.function_at(node)
    if call is not None:
        return Leaf(_worked_out(*call, text), node.span, "string")
    if isinstance(node, Leaf):
        return node
    children = []
    for child in node.children:
        key = child.key
        if isinstance(key, str) and not keeps_keys:
            key = key[:1].lower() + key[1:]
        below = _in_words_of_ecs(child.node, text, child.key in _FREE_MAPS)
        children.append(Child(key, child.span, below))
    return Branch(node.kind, tuple(children), node.span)


def _worked_out(name: str, argument: Node, text: TemplateText) -> str:
    """What a function gives, as far as the template says it; a variable stands for the rest."""
    parts: list[Node] = [argument]
    if isinstance(argument, Branch):
        parts = _nodes_below(argument)
    if name == "Sub" and parts:
        written, *maps = parts
        return _substituted(text_at(written), _texts_of_map(maps, text))
    if name == "Join" and len(parts) == 2 and isinstance(parts[1], Branch):
        joined = [_in_words_of_ecs(part, text, True) for part in _nodes_below(parts[1])]
        if text.function_at(parts[1]) is None and all(isinstance(p, Leaf) for p in joined):
            return text_at(parts[0]).join(map(text_at, joined))
    return _variable(".".join(filter(None, map(text_at, parts))) or name)


def _nodes_below(node: Branch) -> list[Node]:
    return [child.node for child in node.children]


def _texts_of_map(maps: list[Node], text: TemplateText) -> dict[str, str]:
    """What the names of `Fn::Sub` stand for that the function is given itself."""
    return {
        str(child.key): text_at(_in_words_of_ecs(child.node, text, True))
        for node in maps
        if isinstance(node, Branch)
        for child in node.children
    }


def _variable(name: str) -> str:
    return f"{{{{ {variable_name(name)} }}}}"


def _substituted(text: str, own_texts: Mapping[str, str]) -> str:
    """The text of `Fn::Sub`, its references as variables or as what they stand for."""
    head, *references = text.split("${")
    for reference in references:
        name, brace, tail = reference.partition("}")
        if not brace:
            head += f"${{{reference}"
        elif name.startswith("!"):
            head += f"${{{name[1:]}}}{tail}"
        else:
            head += (own_texts.get(name) or _variable(name)) + tail
    return head
