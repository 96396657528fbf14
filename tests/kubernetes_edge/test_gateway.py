"""Gateway API routes: listeners, matches, filters, weights; the streams; what cannot be told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubernetes_edge.stacks import (
    all_labels,
    answers,
    app,
    codes,
    converted,
    labels,
    service,
)
from tocompose.prove.traefik_rules import Request

API = "gateway.networking.k8s.io/v1"


def gateway(*listeners: dict[str, Any]) -> dict[str, Any]:
    given = list(listeners) or [{"name": "http", "port": 80, "protocol": "HTTP"}]
    return {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": {"name": "edge"},
        "spec": {"listeners": given},
    }


def route(
    *rules: dict[str, Any],
    kind: str = "HTTPRoute",
    parent: dict[str, Any] | None = None,
    **spec: Any,
) -> Any:
    parents = [{"name": "edge"} | (parent or {})]
    body = {"parentRefs": parents, "rules": list(rules), **spec}
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "r"}, "spec": body}


def to(*names: str, **more: Any) -> dict[str, Any]:
    return {"backendRefs": [{"name": name, "port": 80} for name in names], **more}


def path(text: str, kind: str = "PathPrefix") -> dict[str, Any]:
    return {"path": {"type": kind, "value": text}}


def test_matches_of_a_rule() -> None:
    matches = [
        path("/exact", "Exact"),
        path("/items/[0-9]+", "RegularExpression") | {"method": "POST"},
        {
            "headers": [{"name": "X-A", "value": "1"}],
            "queryParams": [{"name": "q", "value": "v"}],
        },
        {"headers": [{"type": "RegularExpression", "name": "X-B", "value": "^b+$"}]},
    ]
    result = converted(
        app("a"),
        app("z"),
        gateway(),
        route(to("a", matches=matches), to("z"), hostnames=["a.com"]),
    )
    ask = Request("a.com")
    expected = [
        (ask._replace(path="/exact"), "a"),
        (ask._replace(path="/exact/more"), "z"),
        (ask._replace(path="/items/12", method="POST"), "a"),
        (ask._replace(path="/items/12"), "z"),
        (ask._replace(path="/items/12/x", method="POST"), "z"),
        (ask._replace(headers={"X-A": "1"}, query={"q": "v"}), "a"),
        (ask._replace(headers={"X-A": "1"}), "z"),
        (ask._replace(headers={"X-B": "bbb"}), "a"),
        (ask._replace(host="b.com"), None),
    ]
    assert [answers(result, request) for request, _ in expected] == [
        name for _, name in expected
    ]


def test_precedence_of_matches() -> None:
    """https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule: exact path, longest path, method, headers."""
    rules = [
        to("a", matches=[path("/foo")]),
        to("b", matches=[path("/foo") | {"method": "GET"}]),
        to("c", matches=[path("/foo") | {"headers": [{"name": "X", "value": "1"}]}]),
        to("d", matches=[path("/foo/bar")]),
        to("e", matches=[path("/foo", "Exact")]),
    ]
    result = converted(*map(app, "abcde"), gateway(), route(*rules))
    asked = [
        ("/foo", {}, "GET"),
        ("/foo/x", {}, "GET"),
        ("/foo/x", {"X": "1"}, "PUT"),
        ("/foo/bar", {"X": "1"}, "GET"),
    ]
    found = [
        answers(result, Request(path=text, headers=headers, method=method))
        for text, headers, method in asked
    ]
    assert found == ["e", "b", "c", "d"]


@pytest.mark.parametrize(
    ("listener", "names", "host", "reached"),
    [
        ("", ["*.a.com"], "x.y.a.com", True),
        ("", ["*.a.com"], "a.com", False),
        ("*.a.com", [], "x.a.com", True),
        ("*.a.com", [], "b.com", False),
        ("*.a.com", ["x.a.com", "y.b.com"], "x.a.com", True),
        ("*.a.com", ["x.a.com", "y.b.com"], "y.b.com", False),
        ("x.a.com", ["*.a.com"], "x.a.com", True),
        ("x.a.com", ["*.a.com"], "y.a.com", False),
    ],
)
def test_hosts_of_listener_and_route(
    listener: str, names: list[str], host: str, reached: bool
) -> None:
    given = {"name": "http", "port": 80, "protocol": "HTTP"} | (
        {"hostname": listener} if listener else {}
    )
    result = converted(app("a"), gateway(given), route(to("a"), hostnames=names))
    assert (answers(result, Request(host)) == "a") is reached


def test_sections_and_ports_of_parents() -> None:
    listeners = [
        {"name": "plain", "port": 80, "protocol": "HTTP"},
        {
            "name": "secure",
            "port": 443,
            "protocol": "HTTPS",
            "tls": {"certificateRefs": [{"name": "cert"}]},
        },
        {"name": "extra", "port": 8090, "protocol": "HTTP"},
    ]
    only = route(to("a"), parent={"sectionName": "secure"})
    result = converted(app("a"), gateway(*listeners), only)
    assert answers(result, Request(), "websecure") == "a"
    assert answers(result, Request(), "web") is None
    assert [port.target for port in service(result, "traefik").ports] == ["443"]
    result = converted(app("a"), gateway(*listeners), route(to("a"), parent={"port": 8090}))
    assert "--entrypoints.extra.address=:8090" in (service(result, "traefik").command or ())
    result = converted(app("a"), gateway(*listeners), route(to("a")))
    assert {
        answers(result, Request(), point) for point in ("web", "websecure", "extra")
    } == {"a"}


def test_gateway_of_somebody_else_is_the_usual_one() -> None:
    result = converted(app("a"), route(to("a")))
    assert answers(result, Request()) == "a"
    assert [port.published for port in service(result, "traefik").ports] == ["80"]


def redirected(
    filter_: dict[str, Any], url: str, match: dict[str, Any] | None = None
) -> str:
    """Where a redirect filter sends a request, as Go's ReplaceAllString makes it."""
    rule = {
        "filters": [{"type": "RequestRedirect", "requestRedirect": filter_}],
        "matches": [match] if match else None,
    }
    result = converted(app("a"), gateway(), route(rule, to("a", matches=[path("/other")])))
    found = all_labels(result)
    base = next(
        key.rpartition(".")[0] for key in found if key.endswith("redirectregex.regex")
    )
    python = re.sub(r"\$\{(\d)\}", r"\\\1", found[f"{base}.replacement"])
    return re.sub(found[f"{base}.regex"].replace("$", r"\Z"), python, url, count=1)


