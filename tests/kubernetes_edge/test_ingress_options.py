"""What annotations, certificates and odd backends of Ingresses become."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from kubernetes_edge.stacks import (
    all_labels,
    answers,
    app,
    backend,
    codes,
    converted,
    ingress,
    labels,
    rule,
    service,
)
from tocompose.exporters.bundle import Layout
from tocompose.importers.kubernetes.routing.annotations import annotation_rows
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.prove.traefik_rules import Request
from tocompose.traefik.rules import go_replacement

NGINX = "nginx.ingress.kubernetes.io/"


def annotated(
    path: tuple[str, str, str] = ("/", "Prefix", "web"), **annotations: str
) -> Any:
    names = {NGINX + key.replace("_", "-"): text for key, text in annotations.items()}
    return converted(app("web"), ingress("i", [rule("a.com", path)], names))


def rewritten(result: Any, path: str) -> str:
    """The path that arrives at the container, as Go's ReplaceAllString makes it."""
    found = labels(result, "web")
    base = "traefik.http.middlewares.i-replacepathregex.replacepathregex"
    python = re.sub(r"\$\{(\d)\}", r"\\\1", found[f"{base}.replacement"])
    return re.sub(found[f"{base}.regex"].replace("$", r"\Z"), python, path, count=1)


@pytest.mark.parametrize(
    ("path", "target", "asked", "arrives"),
    [
        ("/api(/|$)(.*)", "/$2", "/api/users/1", "/users/1"),
        ("/api(/|$)(.*)", "/$2", "/api", "/"),
        ("/api/(.*)", "/v2/$1x", "/api/a", "/v2/ax"),
        ("/old", "/new", "/old/whatever", "/new"),
    ],
)
def test_rewrite_as_nginx_does(path: str, target: str, asked: str, arrives: str) -> None:
    result = annotated((path, "ImplementationSpecific", "web"), rewrite_target=target)
    assert answers(result, Request("a.com", asked)) == "web"
    assert rewritten(result, asked) == arrives
    stored = service(result, "web").labels[
        "traefik.http.middlewares.i-replacepathregex.replacepathregex.replacement"
    ]
    assert "$" not in stored.replace("$$", "")


def test_a_target_that_is_the_path_rewrites_nothing() -> None:
    result = annotated(("/", "Prefix", "web"), rewrite_target="/")
    assert answers(result, Request("a.com", "/static/app.js")) == "web"
    assert not any("replacepath" in key for key in service(result, "web").labels)


def test_a_target_rewrites_only_the_paths_that_differ_from_it() -> None:
    paths = rule("a.com", ("/", "Prefix", "web"), ("/api", "Prefix", "api"))
    rewriting_ingress = ingress("i", [paths], {NGINX + "rewrite-target": "/"})
    result = converted(app("web"), app("api"), rewriting_ingress)
    rewriting = [
        name
        for name in ("web", "api")
        if any(".middlewares.i-replacepath" in key for key in service(result, name).labels)
    ]
    assert rewriting == ["api"]
    assert answers(result, Request("a.com", "/STATIC")) == "web"
    assert answers(result, Request("a.com", "/api/x")) == "api"


def test_regex_paths_begin_at_the_start_and_ignore_case() -> None:
    result = annotated(("/V[0-9]+/x", "ImplementationSpecific", "web"), use_regex="true")
    assert answers(result, Request("a.com", "/v12/x/y")) == "web"
    assert answers(result, Request("a.com", "/z/v12/x")) is None


@pytest.mark.parametrize("pattern", ["/(?!a).*", "/(a)\\1", "/a++", "/(?<=x)y", "/(?>a)"])
def test_regex_that_go_cannot_compile_is_told_and_not_opened(pattern: str) -> None:
    result = annotated((pattern, "ImplementationSpecific", "web"), use_regex="true")
    assert "TC283" in codes(result)
    assert answers(result, Request("a.com", "/b")) is None


