"""Sets of routes on a real engine: each request is answered as the model of the cluster says that it is there.

The sets share one stack, a host or more of its own each, so that the engine starts three applications only once. The
proxy is a stand-in that reads the labels of the running containers; the applications say who they are and what they
see.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import composing
from engine.clock import quickened_files
from engine.composing import ENGINE
from engine.images import BUSYBOX, busybox, load, traefik
from engine.test_three_tier import free_port
from judges import write
from kubernetes_edge.stacks import ingress, rule
from oracles import NO_ENGINE
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.prove.answers import Answer
from tocompose.prove.cluster_services import ClusterServices
from tocompose.prove.gateway_model import GatewayModel
from tocompose.prove.ingress_model import IngressModel
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.traefik_rules import Request

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ENGINE or not BUSYBOX.exists(), reason=NO_ENGINE),
]
IMAGE = "tocompose-test/routes:1"
NGINX = "nginx.ingress.kubernetes.io/"
PREFIX, EXACT, ANY = "Prefix", "Exact", "ImplementationSpecific"


def app(name: str, port: int) -> list[dict[str, Any]]:
    """An application that answers with its name and the path that it was asked for."""
    script = (
        "read m p r; while read -r l && [ ${#l} -gt 1 ]; do :; done; "
        f'printf "HTTP/1.0 200 OK\\r\\n\\r\\n{name} %s" "$p"'
    )
    container = {
        "name": name,
        "image": IMAGE,
        "command": ["nc", "-ll", "-p", str(port), "-e", "sh", "-c", script],
        "ports": [{"name": "http", "containerPort": port}],
    }
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    ports = [{"port": 80, "targetPort": "http"}]
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": ports},
        },
    ]


APPS = [*app("a", 8080), *app("b", 8081), *app("c", 3000)]


def by_ingress(name: str, *rules: Any, **annotations: str) -> Any:
    named = {f"{NGINX}{key.replace('_', '-')}": text for key, text in annotations.items()}
    return ingress(name, list(rules), named, ingressClassName="nginx")


def by_gateway(name: str, hosts: list[str], *rules: Any, born: str = "2024") -> Any:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "creationTimestamp": f"{born}-01-01T00:00:00Z"},
        "spec": {"parentRefs": [{"name": "g"}], "hostnames": hosts, "rules": list(rules)},
    }


def gateway_rule(path: str, *targets: str, kind: str = "PathPrefix", **rest: Any) -> Any:
    matches = [{"path": {"type": kind, "value": path}, **rest.pop("match", {})}]
    references = [{"name": name, "port": 80} for name in targets]
    return {"matches": matches, "backendRefs": references, **rest}


def prefix_filter(replaced_by: str) -> list[Any]:
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": replaced_by}
    return [{"type": "URLRewrite", "urlRewrite": {"path": path}}]


# The routes of a set, and what is asked of it: host and path, for Gateway API also the method.
SETS: dict[str, tuple[list[Any], list[tuple[str, str]]]] = {
    "rewritten by a group": (
        [
            by_ingress(
                "s1",
                rule("s1.test", ("/api(/|$)(.*)", ANY, "a"), ("/", PREFIX, "b")),
                rewrite_target="/$2",
            )
        ],
        [("s1.test", path) for path in ("/api/v1/x", "/api", "/API/y", "/apix", "/z")],
    ),
    "a target equal to the path": (
        [by_ingress("s2", rule("s2.test", ("/", PREFIX, "a")), rewrite_target="/")],
        [("s2.test", path) for path in ("/", "/a/b.js")],
    ),
    "patterns beside another Ingress": (
        [
            by_ingress(
                "s3", rule("s3.test", ("/api/(.*)", ANY, "a")), rewrite_target="/$1"
            ),
            by_ingress("s3b", rule("s3.test", ("/Web", EXACT, "b"), ("/", PREFIX, "c"))),
        ],
        [("s3.test", path) for path in ("/api/q", "/webshop", "/Web", "/other")],
    ),
    "exact before prefix": (
        [
            by_ingress(
                "s4",
                rule(
                    "s4.test",
                    ("/foo", PREFIX, "b"),
                    ("/foo", EXACT, "a"),
                    ("/foo/bar/", PREFIX, "c"),
                ),
            )
        ],
        [
            ("s4.test", path)
            for path in ("/foo", "/foo/", "/foo/bar", "/foo/bar/x", "/foobar", "/")
        ],
    ),
    "wildcard and plain host": (
        [
            by_ingress(
                "s5",
                rule("*.s5.test", ("/", PREFIX, "a")),
                rule("b.s5.test", ("/", PREFIX, "b")),
            )
        ],
        [("b.s5.test", "/"), ("x.s5.test", "/"), ("x.y.s5.test", "/"), ("s5.test", "/")],
    ),
    "two claims of one path": (
        [
            by_ingress("s6z", rule("s6.test", ("/", PREFIX, "a"))),
            by_ingress("s6a", rule("s6.test", ("/", PREFIX, "b"))),
        ],
        [("s6.test", "/")],
    ),
    "regular expressions": (
        [
            by_ingress(
                "s7",
                rule("s7.test", ("/v[0-9]+/item", ANY, "a"), ("/v[0-9]+", ANY, "b")),
                use_regex="true",
            )
        ],
        [("s7.test", path) for path in ("/v1/item/3", "/V2", "/v/item", "/w1")],
    ),
    "a root of the app": (
        [by_ingress("s8", rule("s8.test", ("/", PREFIX, "a")), app_root="/start")],
        [("s8.test", "/"), ("s8.test", "/start")],
    ),
    "a permanent redirect": (
        [
            by_ingress(
                "s9",
                rule("s9.test", ("/", PREFIX, "a")),
                permanent_redirect="https://new.test/x",
            )
        ],
        [("s9.test", "/"), ("s9.test", "/q")],
    ),
    "another name": (
        [by_ingress("s10", rule("s10.test", ("/", PREFIX, "a")), server_alias="t10.test")],
        [("s10.test", "/"), ("t10.test", "/x")],
    ),
    "gateway: hosts before paths": (
        [
            by_gateway("g1", ["g1.test", "*.h1.test"], gateway_rule("/", "a")),
            by_gateway("g1b", ["*.test"], gateway_rule("/long/path", "b")),
        ],
        [
            (host, "/long/path/x")
            for host in ("g1.test", "q.h1.test", "r.test", "x.y.r.test")
        ],
    ),
    "gateway: age before name": (
        [
            by_gateway("g2a", ["g2.test"], gateway_rule("/", "a"), born="2024"),
            by_gateway("g2z", ["g2.test"], gateway_rule("/", "b"), born="2023"),
        ],
        [("g2.test", "/")],
    ),
    "gateway: a replaced prefix": (
        [
            by_gateway(
                "g3",
                ["g3.test"],
                gateway_rule("/old", "a", filters=prefix_filter("/new")),
                gateway_rule("/strip", "b", filters=prefix_filter("/")),
            )
        ],
        [
            ("g3.test", path)
            for path in ("/old", "/old/", "/old/x", "/older", "/strip", "/strip/y")
        ],
    ),
    "gateway: exact, longest, header": (
        [
            by_gateway(
                "g4",
                ["g4.test"],
                gateway_rule("/", "a"),
                gateway_rule("/x", "b", kind="Exact"),
                gateway_rule("/x/long", "c"),
                gateway_rule("/x", "a", match={"headers": [{"name": "v", "value": "2"}]}),
            )
        ],
        [("g4.test", path) for path in ("/x", "/x/y", "/x/long/z", "/xx")],
    ),
}
PORT = free_port()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The stack of all sets, which runs."""
    load(ENGINE, busybox(), IMAGE, "ENV PATH=/bin")
    load(ENGINE, traefik(), "traefik:v3.6", 'ENTRYPOINT ["/bin/traefik"]', "ENV PATH=/bin")
    folder = tmp_path_factory.mktemp("routes")
    routes = [each for objects, _ in SETS.values() for each in objects]
    text = yaml.safe_dump_all([*APPS, *routes])
    options = Options(source="kubernetes", layout=Layout(split=True))
    result = convert(Memory({"m.yaml": text.encode()}, name="kuberoutes"), options)
    write(folder, quickened_files(result.files))
    socket_mount = f"{ENGINE.removeprefix('unix://')}:/var/run/docker.sock:ro"
    (folder / "engine.json").write_text(
        json.dumps({"services": {"traefik": {"volumes": [socket_mount]}}})
    )
    try:
        compose(folder, "up", "-d", "--wait", "--pull", "never")
        yield
    finally:
        compose(folder, "down", "-v", "--timeout", "0")


