"""Task definitions of CloudFormation templates, in the words that ECS itself uses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.source import Branch, Child, Leaf, Node
from tocompose.syntax.names import variable_name

_TYPE = "AWS::ECS::TaskDefinition"
# Maps whose keys are the user's own.
_FREE_MAPS = frozenset({"DockerLabels", "DriverOpts", "Labels", "Options"})
_FUNCTIONS = ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Sub")


def task_properties(template: Branch) -> Iterator[Branch]:
    """The properties of each task definition of a template, their keys as ECS writes them."""
    resources = _node_at(template, "Resources")
    for child in resources.children if isinstance(resources, Branch) else ():
        kind = _node_at(child.node, "Type")
        properties = _node_at(child.node, "Properties")
        is_task = isinstance(kind, Leaf) and kind.text == _TYPE
        if is_task and isinstance(properties, Branch):
            converted = _in_words_of_ecs(properties, False)
            if isinstance(converted, Branch):
                yield converted


def _node_at(node: Node, key: str) -> Node | None:
    """What stands at a key of a map; None where there is nothing, or no map."""
    child = node.child(key) if isinstance(node, Branch) else None
    return child.node if child else None


def _in_words_of_ecs(node: Node, keeps_keys: bool) -> Node:
    if isinstance(node, Leaf):
        is_reference = node.style in ("!Ref", "!GetAtt", "!ImportValue")
        if is_reference:
            return Leaf(f"{{{{ {variable_name(node.text)} }}}}", node.span, "string")
        return (
            Leaf(_substituted(node.text), node.span, "string")
            if node.style == "!Sub"
            else node
        )
    if len(node.children) == 1 and node.children[0].key in _FUNCTIONS:
        return _function(node)
    children = []
    for child in node.children:
        key = child.key
        if isinstance(key, str) and not keeps_keys:
            key = key[:1].lower() + key[1:]
        children.append(
            Child(key, child.span, _in_words_of_ecs(child.node, child.key in _FREE_MAPS))
        )
    return Branch(node.kind, tuple(children), node.span)


def _function(node: Branch) -> Node:
    """A function as the variable that stands for what it gives."""
    name, _, argument = node.children[0]
    texts = (
        [argument]
        if isinstance(argument, Leaf)
        else [child.node for child in argument.children]
    )
    text = ".".join(leaf.text for leaf in texts if isinstance(leaf, Leaf))
    if name == "Fn::Sub":
        return Leaf(_substituted(text), node.span, "string")
    return Leaf(f"{{{{ {variable_name(text)} }}}}", node.span, "string")


def _substituted(text: str) -> str:
    """The text of `Fn::Sub` with its references as variables."""
    head, *references = text.split("${")
    for reference in references:
        name, brace, tail = reference.partition("}")
        head += f"{{{{ {variable_name(name)} }}}}{tail}" if brace else f"${{{reference}"
    return head
