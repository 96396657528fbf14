"""Traefik's own kinds and annotations, controllers in the input, network policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubernetes_edge.stacks import (
    all_labels,
    answers,
    app,
    codes,
    converted,
    ingress,
    labels,
    rule,
    service,
)
from tocompose.importers import ImportOptions
from tocompose.importers.kubernetes.routing.traefik_routes import modernize_rule
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.prove.traefik_rules import Request, compiled

GROUP = "traefik.io/v1alpha1"


def made(
    kind: str, name: str, spec: dict[str, Any], group: str = GROUP, **more: Any
) -> dict[str, Any]:
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"name": name, **more},
        "spec": spec,
    }


def route(match: str, *services: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = list(services) or [{"name": "a", "port": 80}]
    return {"match": match, "kind": "Rule", "services": given, **more}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Host(`a.com`)", "Host(`a.com`)"),
        (
            "Host(`a.com`, `b.com`) && Path(`/x`)",
            "(Host(`a.com`) || Host(`b.com`)) && Path(`/x`)",
        ),
        ('PathPrefix("/a","/b")', '(PathPrefix("/a") || PathPrefix("/b"))'),
        ("Headers(`X`, `1`)", "Header(`X`, `1`)"),
        ("HeadersRegexp(`X`, `a(b)`)", "HeaderRegexp(`X`, `a(b)`)"),
        ("Query(`a=b`, `c=d`)", "(Query(`a`, `b`) && Query(`c`, `d`))"),
        (
            "!Host(`a.com`) || (Method(`GET`, `HEAD`))",
            "!Host(`a.com`) || ((Method(`GET`) || Method(`HEAD`)))",
        ),
        ("", "PathPrefix(`/`)"),
    ],
)
def test_rules_of_version_two(old: str, new: str) -> None:
    assert modernize_rule(old) == new
    compiled(modernize_rule(old))


def test_ingress_route() -> None:
    spec = {
        "entryPoints": ["web"],
        "routes": [
            route("Host(`a.com`) && PathPrefix(`/a`)", priority=7),
            route("Host(`a.com`)", {"name": "b", "port": "web", "scheme": "h2c"}),
        ],
    }
    result = converted(app("a"), app("b"), made("IngressRoute", "r", spec))
    assert answers(result, Request("a.com", "/x")) == "b"
    assert labels(result, "a")["traefik.http.routers.r.priority"] == "7"
    assert (
        labels(result, "b")["traefik.http.services.b.loadbalancer.server.scheme"] == "h2c"
    )
    assert codes(result) == ["TC280"]


def test_one_route_of_two_that_leads_nowhere_is_said_whole() -> None:
    weighted = route(
        "Host(`b.com`)",
        {"name": "w", "kind": "TraefikService"},
        middlewares=[{"name": "m"}],
        priority=3,
    )
    spec = {"entryPoints": ["web"], "routes": [route("Host(`a.com`)"), weighted]}
    result = converted(app("a"), made("IngressRoute", "r", spec))
    assert answers(result, Request("a.com", "/x")) == "a"
    assert "TC282" in codes(result)
    assert "TC001" not in {item.code for item in result.notes}


def test_middlewares_option_by_option() -> None:
    objects = [
        made(
            "Middleware",
            "all",
            {
                "chain": {
                    "middlewares": [
                        {"name": "one"},
                        {"name": "two", "namespace": "default"},
                    ]
                }
            },
        ),
        made(
            "Middleware",
            "one",
            {"headers": {"customRequestHeaders": {"X-A": "$b"}, "frameDeny": True}},
        ),
        made(
            "Middleware",
            "two",
            {"ipWhiteList": {"sourceRange": ["1.1.1.1", "2.2.2.2"]}},
            "traefik.containo.us/v1alpha1",
        ),
    ]
    spec = {"routes": [route("Host(`a.com`)", middlewares=[{"name": "all"}])]}
    result = converted(app("a"), *objects, made("IngressRoute", "r", spec))
    found = labels(result, "a")
    names = found["traefik.http.routers.r.middlewares"].split(",")
    assert names == ["one-headers", "two-ipallowlist"]
    assert (
        found["traefik.http.middlewares.one-headers.headers.customrequestheaders.X-A"]
        == "$b"
    )
    assert found["traefik.http.middlewares.one-headers.headers.framedeny"] == "true"
    assert (
        found["traefik.http.middlewares.two-ipallowlist.ipallowlist.sourcerange"]
        == "1.1.1.1,2.2.2.2"
    )
    assert (
        service(result, "a").labels[
            "traefik.http.middlewares.one-headers.headers.customrequestheaders.X-A"
        ]
        == "$$b"
    )
    assert codes(result) == ["TC280"]


def test_a_chain_of_itself_ends() -> None:
    loop = made("Middleware", "loop", {"chain": {"middlewares": [{"name": "loop2"}]}})
    other = made("Middleware", "loop2", {"chain": {"middlewares": [{"name": "loop"}]}})
    spec = {"routes": [route("Host(`a.com`)", middlewares=[{"name": "loop"}])]}
    assert "TC292" in codes(
        converted(app("a"), loop, other, made("IngressRoute", "r", spec))
    )


@pytest.mark.parametrize("spec", [None, {"plugin": {"oidc": {"x": 1}}}])
def test_a_middleware_that_is_missing_or_a_plugin_closes_the_route(
    spec: dict[str, Any] | None,
) -> None:
    objects = [made("Middleware", "auth", spec)] if spec else []
    given = {"routes": [route("Host(`a.com`)", middlewares=[{"name": "auth"}])]}
    result = converted(app("a"), *objects, made("IngressRoute", "r", given))
    found = labels(result, "a")
    assert found["traefik.http.routers.r.middlewares"] == "auth"
    assert not any(key.startswith("traefik.http.middlewares") for key in found)
    assert "TC292" in codes(result)


def test_one_container_with_other_options_is_another_service() -> None:
    sticky = {"name": "a", "port": 80, "sticky": {"cookie": {"name": "lb"}}}
    spec = {"routes": [route("Host(`a.com`)", sticky), route("Host(`b.com`)")]}
    found = labels(converted(app("a"), made("IngressRoute", "r", spec)), "a")
    assert found["traefik.http.services.a.loadbalancer.sticky.cookie.name"] == "lb"
    assert found["traefik.http.routers.r-2.service"] == "a-8080"
    assert "traefik.http.services.a-8080.loadbalancer.sticky.cookie.name" not in found


def test_streams_and_guessed_entry_points() -> None:
    tcp = made(
        "IngressRouteTCP",
        "pg",
        {
            "entryPoints": ["pg"],
            "routes": [{"match": "HostSNI(`*`)", "services": [{"name": "a", "port": 80}]}],
        },
    )
    udp = made(
        "IngressRouteUDP",
        "dns",
        {"entryPoints": ["dns"], "routes": [{"services": [{"name": "b", "port": 80}]}]},
    )
    result = converted(app("a", 5432), app("b", 53), tcp, udp)
    assert labels(result, "a")["traefik.tcp.routers.pg.rule"] == "HostSNI(`*`)"
    assert labels(result, "b")["traefik.udp.routers.dns.entrypoints"] == "dns"
    ports = [(port.target, port.protocol) for port in service(result, "traefik").ports]
    assert ports == [("53", "udp"), ("5432", "tcp")]
    assert codes(result).count("TC299") == 2


def test_annotations_of_traefik() -> None:
    prefix = "traefik.ingress.kubernetes.io/router."
    annotations = {
        f"{prefix}entrypoints": "websecure",
        f"{prefix}tls.certresolver": "le",
        f"{prefix}priority": "5",
        f"{prefix}middlewares": "default-gzip@kubernetescrd",
    }
    objects = [made("Middleware", "gzip", {"compress": {}})]
    rules = [rule("a.com", ("/", "Prefix", "a")), rule("b.com", ("/", "Prefix", "a"))]
    result = converted(app("a"), *objects, ingress("i", rules, annotations))
    found = labels(result, "a")
    assert found["traefik.http.routers.a.tls.certresolver"] == "le"
    assert found["traefik.http.routers.a.priority"] == "5"
    assert found["traefik.http.routers.a.middlewares"] == "gzip-compress"
    assert found["traefik.http.middlewares.gzip-compress.compress"] == "true"
    assert codes(result) == ["TC287", "TC280"]


def controller(image: str, *args: str) -> list[dict[str, Any]]:
    objects = app("edge")
    objects[0]["spec"]["template"]["spec"]["containers"][0] |= {
        "image": image,
        "args": list(args),
    }
    return objects


@pytest.mark.parametrize(
    ("image", "args"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.11.1@sha256:abc", []),
        ("nginx/nginx-ingress:3.6", []),
        ("k8s.gcr.io/nginx-ingress-controller:0.9", []),
        ("traefik:v2.10", ["--providers.kubernetesingress"]),
        ("quay.io/jetstack/cert-manager-controller:v1.15.1", []),
    ],
)
def test_controllers_are_left_out_with_their_services(image: str, args: list[str]) -> None:
    route_ = ingress("i", [rule("a.com", ("/", "Prefix", "a"))])
    result = converted(app("a"), controller(image, *args), route_)
    assert [item.name for item in result.stack.services] == ["a", "traefik"]
    assert codes(result).count("TC285") == 2
    assert not [item for item in result.notes if item.code in ("TC001", "TC901", "TC222")]


@pytest.mark.parametrize(
    ("image", "args"),
    [("nginx:1.27", []), ("traefik:v3.1", ["--providers.file.filename=/x"])],
)
def test_other_proxies_stay(image: str, args: list[str]) -> None:
    result = converted(
        app("a"),
        controller(image, *args),
        ingress("i", [rule("a.com", ("/", "Prefix", "a"))]),
    )
    assert "edge" in [item.name for item in result.stack.services]


def test_controllers_stay_when_nothing_is_routed() -> None:
    result = converted(
        app("a"), controller("registry.k8s.io/ingress-nginx/controller:v1.11.1")
    )
    assert "edge" in [item.name for item in result.stack.services]


def policy(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p"},
        "spec": spec,
    }


SELECT_A: dict[str, Any] = {"podSelector": {"matchLabels": {"app": "a"}}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            SELECT_A,
            "a can be reached by every service on the same network, where the policy says nobody",
        ),
        (
            SELECT_A
            | {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}}]}]},
            "only b",
        ),
        (SELECT_A | {"ingress": [{"from": [{"podSelector": {}}]}]}, "only a, b"),
        (
            SELECT_A
            | {
                "ingress": [
                    {
                        "from": [
                            {
                                "podSelector": {
                                    "matchExpressions": [
                                        {"key": "app", "operator": "NotIn", "values": ["a"]}
                                    ]
                                }
                            }
                        ]
                    }
                ]
            },
            "only b",
        ),
        (
            SELECT_A
            | {"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"x": "y"}}}]}]},
            "nobody",
        ),
        (
            SELECT_A | {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
            "addresses in 10.0.0.0/8",
        ),
        (SELECT_A | {"policyTypes": ["Egress"]}, "a can reach every service"),
        (
            SELECT_A
            | {
                "egress": [{"to": [], "ports": [{"port": 53, "protocol": "UDP"}]}],
                "policyTypes": ["Egress"],
            },
            "on 53/udp",
        ),
        ({"podSelector": {"matchLabels": {"app": "nobody"}}}, "it selects no workload"),
    ],
)
def test_policies_say_what_stays_open(spec: dict[str, Any], said: str) -> None:
    result = converted(app("a"), app("b"), policy(spec))
    [told] = [item for item in result.notes if item.code == "TC296"]
    assert said in told.message
    assert told.advice
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]


def test_a_policy_that_allows_everything_says_nothing() -> None:
    result = converted(
        app("a"), policy(SELECT_A | {"ingress": [{}], "policyTypes": ["Ingress"]})
    )
    assert not [item for item in result.notes if item.code in ("TC296", "TC001")]


def test_routes_of_all_kinds_share_one_proxy() -> None:
    objects = [
        ingress("i", [rule("a.com", ("/", "Prefix", "a"))]),
        made("IngressRoute", "r", {"routes": [route("Host(`b.com`)")]}),
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "h"},
            "spec": {
                "parentRefs": [{"name": "g"}],
                "hostnames": ["c.com"],
                "rules": [{"backendRefs": [{"name": "a", "port": 80}]}],
            },
        },
    ]
    result = converted(app("a"), *objects)
    assert {answers(result, Request(host)) for host in ("a.com", "b.com", "c.com")} == {"a"}
    assert [item.name for item in result.stack.services] == ["a", "traefik"]
    assert len([key for key in all_labels(result) if key.endswith(".rule")]) == 3


def isolated(*objects: Any) -> Any:
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [each for item in objects for each in item],
        }
    )
    settings = ImportOptions(options={"network-policy": ("networks",)})
    return convert(
        Memory({"all.json": text.encode()}), Options(source="kubernetes", settings=settings)
    )


def lets(name: str, *sources: str) -> dict[str, Any]:
    """A policy for the workload of that name: only these may reach it."""
    peers = [{"podSelector": {"matchLabels": {"app": source}}} for source in sources]
    ingress_rules = [{"from": peers}] if peers else []
    spec = {
        "podSelector": {"matchLabels": {"app": name}},
        "policyTypes": ["Ingress"],
        "ingress": ingress_rules,
    }
    return policy(spec) | {"metadata": {"name": f"to-{name}"}}


DENY = policy({"podSelector": {}, "policyTypes": ["Ingress"]}) | {
    "metadata": {"name": "deny"}
}


def reaches(result: Any) -> set[tuple[str, str]]:
    """The pairs of services that share a network."""
    on = {
        item.name: {each.network for each in item.networks}
        for item in result.stack.services
    }
    return {(a, b) for a in on for b in on if a < b and on[a] & on[b]}


def test_policies_become_networks_on_request() -> None:
    route_ = ingress("i", [rule("a.com", ("/", "Prefix", "web"))])
    objects = [
        app("web"),
        app("api"),
        app("db"),
        [DENY, lets("api", "web"), lets("db", "api"), route_],
    ]
    result = isolated(*objects)
    assert reaches(result) == {("api", "web"), ("api", "db"), ("traefik", "web")}
    assert codes(result) == ["TC297", "TC297", "TC297", "TC280"]
    assert {name for each in service(result, "db").networks for name in each.aliases} >= {
        "db.default.svc"
    }
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]
    assert ("db", "web") not in reaches(result)


def test_policies_stay_notes_while_a_workload_is_open_to_all() -> None:
    result = isolated(app("web"), app("db"), [lets("db", "web")])
    assert codes(result) == ["TC296"]
    [advice] = [item.advice for item in result.notes if item.code == "TC296"]
    assert "web has no policy" in advice


def only(name: str, port: dict[str, Any], **peer: Any) -> dict[str, Any]:
    """A policy for the workload of that name: it may be reached on that port alone."""
    spec = {
        "podSelector": {"matchLabels": {"app": name}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [peer], "ports": [port]}],
    }
    return policy(spec) | {"metadata": {"name": f"to-{name}"}}


CONTROLLER = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}
}


def listening(name: str) -> int:
    [deployment] = [each for each in app(name) if each["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    return container["ports"][0]["containerPort"]


@pytest.mark.parametrize("port", ["all", "range", "some"])
def test_ports_of_a_policy_count_where_they_are_not_all_of_the_target(port: str) -> None:
    number = listening("web")
    ports = {
        "all": {"port": number},
        "range": {"port": number - 1, "endPort": number + 1},
        "some": {"port": number + 1},
    }
    peer = {"podSelector": {"matchLabels": {"app": "cli"}}}
    result = isolated(app("web"), app("cli"), [DENY, only("web", ports[port], **peer)])
    expected = ["TC296"] * 2 if port == "some" else ["TC297"] * 2
    assert codes(result) == expected


def test_the_proxy_stands_for_the_controller_that_a_policy_lets_in() -> None:
    route_ = ingress("i", [rule("a.com", ("/", "Prefix", "web"))])
    policies = [DENY, only("web", {"port": listening("web")}, **CONTROLLER)]
    result = isolated(app("web"), app("api"), [*policies, lets("api", "web"), route_])
    assert reaches(result) == {("traefik", "web"), ("api", "web")}
    noted = converted(app("web"), *policies, route_)
    assert any(
        "only traefik" in note.message for note in noted.notes if note.code == "TC296"
    )


def test_callers_of_one_service_do_not_meet() -> None:
    names = [f"c{number}" for number in range(4)]
    workloads = [app(name) for name in ("db", *names)]
    result = isolated(*workloads, [DENY, lets("db", *names)])
    assert reaches(result) == {(name, "db") for name in names}


def test_more_networks_than_the_engine_has_room_for_are_not_made() -> None:
    names = [f"c{number}" for number in range(25)]
    workloads = [app(name) for name in ("db", *names)]
    result = isolated(*workloads, [DENY, lets("db", *names)])
    assert not result.stack.networks or len(result.stack.networks) < 20
    [advice, *_] = [item.advice for item in result.notes if item.code == "TC296"]
    assert "networks" in advice and "room" in advice
