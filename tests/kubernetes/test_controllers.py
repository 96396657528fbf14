"""What controllers of a mesh, of certificates and of monitoring do: routes, resolvers and scrape targets here."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def converted(*texts: str) -> Result:
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    text = "---\n".join(texts)
    return convert(Memory({"m.yaml": text.encode()}, name="shop"), options)


def compose(result: Result) -> Any:
    files = {file.path: file.content for file in result.files}
    return yaml.safe_load(files["docker-compose.yml"])


def labels(result: Result) -> dict[str, str]:
    return {
        key: text
        for service in compose(result)["services"].values()
        for key, text in (service.get("labels") or {}).items()
    }


def app(name: str, port: int = 80, **extra: str) -> str:
    """A Deployment with a Service of its name, which listens on 8080."""
    pod_labels = {"app": name, **extra}
    container = {
        "name": "c",
        "image": "example/app:1",
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "-".join([name, *extra.values()])},
        "spec": {
            "selector": {"matchLabels": pod_labels},
            "template": {
                "metadata": {"labels": pod_labels},
                "spec": {"containers": [container]},
            },
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": "http", "port": port, "targetPort": "http"}],
        },
    }
    return yaml.safe_dump_all([deployment, service])


GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: outside}
spec:
  selector: {istio: ingressgateway}
  servers:
    - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: ["a.example.com"]
      tls: {mode: SIMPLE, credentialName: a-tls}
"""
VIRTUAL = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [a.example.com]
  gateways: [outside]
  http:
    - match: [{uri: {prefix: /api}, headers: {x-user: {exact: ann}}}]
      rewrite: {uri: /}
      route: [{destination: {host: api, subset: v2}}]
    - route: [{destination: {host: web, port: {number: 80}}}]
"""
RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api}
spec: {host: api, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
"""


def test_routes_of_a_mesh_become_routes_of_the_proxy() -> None:
    result = converted(
        GATEWAY,
        VIRTUAL,
        RULE,
        app("web"),
        app("api", version="v1"),
        app("api", version="v2"),
    )
    rules = {text for key, text in labels(result).items() if key.endswith(".rule")}
    assert any("/api" in rule and "Header(`x-user`, `ann`)" in rule for rule in rules)
    assert any("redirectscheme.scheme" in key for key in labels(result))
    v1, v2 = (compose(result)["services"][f"api-{version}"] for version in ("v1", "v2"))
    assert "labels" not in v1 and "traefik.enable" in v2["labels"]
    codes = {note.code for note in result.notes}
    assert "TC392" in codes and not codes & {"TC001", "TC203", "TC901"}


def test_the_first_route_of_a_mesh_that_matches_is_taken() -> None:
    """Istio asks its routes one after the other; the longest path would win with the Gateway API."""
    virtual = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [a.example.com]
  gateways: [outside]
  http:
    - match: [{uri: {regex: "/v[12]/.*"}}]
      route: [{destination: {host: api}}]
    - match: [{headers: {x-user: {exact: ann}}}]
      route: [{destination: {host: beta}}]
    - match: [{uri: {prefix: /static}}, {uri: {exact: /icon}}]
      route: [{destination: {host: web}}]
    - route: [{destination: {host: web}}]
"""
    found = labels(converted(GATEWAY, virtual, app("api"), app("beta"), app("web")))
    ranks = {
        text: int(found[key.replace(".rule", ".priority")])
        for key, text in found.items()
        if key.endswith(".rule") and "Host(`a.example.com`)" in text
    }
    words = ("/v[12]/.*", "x-user", "`/static`", "")
    in_order = [min(rank for rule, rank in ranks.items() if word in rule) for word in words]
    assert in_order == sorted(in_order, reverse=True)
    assert in_order[1] > in_order[2] > in_order[3]


def test_a_prefix_of_a_mesh_is_one_of_letters() -> None:
    virtual = VIRTUAL.replace("{prefix: /api}", "{prefix: /api-v}")
    found = labels(converted(GATEWAY, virtual, RULE, app("web"), app("api", version="v2")))
    assert any(
        "PathPrefix(`/api-v`)" in text and "Path(`/api-v`)" not in text
        for text in found.values()
    )


def test_a_redirect_to_https_does_not_carry_the_routes() -> None:
    result = converted(GATEWAY, VIRTUAL, RULE, app("web"), app("api", version="v2"))
    found = labels(result)
    points = {
        key: found[key.replace(".rule", ".entrypoints")]
        for key, text in found.items()
        if key.endswith(".rule") and "a.example.com" in text
    }
    assert set(points.values()) == {"websecure"}


INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {cert-manager.io/cluster-issuer: NAME}}
spec:
  tls: [{hosts: [a.example.com], secretName: web-tls}]
  rules:
    - host: a.example.com
      http:
        paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
"""
ISSUER = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: public}
spec: {acme: {email: ops@example.com, server: "https://acme.example.com/directory"}}
"""


def test_an_issuer_becomes_a_resolver_with_a_variable_for_the_address() -> None:
    result = converted(INGRESS.replace("NAME", "public"), ISSUER, app("web"))
    command = compose(result)["services"]["traefik"]["command"]
    base = "--certificatesresolvers.public.acme"
    assert f"{base}.email=${{ACME_EMAIL:-}}" in command
    assert f"{base}.caserver=https://acme.example.com/directory" in command
    assert f"{base}.storage=/letsencrypt/acme.json" in command
    assert "letsencrypt" in compose(result)["volumes"]
    assert labels(result)["traefik.http.routers.web.tls.certresolver"] == "public"
    [email] = [each for each in result.stack.settings if each.name == "ACME_EMAIL"]
    assert email.value == "ops@example.com"


@pytest.mark.parametrize(
    ("issuer", "obtained"), [("letsencrypt-prod", True), ("corporate-ca", False)]
)
def test_an_issuer_outside_tells_by_its_name(issuer: str, obtained: bool) -> None:
    result = converted(INGRESS.replace("NAME", issuer), app("web"))
    codes = {note.code for note in result.notes}
    assert ("TC393" in codes, "TC286" in codes) == (obtained, not obtained)


PUBLISHED = """\
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
"""


@pytest.mark.parametrize(
    ("issuer", "code"), [("letsencrypt", "TC885"), ("corporate-ca", "TC295")]
)
def test_a_moved_port_80_gets_no_certificate(issuer: str, code: str) -> None:
    result = converted(INGRESS.replace("NAME", issuer), app("web"), PUBLISHED)
    ports = compose(result)["services"]["traefik"]["ports"]
    assert any("8080" in port for port in ports)
    told = [note for note in result.notes if note.code in ("TC885", "TC295")]
    assert [note.code for note in told] == [code]
    assert code == "TC295" or "web publishes port 80" in told[0].message


@pytest.mark.parametrize(
    ("hosts", "codes"),
    [
        ("a.example.com", {"TC393"}),
        ("'*.example.com'", {"TC286"}),
        ("a.example.com, '*.b.example.com'", {"TC286", "TC393"}),
    ],
)
def test_no_wildcard_is_obtained_over_http(hosts: str, codes: set[str]) -> None:
    ingress = INGRESS.replace("NAME", "public").replace("[a.example.com]", f"[{hosts}]")
    result = converted(ingress, ISSUER, app("web"))
    told = {note.code: note.message for note in result.notes}
    assert told.keys() & {"TC286", "TC393"} == codes
    assert "*" not in told.get("TC393", "")


MONITORS = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, endpoints: [{port: http, path: /m, interval: 15s}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: api}
spec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: http}]}
"""


