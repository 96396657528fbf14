"""A live cluster is read by list calls only; what it refuses is told kind by kind, and the rest is converted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubernetes_edge.apiserver import TOKEN, ApiServer, certificates, kubeconfig
from tocompose import cluster
from tocompose.cluster import ClusterRequest, kinds
from tocompose.cluster.kubeconfig import connect_cluster
from tocompose.importers import SourceError


def made(
    kind: str, name: str, namespace: str | None = "shop", **rest: Any
) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {
        "kind": kind,
        "apiVersion": "v1",
        "metadata": {"name": name, **place, "managedFields": [{}]},
        **rest,
    }


def labelled(item: dict[str, Any], **labels: str) -> dict[str, Any]:
    item["metadata"]["labels"] = labels
    return item


WEB = made(
    "Deployment",
    "web",
    spec={"template": {"spec": {"volumes": [{"secret": {"secretName": "web-tls"}}]}}},
)
OBJECTS = [
    labelled(WEB, app="web", tier="front"),
    labelled(made("Deployment", "api"), app="api", tier="back"),
    labelled(made("Service", "web", spec={"selector": {"app": "web"}}), app="web"),
    made("Service", "legacy", spec={}),
    made("Endpoints", "web"),
    made("Endpoints", "legacy"),
    made("Secret", "web-tls", type="kubernetes.io/tls", data={"tls.key": "aHVudGVyMg=="}),
    made("Secret", "other", data={"a": "aHVudGVyMw=="}),
    made("Secret", "sh.helm.release.v1.shop.v1", type="helm.sh/release.v1"),
    made("ConfigMap", "kube-root-ca.crt"),
    made(
        "ConfigMap",
        "settings",
        data={"when": "1:30", "octal": "0o7", "yes": "y", "exp": "1e3"},
    ),
    made("ServiceAccount", "default"),
    made("Offer", "summer"),
    made("Event", "pulled"),
    made("Namespace", "shop", None),
    made("Namespace", "kube-system", None),
    made(
        "PersistentVolume",
        "pv1",
        None,
        spec={"claimRef": {"namespace": "shop", "name": "data"}},
    ),
    made(
        "PersistentVolume",
        "pv2",
        None,
        spec={"claimRef": {"namespace": "else", "name": "data"}},
    ),
    made("Node", "n1", None),
    made("Deployment", "dns", "kube-system"),
    made("Deployment", "job", "jobs"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    certificates(path)
    return path


@pytest.fixture
def server(folder: Path) -> Iterator[ApiServer]:
    api = ApiServer(folder, OBJECTS)
    yield api
    api.close()


def ask(folder: Path, server: ApiServer, **wishes: Any) -> cluster.ClusterObjects:
    path = wishes.pop("kubeconfig", None) or str(kubeconfig(folder, server))
    return cluster.read_cluster(ClusterRequest(kubeconfig=path, **wishes))


SHOP = [
    "cluster/namespace/shop.json",
    "cluster/persistentvolume/pv1.json",
    "shop/configmap/settings.json",
    "shop/deployment/api.json",
    "shop/deployment/web.json",
    "shop/endpoints/legacy.json",
    "shop/offer/summer.json",
    "shop/secret/other.json",
    "shop/secret/web-tls.json",
    "shop/service/legacy.json",
    "shop/service/web.json",
]


@pytest.mark.parametrize("context", [None, "token", "data", "files"])
@pytest.mark.parametrize("aggregated", [True, False])
def test_every_way_in_reads_the_namespace(
    folder: Path, context: str | None, aggregated: bool
) -> None:
    api = ApiServer(folder, OBJECTS, aggregated=aggregated)
    try:
        found = ask(folder, api, context=context)
    finally:
        api.close()
    assert sorted(found.project.files()) == SHOP
    assert found.project.name == "shop"
    assert {method for method, _, _ in api.requests} == {"GET"}
    who = {"data": "someone", "files": "someone"}.get(context or "", f"Bearer {TOKEN}")
    assert {name for _, _, name in api.requests} == {who}
    assert not any(
        "events" in path or "nodes" in path or "metrics.k8s.io/v1beta1/" in path
        for path in paths(api)
    )
    assert [item.code for item in found.notes] == ["TC271"]
    web = json.loads(found.project.read("shop/deployment/web.json") or b"")
    assert (web["kind"], web["apiVersion"]) == ("Deployment", "apps/v1")
    assert "managedFields" not in web["metadata"]


def paths(api: ApiServer) -> list[str]:
    return [path for _, path, _ in api.requests]


def test_same_cluster_same_bytes(folder: Path, server: ApiServer) -> None:
    one, two = ask(folder, server), ask(folder, server)
    assert one.notes == two.notes
    assert [(name, one.project.read(name)) for name in one.project.files()] == [
        (name, two.project.read(name)) for name in two.project.files()
    ]


def test_long_lists_come_in_pages(folder: Path) -> None:
    api = ApiServer(folder, [made("ConfigMap", f"c{number:04}") for number in range(25)])
    api.pages = 10
    found = ask(folder, api)
    assert len(found.project.files()) == 25
    assert sum("configmaps" in path for path in paths(api)) == 3
    api.requests.clear()
    api.expire_once = True
    assert len(ask(folder, api).project.files()) == 25, (
        "an expired page is asked for again, whole"
    )
    api.close()


def test_a_forbidden_a_broken_and_a_hanging_kind_are_told_and_the_rest_is_read(
    folder: Path, server: ApiServer
) -> None:
    server.faults = {"secrets": 403, "offers": 500, "services": "hang"}
    found = ask(folder, server, timeout=1.0)
    told = {item.message for item in found.notes if item.code == "TC270"}
    assert told == {
        "Secrets were not read from the cluster: forbidden (403): secrets is forbidden: User cannot list",
        "Offers were not read from the cluster: the server answered 500: offers is forbidden: User cannot list",
        "Services were not read from the cluster: no answer within 1 seconds",
    }
    assert "shop/deployment/web.json" in found.project.files()
    assert not any("secret/" in name for name in found.project.files())


def test_a_server_that_hides_its_kinds_is_asked_for_the_usual_ones(
    folder: Path, server: ApiServer
) -> None:
    server.faults = {"apis": 403}
    found = ask(folder, server)
    assert found.notes[0].code == "TC272"
    assert "shop/deployment/web.json" in found.project.files()
    assert "shop/offer/summer.json" not in found.project.files()


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ("nobody", "not authorised (401)"),
        ("expired", "not authorised (401)"),
        ("elsewhere", "no connection (Connection refused)"),
        ("untrusted", "the TLS connection failed"),
        ("unheard-of", "has no context 'unheard-of'"),
    ],
)
def test_clusters_that_cannot_be_read_at_all(
    folder: Path, server: ApiServer, context: str, said: str
) -> None:
    with pytest.raises(SourceError) as error:
        ask(folder, server, context=context)
    assert said in str(error.value)
    assert "old-token-77" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("context", ["program", "provider"])
def test_login_programs_are_not_run_unasked(
    folder: Path, server: ApiServer, context: str
) -> None:
    with pytest.raises(SourceError, match="--allow-exec"):
        ask(folder, server, context=context)
    assert server.requests == []


def test_login_program_is_run_when_allowed(folder: Path, server: ApiServer) -> None:
    login = folder / "login"
    status = {"token": TOKEN}
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": status,
    }
    login.write_text(f"#!/bin/sh\ncat <<'E'\n{json.dumps(answer)}\nE\n")
    login.chmod(login.stat().st_mode | stat.S_IXUSR)
    assert (
        sorted(ask(folder, server, context="program", allow_exec=True).project.files())
        == SHOP
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "not a kubeconfig"), ("", "not a kubeconfig"), (None, "no kubeconfig")],
)
def test_kubeconfigs_that_cannot_be_used(
    tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "config"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SourceError, match=said):
        cluster.read_cluster(ClusterRequest(kubeconfig=str(path)))


def test_several_kubeconfigs_are_merged(
    folder: Path, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = kubeconfig(folder, server)
    first = folder / "first"
    first.write_text(
        json.dumps({"current-context": "data", "contexts": [], "clusters": [], "users": []})
    )
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(first), str(real)]))
    assert (
        sorted(cluster.read_cluster(ClusterRequest(context="data")).project.files()) == SHOP
    )


def test_all_namespaces_leave_out_those_of_the_system(
    folder: Path, server: ApiServer
) -> None:
    found = ask(folder, server, all_namespaces=True)
    names = found.project.files()
    assert "jobs/deployment/job.json" in names
    assert not any("kube-system" in name for name in names)
    assert "/apis/apps/v1/deployments?limit=500" in paths(server)


def test_namespaces_by_name(folder: Path, server: ApiServer) -> None:
    found = ask(folder, server, namespaces=("jobs",))
    assert found.project.files() == ("jobs/deployment/job.json",)


@pytest.mark.parametrize(
    ("selector", "deployments"),
    [
        ("app=web", ["web"]),
        ("app==web", ["web"]),
        ("app!=web", ["api"]),
        ("tier in (front, back)", ["api", "web"]),
        ("tier notin (front),app", ["api"]),
        ("!tier", []),
        ("app in (web),tier=front", ["web"]),
    ],
)
def test_selector(
    folder: Path, server: ApiServer, selector: str, deployments: list[str]
) -> None:
    found = ask(folder, server, selector=selector)
    names = [
        Path(name).stem
        for name in sorted(found.project.files())
        if name.startswith("shop/deployment/")
    ]
    assert names == deployments


def test_selector_keeps_what_the_selected_workloads_name(
    folder: Path, server: ApiServer
) -> None:
    names = ask(folder, server, selector="app=web").project.files()
    assert "shop/secret/web-tls.json" in names
    assert "shop/secret/other.json" not in names


@pytest.mark.parametrize("selector", ["app=(", "app in web x", "=a", "a,,b"])
def test_selector_that_is_none(folder: Path, server: ApiServer, selector: str) -> None:
    with pytest.raises(SourceError, match="not a label selector"):
        ask(folder, server, selector=selector)


def test_secrets_can_be_left_alone(folder: Path, server: ApiServer) -> None:
    found = ask(folder, server, secrets=False)
    assert not any("secrets" in path for path in paths(server))
    assert "TC273" in [item.code for item in found.notes]


def test_no_note_and_no_error_holds_a_secret(folder: Path, server: ApiServer) -> None:
    server.faults = {"offers": 500}
    said = str(ask(folder, server).notes)
    for secret in ("hunter2", "aHVudGVy", TOKEN):
        assert secret not in said


def test_a_server_of_another_kind(
    folder: Path, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "answer", lambda path, query: (200, b"<html>"))
    with pytest.raises(SourceError, match="does not answer like a Kubernetes API server"):
        ask(folder, server)


def test_kubernetes_is_imported_only_here() -> None:
    code = "import sys, tocompose.cluster; print('kubernetes' in sys.modules or 'urllib3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "False"


def test_every_ignored_kind_says_why_and_every_other_can_be_asked_for() -> None:
    for key, row in kinds.kind_rows().items():
        assert ("ignore" in row) != ("kind" in row and "version" in row), key


def test_command_writes_the_stack_of_the_cluster(
    folder: Path, server: ApiServer, tmp_path: Path
) -> None:
    container = {
        "name": "api",
        "image": "api:1",
        "envFrom": [{"secretRef": {"name": "other"}}],
    }
    template = {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container]}}
    server.objects = [*OBJECTS, made("Deployment", "shop", spec={"template": template})]
    server.faults = {"offers": 403}
    words = [
        "cluster",
        "--kubeconfig",
        str(kubeconfig(folder, server)),
        "--context",
        "data",
        "-o",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tocompose", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    assert "image: api:1" in (tmp_path / "out/docker-compose.yml").read_text()
    assert "hunter3" in (tmp_path / "out/.env").read_text()
    assert "Offers were not read from the cluster: forbidden (403)" in " ".join(
        done.stderr.split()
    )
    written = [
        path.read_text()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and path.name != ".env"
    ]
    assert not any(
        "hunter" in text or "aHVudGVy" in text
        for text in [*written, done.stderr, done.stdout]
    )


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:1"}}}}]
contexts: [{{name: a, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {user}}}]
"""