@pytest.mark.parametrize(
    ("annotations", "middleware"),
    [
        ({"app_root": "/start"}, {"redirectregex.replacement": "${1}/start"}),
        ({"app_root": "/start"}, {"redirectregex.regex": "^(https?://[^/]+)/?$"}),
        (
            {"permanent_redirect": "https://b.com/$x"},
            {"redirectregex.replacement": "https://b.com/$$x"},
        ),
        ({"permanent_redirect": "https://b.com"}, {"redirectregex.permanent": "true"}),
        (
            {"temporal_redirect": "https://b.com"},
            {"redirectregex.replacement": "https://b.com"},
        ),
        (
            {"whitelist_source_range": "10.0.0.0/8, 1.2.3.4"},
            {"ipallowlist.sourcerange": "10.0.0.0/8,1.2.3.4"},
        ),
        (
            {"limit_rps": "5", "limit_burst_multiplier": "3"},
            {"ratelimit.average": "5", "ratelimit.burst": "15"},
        ),
        (
            {"limit_rpm": "60"},
            {"ratelimit.average": "60", "ratelimit.burst": "300", "ratelimit.period": "1m"},
        ),
        ({"proxy_body_size": "10m"}, {"buffering.maxrequestbodybytes": "10485760"}),
        ({"proxy_body_size": "1024"}, {"buffering.maxrequestbodybytes": "1024"}),
        ({"auth_url": "http://auth/verify"}, {"forwardauth.address": "http://auth/verify"}),
        (
            {"auth_url": "http://a", "auth_response_headers": "X-A, X-B"},
            {"forwardauth.authresponseheaders": "X-A,X-B"},
        ),
        ({"upstream_vhost": "inner"}, {"headers.customrequestheaders.Host": "inner"}),
        (
            {"x_forwarded_prefix": "/p"},
            {"headers.customrequestheaders.X-Forwarded-Prefix": "/p"},
        ),
        ({"enable_cors": "true"}, {"headers.accesscontrolalloworiginlist": "*"}),
        ({"enable_cors": "true"}, {"headers.accesscontrolallowcredentials": "true"}),
    ],
)
def test_annotation_becomes_a_middleware_of_the_router(
    annotations: dict[str, str], middleware: dict[str, str]
) -> None:
    found = labels(annotated(**annotations), "web")
    [name] = found["traefik.http.routers.web.middlewares"].split(",")
    for option, text in middleware.items():
        assert found[f"traefik.http.middlewares.{name}.{option}"] == text


@pytest.mark.parametrize(
    ("annotations", "options"),
    [
        ({"affinity": "cookie"}, {"sticky.cookie.name": "INGRESSCOOKIE"}),
        (
            {"affinity": "cookie", "session_cookie_samesite": "Lax"},
            {"sticky.cookie.samesite": "lax"},
        ),
        ({"backend_protocol": "GRPC"}, {"server.scheme": "h2c"}),
        (
            {"backend_protocol": "HTTPS"},
            {"server.scheme": "https", "serverstransport": "insecure@file"},
        ),
    ],
)
def test_annotation_becomes_an_option_of_the_service(
    annotations: dict[str, str], options: dict[str, str]
) -> None:
    found = labels(annotated(**annotations), "web")
    for option, text in options.items():
        assert found[f"traefik.http.services.web.loadbalancer.{option}"] == text


def test_servers_with_certificates_of_their_own_are_told() -> None:
    result = annotated(backend_protocol="HTTPS")
    assert "TC298" in codes(result)
    [file] = [
        item for item in result.stack.files if item.path == "config/traefik/dynamic.yml"
    ]
    assert b"insecureSkipVerify: true" in file.content
    command = service(result, "traefik").command or ()
    assert "--providers.file.filename=/etc/traefik/dynamic.yml" in command


@pytest.mark.parametrize(
    "name",
    [name for name, row in annotation_rows().items() if "note" in row and "*" not in name],
)
def test_every_annotation_without_an_equivalent_is_said(name: str) -> None:
    values = {"auth-url": "https://$host/auth", "backend-protocol": "FCGI", "app-root": "/"}
    value = values.get(name.rpartition("/")[2], "x/y")
    result = converted(
        app("web"), ingress("i", [rule("a.com", ("/", "Prefix", "web"))], {name: value})
    )
    [told] = [item for item in result.notes if item.code == "TC284"]
    assert name in told.message
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]


@pytest.mark.parametrize(
    "annotations", [{"auth_url": "https://$host/auth"}, {"auth_tls_secret": "default/ca"}]
)
def test_a_lock_that_cannot_be_carried_over_closes_the_route(
    annotations: dict[str, str],
) -> None:
    found = labels(annotated(**annotations), "web")
    [name] = found["traefik.http.routers.web.middlewares"].split(",")
    assert not any(key.startswith(f"traefik.http.middlewares.{name}.") for key in found), (
        "Traefik refuses the router"
    )


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "users"}}
BASIC = {NGINX + "auth-type": "basic", NGINX + "auth-secret": "users"}


