"""The topology as a Mermaid flowchart, which GitHub, GitLab and most editors draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.reports.escape import escape_mermaid
from tocompose.reports.topology import LAYERS, PUBLIC, DiagramEdge, Node, Topology


def mermaid_flowchart(topology: Topology) -> str:
    """The text of the diagram; names of the source are labels only, ids are our own."""
    ids = {node.name: f"n{index}" for index, node in enumerate(topology.nodes)}
    lines = ["flowchart TD"]
    for layer, title in LAYERS.items():
        lines.extend(_subgraph_lines(layer, title, topology.layer(layer), ids))
    lines.extend(_edge_line(edge, ids) for edge in topology.edges)
    return "\n".join(lines)


def _subgraph_lines(
    layer: str, title: str, nodes: tuple[Node, ...], ids: dict[str, str]
) -> Iterator[str]:
    if not nodes:
        return
    if layer == "public":
        yield f'  {ids[PUBLIC]}(["{PUBLIC}"])'
        return
    yield f'  subgraph {layer}["{title}"]'
    for node in nodes:
        label = escape_mermaid(node.name) + (
            f"<br/>{escape_mermaid(node.detail)}" if node.detail else ""
        )
        yield (
            f'    {ids[node.name]}[("{label}")]'
            if layer == "data"
            else f'    {ids[node.name]}["{label}"]'
        )
    yield "  end"


def _edge_line(edge: DiagramEdge, ids: dict[str, str]) -> str:
    arrow = "-.->" if edge.inferred else "-->"
    label = f'|"{escape_mermaid(edge.label)}"|' if edge.label else ""
    return f"  {ids[edge.start]} {arrow}{label} {ids[edge.end]}"
