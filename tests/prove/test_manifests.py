"""The model of the kubelet against what docker compose asks for: what differs is declared, what is wrong is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import COMPOSE, needs_compose
from oracles import NO_COMPOSE, NO_CORPUS, corpus
from tocompose.pipeline import Options
from tocompose.project import Memory
from tocompose.prove.behaviour import simulate
from tocompose.prove.kube_values import UNKNOWN, expand, quantity
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.manifest_table import as_json, as_text
from tocompose.prove.manifests import ManifestProof, prove_manifests
from tocompose.prove.recording import RecordedContainer, Recording

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


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
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
        pytest.skip(NO_COMPOSE)
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


@pytest.mark.skipif(not COMPOSE, reason=NO_COMPOSE)
def test_a_sample_of_real_manifests_has_nothing_undeclared() -> None:
    folder = corpus("k8s/dekube")
    if folder is None or not folder.is_dir():
        pytest.skip(NO_CORPUS)
    for file in sorted(folder.glob("*.yaml")):
        if b"containers:" in file.read_bytes():
            project = Memory({file.name: file.read_bytes()}, name="sample")
            proof = prove_manifests(project, Options(practices="none"), COMPOSE)
            assert [each for each in proof.differences if not each.code] == [], file.name


def recorded(**services: tuple[dict[str, Any], dict[str, Any]]) -> Recording:
    """A recording of one container for each service: its Config and its HostConfig."""
    return Recording(
        tuple(
            RecordedContainer(
                id=name,
                name=name,
                config={
                    **config,
                    "Labels": {
                        "com.docker.compose.service": name,
                        **config.get("Labels", {}),
                    },
                },
                host=host,
                endpoints={},
            )
            for name, (config, host) in services.items()
        )
    )


def faults(recording: Recording, document: dict[str, Any], folder: Path) -> list[str]:
    return [each.what for each in simulate(recording, document, folder) if each.is_fault]


@pytest.mark.parametrize(
    ("mode", "user", "count"), [(0o700, "1001", 1), (0o755, "1001", 0), (0o700, "0", 0)]
)
def test_who_can_enter_which_folder(
    tmp_path: Path, mode: int, user: str, count: int
) -> None:
    secret = tmp_path / "secrets" / "s"
    secret.mkdir(parents=True)
    secret.chmod(mode)
    recording = recorded(web=({"User": user}, {"Binds": [f"{secret}:/s:ro"]}))
    assert len(faults(recording, {}, tmp_path)) == count


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [("", "127.0.0.1", 1), ("127.0.0.1", "127.0.0.2", 0), ("0.0.0.0", "", 1)],
)
def test_which_host_ports_collide(
    first: str, second: str, count: int, tmp_path: Path
) -> None:
    def bound(address: str) -> dict[str, Any]:
        return {"PortBindings": {"80/tcp": [{"HostIp": address, "HostPort": "8080"}]}}

    recording = recorded(a=({}, bound(first)), b=({}, bound(second)))
    assert len(faults(recording, {}, tmp_path)) == count


def test_two_routers_of_one_rule_are_found(tmp_path: Path) -> None:
    def routed(priority: str) -> dict[str, Any]:
        base = f"traefik.http.routers.r{priority}"
        return {"Labels": {f"{base}.rule": "Host(`a`)", f"{base}.priority": priority[:1]}}

    same = recorded(a=(routed("1"), {}), b=(routed("1x"), {}))
    other = recorded(a=(routed("1"), {}), b=(routed("2"), {}))
    assert len(faults(same, {}, tmp_path)) == 1 and not faults(other, {}, tmp_path)


def test_a_wait_that_is_never_met_is_found(tmp_path: Path) -> None:
    done = {"db": {"condition": "service_completed_successfully"}}
    services = {"web": {"depends_on": done}, "db": {"restart": "unless-stopped"}}
    assert len(faults(Recording(), {"services": services}, tmp_path)) == 1
    services["db"]["restart"] = "no"
    assert not faults(Recording(), {"services": services}, tmp_path)


@pytest.mark.parametrize(("aliases", "count"), [([], 1), (["db-0.db"], 0)])
def test_a_job_that_asks_for_what_starts_after_it_is_found(
    aliases: list[str], count: int, tmp_path: Path
) -> None:
    done = {"init": {"condition": "service_completed_successfully"}}
    script = ["sh", "-c", "until nslookup db-0.db; do sleep 1; done"]
    networks = {"default": {"aliases": aliases}}
    services = {
        "init": {"restart": "on-failure", "command": script, "networks": networks},
        "db": {"depends_on": done, "networks": {"default": {"aliases": ["db-0.db"]}}},
    }
    assert len(faults(Recording(), {"services": services}, tmp_path)) == count


def test_what_runs_when_is_told(tmp_path: Path) -> None:
    services = {
        "seed": {"restart": "on-failure:6", "entrypoint": ["/run-once/busybox"]},
        "init": {"restart": "no"},
        "cron": {"restart": "no", "profiles": ["cron"]},
        "web": {"restart": "unless-stopped"},
    }
    told = {
        each.service: each.what
        for each in simulate(Recording(), {"services": services}, tmp_path)
    }
    assert {name: text.split()[1] for name, text in told.items()} == {
        "seed": "once,",
        "init": "at",
        "cron": "on",
    }
