"""Where the fields of a built kustomization stand in the files that it was built from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.project import Project
from tocompose.readers.yaml import read_yaml
from tocompose.rendering.command import BuiltFrom
from tocompose.source import Branch, Child, Leaf, Node, Span, leaves, text_at


class RenderedPlaces:
    """Moves what a renderer printed to the lines of its source files, which somebody can open."""

    def __init__(self, project: Project, origin: BuiltFrom) -> None:
        self._origin = origin
        self._objects: dict[str, list[tuple[str, Node]]] = {}
        for file in origin.files:
            for document in read_yaml(project.read(file) or b"", file):
                if document.root is not None:
                    self._add_object(document.root)

    def _add_object(self, source_object: Node) -> None:
        kind, name = _identity(source_object)
        self._objects.setdefault(kind, []).append((name, source_object))

    def place(self, built_object: Node) -> Node:
        """The object at the places of its fields; as it is where no file has an object of its kind and name."""
        kind, built_name = _identity(built_object)
        candidates = self._objects.get(kind, ())
        sources = [node for name, node in candidates if name == built_name]
        if not sources:
            names = self._origin.names_behind(built_name)
            sources = [node for name, node in candidates if name and name in names]
        if not built_name or not sources:
            return built_object
        return _placed(built_object, sources, _start(sources[-1]))


def _identity(node: Node) -> tuple[str, str]:
    """The kind and the name of an object."""
    return text_at(node, "kind"), text_at(node, "metadata", "name")


def _start(node: Node) -> Span:
    """The first line of an object."""
    children = node.children if isinstance(node, Branch) else ()
    return children[0].span if children else node.span


def _placed(node: Node, sources: Sequence[Node], near: Span) -> Node:
    """The value at the place of the first of its sources; what has none stands where what holds it does."""
    if isinstance(node, Leaf):
        leaves = [source for source in sources if isinstance(source, Leaf)]
        equal_leaves = [leaf for leaf in leaves if leaf.text == node.text]
        spans = [leaf.span for leaf in (*equal_leaves, *leaves)]
        return Leaf(node.text, spans[0] if spans else near, node.style)
    children = []
    for child in node.children:
        origins = list(_origins(child, node, sources))
        span = origins[0].span if origins else near
        nodes = [origin.node for origin in origins]
        children.append(Child(child.key, span, _placed(child.node, nodes, span)))
    return Branch(node.kind, tuple(children), sources[0].span if sources else near)


def _origins(child: Child, parent: Branch, sources: Sequence[Node]) -> Iterator[Child]:
    """The entries of the sources that an entry comes from: of a list those of its name, else with its value."""
    for source in sources:
        if not isinstance(source, Branch) or source.kind != parent.kind:
            continue
        if parent.kind != "list":
            source_child = source.child(child.key)
            if source_child is not None:
                yield source_child
            continue
        yield from (
            source_child
            for source_child in source.children
            if _is_same_entry(source_child.node, child.node)
        )


def _is_same_entry(source: Node, built: Node) -> bool:
    if isinstance(source, Leaf) or isinstance(built, Leaf):
        return text_at(source) == text_at(built) != ""
    for key in ("name", "mountPath", "containerPort", "host", "path"):
        name = text_at(built, key)
        if name:
            return text_at(source, key) == name
    return _first_text(source) == _first_text(built)


def _first_text(node: Node) -> str:
    return next((leaf.text for leaf in leaves(node)), "")
