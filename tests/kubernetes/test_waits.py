"""Init containers that wait by asking the Kubernetes API become `depends_on`."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

OTHERS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:16"}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: "example/web:1", args: [migrate]}]}}}
---
"""
STARTED, DONE = (
    {"condition": "service_started"},
    {"condition": "service_completed_successfully"},
)
SCRIPT = "kubectl wait --for=condition=ready pod -l app=db --timeout=60s"


def result(container: dict[str, Any]) -> Result:
    """The conversion of a pod with that init container, beside a database and a job."""
    spec = {
        "initContainers": [{"name": "wait", **container}],
        "containers": [{"name": "web", "image": "example/web:1"}],
    }
    web = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(
        Memory({"app.yaml": (OTHERS + yaml.safe_dump(web)).encode()}, "shop"), options
    )


def services(found: Result) -> dict[str, Any]:
    """The services of the base file."""
    base: dict[str, Any] = yaml.safe_load(found.files[0].content)
    services: dict[str, Any] = base["services"]
    return services


@pytest.mark.parametrize(
    ("container", "wanted"),
    [
        (
            {"image": "groundnuty/k8s-wait-for:v1.3", "args": ["service", "db"]},
            {"postgres": STARTED},
        ),
        (
            {"image": "ghcr.io/groundnuty/k8s-wait-for:v2.0", "args": ["job", "migrate"]},
            {"migrate": DONE},
        ),
        (
            {"image": "groundnuty/k8s-wait-for:v1.3", "args": ["pod", "-lapp=db"]},
            {"postgres": STARTED},
        ),
        (
            {"image": "bitnami/kubectl", "command": ["sh", "-c", SCRIPT]},
            {"postgres": STARTED},
        ),
        (
            {
                "image": "bitnami/kubectl:1.29",
                "args": [
                    "wait",
                    "--for=condition=complete",
                    "job/migrate",
                    "-n",
                    "default",
                ],
            },
            {"migrate": DONE},
        ),
        (
            {
                "image": "bitnami/kubectl:1.29",
                "command": ["kubectl", "rollout", "status", "statefulset/postgres"],
            },
            {"postgres": STARTED},
        ),
    ],
)
def test_the_waiting_becomes_a_dependency(
    container: dict[str, Any], wanted: dict[str, Any]
) -> None:
    found = result(container)
    assert sorted(services(found)) == ["migrate", "postgres", "web"]
    assert services(found)["web"]["depends_on"] == wanted
    [said] = [item.message for item in found.notes if item.code == "TC269"]
    assert all(name in said for name in wanted)
    assert not {item.code for item in found.notes} & {"TC001", "TC901"}


def test_what_is_not_among_the_manifests_is_said() -> None:
    found = result({"image": "groundnuty/k8s-wait-for:v1.3", "args": ["service", "cache"]})
    assert "depends_on" not in services(found)["web"]
    assert any(
        "not among the manifests" in item.message
        for item in found.notes
        if item.code == "TC269"
    )


@pytest.mark.parametrize(
    "container",
    [
        {
            "image": "bitnami/kubectl",
            "command": ["sh", "-c", f"{SCRIPT} && touch /work/ready"],
        },
        {"image": "bitnami/kubectl", "args": ["get", "secret", "db", "-o", "yaml"]},
        {"image": "busybox:1.36", "args": ["service", "db"]},
    ],
)
def test_one_that_does_anything_else_is_kept(container: dict[str, Any]) -> None:
    assert "web-init-wait" in services(result(container))


@pytest.mark.parametrize("image", ["bitnami/kubectl", "busybox:1.36"])
def test_one_that_is_kept_and_asks_the_api_is_said(image: str) -> None:
    found = result({"image": image, "args": ["get", "secret", "db"]})
    said = [
        item.message
        for item in found.notes
        if item.code == "TC247" and "web-init-wait" in item.message
    ]
    assert bool(said) == ("kubectl" in image)


PEERS = """\
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: pg}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      hostAliases: [{ip: 192.0.2.7, hostnames: [ldap]}]
      initContainers:
        - {name: peers, image: "example/a:1", command: [sh, -c, "until nslookup pg-0.db; do sleep 1; done"]}
      containers: [{name: pg, image: "example/a:1"}]
"""


def peers(text: str) -> Any:
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    made = services(convert(Memory({"app.yaml": text.encode()}, "shop"), options))
    return made["pg-init-peers"]


def test_init_containers_have_the_names_of_their_pod() -> None:
    made = peers(PEERS)
    assert made["hostname"] == "pg-0"
    assert made["extra_hosts"] == ["ldap=192.0.2.7"]


def test_a_pod_that_is_not_ready_answers_only_where_its_service_says_so() -> None:
    assert "pg-0.db" in peers(PEERS)["networks"]["default"]["aliases"]
    assert "networks" not in peers(PEERS.replace("publishNotReadyAddresses: true, ", ""))


@pytest.mark.parametrize(
    ("script", "is_told"),
    [
        ("until nc -zv rabbit 5672; do echo waiting for rabbit; sleep 2; done;", False),
        ("while ! curl -sf http://db:80/ready; do sleep 1; done", False),
        ("until pg_isready -h db > /dev/null 2>&1; do sleep 1; done", False),
        ("until nc -z db 5432; do sleep 1; done; ./migrate.sh", True),
        ("until ./migrate.sh; do sleep 1; done", True),
        ("until mysqladmin create shop; do sleep 1; done", True),
        ("until curl -s db && ./migrate.sh; do sleep 1; done", True),
        ("chown -R 1000 /data", True),
        ("until nc -z db 5432; do echo 'not yet; again'; sleep 1; done", False),
        ("until nc -z db 5432 && nc -z cache 6379; do sleep 1; done", False),
        ("until /usr/bin/pg_isready -h db; do echo again >&2; sleep 1; done", False),
        ("while true; do nc -z db 5432 && exit 0; sleep 1; done", False),
        ("until valkey-cli -h db ping | grep -q PONG; do sleep 1; done", False),
        ("until echo > /dev/tcp/db/5432; do sleep 1; done; echo ready", False),
        ("until ./migrate.sh > /dev/tcp/db/5432; do sleep 1; done", True),
        ("until nc -z db 5432; do echo 1 > /data/tries; sleep 1; done", True),
        ("until nc -z db 5432 > /data/log; do sleep 1; done", True),
        ("until nc -z db 5432; do sleep 1; done > /data/log", True),
    ],
)
def test_a_loop_that_only_waits_may_run_at_every_start(
    script: str, *, is_told: bool
) -> None:
    init = {"name": "wait", "image": "busybox:1", "command": ["sh", "-c", script]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "initContainers": [init],
            "containers": [{"name": "web", "image": "example/web:1"}],
        },
    }
    options = Options(source="kubernetes", practices="none")
    result = convert(Memory({"m.yaml": yaml.safe_dump(pod).encode()}, "shop"), options)
    assert ("TC236" in {note.code for note in result.notes}) is is_told
