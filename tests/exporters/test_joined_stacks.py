"""Services that join an existing stack: free ports, no variable of what stays out, and names that resolve."""

from __future__ import annotations

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.model import File
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

EXISTING = b"""services:
  web:
    image: nginx:1.27
    ports: ['${WEB_PORT:-8080}:80', '127.0.0.1:${ADMIN_PORT:-9000-9001}:9000-9001']
  metrics:
    image: prom/prometheus:v3.0.0
    network_mode: host
"""


APART = b"""services:
  db: {image: 'postgres:16', container_name: shop-db, networks: [back, spare]}
  proxy: {image: 'traefik:v3.5', networks: [edge]}
  site: {image: 'acme/site:1', environment: {QUEUE_URL: 'amqp://queue:5672'}, networks: [edge]}
  plain: {image: 'acme/plain:1'}
networks: {back: {}, spare: {}, edge: {}}
"""


def merged(
    script: str, values: str = "", present: bytes = EXISTING, **beside: str
) -> Result:
    files = {"run.sh": script.encode()}
    files |= {name.replace("_", "."): text.encode() for name, text in beside.items()}
    project = Memory(files, "shop")
    project.named = ("run.sh",)
    options = Options(
        source="docker_run",
        layout=Layout(split=True),
        existing=File(path="compose.yaml", content=present),
        existing_values=values.encode(),
    )
    return convert(project, options)


def ports_of(result: Result, name: str) -> list[str]:
    document = yaml.safe_load(result.files[0].content)
    return [str(port) for port in document["services"][name].get("ports", [])]


def file_text(result: Result, path: str) -> str:
    return next((f.content.decode() for f in result.files if f.path == path), "")


@pytest.mark.parametrize(
    ("published", "values", "wanted"),
    [
        ("8080:3000", "", "8081:3000"),
        ("8080:3000", "WEB_PORT=8200 # moved", "${API_PORT:-8080}:3000"),
        ("8200:3000", "WEB_PORT=8200", "8201:3000"),
        ("127.0.0.1:8080:3000", "", "127.0.0.1:8081:3000"),
        ("9001:3000", "", "9002:3000"),
        ("10.0.0.7:9001:3000", "", "10.0.0.7:9001:3000"),
        ("8080:3000/udp", "", "8080:3000/udp"),
    ],
)
def test_a_port_that_the_file_publishes_is_left_to_it(
    published: str, values: str, wanted: str
) -> None:
    made = merged(f"docker run -d --name api -p {published} acme/api:1\n", values)
    assert ports_of(made, "api") == [wanted]
    published_number = published.rpartition(":")[0].rpartition(":")[2]
    is_moved = published_number not in wanted
    assert ("TC640" in {note.code for note in made.notes}) == is_moved


def test_a_service_that_stays_out_leaves_no_variable() -> None:
    script = "docker run -d --name web -p 9000:80 -e API_KEY=k3y-of-w3b-9 acme/web:1\n"
    made = merged(f"{script}docker run -d --name api -p 3000:3000 acme/api:1\n")
    assert "WEB_PORT" not in file_text(made, ".env") + file_text(made, ".env.example")
    assert "API_KEY" not in file_text(made, ".env")
    assert 'API_PORT="3000"' in file_text(made, ".env")


def test_a_variable_of_the_file_is_not_taken() -> None:
    made = merged("docker run -d --name admin -p 8000:80 acme/admin:1\n")
    assert ports_of(made, "admin") == ["${ADMIN_PORT_80:-8000}:80"]


def test_two_ports_behind_variables_are_told() -> None:
    made = merged("docker run -d --name api -p ${OWN_PORT:-8080}:3000 acme/api:1\n")
    said = [note.message for note in made.notes if note.code == "TC722"]
    assert said == ["api and web both publish port 8080 (OWN_PORT, WEB_PORT)"]


@pytest.mark.parametrize(
    ("options", "is_told"),
    [
        ("-e METRICS_URL=http://metrics:9090", True),
        ("-e PROMETHEUS_HOST=metrics", True),
        ("-l traefik.http.services.m.loadbalancer.server.url=http://metrics:9090", True),
        ("-v ./proxy.conf:/etc/nginx/nginx.conf:ro", True),
        ("-e METRICS_URL=http://other:9090", False),
        ("-e METRICS_URL=http://metrics:9090 --add-host metrics:host-gateway", False),
        ("-e METRICS_URL=http://metrics:9090 --network host", False),
    ],
)
def test_a_service_on_the_network_of_the_host_has_no_name(
    options: str, is_told: bool
) -> None:
    proxy = "http { server { location / { proxy_pass http://metrics:9090; } } }\n"
    script = f"docker run -d --name api {options} acme/api:1\n"
    said = [n for n in merged(script, proxy_conf=proxy).notes if n.code == "TC878"]
    assert [str(note.subject) for note in said] == ["services.api"] * is_told