@pytest.mark.parametrize(
    ("filter_", "match", "url", "arrives"),
    [
        (
            {"hostname": "new.com"},
            None,
            "http://old.com:81/a?b=c",
            "http://new.com:81/a?b=c",
        ),
        (
            {"hostname": "new.com", "scheme": "https"},
            None,
            "http://old.com:81/a",
            "https://new.com/a",
        ),
        (
            {"port": 8443, "scheme": "https", "hostname": "n"},
            None,
            "http://old.com/a",
            "https://n:8443/a",
        ),
        (
            {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}},
            None,
            "http://o.com/a/b?c=d",
            "http://o.com/x?c=d",
        ),
        (
            {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}},
            path("/a"),
            "http://o.com/a/b",
            "http://o.com/x/b",
        ),
        (
            {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
            path("/a/"),
            "http://o.com/a/b",
            "http://o.com/b",
        ),
    ],
)
def test_redirects(
    filter_: dict[str, Any], match: dict[str, Any] | None, url: str, arrives: str
) -> None:
    assert redirected(filter_, url, match) == arrives


def test_redirect_to_https_needs_no_backend() -> None:
    rule = {
        "filters": [
            {
                "type": "RequestRedirect",
                "requestRedirect": {"scheme": "https", "statusCode": 301},
            }
        ]
    }
    found = labels(converted(app("a"), gateway(), route(rule)), "traefik")
    assert found["traefik.http.routers.r.service"] == "noop@internal"
    assert (
        found["traefik.http.middlewares.r-redirectscheme.redirectscheme.permanent"]
        == "true"
    )
    assert found["traefik.enable"] == "true"


