"""The model of the kubelet against what docker compose asks for: what differs is declared, what is wrong is found."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from judges import COMPOSE, needs_compose
from oracles import corpus
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove.kube_values import UNKNOWN, expand, quantity
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.manifest_table import as_json, as_text
from tocompose.prove.manifests import ManifestProof, prove_manifests

EVERYTHING: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "securityContext": {"runAsUser": 1001, "runAsGroup": 7, "fsGroup": 2000},
        "terminationGracePeriodSeconds": 5,
        "volumes": [
            {"name": "host", "hostPath": {"path": "/srv/data"}},
            {"name": "conf", "configMap": {"name": "conf"}},
            {"name": "tmp", "emptyDir": {}},
        ],
        "containers": [
            {
                "name": "web",
                "image": "example/web:1",
                "command": ["serve", "--$(MODE)", "$$(MODE)", "$(GONE)"],
                "args": ["$HOME"],
                "workingDir": "/app",
                "tty": True,
                "env": [
                    {"name": "MODE", "value": "fast"},
                    {"name": "COPY", "value": "$(MODE)er $5"},
                    {
                        "name": "NS",
                        "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
                    },
                    {
                        "name": "KEY",
                        "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a"}},
                    },
                ],
                "ports": [{"containerPort": 80, "hostPort": 8081}],
                "resources": {"limits": {"memory": "64Mi", "cpu": "250m"}},
                "securityContext": {
                    "readOnlyRootFilesystem": True,
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
                },
                "volumeMounts": [
                    {"name": "host", "mountPath": "/data", "readOnly": True},
                    {"name": "conf", "mountPath": "/etc/conf"},
                    {"name": "tmp", "mountPath": "/scratch"},
                ],
            }
        ],
    },
}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "conf", "namespace": "shop"},
    "data": {"a": "one $ and two"},
}


def proof_of(*objects: dict[str, Any]) -> ManifestProof:
    text = yaml.safe_dump_all(objects)
    project = Memory({"m.yaml": text.encode()}, name="shop")
    return prove_manifests(project, Options(practices="none"), COMPOSE)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$(B)", "$(B)"),
        ("$A $", "$A $"),
        ("$(A", "$(A"),
        ("$$$(A)", "$1"),
        ("$(X_SERVICE_HOST)", UNKNOWN),
    ],
)
def test_variables_are_worked_out_as_in_the_source(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


@pytest.mark.parametrize(
    ("text", "amount"),
    [("64Mi", 64 * 2**20), ("1k", 1000), ("250m", 0.25), (2, 2), ("1e3", 1000), ("x", 0)],
)
def test_amounts_are_read_as_in_the_source(text: Any, amount: float) -> None:
    assert quantity(text) == amount


def test_the_model_reads_every_field() -> None:
    model = KubeletModel([EVERYTHING, CONFIG])
    [spec] = model.containers()
    config = model.config(spec)
    assert config.entrypoint == ("serve", "--fast", "$(MODE)", "$(GONE)")
    assert config.env == {
        "MODE": "fast",
        "COPY": "faster $5",
        "NS": "shop",
        "KEY": "one $ and two",
    }
    assert (config.user, config.groups) == ("1001:7", {"2000"})
    assert config.mounts == {"/data": True, "/etc/conf": True, "/scratch": False}
    assert config.host_paths == {"/data": "/srv/data"}


@pytest.mark.parametrize("mark", needs_compose[1:])
def test_nothing_differs_in_what_compose_can_say(mark: Any) -> None:
    if mark.args[0]:
        pytest.skip(mark.kwargs["reason"])
    proof = proof_of(EVERYTHING, CONFIG)
    assert [each for each in proof.differences if not each.code] == []
    assert proof.containers == 1 and proof.fields > 20
    assert "Equal" in as_text(proof) and '"holds": true' in as_json(proof)


@pytest.mark.skipif(not COMPOSE, reason="docker-compose is not installed")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("services.web.user", "user"),
        ("services.web.command", "command"),
        ("services.web.cap_drop", "cap_drop"),
        ("services.web.volumes", "volumes./data"),
        ("services.web.environment", "environment.COPY"),
    ],
)
def test_what_an_importer_loses_is_found(
    wrong: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compose file with one key taken out of it, which no note declares."""
    from tocompose.prove import manifests
    from tocompose.record import replace

    def broken(*arguments: Any) -> Any:
        result = real(*arguments)
        base, *rest = result.files
        document = yaml.safe_load(base.content)
        del document["services"]["web"][wrong.rpartition(".")[2]]
        content = yaml.safe_dump(document).encode()
        return replace(result, files=(replace(base, content=content), *rest))

    real = manifests.convert
    monkeypatch.setattr(manifests, "convert", broken)
    proof = proof_of(EVERYTHING, CONFIG)
    assert field in [each.field for each in proof.differences if not each.code]
    assert not proof.holds and "NOTHING" in as_text(proof)


def test_a_secret_is_not_shown() -> None:
    if not COMPOSE:
        pytest.skip("docker-compose is not installed")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"k": "hunter2-hunter2"},
    }
    env = [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    container = {"name": "c", "image": "a/b:1", "args": ["--key=$(K)"], "env": env}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [container]},
    }
    proof = proof_of(secret, pod)
    assert "hunter2" not in as_text(proof) + as_json(proof)


@pytest.mark.skipif(not COMPOSE, reason="docker-compose is not installed")
def test_a_sample_of_real_manifests_has_nothing_undeclared() -> None:
    folder = corpus("k8s/dekube")
    if folder is None or not folder.is_dir():
        pytest.skip("the corpus is not here")
    for file in sorted(folder.glob("*.yaml")):
        if b"containers:" in file.read_bytes():
            project = Memory({file.name: file.read_bytes()}, name="sample")
            proof = prove_manifests(project, Options(practices="none"), COMPOSE)
            assert [each for each in proof.differences if not each.code] == [], file.name
