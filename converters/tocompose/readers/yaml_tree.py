"""Builds the positioned tree of a YAML document from the events of its parser."""

from __future__ import annotations

from collections.abc import Iterator
from sys import intern
from typing import Any, TypeGuard

from tocompose.limits import limit
from tocompose.notes import Note
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span

_STYLES = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_CORE = "tag:yaml.org,2002:"


class YamlDocument(NamedTuple):
    """One document of a stream: its tree (None when it does not parse), what to tell about it, the entries that a
    later entry of the same key hides, and how many values it holds."""

    root: Node | None
    notes: tuple[Note, ...] = ()
    hidden: tuple[Child, ...] = ()
    values: int = 0


class RefusedYaml(Exception):
    """A document that parses but must not be walked."""

    def __init__(self, span: Span, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem
        self.advice = advice


class TreeBuilder:
    """Builds the tree of one document after the other from parser events; aliases share their anchor's node."""

    def __init__(
        self, get_event: Any, file: str, lines: int, source: str, room: int
    ) -> None:
        import yaml

        self._next = get_event
        self._file = file
        self._first = lines + 1
        self._mark_line, self._line = 0, self._first
        self._deepest, self._most = limit("DEPTH"), limit("ALIASED_VALUES")
        self._source = source
        self._anchors: dict[str, Node | None] = {}
        self._sizes: dict[str, int] = {}
        self._hidden: list[Child] = []
        # How many values there may still be, in all documents together.
        self._room = room
        self._nodes = 0
        self._expanded = 0
        self._scalar, self._alias = yaml.ScalarEvent, yaml.AliasEvent
        self._map_start = yaml.MappingStartEvent
        self._map_end, self._list_end = yaml.MappingEndEvent, yaml.SequenceEndEvent

    def read_document(self) -> YamlDocument | None:
        """The document whose first node comes next; None for an empty one."""
        self._anchors, self._sizes, self._hidden = {}, {}, []
        self._nodes = self._expanded = 0
        root = self._read_node(self._next(), 0)
        self._room -= self._nodes
        if isinstance(root, Leaf) and root.style == "plain" and not root.text:
            return None
        return YamlDocument(root, (), tuple(self._hidden), self._nodes)

    def _span_of(self, event: Any) -> Span:
        start, end_mark = event.start_mark, event.end_mark
        # One number for all that stands on a line: of a large file the spans are a third of the tree.
        if start.line != self._mark_line:
            self._mark_line, self._line = start.line, start.line + self._first
        line = self._line
        is_inline = end_mark.line == start.line
        end_line = line if is_inline else end_mark.line + self._first
        span = (self._file, line, start.column + 1, end_line, end_mark.column + 1)
        return tuple.__new__(Span, span)

    def _read_node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is self._scalar and event.anchor is None:
            return self._read_leaf(event)
        if kind is self._alias:
            return self._read_alias(event)
        if depth > self._deepest:
            problem = f"it is nested deeper than {self._deepest} levels"
            raise RefusedYaml(self._span_of(event), problem, "Flatten the document.")
        expanded_before, anchor = self._expanded, event.anchor
        if anchor is not None:
            self._anchors[anchor] = None
        node = self._read_unanchored(event, kind, depth)
        if anchor is not None:
            self._anchors[anchor] = node
            self._sizes[anchor] = self._expanded - expanded_before
        return node

    def _read_unanchored(self, event: Any, kind: Any, depth: int) -> Node:
        if kind is self._scalar:
            return self._read_leaf(event)
        return (
            self._read_map(event, depth + 1)
            if kind is self._map_start
            else self._read_list(event, depth + 1)
        )

    def _read_alias(self, event: Any) -> Node:
        """The node that an alias names. Aliases that multiply into more than can be walked are refused."""
        node = self._anchors.get(event.anchor)
        if node is None:
            inside = event.anchor in self._anchors
            problem = (
                f"*{event.anchor} stands inside its own anchor"
                if inside
                else f"*{event.anchor} has no anchor"
            )
            raise RefusedYaml(self._span_of(event), problem, "Write the value out.")
        self._expanded += self._sizes[event.anchor]
        if self._expanded > self._most and self._expanded > 10 * self._nodes:
            problem = f"its aliases multiply into more than {self._most:,} values"
            raise RefusedYaml(
                self._span_of(event),
                problem,
                "Write out what is meant, with fewer aliases.",
            )
        return node

    def _read_leaf(self, event: Any) -> Leaf:
        self._nodes += 1
        if self._nodes > self._room:
            problem = f"the file holds more than {limit('VALUES'):,} values"
            advice = "Split it, or set TOCOMPOSE_MAX_VALUES to a larger number."
            raise RefusedYaml(self._span_of(event), problem, advice)
        self._expanded += 1
        tag = event.tag
        style = _STYLES[event.style] if tag is None or tag == "!" else _tag_style(tag)
        return Leaf(
            event.value,
            self._span_of(event),
            "double" if tag == "!" and style == "plain" else style,
        )

    def _read_list(self, start: Any, depth: int) -> Node:
        children: list[Child] = []
        while type(event := self._next()) is not self._list_end:
            node = self._read_node(event, depth)
            children.append(tuple.__new__(Child, (len(children), node.span, node)))
        span = self._whole_span(start, event)
        if not children:
            return self._empty_leaf("[]", span)
        return Branch("list", tuple(children), span)

    def _read_map(self, start: Any, depth: int) -> Node:
        children: list[Child] = []
        merged: list[Node] = []
        complex_key = False
        scalar, plain = self._scalar, (None, "")
        while type(event := self._next()) is not self._map_end:
            if type(event) is scalar:
                key, span = intern(event.value), self._span_of(event)
            elif type(event) is self._alias and isinstance(
                shared := self._read_alias(event), Leaf
            ):
                key, span = shared.text, self._span_of(event)
            else:
                complex_key, key, span = True, "", self._span_of(event)
                self._read_node(event, depth)
            node = self._read_node(self._next(), depth)
            if key == "<<" and type(event) is scalar and event.style in plain:
                merged.append(node)
            else:
                children.append(tuple.__new__(Child, (key, span, node)))
        whole = self._whole_span(start, event)
        if complex_key:
            # `{{ .Values.x }}` is a map with a map as its key: keep what stands there.
            return self._empty_leaf("template", whole, self._text_between(start, event))
        return self._map_of(children, merged, whole)

    def _map_of(self, children: list[Child], merged: list[Node], span: Span) -> Node:
        names = {child.key for child in children}
        if len(names) < len(children):
            last_child = {child.key: child for child in children}
            self._hidden.extend(
                child for child in children if last_child[child.key] is not child
            )
        if merged:
            children = [*self._merged_children(merged, names), *children]
        return (
            Branch("map", tuple(children), span)
            if children
            else self._empty_leaf("{}", span)
        )

    def _merged_children(
        self, merged: list[Node], taken_names: set[str | int]
    ) -> Iterator[Child]:
        """The entries that `<<` brings in: those of earlier maps first, none that the map has itself."""
        for node in merged:
            maps = (
                tuple(child.node for child in node.children) if _is_list(node) else (node,)
            )
            for merged_map in maps:
                if isinstance(merged_map, Leaf) and merged_map.style != "{}":
                    raise RefusedYaml(
                        merged_map.span,
                        "<< must bring in a map",
                        "Write *name of a map after <<.",
                    )
                for child in merged_map.children if isinstance(merged_map, Branch) else ():
                    if child.key not in taken_names:
                        taken_names.add(child.key)
                        yield child

    def _empty_leaf(self, style: str, span: Span, text: str = "") -> Leaf:
        self._nodes += 1
        self._expanded += 1
        return Leaf(text, span, style)

    def _text_between(self, start: Any, end_event: Any) -> str:
        return self._source[start.start_mark.index : end_event.end_mark.index]

    def _whole_span(self, start: Any, end_event: Any) -> Span:
        first_mark, last_mark, line = start.start_mark, end_event.end_mark, self._first
        return Span(
            self._file,
            first_mark.line + line,
            first_mark.column + 1,
            last_mark.line + line,
            last_mark.column + 1,
        )


def _is_list(node: Node) -> TypeGuard[Branch]:
    return isinstance(node, Branch) and node.kind == "list"


def _tag_style(tag: str) -> str:
    return f"!!{tag[len(_CORE) :]}" if tag.startswith(_CORE) else tag