def compose(folder: Path, *words: str) -> None:
    """Runs docker compose on the stack."""
    files = ("-p", "kuberoutes", "-f", "docker-compose.yml", "-f", "engine.json")
    done = composing.compose(folder, *files, *words, TRAEFIK_PORT=str(PORT))
    assert done.returncode == 0, done.stderr


def asked(host: str, path: str) -> str:
    """What the proxy of the running stack answers."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    said = answer.read().decode()
    if answer.status == 302:
        return f"sent to {answer.headers['Location']}"
    return said if answer.status == 200 else "nobody"


def in_cluster(name: str, host: str, path: str) -> str:
    """What the model of the cluster says of a request to a set of routes."""
    model = KubeletModel([*APPS, *SETS[name][0]])
    services = ClusterServices(model.objects, model)
    request = Request(host, path)
    answer: Answer | None
    if name.startswith("gateway"):
        answer = GatewayModel(model.objects, services).answer(request, 80)
    else:
        answer = IngressModel(model.objects, services).answer(request)
    assert answer is not None
    if not answer.targets:
        return str(answer)
    [(workload, _)] = answer.targets
    return f"{workload.rpartition('/')[2]} {answer.path}"


@pytest.mark.parametrize("name", SETS)
def test_the_engine_answers_as_the_cluster_does(name: str, running: None) -> None:
    requests = SETS[name][1]
    answered = {(host, path): asked(host, path) for host, path in requests}
    assert answered == {
        (host, path): in_cluster(name, host, path) for host, path in requests
    }