def test_weights_go_to_the_file() -> None:
    rule = {
        "backendRefs": [
            {"name": "a", "port": 80, "weight": 9},
            {"name": "b", "port": 80, "weight": 1},
        ]
    }
    result = converted(app("a"), app("b"), gateway(), route(rule))
    assert answers(result, Request()) == "r@file"
    file = next(
        item for item in result.stack.files if item.path.startswith("config/traefik")
    )
    assert '- name: "a@docker"\n            weight: 9' in file.content.decode()
    assert labels(result, "a") == {
        "traefik.enable": "true",
        "traefik.http.services.a.loadbalancer.server.port": "8080",
    }


def test_weight_of_nothing_is_left_out() -> None:
    rule = {
        "backendRefs": [
            {"name": "a", "port": 80, "weight": 1},
            {"name": "b", "port": 80, "weight": 0},
        ]
    }
    assert answers(converted(app("a"), app("b"), gateway(), route(rule)), Request()) == "a"


@pytest.mark.parametrize(
    ("match", "asked", "reached"),
    [
        ({"method": {"service": "a.B", "method": "C"}}, "/a.B/C", True),
        ({"method": {"service": "a.B", "method": "C"}}, "/a.B/D", False),
        ({"method": {"service": "a.B"}}, "/a.B/D", True),
        ({"method": {"service": "a.B"}}, "/a.Bx/D", False),
        ({"method": {"method": "C"}}, "/x.Y/C", True),
        (
            {
                "method": {
                    "type": "RegularExpression",
                    "service": "a.[A-Z]",
                    "method": "G.*",
                }
            },
            "/a.Q/Get",
            True,
        ),
        (
            {"method": {"type": "RegularExpression", "service": "a.[A-Z]"}},
            "/a.q/Get",
            False,
        ),
    ],
)
def test_grpc_methods(match: dict[str, Any], asked: str, reached: bool) -> None:
    result = converted(
        app("a"), gateway(), route(to("a", matches=[match]), kind="GRPCRoute")
    )
    assert (answers(result, Request(path=asked, method="POST")) == "a") is reached
    assert (
        labels(result, "a")["traefik.http.services.a.loadbalancer.server.scheme"] == "h2c"
    )


@pytest.mark.parametrize(
    ("kind", "listener", "label", "value"),
    [
        (
            "TCPRoute",
            {"name": "pg", "port": 5432, "protocol": "TCP"},
            "tcp.routers.r.rule",
            "HostSNI(`*`)",
        ),
        (
            "UDPRoute",
            {"name": "pg", "port": 53, "protocol": "UDP"},
            "udp.routers.r.entrypoints",
            "pg",
        ),
        (
            "TLSRoute",
            {"name": "pg", "port": 9443, "protocol": "TLS", "tls": {"mode": "Passthrough"}},
            "tcp.routers.r.tls.passthrough",
            "true",
        ),
    ],
)
def test_streams(kind: str, listener: dict[str, Any], label: str, value: str) -> None:
    result = converted(app("a"), gateway(listener), route(to("a"), kind=kind))
    found = labels(result, "a")
    assert found[f"traefik.{label}"] == value
    protocol = label.split(".")[0]
    assert found[f"traefik.{protocol}.services.a.loadbalancer.server.port"] == "8080"
    [port] = service(result, "traefik").ports
    assert (port.target, port.protocol) == (
        str(listener["port"]),
        "udp" if kind == "UDPRoute" else "tcp",
    )


