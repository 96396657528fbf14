"""The diagram: what the stack says, dashed where it is inferred, and no name of a source can break out of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import stack
from tocompose.model import (
    Dependency,
    EnvVariable,
    NetworkAttachment,
    Port,
    Role,
    Service,
    Stack,
)
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.markdown import mermaid_flowchart
from tocompose.reports.svg import (
    HEIGHT,
    WIDTH,
    Box,
    Curve,
    _curve_point,
    _layer_rows,
    _place_boxes,
    edge_curves,
    svg_drawing,
)
from tocompose.reports.topology import PUBLIC, DiagramEdge, Node, Topology, stack_topology

# All that our own flowcharts consist of; names stand between quotes, with entities for everything special.
_LABEL = r'"(?:[A-Za-z0-9 ._:/,→-]|#\d+;|<br/>)*"'
_LINE = re.compile(
    rf"flowchart TD|  subgraph (?:proxy|apps|data)\[{_LABEL}\]|  end"
    rf"| +n\d+(?:\[{_LABEL}\]|\[\({_LABEL}\)\]|\(\[{_LABEL}\]\))|  n\d+ (?:-->|-\.->)(?:\|{_LABEL}\|)? n\d+"
)


def edges(*services: Service) -> set[DiagramEdge]:
    return set(stack_topology(Stack(name="x", services=services)).edges)


def test_a_file_in_a_variable_calls_nobody() -> None:
    api = Service(name="api", image="acme/api:1")
    pages = "location / {\n  proxy_pass http://api:3000/;\n}\n"
    reader = EnvVariable(name="site.conf", value=pages)
    caller = EnvVariable(name="SITES", value=pages)
    assert edges(api, Service(name="job", environment=(reader,))) == set()
    (edge,) = edges(api, Service(name="job", environment=(caller,)))
    assert (edge.start, edge.end, edge.inferred) == ("job", "api", True)


def test_a_call_into_a_shared_network_namespace_reaches_who_listens_there() -> None:
    def joined(name: str, **variables: str) -> Service:
        environment = tuple(
            EnvVariable(name=key, value=value) for key, value in variables.items()
        )
        return Service(name=name, network_mode="service:owner", environment=environment)

    attachment = NetworkAttachment(network="net", aliases=("pod",))
    owner = Service(name="owner", networks=(attachment,))
    caller = joined("caller", BUS="pod:9233")
    server = joined("server", BUS_PORT="9233", WEB="0.0.0.0:9200")
    (edge,) = edges(owner, caller, server)
    assert (edge.start, edge.end, edge.label) == ("caller", "server", "9233")
    assert edges(owner, caller, joined("server", WEB="0.0.0.0:9200")) == set()
    outside = Service(name="out", environment=caller.environment)
    (edge,) = edges(owner, outside, joined("idle"))
    assert (edge.start, edge.end) == ("out", "owner")


def test_the_layers_of_the_shop() -> None:
    found = stack_topology(stack())
    names = {
        layer: [node.name for node in found.layer(layer)]
        for layer in ("public", "proxy", "apps", "data")
    }
    assert names == {
        "public": [PUBLIC],
        "proxy": ["proxy"],
        "apps": ["web"],
        "data": ["db", "cache"],
    }


def test_the_edges_of_the_shop() -> None:
    assert set(stack_topology(stack()).edges) == {
        DiagramEdge(PUBLIC, "proxy", "80, 443"),
        DiagramEdge("proxy", "web"),
        DiagramEdge("web", "db", "5432", inferred=True),
        DiagramEdge("web", "cache", "", inferred=True),
    }


@pytest.mark.parametrize(
    ("value", "port"),
    [
        ("db", ""),
        ("db:5432", "5432"),
        ("postgres://u:p@db:5432/x", "5432"),
        ("http://db/", ""),
        ("a:1,db:2", "2"),
        ("jdbc:mysql://db:3306/x?y", "3306"),
        ("alias:7", "7"),
    ],
)
def test_a_variable_that_names_a_host_is_an_inferred_edge(value: str, port: str) -> None:
    db = Service(name="db", networks=(NetworkAttachment(network="n", aliases=("alias",)),))
    web = Service(name="web", environment=(EnvVariable(name="X", value=value),))
    assert edges(db, web) == {DiagramEdge("web", "db", port, inferred=True)}


@pytest.mark.parametrize(
    "value", ["database", "my-db", "db-2", "dbx:1", "a db b", "/db/x", None]
)
def test_a_variable_that_only_holds_the_name_is_none(value: str | None) -> None:
    assert (
        edges(
            Service(name="db"),
            Service(name="web", environment=(EnvVariable(name="X", value=value),)),
        )
        == set()
    )


def test_a_port_of_this_machine_only_is_not_public() -> None:
    local = Port(target="5432", published="5432", host_ip="127.0.0.1")
    assert edges(Service(name="db", ports=(local,))) == set()


def test_a_link_is_an_edge_of_the_source() -> None:
    web = Service(name="web", options={"links": ["db:database", "gone"]})
    assert edges(Service(name="db"), web) == {DiagramEdge("web", "db")}


def test_a_dependency_on_nothing_is_no_edge() -> None:
    assert edges(Service(name="web", depends_on=(Dependency(service="gone"),))) == set()


def test_a_variable_with_a_default_is_shown_as_its_default() -> None:
    web = Service(
        name="web",
        image="web:${TAG:-1}",
        ports=(Port(target="80", published="${WEB_PORT:-8080}"),),
    )
    assert edges(web) == {DiagramEdge(PUBLIC, "web", "8080→80")}
    assert stack_topology(Stack(name="x", services=(web,))).nodes[1].detail == "web:1"


def test_traefik_reaches_what_its_labels_route() -> None:
    labels = {
        "traefik.enable": "true",
        "traefik.http.services.web.loadbalancer.server.port": "3000",
    }
    proxy = Service(name="proxy", image="traefik:v3", role=Role.PROXY)
    assert edges(proxy, Service(name="web", labels=labels), Service(name="db")) == {
        DiagramEdge("proxy", "web", "3000")
    }


def test_a_service_may_be_called_internet() -> None:
    web = Service(name="internet", ports=(Port(target="80", published="80"),))
    assert edges(web) == {DiagramEdge(PUBLIC, "internet", "80")}


_NAMES = st.text(max_size=30)


@given(
    st.lists(
        st.tuples(_NAMES, _NAMES, st.sampled_from(Role)),
        max_size=12,
        unique_by=lambda row: row[0],
    ),
    _NAMES,
)
def test_no_name_breaks_out_of_a_diagram(
    rows: list[tuple[str, str, Role]], port: str
) -> None:
    services = tuple(
        Service(
            name=name,
            image=image,
            role=role,
            ports=(Port(target=port, published=image),),
            depends_on=tuple(Dependency(service=other) for other, _, _ in rows),
        )
        for name, image, role in rows
    )
    found = stack_topology(Stack(name="x", services=services))
    for line in mermaid_flowchart(found).split("\n"):
        assert _LINE.fullmatch(line), line
    text = svg_drawing(found)
    tags = set(re.findall(r"<(/?[A-Za-z!?]\w*)", text))
    assert tags <= {
        "svg",
        "/svg",
        "defs",
        "/defs",
        "marker",
        "/marker",
        "path",
        "text",
        "/text",
        "g",
        "/g",
    } | {*("rect", "title", "/title")}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


def test_a_large_stack_stays_readable() -> None:
    many = tuple(Service(name=f"s{index}", image="x") for index in range(100))
    text = svg_drawing(stack_topology(Stack(name="x", services=many)))
    places = re.findall(r'<rect x="(\d+)" y="(\d+)"', text)
    assert len(set(places)) == 100
    width = float(re.search(r'viewBox="0 0 (\d+) (\d+)"', text)[1])  # type: ignore[index]
    assert max(int(x) for x, _ in places) + 168 <= width


def test_a_port_that_many_use_is_written_once() -> None:
    nodes = (Node("a", "apps"), Node("b", "apps"), Node("db", "data"), Node("mq", "data"))
    edges = (
        DiagramEdge("a", "db", "5432"),
        DiagramEdge("b", "db", "5432"),
        DiagramEdge("a", "mq", "5672"),
    )
    drawn = svg_drawing(Topology(nodes, edges))
    assert re.findall(r'class="port[^>]*>(\d+)<', drawn) == ["5432", "5672"]


def test_a_database_that_is_called_like_a_service_is_no_host() -> None:
    variable = EnvVariable(name="MYSQL_DATABASE", value="web")
    stack = Stack(
        name="x",
        services=(Service(name="db", environment=(variable,)), Service(name="web")),
    )
    assert stack_topology(stack).edges == ()


@given(
    layers=st.lists(st.sampled_from(["proxy", "apps", "data"]), min_size=2, max_size=24),
    ends=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24)), max_size=12),
)
def test_no_edge_runs_through_a_box(layers: list[str], ends: list[tuple[int, int]]) -> None:
    nodes = (
        Node(PUBLIC, "public"),
        *(Node(f"s{number}", layer) for number, layer in enumerate(layers)),
    )
    size = len(nodes)
    pairs = {(start % size, end % size) for start, end in ends} | {(0, size - 1)}
    lines = tuple(
        DiagramEdge(nodes[start].name, nodes[end].name)
        for start, end in sorted(pairs)
        if start != end
    )
    boxes = _place_boxes(_layer_rows(Topology(nodes, lines)))
    for line in lines:
        for curve in edge_curves(line, boxes):
            assert [box.node.name for box in boxes.values() if _enters(curve, box)] == []


def _enters(curve: Curve, box: Box) -> bool:
    """Whether a point of the curve lies inside the box; its border is not inside."""
    points = (_curve_point(curve, step / 40) for step in range(41))
    return any(
        box.x + 1 < x < box.x + WIDTH - 1 and box.y + 1 < y < box.y + HEIGHT - 1
        for x, y in points
    )


def test_an_order_of_starting_says_no_port() -> None:
    text = (
        "services:\n"
        "  web: {image: 'shop/web:1', depends_on: [git]}\n"
        "  git: {image: 'shop/git:1', ports: ['22:22']}\n"
    )
    result = convert(
        Memory({"docker-compose.yml": text.encode()}, "shop"), Options(source="compose")
    )
    (edge,) = [edge for edge in stack_topology(result.stack).edges if edge.start == "web"]
    assert edge.label == "" and not edge.inferred