def scrapes(result: Result) -> list[dict[str, Any]]:
    [file] = [file for file in result.files if file.path.endswith("prometheus.yml")]
    parsed: list[dict[str, Any]] = yaml.safe_load(file.content)["scrape_configs"]
    return parsed


def test_monitors_become_one_scrape_configuration() -> None:
    result = converted(MONITORS, app("web"), app("api"))
    web, api = scrapes(result)
    assert (web["metrics_path"], web["scrape_interval"]) == ("/m", "15s")
    assert web["dns_sd_configs"] == [{"names": ["web.default"], "type": "A", "port": 8080}]
    assert api["dns_sd_configs"][0]["port"] == 8080
    services = compose(result)["services"]
    assert services["prometheus"]["profiles"] == ["monitoring"]
    host = api["dns_sd_configs"][0]["names"][0]
    assert host in services["api"]["networks"]["default"]["aliases"]


def test_a_prometheus_of_the_manifests_is_the_one_that_runs() -> None:
    server = """\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: metrics}
spec: {version: v2.54.0, retention: 10d, serviceMonitorSelector: {}}
"""
    services = compose(converted(server, MONITORS, app("web"), app("api")))["services"]
    assert services["prometheus-metrics"]["image"] == "prom/prometheus:v2.54.0"
    assert "--storage.tsdb.retention.time=10d" in services["prometheus-metrics"]["command"]
    assert "profiles" not in services["prometheus-metrics"]


ROLLOUT = """
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web-rollout}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: onsuccess}
  strategy: {canary: {}}
"""
SCALED_DOWN = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: example/web:1}]}}
"""


def test_a_rollout_runs_the_pods_of_the_workload_that_it_names() -> None:
    result = converted(ROLLOUT, SCALED_DOWN)
    assert compose(result)["services"]["web"]["deploy"] == {"replicas": 3}
    assert not {note.code for note in result.notes} & {"TC001", "TC210", "TC901"}


def test_a_rollout_whose_workload_is_not_there_says_so() -> None:
    assert "TC210" in {note.code for note in converted(ROLLOUT, app("api")).notes}


def test_the_same_object_many_times_is_said_once() -> None:
    result = converted(*[SCALED_DOWN.replace("web:1", f"web:{n}") for n in (1, 2, 3)])
    [repeated] = [note for note in result.notes if note.code == "TC204"]
    assert "is defined three times; the one at m.yaml:20:1" in repeated.message
    assert repeated.message.endswith(
        "they differ in spec.template.spec.containers[0].image"
    )
    [same] = [note for note in converted(*[SCALED_DOWN] * 2).notes if note.code == "TC204"]
    assert same.message.endswith("they say the same")
    assert compose(result)["services"]["web"]["image"] == "example/web:3"


@pytest.mark.parametrize(
    ("image", "written", "name"),
    [
        (
            "<DOCKER_REPO>/chat:1",
            "${DOCKER_REPO:?set DOCKER_REPO in .env}/chat:1",
            "DOCKER_REPO",
        ),
        (
            "<registryLoginServer>/chat",
            "${REGISTRY_LOGIN_SERVER:?set REGISTRY_LOGIN_SERVER in .env}/chat",
            "REGISTRY_LOGIN_SERVER",
        ),
    ],
)
def test_what_a_guide_tells_to_replace_in_an_image_is_a_variable(
    image: str, written: str, name: str
) -> None:
    result = converted(SCALED_DOWN.replace("example/web:1", f'"{image}"'))
    assert compose(result)["services"]["web"]["image"] == written
    assert [setting.name for setting in result.stack.settings] == [name]