@pytest.mark.parametrize(
    "match",
    [
        path("/(?!a)", "RegularExpression"),
        {"headers": [{"type": "RegularExpression", "name": "X", "value": "(?=a)"}]},
        {"queryParams": [{"type": "RegularExpression", "name": "x", "value": "\\1"}]},
    ],
)
def test_conditions_that_cannot_be_told_close_the_rule(match: dict[str, Any]) -> None:
    result = converted(
        app("a"),
        app("b"),
        gateway(),
        route(to("a", matches=[match]), to("b", matches=[path("/b")])),
    )
    assert "TC283" in codes(result)
    assert answers(result, Request(path="/x", headers={"X": "1"}, query={"x": "1"})) is None


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (to("a", timeouts={"request": "1s"}), "TC290"),
        (to("a", retry={"attempts": 2}), "TC290"),
        (
            to(
                "a",
                filters=[
                    {
                        "type": "RequestMirror",
                        "requestMirror": {"backendRef": {"name": "a"}},
                    }
                ],
            ),
            "TC293",
        ),
        (
            to(
                "a",
                filters=[
                    {
                        "type": "ExtensionRef",
                        "extensionRef": {"group": "x", "kind": "Y", "name": "z"},
                    }
                ],
            ),
            "TC293",
        ),
        (
            to(
                "a",
                filters=[
                    {
                        "type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"add": [{"name": "A", "value": "b"}]},
                    }
                ],
            ),
            "TC294",
        ),
        (
            {
                "backendRefs": [
                    {
                        "name": "a",
                        "port": 80,
                        "filters": [{"type": "RequestHeaderModifier"}],
                    }
                ]
            },
            "TC290",
        ),
        (
            {"backendRefs": [{"name": "a", "port": 80}, {"name": "gone", "port": 80}]},
            "TC282",
        ),
        (
            {"backendRefs": [{"name": "a", "port": 80}, {"kind": "Bucket", "name": "b"}]},
            "TC282",
        ),
    ],
)
def test_what_labels_cannot_say_is_said(rule: dict[str, Any], code: str) -> None:
    result = converted(app("a"), gateway(), route(rule))
    assert code in codes(result)
    assert answers(result, Request()) == "a"
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]


def named(name: str, backend: str, created: str = "") -> Any:
    made = route(to(backend))
    made["metadata"] = {"name": name} | ({"creationTimestamp": created} if created else {})
    return made


@pytest.mark.parametrize(
    ("routes", "winner"),
    [
        ([named("z", "a"), named("b", "b")], "b"),
        ([named("b", "b"), named("z", "a")], "b"),
        (
            [
                named("z", "a", "2024-01-01T00:00:00Z"),
                named("b", "b", "2025-01-01T00:00:00Z"),
            ],
            "a",
        ),
        ([named("z", "a", "2024-01-01T00:00:00Z"), named("b", "b")], "a"),
    ],
)
def test_of_equal_routes_the_older_one_answers_then_the_first_by_name(
    routes: list[Any], winner: str
) -> None:
    result = converted(app("a"), app("b"), gateway(), *routes)
    assert answers(result, Request()) == winner
    priorities = [
        text for key, text in all_labels(result).items() if key.endswith(".priority")
    ]
    assert len(priorities) == len(set(priorities)) == 2


def test_a_backend_without_a_share_leaves_nothing_behind() -> None:
    shares = [
        {"name": "idle", "port": 80, "weight": 0},
        {"name": "shop", "port": 80, "weight": 1},
    ]
    result = converted(app("idle"), app("shop", 9000), _weighted_route([shares]))
    assert not service(result, "idle").labels
    assert {"TC001", "TC282", "TC901"}.isdisjoint(item.code for item in result.notes)


def test_a_rule_that_nothing_comes_through_is_said_beside_one_that_leads_somewhere() -> (
    None
):
    idle = [{"name": "shop", "port": 80, "weight": 0}]
    absent = [{"name": "gone", "port": 80}]
    routed = [{"name": "shop", "port": 80}]
    result = converted(app("shop"), _weighted_route([idle, absent, routed]))
    messages = [item.message for item in result.notes if item.code == "TC282"]
    assert messages == [
        "HTTPRoute web, /api was not carried over: none of its backends gets requests",
        "HTTPRoute web, /api was not carried over: there is no Service gone in the manifests",
    ]
    assert {"TC001", "TC901"}.isdisjoint(item.code for item in result.notes)


def _weighted_route(backends: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """A route with a rule for each list of backends, all of them with a match."""
    path = {"type": "PathPrefix", "value": "/api"}
    rules = [{"matches": [{"path": path}], "backendRefs": each} for each in backends]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"rules": rules},
    }
