"""The topology as an SVG drawing: one row of boxes a layer, from the outside in, without any library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr

from tocompose.record import NamedTuple
from tocompose.reports.escape import printable
from tocompose.reports.topology import LAYERS, DiagramEdge, Node, Topology

WIDTH, HEIGHT = 168, 52
# Between rows of one layer there is less room than between layers.
GAP_X, GAP_Y, GAP_ROW = 36, 76, 28
MARGIN, TITLE = 24, 96
PER_ROW = 6
# How far the ends of an edge within one row pull it down; it hangs three quarters of that below the boxes.
BOW = 34
# How many characters fit into a box of that width at 13 and 11 pixels.
_NAME, _DETAIL = 19, 25


Point: TypeAlias = tuple[float, float]
Curve: TypeAlias = tuple[Point, Point, Point, Point]


class Box(NamedTuple):
    """A node with the place of its upper left corner."""

    node: Node
    x: float
    y: float

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + WIDTH / 2


def svg_drawing(topology: Topology) -> str:
    """The `<svg>` element; colours come from the page's style sheet by class."""
    rows = _layer_rows(topology)
    boxes = _place_boxes(rows)
    widest = max((len(row) for _, row in rows), default=1)
    width = TITLE + 2 * MARGIN + widest * (WIDTH + GAP_X)
    height = max((box.y for box in boxes.values()), default=MARGIN) + HEIGHT + 2 * MARGIN
    label = f"{len(topology.nodes)} nodes and {len(topology.edges)} connections"
    lines = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{label}">',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse"><path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>',
        *_layer_titles(rows, boxes),
        *(_edge_path(edge, boxes) for edge in topology.edges),
        *(_box_element(box) for box in boxes.values()),
        *_port_labels(topology.edges, boxes),
        "</svg>",
    ]
    return "\n".join(line for line in lines if line)


def _layer_rows(topology: Topology) -> list[tuple[str, list[Node]]]:
    """The layers as rows, long ones broken; within a row the nodes stand near what they are connected with."""
    rows: list[tuple[str, list[Node]]] = []
    placed: dict[str, float] = {}
    for layer, title in LAYERS.items():
        placed_names = set(placed)
        nodes = sorted(
            topology.layer(layer),
            key=lambda node: not _is_connected(node, topology.edges, placed_names),
        )
        for start in range(0, len(nodes), PER_ROW):
            row = sorted(
                nodes[start : start + PER_ROW],
                key=lambda node: _mean_neighbour_place(node, topology.edges, placed),
            )
            placed |= {
                node.name: (index + 0.5) / len(row) for index, node in enumerate(row)
            }
            rows.append((title if start == 0 else "", row))
    return rows


def _is_connected(node: Node, edges: tuple[DiagramEdge, ...], names: set[str]) -> bool:
    """Whether a node is connected with one of those; such nodes come first, so that edges are short."""
    return any((edge.end == node.name and edge.start in names) for edge in edges)


def _mean_neighbour_place(
    node: Node, edges: tuple[DiagramEdge, ...], placed: dict[str, float]
) -> float:
    """The mean place of the neighbours that are placed already (the barycentre rule); the middle without any."""
    near = [
        placed[edge.start]
        for edge in edges
        if edge.end == node.name and edge.start in placed
    ]
    near += [
        placed[edge.end] for edge in edges if edge.start == node.name and edge.end in placed
    ]
    return sum(near) / len(near) if near else 0.5


def _place_boxes(rows: list[tuple[str, list[Node]]]) -> dict[str, Box]:
    widest = max((len(row) for _, row in rows), default=1)
    boxes: dict[str, Box] = {}
    y = float(MARGIN)
    for number, (title, row) in enumerate(rows):
        y += (HEIGHT + (GAP_Y if title else GAP_ROW)) if number else 0
        start = TITLE + MARGIN + (widest - len(row)) * (WIDTH + GAP_X) / 2
        for index, node in enumerate(row):
            boxes[node.name] = Box(node, start + index * (WIDTH + GAP_X), y)
    return boxes


def _layer_titles(
    rows: list[tuple[str, list[Node]]], boxes: dict[str, Box]
) -> Iterator[str]:
    for title, row in rows:
        if title:
            yield f'<text class="layer" x="{MARGIN}" y="{boxes[row[0].name].y + HEIGHT / 2 + 4:.0f}">{title}</text>'


def _box_element(box: Box) -> str:
    node = box.node
    name, detail = printable(node.name), printable(node.detail)
    middle = box.y + HEIGHT / 2
    lines = [
        ("name", middle + (-3 if detail else 5), _cut_text(name, _NAME)),
        ("detail", middle + 15, _cut_text(detail, _DETAIL)),
    ]
    texts = [
        f'<text class="{kind}" x="{box.middle:.0f}" y="{y:.0f}">{text}</text>'
        for kind, y, text in lines
        if text
    ]
    radius = HEIGHT // 2 if node.layer == "public" else 8
    shape = f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="{radius}"/>'
    title = f"<title>{escape(f'{name} {detail}'.strip())}</title>"
    return f'<g class="node {node.layer}" data-service={quoteattr(name)}>{title}{shape}{"".join(texts)}</g>'


