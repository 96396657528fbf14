"""The topology as an SVG drawing: one row of boxes a layer, from the outside in, without any library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from tocompose.reports.escape import printable
from tocompose.reports.topology import LAYERS, Edge, Node, Topology

WIDTH, HEIGHT = 168, 52
GAP_X, GAP_Y = 36, 76
MARGIN, TITLE = 24, 96
PER_ROW = 6
# How many characters fit into a box of that width at 13 and 11 pixels.
_NAME, _DETAIL = 19, 25


class Box(NamedTuple):
    """A node with the place of its upper left corner."""

    node: Node
    x: float
    y: float

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + WIDTH / 2


def drawing(topology: Topology) -> str:
    """The `<svg>` element; colours come from the page's style sheet by class."""
    rows = _rows(topology)
    boxes = _placed(rows)
    widest = max((len(row) for _, row in rows), default=1)
    width = TITLE + 2 * MARGIN + widest * (WIDTH + GAP_X)
    height = 2 * MARGIN + len(rows) * (HEIGHT + GAP_Y) - GAP_Y if rows else HEIGHT
    label = f"{len(topology.nodes)} nodes and {len(topology.edges)} connections"
    lines = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{label}">',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse"><path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>',
        *_titles(rows, boxes),
        *(_edge(edge, boxes) for edge in topology.edges),
        *(_box(box) for box in boxes.values()),
        *(_label(edge, boxes) for edge in topology.edges if edge.label),
        "</svg>",
    ]
    return "\n".join(line for line in lines if line)


def _rows(topology: Topology) -> list[tuple[str, list[Node]]]:
    """The layers as rows, long ones broken; within a row the nodes stand near what they are connected with."""
    rows: list[tuple[str, list[Node]]] = []
    placed: dict[str, float] = {}
    for layer, title in LAYERS.items():
        nodes = sorted(topology.layer(layer), key=lambda node: _pull(node, topology.edges, placed))
        for start in range(0, len(nodes), PER_ROW):
            row = nodes[start : start + PER_ROW]
            placed |= {node.name: (index + 0.5) / len(row) for index, node in enumerate(row)}
            rows.append((title if start == 0 else "", row))
    return rows


def _pull(node: Node, edges: tuple[Edge, ...], placed: dict[str, float]) -> float:
    """The mean place of the neighbours that are placed already (the barycentre rule); the middle without any."""
    near = [placed[edge.start] for edge in edges if edge.end == node.name and edge.start in placed]
    near += [placed[edge.end] for edge in edges if edge.start == node.name and edge.end in placed]
    return sum(near) / len(near) if near else 0.5


def _placed(rows: list[tuple[str, list[Node]]]) -> dict[str, Box]:
    widest = max((len(row) for _, row in rows), default=1)
    boxes: dict[str, Box] = {}
    for number, (_, row) in enumerate(rows):
        start = TITLE + MARGIN + (widest - len(row)) * (WIDTH + GAP_X) / 2
        y = MARGIN + number * (HEIGHT + GAP_Y)
        for index, node in enumerate(row):
            boxes[node.name] = Box(node, start + index * (WIDTH + GAP_X), y)
    return boxes


def _titles(rows: list[tuple[str, list[Node]]], boxes: dict[str, Box]) -> Iterator[str]:
    for title, row in rows:
        if title:
            yield f'<text class="layer" x="{MARGIN}" y="{boxes[row[0].name].y + HEIGHT / 2 + 4:.0f}">{title}</text>'


def _box(box: Box) -> str:
    node = box.node
    name, detail = printable(node.name), printable(node.detail)
    middle = box.y + HEIGHT / 2
    lines = [
        ("name", middle + (-3 if detail else 5), _cut(name, _NAME)),
        ("detail", middle + 15, _cut(detail, _DETAIL)),
    ]
    texts = [f'<text class="{kind}" x="{box.middle:.0f}" y="{y:.0f}">{text}</text>' for kind, y, text in lines if text]
    radius = HEIGHT // 2 if node.layer == "public" else 8
    shape = f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="{radius}"/>'
    title = f"<title>{escape(f'{name} {detail}'.strip())}</title>"
    return f'<g class="node {node.layer}" data-service={quoteattr(name)}>{title}{shape}{"".join(texts)}</g>'


def _cut(text: str, length: int) -> str:
    return escape(text if len(text) <= length else f"{text[: length - 1]}…")


def _edge(edge: Edge, boxes: dict[str, Box]) -> str:
    kind = "edge inferred" if edge.inferred else "edge"
    return f'<path class="{kind}" d="{_curve(boxes[edge.start], boxes[edge.end])}" marker-end="url(#tip)"/>'


def _curve(start: Box, end: Box) -> str:
    """Down or up from box to box; between boxes of one row a bow below them."""
    if end.y == start.y:
        low = start.y + HEIGHT
        return _bezier((start.middle, low), (start.middle, low + 44), (end.middle, low + 44), (end.middle, low))
    down = end.y > start.y
    first, last = (start.y + HEIGHT, end.y) if down else (start.y, end.y + HEIGHT)
    aside = 0 if down else 40
    half = (last - first) / 2
    bends = (start.middle + aside, first + half), (end.middle + aside, last - half)
    return _bezier((start.middle, first), *bends, (end.middle, last))


def _bezier(*points: tuple[float, float]) -> str:
    start, *rest = (f"{x:.0f} {y:.0f}" for x, y in points)
    return f"M{start}C{' '.join(rest)}"


def _label(edge: Edge, boxes: dict[str, Box]) -> str:
    """The ports, near the end of the edge, where curves that start at the same box have parted."""
    start, end = boxes[edge.start], boxes[edge.end]
    x = start.middle + (end.middle - start.middle) * 0.72
    y = end.y - 16 if end.y > start.y else end.y + HEIGHT + (40 if end.y == start.y else 20)
    return f'<text class="port" x="{x:.0f}" y="{y:.0f}">{_cut(printable(edge.label), 28)}</text>'