@pytest.mark.parametrize("user", ['{token: "t-1\\n"}', "{tokenFile: FILE}"])
def test_a_line_end_is_no_part_of_a_token(tmp_path: Path, user: str) -> None:
    (tmp_path / "token").write_text("t-1\n")
    config = tmp_path / "config"
    config.write_text(KUBECONFIG.format(user=user.replace("FILE", str(tmp_path / "token"))))
    headers = connect_cluster(str(config), None, allow_exec=False).headers()
    assert [text for _, text in headers] == ["Bearer t-1"]


def test_a_login_program_that_is_not_here_is_named_with_its_hint(tmp_path: Path) -> None:
    config = tmp_path / "config"
    program = "{exec: {command: kube-log-me-in, installHint: get it from the shop}}"
    config.write_text(KUBECONFIG.format(user=program))
    with pytest.raises(SourceError, match=r"kube-log-me-in, which is not here.*the shop"):
        connect_cluster(str(config), None, allow_exec=True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('command: sh, args: ["-c", "exit 3"]', "returned 3"),
        ('command: sh, args: ["-c", "echo token: x7GvLq92"]', "decode"),
        ('command: sh, args: ["-c", "echo password=x7GvLq92 >&2; exit 1"]', "returned 1"),
        ('command: ""', ""),
    ],
)
def test_a_login_program_that_gives_no_credentials_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, reason: str
) -> None:
    config = tmp_path / "config"
    version = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"
    config.write_text(KUBECONFIG.format(user=f"{{exec: {{{version}, {words}}}}}"))
    with pytest.raises(SourceError, match=f"did not let tocompose in.*{reason}") as raised:
        connect_cluster(str(config), None, allow_exec=True)
    assert "x7GvLq92" not in str(raised.value)
    assert "ERROR" not in capsys.readouterr().err