def _cut_text(text: str, length: int) -> str:
    return escape(text if len(text) <= length else f"{text[: length - 1]}…")


def _edge_path(edge: DiagramEdge, boxes: dict[str, Box]) -> str:
    kind = "edge inferred" if edge.inferred else "edge"
    curves = edge_curves(edge, boxes)
    (start_x, start_y), *_ = curves[0]
    steps = "".join(f"C{_written_points(curve[1:])}" for curve in curves)
    return f'<path class="{kind}" d="M{start_x:.0f} {start_y:.0f}{steps}" marker-end="url(#tip)"/>'


def _written_points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.0f} {y:.0f}" for x, y in points)


def edge_curves(edge: DiagramEdge, boxes: dict[str, Box]) -> list[Curve]:
    """The cubic curves of an edge, one after the other: between the boxes of the rows on its way, never through one."""
    origin, target = boxes[edge.start], boxes[edge.end]
    if target.y == origin.y:
        return [_bow_below(origin, target)]
    down = target.y > origin.y
    leave, enter = (HEIGHT, 0) if down else (0, HEIGHT)
    place = (origin.middle, origin.y + leave)
    curves: list[Curve] = []
    for y in _rows_between(origin, target, boxes):
        progress = (y - origin.y) / (target.y - origin.y)
        wished_x = origin.middle + (target.middle - origin.middle) * progress
        gap_x = _nearest_gap(wished_x, [box for box in boxes.values() if box.y == y])
        before, behind = (gap_x, y + enter), (gap_x, y + leave)
        curves += [_upright_curve(place, before), (before, before, behind, behind)]
        place = behind
    # An edge upwards leans to the side, so that it does not lie on one that leads down.
    aside = 0 if down or curves else 40
    curves.append(_upright_curve(place, (target.middle, target.y + enter), aside))
    return curves


def _bow_below(origin: Box, target: Box) -> Curve:
    bow_top = origin.y + HEIGHT
    return (
        (origin.middle, bow_top),
        (origin.middle, bow_top + BOW),
        (target.middle, bow_top + BOW),
        (target.middle, bow_top),
    )


def _upright_curve(start: Point, end: Point, aside: float = 0) -> Curve:
    """A curve that leaves and arrives upright, or a little aside."""
    half = (end[1] - start[1]) / 2
    return (
        start,
        (start[0] + aside, start[1] + half),
        (end[0] + aside, end[1] - half),
        end,
    )


def _rows_between(origin: Box, target: Box, boxes: dict[str, Box]) -> list[float]:
    """The rows that an edge has to pass, in its own direction."""
    top, bottom = sorted((origin.y, target.y))
    rows = sorted({box.y for box in boxes.values() if top < box.y < bottom})
    return rows if target.y > origin.y else rows[::-1]


def _nearest_gap(x: float, row: list[Box]) -> float:
    """The middle of the gap beside a box of the row that is nearest."""
    left_ends = [box.x - GAP_X / 2 for box in row]
    gaps = [*left_ends, max(left_ends) + WIDTH + GAP_X]
    return min(gaps, key=lambda gap: (abs(gap - x), gap))


def _port_labels(edges: tuple[DiagramEdge, ...], boxes: dict[str, Box]) -> Iterator[str]:
    """The ports of all edges; of several edges that lead down to one box by one port, once beside their tip."""
    shared = Counter(
        (edge.end, edge.label) for edge in edges if boxes[edge.start].y < boxes[edge.end].y
    )
    for (target_name, label), count in shared.items():
        if label and count > 1:
            x, y = boxes[target_name].middle + 10, boxes[target_name].y - 6
            yield f'<text class="port tip-port" x="{x:.0f}" y="{y:.0f}">{_cut_text(printable(label), 28)}</text>'
    for edge in edges:
        if edge.label and (
            shared[edge.end, edge.label] < 2 or boxes[edge.start].y >= boxes[edge.end].y
        ):
            yield _port_label(edge, boxes)


def _port_label(edge: DiagramEdge, boxes: dict[str, Box]) -> str:
    """The ports, on the later part of the edge, where curves that start at the same box have parted."""
    x, y = _curve_point(edge_curves(edge, boxes)[-1], 0.66)
    return f'<text class="port" x="{x:.0f}" y="{y + 4:.0f}">{_cut_text(printable(edge.label), 28)}</text>'


def _curve_point(curve: Curve, fraction: float) -> Point:
    """The point of a cubic curve at a part of its way (de Casteljau)."""
    points: list[Point] = list(curve)
    while len(points) > 1:
        points = [
            _point_between(left_point, right_point, fraction)
            for left_point, right_point in pairwise(points)
        ]
    return points[0]


def _point_between(left_point: Point, right_point: Point, fraction: float) -> Point:
    return left_point[0] + (right_point[0] - left_point[0]) * fraction, left_point[1] + (
        right_point[1] - left_point[1]
    ) * fraction
