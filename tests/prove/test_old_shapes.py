"""Files that an engine took and that did not do what the manifests say: each is found, none is in what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import COMPOSE
from kubernetes_edge.stacks import app, ingress, rule
from oracles import NO_COMPOSE
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove import manifests
from tocompose.prove.manifests import ManifestProof, prove_manifests
from tocompose.record import replace

NGINX = "nginx.ingress.kubernetes.io"
Spoil = Callable[[dict[str, Any]], None]


def pod(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    container = {"name": name, "image": f"example/{name}:1", "command": ["run"]}
    container |= spec.pop("container", {})
    labels = {"app": name}
    spec = {"containers": [container], **spec}
    template = {"metadata": {"labels": labels}, "spec": spec}
    group = "batch/v1" if kind == "Job" else "apps/v1"
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"template": template},
    }


SECRET = [
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"k": "v1"},
    },
    pod(
        "Deployment",
        "web",
        securityContext={"runAsUser": 1001},
        volumes=[{"name": "s", "secret": {"secretName": "s"}}],
        container={"volumeMounts": [{"name": "s", "mountPath": "/s"}]},
    ),
]
SITE = ingress(
    "site", [rule("h.com", ("/", "Prefix", "a"))], {f"{NGINX}/rewrite-target": "/"}
)
TWINS = [
    ingress("old", [rule("h.com", ("/x", "Prefix", "a"))]),
    ingress("new", [rule("h.com", ("/x", "Prefix", "b"))]),
]
SECURE = ingress(
    "s",
    [rule("h.com", ("/", "Prefix", "a"))],
    tls=[{"hosts": ["h.com"], "secretName": "t"}],
)
HOST_PORTS = [
    pod("DaemonSet", "a", container={"ports": [{"containerPort": 80, "hostPort": 8080}]}),
    pod(
        "DaemonSet",
        "b",
        container={
            "ports": [{"containerPort": 80, "hostPort": 8081, "hostIP": "127.0.0.1"}]
        },
    ),
]


def _rewrite_everything(services: dict[str, Any]) -> None:
    labels = services["a"]["labels"]
    middleware = "traefik.http.middlewares.m.replacepathregex"
    labels |= {f"{middleware}.regex": "^/.*", f"{middleware}.replacement": "/"}
    labels["traefik.http.routers.a.middlewares"] = "m"


def _wait_for_a_server(services: dict[str, Any]) -> None:
    done = {"condition": "service_completed_successfully"}
    services["web"]["depends_on"] = {"db": done}


def _seed_again(services: dict[str, Any]) -> None:
    services["seed"] |= {"entrypoint": ["run"], "volumes": [], "depends_on": {}}


def _forget_priorities(services: dict[str, Any]) -> None:
    for service in services.values():
        labels = service.get("labels") or {}
        for key in [key for key in labels if key.endswith(".priority")]:
            labels[key] = "7"


def _move_the_port(services: dict[str, Any]) -> None:
    services["traefik"]["ports"] = ["80:80", "8443:443"]


def _collide(services: dict[str, Any]) -> None:
    services["b"]["ports"] = ["127.0.0.1:8080:80"]


CASES: dict[str, tuple[list[Any], Spoil, str]] = {
    "rewrite": ([*app("a"), SITE], _rewrite_everything, "GET http://h.com/part/file.js"),
    "wait": (
        [pod("Deployment", "web"), pod("Deployment", "db")],
        _wait_for_a_server,
        "waits until db has ended",
    ),
    "seed": ([pod("Job", "seed")], _seed_again, "at each docker compose up"),
    "priority": (
        [*app("a"), *app("b"), *TWINS],
        _forget_priorities,
        "answer the same requests",
    ),
    "redirect": ([*app("a"), SECURE], _move_the_port, "redirects to port 443"),
    "ports": (HOST_PORTS, _collide, "the host's port 8080/tcp is taken"),
}


def proof_of(objects: list[Any]) -> ManifestProof:
    text = "\n---\n".join(json.dumps(kube_object) for kube_object in objects)
    project = Memory({"m.yaml": text.encode()}, name="shop")
    return prove_manifests(project, Options(practices="none"), COMPOSE)


def wrongs(proof: ManifestProof) -> list[str]:
    faults = [finding.what for finding in proof.behaviour if finding.is_fault]
    undeclared = (each for each in proof.differences if not each.code)
    return faults + [f"{each.field} {each.compose}" for each in undeclared]


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
@pytest.mark.parametrize("name", sorted(CASES))
def test_what_an_engine_takes_and_nobody_means_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, spoil, expected = CASES[name]
    assert wrongs(proof_of(objects)) == []

    def spoiled(*arguments: Any) -> Any:
        result = real(*arguments)
        base, *rest = result.files
        document = yaml.safe_load(base.content)
        spoil(document["services"])
        content = yaml.safe_dump(document).encode()
        return replace(result, files=(replace(base, content=content), *rest))

    real = manifests.convert
    monkeypatch.setattr(manifests, "convert", spoiled)
    assert any(expected in wrong for wrong in wrongs(proof_of(objects))), expected


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
def test_a_secret_that_the_user_cannot_enter_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wrongs(proof_of(SECRET)) == []

    def closed(files: Any, folder: Path, **options: Any) -> Any:
        written = real(files, folder, **options)
        (folder / "secrets" / "s").chmod(0o700)
        return written

    real = manifests.write
    monkeypatch.setattr(manifests, "write", closed)
    assert "user 1001 cannot read /s" in wrongs(proof_of(SECRET))