@pytest.mark.parametrize(
    ("extra", "secret", "content"),
    [
        ({}, {"stringData": {"auth": "bob:$apr1$x$y\n"}}, b"bob:$apr1$x$y\n"),
        (
            {NGINX + "auth-secret-type": "auth-map"},
            {"stringData": {"bob": "$apr1$x$y"}},
            b"bob:$apr1$x$y\n",
        ),
    ],
)
def test_password_files_go_to_a_secret(
    extra: dict[str, str], secret: dict[str, Any], content: bytes
) -> None:
    route = ingress("i", [rule("a.com", ("/", "Prefix", "web"))], BASIC | extra)
    result = converted(app("web"), SECRET | secret, route)
    files = {item.path: item for item in result.stack.files}
    assert files["secrets/users.htpasswd"].content == content
    assert files["secrets/users.htpasswd"].secret
    compose = next(item for item in result.files if item.path.endswith("compose.yml"))
    assert b"apr1" not in compose.content
    assert "apr1" not in str(result.notes)
    found = labels(result, "web")
    assert (
        found["traefik.http.middlewares.i-basicauth.basicauth.usersfile"]
        == "/run/secrets/users.htpasswd"
    )
    assert [grant.source for grant in service(result, "traefik").secrets] == [
        "users.htpasswd"
    ]


def test_missing_password_file_keeps_the_route_locked() -> None:
    result = converted(
        app("web"), ingress("i", [rule("a.com", ("/", "Prefix", "web"))], BASIC)
    )
    assert "TC288" in codes(result)
    assert "usersfile" in str(labels(result, "web"))


TLS = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "cert"},
    "type": "kubernetes.io/tls",
}


def test_tls_redirects_as_nginx_does_and_serves_the_certificate() -> None:
    secret = TLS | {"stringData": {"tls.crt": "CERT", "tls.key": "KEY"}}
    route = ingress(
        "i",
        [rule("a.com", ("/", "Prefix", "web"))],
        tls=[{"hosts": ["a.com"], "secretName": "cert"}],
    )
    result = converted(app("web"), secret, route)
    found = labels(result, "web")
    assert found["traefik.http.routers.web-http.middlewares"] == "i-redirectscheme"
    assert found["traefik.http.routers.web.tls"] == "true"
    assert answers(result, Request("a.com"), "websecure") == "web"
    files = {item.path: item.content for item in result.stack.files}
    assert files["secrets/cert.crt"] == b"CERT"
    assert b"certFile: /run/secrets/cert.crt" in files["config/traefik/dynamic.yml"]
    assert [(port.published, port.target) for port in service(result, "traefik").ports] == [
        ("80", "80"),
        ("443", "443"),
    ]


@pytest.mark.parametrize(
    ("annotations", "kind", "redirected"),
    [
        ({}, None, True),
        ({}, "nginx", True),
        ({}, "traefik", False),
        ({NGINX + "ssl-redirect": "false"}, "nginx", False),
        ({NGINX + "force-ssl-redirect": "true"}, "traefik", True),
    ],
)
def test_who_is_redirected(
    annotations: dict[str, str], kind: str | None, redirected: bool
) -> None:
    more = {"ingressClassName": kind} if kind else {}
    route = ingress(
        "i",
        [rule("a.com", ("/", "Prefix", "web"))],
        annotations,
        tls=[{"hosts": ["a.com"]}],
        **more,
    )
    found = labels(converted(app("web"), route), "web")
    assert ("traefik.http.routers.web-http.middlewares" in found) is redirected


def test_missing_certificate_is_told() -> None:
    route = ingress(
        "i",
        [rule("a.com", ("/", "Prefix", "web"))],
        tls=[{"hosts": ["a.com"], "secretName": "cert"}],
    )
    assert codes(converted(app("web"), route)) == ["TC286", "TC280"]


