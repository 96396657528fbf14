"""Which request reaches what: the models of ingress-nginx, Gateway API and Traefik, and what differs between them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import COMPOSE
from kubernetes_edge.stacks import app, ingress, rule
from oracles import NO_COMPOSE
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove import traefik_rules
from tocompose.prove.answers import Answer, follow
from tocompose.prove.cluster_services import ClusterServices
from tocompose.prove.entrances import compare_entrances
from tocompose.prove.gateway_model import GatewayModel
from tocompose.prove.ingress_model import IngressModel
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.manifest_table import as_text
from tocompose.prove.manifests import ManifestProof, prove_manifests
from tocompose.prove.recording import RecordedContainer
from tocompose.prove.routing import compare_routing
from tocompose.prove.traefik_proxy import TraefikModel, expand
from tocompose.prove.traefik_rules import Request, go_pattern

NGINX = "nginx.ingress.kubernetes.io"
APPS = [*app("a"), *app("b"), *app("c", 3000)]
TLS = [{"hosts": ["h.com"], "secretName": "t"}]


def model_of(*objects: Any) -> tuple[KubeletModel, ClusterServices]:
    model = KubeletModel([*APPS, *objects])
    return model, ClusterServices(model.objects, model)


def at_ingress(host: str, path: str, *objects: Any, scheme: str = "http") -> str:
    model, services = model_of(*objects)
    answering = IngressModel(model.objects, services).answer
    return str(follow(Request(host, path, scheme=scheme), answering))


def at_gateway(host: str, path: str, *objects: Any, method: str = "GET") -> str:
    model, services = model_of(*objects)
    gateways = GatewayModel(model.objects, services)
    return str(gateways.answer(Request(host, path, method), 80))


def annotated(paths: list[tuple[str, str, str]], host: str = "h.com", **names: str) -> Any:
    annotations = {
        f"{NGINX}/{name.replace('_', '-')}": text for name, text in names.items()
    }
    return ingress("x", [rule(host, *paths)], annotations)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/v1", "Deployment default/a:8080 as /v1"),
        ("/API", "Deployment default/a:8080 as /"),
        ("/apix", "Deployment default/b:8080 as /"),
        ("/x/y", "Deployment default/b:8080 as /"),
    ],
)
def test_nginx_takes_paths_for_patterns_where_one_is_rewritten(
    path: str, answer: str
) -> None:
    paths = [("/api(/|$)(.*)", "ImplementationSpecific", "a"), ("/", "Prefix", "b")]
    assert at_ingress("h.com", path, annotated(paths, rewrite_target="/$2")) == answer


def test_patterns_hold_for_the_paths_of_other_ingresses_of_the_host() -> None:
    rewriting = annotated([("/api/(.*)", "Prefix", "a")], rewrite_target="/$1")
    plain = ingress("y", [rule("h.com", ("/web", "Exact", "b"))])
    assert at_ingress("h.com", "/Webshop", rewriting, plain).startswith(
        "Deployment default/b"
    )
    assert at_ingress("h.com", "/Webshop", plain) == "nobody"


def test_a_path_equal_to_its_target_is_not_rewritten() -> None:
    paths = [("/", "Prefix", "a")]
    assert at_ingress("h.com", "/x", annotated(paths, rewrite_target="/")).endswith("/x")


@pytest.mark.parametrize(
    ("host", "path", "answer"),
    [
        ("h.com", "/foo", "Deployment default/a:8080 as /foo"),
        ("h.com", "/foo/", "Deployment default/b:8080 as /foo/"),
        ("h.com", "/foobar", "nobody"),
        ("one.h.com", "/", "Deployment default/c:3000 as /"),
        ("one.two.h.com", "/", "nobody"),
    ],
)
def test_nginx_chooses_by_host_and_then_by_path(host: str, path: str, answer: str) -> None:
    rules = [
        rule("h.com", ("/foo", "Exact", "a"), ("/foo", "Prefix", "b")),
        rule("*.h.com", ("/", "Prefix", "c")),
    ]
    assert at_ingress(host, path, ingress("x", rules)) == answer


def test_the_older_ingress_has_a_path_that_two_claim() -> None:
    young, old = (
        ingress(name, [rule("h.com", ("/", "Prefix", target))])
        for name, target in (("a", "a"), ("z", "b"))
    )
    young["metadata"]["creationTimestamp"] = "2024-02-01T00:00:00Z"
    old["metadata"]["creationTimestamp"] = "2024-01-01T00:00:00Z"
    assert at_ingress("h.com", "/", young, old).startswith("Deployment default/b")


def test_nginx_sends_clients_to_https_and_to_the_root_of_the_app() -> None:
    secured = annotated([("/", "Prefix", "a")], app_root="/app") | {"kind": "Ingress"}
    secured["spec"]["tls"] = TLS
    assert at_ingress("h.com", "/", secured) == "Deployment default/a:8080 as /app"
    answering = IngressModel(*model_and_services(secured)).answer
    moved = answering(Request("h.com", "/x"))
    assert moved == Answer(location="https://h.com/x")


def model_and_services(*objects: Any) -> tuple[list[Any], ClusterServices]:
    model, services = model_of(*objects)
    return list(model.objects), services


def http_route(name: str, hosts: list[str], *rules: Any, **metadata: str) -> Any:
    spec = {"parentRefs": [{"name": "g"}], "hostnames": hosts, "rules": list(rules)}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def gateway_rule(target: str, path: str = "/", **match: Any) -> dict[str, Any]:
    matches = [{"path": {"type": "PathPrefix", "value": path}, **match}]
    return {"matches": matches, "backendRefs": [{"name": target, "port": 80}]}


def test_gateway_api_goes_by_host_path_method_age_and_name() -> None:
    narrow = http_route("r", ["a.com"], gateway_rule("a"))
    wide = http_route("s", ["*.com"], gateway_rule("b", "/long/path"))
    assert at_gateway("a.com", "/long/path", narrow, wide).startswith(
        "Deployment default/a"
    )
    assert at_gateway("b.com", "/long/path/x", narrow, wide).startswith(
        "Deployment default/b"
    )
    posts = http_route("t", ["a.com"], gateway_rule("b"), gateway_rule("c", method="POST"))
    assert at_gateway("a.com", "/", posts, method="POST").startswith("Deployment default/c")
    old = http_route("z", ["a.com"], gateway_rule("b"), creationTimestamp="2020")
    young = http_route("y", ["a.com"], gateway_rule("a"), creationTimestamp="2021")
    assert at_gateway("a.com", "/", young, old).startswith("Deployment default/b")
    assert at_gateway("a.com", "/", narrow, http_route("q", ["a.com"], gateway_rule("b")))


@pytest.mark.parametrize(
    ("asked", "seen"), [("/old", "/new"), ("/old/", "/new/"), ("/old/x", "/new/x")]
)
def test_a_prefix_is_replaced_as_the_specification_shows(asked: str, seen: str) -> None:
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}
    rewriting = gateway_rule("a", "/old")
    rewriting["filters"] = [{"type": "URLRewrite", "urlRewrite": {"path": path}}]
    assert at_gateway("a.com", asked, http_route("r", ["a.com"], rewriting)).endswith(seen)


def container(labels: dict[str, str], *words: str, **host: Any) -> RecordedContainer:
    return RecordedContainer("i", "n", {"Labels": labels, "Cmd": list(words)}, host, {})


def stack(labels: dict[str, str], secure_port: str = "443") -> TraefikModel:
    bindings = {"443/tcp": [{"HostPort": secure_port}]}
    arguments = [
        f"--entrypoints.{name}.address=:{port}"
        for name, port in (("web", 80), ("websecure", 443))
    ]
    proxy = container({}, *arguments, PortBindings=bindings)
    return TraefikModel({"a": container(labels), "traefik": proxy}, Path("/nowhere"))


SERVICE = {"traefik.http.services.s.loadbalancer.server.port": "8080"}


def labels_of(rule_text: str, **middleware: str) -> dict[str, str]:
    base = "traefik.http.routers.r"
    labels = {f"{base}.rule": rule_text, **SERVICE}
    for key, text in middleware.items():
        labels[f"traefik.http.middlewares.m.{key.replace('_', '.')}"] = text
    return labels | ({f"{base}.middlewares": "m"} if middleware else {})


@pytest.mark.parametrize(
    ("middleware", "seen"),
    [
        ({"stripprefix_prefixes": "/x"}, "a:8080 as /y"),
        ({"addprefix_prefix": "/p"}, "a:8080 as /p/x/y"),
        ({"replacepath_path": "/z"}, "a:8080 as /z"),
        (
            {
                "replacepathregex_regex": "^/x(.*)",
                "replacepathregex_replacement": "/n${1}",
            },
            "a:8080 as /n/y",
        ),
        ({"redirectscheme_scheme": "https"}, "sent to https://h.com/x/y"),
        (
            {"redirectregex_regex": ".*", "redirectregex_replacement": "https://o.com/"},
            "sent to https://o.com/",
        ),
    ],
)
def test_middlewares_change_the_path_or_send_the_client_on(
    middleware: dict[str, str], seen: str
) -> None:
    model = stack(labels_of("Host(`h.com`)", **middleware))
    assert str(model.answer(Request("h.com", "/x/y"), "web")) == seen


def test_a_router_with_tls_takes_nothing_else() -> None:
    labels = labels_of("Host(`h.com`)") | {"traefik.http.routers.r.tls": "true"}
    model = stack(labels)
    assert str(model.answer(Request("h.com"), "web")) == "nobody"
    secured = Request("h.com", scheme="https")
    assert str(model.answer(secured, "websecure")) == "a:8080 as /"


def test_a_route_with_a_middleware_that_nobody_defines_is_closed() -> None:
    labels = labels_of("Host(`h.com`)") | {"traefik.http.routers.r.middlewares": "gone"}
    assert stack(labels).answer(Request("h.com"), "web") is None


def test_no_empty_match_is_replaced_behind_another() -> None:
    assert expand(go_pattern(".*"), "abc", "x") == "x"
    assert expand(go_pattern("b*"), "abc", "x") == "xaxcx"


def test_a_redirect_to_a_port_that_moved_is_wrong() -> None:
    labels = labels_of("Host(`h.com`)", redirectscheme_scheme="https")
    assert list(stack(labels).wrong_redirects()) == []
    assert list(stack(labels, "8443").wrong_redirects()) == [("m", 443, 8443)]


def test_a_request_that_another_container_answers_is_found() -> None:
    objects = [ingress("x", [rule("h.com", ("/", "Prefix", "b"))])]
    model, _ = model_of(*objects)
    proof = compare_routing(
        model, stack(labels_of("Host(`h.com`)")), {"a": frozenset({"Deployment default/a"})}
    )
    assert proof.findings[0].cluster == "Deployment default/b:8080 as /"
    assert proof.findings[0].compose == "Deployment default/a:8080 as /"


@pytest.mark.parametrize(("host_port", "is_right"), [("30080", True), ("80", False)])
def test_a_port_of_the_host_that_leads_elsewhere_is_found(
    host_port: str, is_right: bool
) -> None:
    ports = [{"port": 80, "targetPort": "http", "nodePort": 30080}]
    spec = {"type": "NodePort", "selector": {"app": "a"}, "ports": ports}
    model, _ = model_of(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "n"}, "spec": spec}
    )
    bindings = {"8080/tcp": [{"HostIp": "", "HostPort": host_port}]}
    containers = {"a": container({}, PortBindings=bindings)}
    [found] = compare_entrances(
        model, containers, {"a": frozenset({"Deployment default/a"})}
    )
    assert (found is None) is is_right


def proof_of(*objects: Any) -> ManifestProof:
    text = yaml.safe_dump_all([*APPS, *objects])
    project = Memory({"m.yaml": text.encode()}, name="shop")
    return prove_manifests(project, Options(practices="none"), COMPOSE)


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
def test_requests_reach_the_same_as_in_the_cluster() -> None:
    """What the simulator found wrong once: patterns of another Ingress, and a redirect to a port that moved."""
    balancer = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "lb"},
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app": "c"},
            "ports": [{"port": 443, "targetPort": "http"}],
        },
    }
    certificate = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "t"},
        "data": {"tls.crt": "LS0=", "tls.key": "LS0="},
    }
    rewriting = annotated([("/api(/|$)(.*)", "Prefix", "a")], rewrite_target="/$2")
    plain = ingress("y", [rule("h.com", ("/Web", "Exact", "b"))], tls=TLS)
    proof = proof_of(balancer, certificate, rewriting, plain)
    assert proof.requests > 10 and proof.holds, as_text(proof)


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
def test_hosts_of_one_route_rank_each_by_itself() -> None:
    wide = http_route("s", ["*.com", "*.a.com"], gateway_rule("b", "/long/path"))
    narrow = http_route("r", ["a.com", "*.b.a.com"], gateway_rule("a"))
    proof = proof_of(narrow, wide)
    assert proof.requests > 20 and proof.holds, as_text(proof)


def test_the_model_of_traefiks_rules_stands_alone() -> None:
    """It is copied into an image by itself: nothing of ours is beside it there."""
    code = f"import runpy, sys; runpy.run_path({traefik_rules.__file__!r}); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "re" in ran.stdout.split() and "tocompose" not in ran.stdout