@pytest.mark.parametrize(
    ("options", "networks"),
    [
        ("-e DB_HOST=db", ["back"]),
        ("-e DATABASE_URL=postgres://shop@shop-db:5432/shop", ["back"]),
        ("-l acme.store=http://db:5432", ["back"]),
        ("-l 'traefik.http.routers.api.rule=PathPrefix(`/`)'", ["edge"]),
        ("-l traefik.enable=false -l traefik.http.routers.api.rule=x", None),
        ("-e DB_HOST=db -e PLAIN_URL=http://plain:80", ["back", "default"]),
        ("-e PLAIN_URL=http://plain:80", None),
        ("-e DB_HOST=elsewhere", None),
        ("-e DB_HOST=db --network host", None),
    ],
)
def test_a_new_service_is_on_a_network_with_each_that_it_names(
    options: str, networks: list[str] | None
) -> None:
    made = merged(f"docker run -d --name api {options} acme/api:1\n", present=APART)
    api = yaml.safe_load(made.files[0].content)["services"]["api"]
    assert (sorted(api["networks"]) if "networks" in api else None) == networks
    said = {note.code for note in made.notes}
    assert ("TC772" in said) == (networks is not None)


def test_a_new_service_is_where_one_of_the_file_looks_for_it() -> None:
    made = merged("docker run -d --name queue rabbitmq:4\n", present=APART)
    queue = yaml.safe_load(made.files[0].content)["services"]["queue"]
    assert queue["networks"] == ["edge"]


def test_new_services_still_reach_each_other_when_one_joins_the_file() -> None:
    script = (
        "docker run -d --name api -e DB_HOST=db acme/api:1\n"
        "docker run -d --name ui -e API_URL=http://api:80 acme/ui:1\n"
    )
    made = merged(script, present=APART)
    services = yaml.safe_load(made.files[0].content)["services"]
    assert services["api"]["networks"] == ["default", "back"]
    assert "networks" not in services["ui"]


NAMED = APART.replace(b"edge: {}}", b"edge: {name: public}}")
ROUTE = "-l 'traefik.http.routers.api.rule=PathPrefix(`/`)'"


@pytest.mark.parametrize(
    ("options", "present", "label"),
    [
        ("-e DB_HOST=db", APART, "${COMPOSE_PROJECT_NAME}_edge"),
        ("-e DB_HOST=db", NAMED, "public"),
        ("-e DB_HOST=db -l traefik.docker.network=old_edge", NAMED, "public"),
        ("", APART, None),
    ],
)
def test_a_routed_service_names_the_network_of_the_files_traefik(
    options: str, present: bytes, label: str | None
) -> None:
    script = f"docker run -d --name api {options} {ROUTE} acme/api:1\n"
    made = merged(script, present=present)
    api = yaml.safe_load(made.files[0].content)["services"]["api"]
    assert api["labels"].get("traefik.docker.network") == label
    said = {note.code for note in made.notes} & {"TC635", "TC636", "TC637"}
    assert len(said) == (label is not None)


CHECKED = b"""services:
  db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}
  cache: {image: 'redis:7'}
  search: {image: 'acme/search:1', environment: {API_URL: 'http://api:80'}}
  tool: {image: 'acme/tool:1', profiles: [tool]}
  setup: {image: 'acme/setup:1', depends_on: {api: {condition: service_started}}}
"""


@pytest.mark.parametrize(
    ("options", "waits"),
    [
        ("-e DATABASE_URL=postgres://shop@db:5432/shop", {"db": "service_healthy"}),
        ("-e CACHE_HOST=cache", {"cache": "service_started"}),
        ("-e SEARCH_URL=http://search:9200", {"search": "service_started"}),
        ("-e TOOL_URL=http://tool:80", {}),
        ("-e SETUP_URL=http://setup:80", {}),
        ("-e DB_HOST=elsewhere", {}),
    ],
)
def test_a_new_service_waits_for_those_of_the_file_that_its_variables_name(
    options: str, waits: dict[str, str]
) -> None:
    script = f"docker run -d --name api {options} acme/api:1\n"
    made = merged(script, present=CHECKED)
    services = yaml.safe_load(made.files[0].content)["services"]
    edges = services.pop("api").get("depends_on", {})
    assert {name: edge["condition"] for name, edge in edges.items()} == waits
    assert services == yaml.safe_load(CHECKED)["services"]
    told = [note.subject[-1] for note in made.notes if note.code == "TC602"]
    assert told == list(waits)