def test_named_ports_and_beta_backends() -> None:
    old = {"path": "/old", "backend": {"serviceName": "web", "servicePort": "web"}}
    rules = [
        {
            "host": "a.com",
            "http": {
                "paths": [
                    {"path": "/", "pathType": "Prefix", "backend": backend("web", "web")},
                    old,
                ]
            },
        }
    ]
    result = converted(app("web", 9999), ingress("i", rules))
    assert (
        labels(result, "web")["traefik.http.services.web.loadbalancer.server.port"]
        == "9999"
    )
    assert answers(result, Request("a.com", "/old/x")) == "web"
    assert codes(result) == ["TC280"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (backend("gone"), "there is no Service gone"),
        (backend("web", 81), "has no port 81"),
        (backend("web", "nope"), "has no port nope"),
        ({"resource": {"kind": "Bucket", "name": "b"}}, "its backend is a resource"),
        ({}, "it names no backend"),
    ],
)
def test_backends_that_lead_nowhere(broken: dict[str, Any], why: str) -> None:
    rules = [
        {
            "host": "a.com",
            "http": {"paths": [{"path": "/x", "pathType": "Prefix", "backend": broken}]},
        }
    ]
    result = converted(app("web"), ingress("i", rules))
    assert why in next(item.message for item in result.notes if item.code == "TC282")
    assert result.stack.service("traefik") is None
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]


def test_one_service_on_several_workloads_and_pods_is_one_traefik_service() -> None:
    both = app("web")
    stable = {**both[0], "metadata": {"name": "web-stable"}}
    stateful = {
        **both[0],
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": both[0]["spec"] | {"replicas": 2},
    }
    result = converted(
        both, stable, stateful, ingress("i", [rule("a.com", ("/", "Prefix", "web"))])
    )
    for name in ("web", "web-stable", "db-0", "db-1"):
        assert labels(result, name)["traefik.http.routers.web.rule"] == "Host(`a.com`)"
    assert (
        all_labels(result)["traefik.http.services.web.loadbalancer.server.port"] == "8080"
    )


def test_a_service_of_two_ports_names_them_in_its_routers() -> None:
    objects = app("web")
    objects[1]["spec"]["ports"].append({"name": "admin", "port": 90, "targetPort": 9090})
    paths = [
        {"path": p, "pathType": "Prefix", "backend": backend("web", port)}
        for p, port in (("/", 80), ("/admin", 90))
    ]
    result = converted(objects, ingress("i", [{"host": "a.com", "http": {"paths": paths}}]))
    assert answers(result, Request("a.com", "/admin/x")) == "web-9090"
    assert answers(result, Request("a.com", "/x")) == "web"


def test_other_controllers_are_told() -> None:
    route = ingress(
        "i",
        [rule("a.com", ("/", "Prefix", "web"))],
        {"alb.ingress.kubernetes.io/scheme": "internal"},
        ingressClassName="alb",
    )
    assert codes(converted(app("web"), route)) == ["TC284", "TC281", "TC280"]


def test_an_ingress_without_rules_tells_of_its_default_backend() -> None:
    route = ingress("i", [], ingressClassName="gce", defaultBackend=backend("web"))
    (said,) = [note for note in converted(app("web"), route).notes if note.code == "TC281"]
    assert said.message.endswith("its default backend was carried over to Traefik")


@pytest.mark.parametrize("name", ["global-static-ip-name", "regional-static-ip-name"])
def test_the_address_of_a_load_balancer_is_not_lost(name: str) -> None:
    annotations = {f"kubernetes.io/ingress.{name}": "site"}
    route = ingress("i", [rule("a.com", ("/", "Prefix", "web"))], annotations)
    (said,) = [note for note in converted(app("web"), route).notes if note.code == "TC689"]
    assert said.kind.value == "info" and "DNS record" in said.advice


def test_a_certificate_of_google_is_told_to_be_missing() -> None:
    annotations = {"networking.gke.io/managed-certificates": "site"}
    route = ingress("i", [rule("a.com", ("/", "Prefix", "web"))], annotations)
    (said,) = [note for note in converted(app("web"), route).notes if note.code == "TC284"]
    assert "the proxy here speaks http only" in said.message


def test_proxy_is_as_the_template_wants_it() -> None:
    result = converted(
        app("web"), ingress("i", [rule("a.com", ("/", "Prefix", "web"))]), practices="all"
    )
    proxy = service(result, "traefik")
    assert proxy.image == "traefik:v3.6"
    assert {
        "--providers.docker=true",
        "--providers.docker.exposedbydefault=false",
        "--entrypoints.web.address=:80",
    } <= set(proxy.command or ())
    [socket] = [mount for mount in proxy.mounts if "docker.sock" in (mount.source or "")]
    assert socket.read_only
    assert labels(result, "web")["traefik.http.routers.web.rule"] == "Host(`a.com`)"


def test_go_replacement_names_end_where_they_should() -> None:
    assert go_replacement("/$1abc$2") == "/${1}abc${2}"


def test_host_network_backend_is_reached_through_the_host() -> None:
    objects = app("web")
    objects[0]["spec"]["template"]["spec"]["hostNetwork"] = True
    result = converted(objects, ingress("i", [rule("a.com", ("/", "Prefix", "web"))]))
    assert service(result, "traefik").options["extra_hosts"] == [
        "host.docker.internal=host-gateway"
    ]


def test_pod_of_several_containers_is_labelled_at_the_owner_of_its_network() -> None:
    objects = app("web")
    extra = {
        "name": "side",
        "image": "example/side:1",
        "ports": [{"name": "side", "containerPort": 7000}],
    }
    objects[0]["spec"]["template"]["spec"]["containers"].append(extra)
    objects[1]["spec"]["ports"][0]["targetPort"] = "side"
    result = converted(objects, ingress("i", [rule("a.com", ("/", "Prefix", "web"))]))
    assert (
        labels(result, "web")["traefik.http.services.web.loadbalancer.server.port"]
        == "7000"
    )
    assert not service(result, "web-side").labels


EXTERNAL = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "out"}}


def proxy_file(result: Any) -> str:
    return next(
        item.content.decode()
        for item in result.stack.files
        if item.path == "config/traefik/dynamic.yml"
    )


@pytest.mark.parametrize(
    ("spec", "port", "urls"),
    [
        (
            {"type": "ExternalName", "externalName": "shop.example.org"},
            8080,
            ["http://shop.example.org:8080"],
        ),
        (
            {"type": "ExternalName", "externalName": "shop.example.org"},
            443,
            ["https://shop.example.org:443"],
        ),
        ({"ports": [{"port": 80}]}, 80, ["http://10.0.0.1:9090", "http://[fd00::1]:9090"]),
    ],
)
def test_backends_outside_of_the_stack_stand_in_the_file(
    spec: dict[str, Any], port: int, urls: list[str]
) -> None:
    addresses = [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "out"}}
    endpoints["subsets"] = [{"addresses": addresses, "ports": [{"port": 9090}]}]  # type: ignore[assignment]
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend("out", port)}]
    route = ingress("i", [{"host": "a.com", "http": {"paths": paths}}])
    extra = [endpoints] if "ports" in spec else []
    result = converted(app("web"), EXTERNAL | {"spec": spec}, *extra, route)
    assert answers(result, Request("a.com")) == "out@file"
    assert [
        line.split('"')[1] for line in proxy_file(result).splitlines() if "url:" in line
    ] == urls
    assert not [item for item in result.notes if item.code in ("TC001", "TC901", "TC282")]


def test_address_of_the_authentication_service_names_the_container_port() -> None:
    route = ingress(
        "i",
        [rule("a.com", ("/", "Prefix", "web"))],
        {NGINX + "auth-url": "http://auth.default/verify"},
    )
    found = labels(converted(app("web"), app("auth", 4180), route), "web")
    assert (
        found["traefik.http.middlewares.i-forwardauth.forwardauth.address"]
        == "http://auth.default:4180/verify"
    )


def test_name_of_the_project_is_left_to_compose() -> None:
    text = json.dumps(
        app("web") + app("db") + [ingress("i", [rule("a.com", ("/", "Prefix", "web"))])]
    )
    items = {"apiVersion": "v1", "kind": "List", "items": json.loads(text)}
    items["items"][2]["spec"]["template"]["spec"]["containers"][0]["image"] = "postgres:16"
    project = Memory({"all.json": json.dumps(items).encode()}, "shop")
    result = convert(project, Options(source="kubernetes", layout=Layout(split=True)))
    files = {item.path: item.content.decode() for item in result.files}
    assert "${COMPOSE_PROJECT_NAME}_frontend" in files["docker-compose.yml"]
    assert not any(
        "COMPOSE_PROJECT_NAME" in text
        for name, text in files.items()
        if name.startswith(".env")
    )
