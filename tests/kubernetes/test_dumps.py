"""Dumps of a cluster that hold what controllers made, without the controllers."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def result(*objects: dict[str, Any]) -> Result:
    """The conversion of a List of objects."""
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(Memory({"dump.yaml": text.encode()}, "shop"), options)


def services(found: Result) -> dict[str, Any]:
    """The services of the base file."""
    base: dict[str, Any] = yaml.safe_load(found.files[0].content)
    return base["services"] or {}


def made(
    kind: str, name: str, owner: str, spec: dict[str, Any], prefix: str = "", **labels: str
) -> dict[str, Any]:
    """An object that the controller `owner` (`Kind name`) made."""
    api, (title, owner_name) = {"Pod": "v1"}.get(kind, "apps/v1"), owner.split()
    reference = {
        "apiVersion": "apps/v1",
        "kind": title,
        "name": owner_name,
        "controller": True,
        "uid": "1",
    }
    metadata = {
        "name": name,
        "namespace": "default",
        "labels": labels,
        "ownerReferences": [reference],
    }
    if prefix:
        metadata["generateName"] = prefix
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Running"},
    }


def pod_spec(volume: str = "kube-api-access-x7k2p") -> dict[str, Any]:
    """The spec of a pod as the cluster completes it."""
    token = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    root = {
        "configMap": {
            "name": "kube-root-ca.crt",
            "items": [{"key": "ca.crt", "path": "ca.crt"}],
        }
    }
    mounts = [{"name": volume, "mountPath": ACCOUNT, "readOnly": True}]
    return {
        "serviceAccount": "default",
        "serviceAccountName": "default",
        "containers": [{"name": "web", "image": "example/web:1", "volumeMounts": mounts}],
        "volumes": [
            {"name": volume, "projected": {"defaultMode": 420, "sources": [token, root]}}
        ],
    }


def test_a_pod_has_the_name_of_what_made_it() -> None:
    pod = made(
        "Pod", "web-5dc459c68f-mr79x", "ReplicaSet web-5dc459c68f", pod_spec(), "web-5dc459c68f-",
        **{"pod-template-hash": "5dc459c68f"},
    )  # fmt: skip
    found = result(pod)
    assert list(services(found)) == ["web"]
    assert [item.code for item in found.notes if "it is called web" in item.message] == [
        "TC206"
    ]


@pytest.mark.parametrize(
    ("name", "owner", "wanted"),
    [
        ("agent-x7k2p", "DaemonSet agent", "agent"),
        ("db-0", "StatefulSet db", "db-0"),
        ("load-28001-abcde", "Job load-28001", "load-28001"),
    ],
)
def test_the_ending_depends_on_who_made_the_pod(name: str, owner: str, wanted: str) -> None:
    assert list(services(result(made("Pod", name, owner, pod_spec())))) == [wanted]


def test_one_of_several_equal_pods_stands_for_all() -> None:
    pods = [
        made("Pod", f"web-7f-{end}", "ReplicaSet web-7f", pod_spec(), "web-7f-")
        for end in ("aaaaa", "bbbbb")
    ]
    found = result(*pods)
    assert list(services(found)) == ["web-7f"]
    assert [
        "web-7f-bbbbb" in item.message for item in found.notes if item.code == "TC268"
    ] == [True]
    assert "TC001" not in {item.code for item in found.notes}


def test_the_replica_set_that_runs_is_the_one_that_counts() -> None:
    def revision(number: int, replicas: int, image: str) -> dict[str, Any]:
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": image}]},
        }
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
        }
        return made(
            "ReplicaSet",
            f"web-{number}",
            "Deployment web",
            spec,
            **{"pod-template-hash": str(number)},
        )

    found = services(
        result(
            revision(11, 0, "example/web:1"),
            revision(12, 1, "example/web:2"),
            revision(13, 0, "x:3"),
        )
    )
    assert {name: body["image"] for name, body in found.items()} == {"web": "example/web:2"}


def test_pods_of_two_owners_stay_two() -> None:
    pods = [
        made("Pod", f"{name}-7f-aaaaa", f"ReplicaSet {name}-7f", pod_spec())
        for name in ("web", "api")
    ]
    assert list(services(result(*pods))) == ["api-7f", "web-7f"]


@pytest.mark.parametrize("volume", ["kube-api-access-x7k2p", "default-token-k9s2x"])
def test_what_every_pod_gets_to_talk_to_the_api_is_left_out(volume: str) -> None:
    found = result(made("Pod", "agent-x7k2p", "DaemonSet agent", pod_spec(volume)))
    assert "volumes" not in services(found)["agent"]
    assert found.stack.files == ()
    assert not {item.code for item in found.notes} & {"TC001", "TC213", "TC247"}


def test_a_token_that_the_manifest_asks_for_is_not_left_out() -> None:
    spec = pod_spec("mine")
    found = result(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "agent"}, "spec": spec}
    )
    assert "TC247" in {item.code for item in found.notes}


def test_a_pod_belongs_to_its_deployment_without_the_replica_set_between_them() -> None:
    """`kubectl get deployment,pod`, or a role that may not list ReplicaSets."""
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": pod_spec()}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "shop"}}, "template": template},
    }
    labels = {"app": "shop", "pod-template-hash": "77d5"}
    pods = [
        made("Pod", f"shop-77d5-{end}", "ReplicaSet shop-77d5", pod_spec(), **labels)
        for end in ("aaaaa", "bbbbb")
    ]
    foreign = made("Pod", "cart-99f1-ccccc", "ReplicaSet cart-99f1", pod_spec())
    assert sorted(services(result(deployment, *pods, foreign))) == ["cart-99f1", "shop"]


_BETWEEN = {
    "CronJob": ("batch/v1", "Job shop-28900000", {}),
    "Rollout": (
        "argoproj.io/v1alpha1",
        "ReplicaSet shop-9c4b",
        {"rollouts-pod-template-hash": "9c4b"},
    ),
    "DeploymentConfig": ("apps.openshift.io/v1", "ReplicationController shop-3", {}),
}


@pytest.mark.parametrize("kind", _BETWEEN)
def test_a_pod_belongs_to_its_controller_without_what_is_between_them(kind: str) -> None:
    version, owner, labels = _BETWEEN[kind]
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": pod_spec()}
    spec: dict[str, Any] = {"template": template, "selector": {"app": "shop"}}
    if kind == "Rollout":
        spec["selector"] = {"matchLabels": {"app": "shop"}}
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}
    controller = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "shop", "namespace": "default"},
        "spec": spec,
    }
    pod = made("Pod", "shop-x-aaaaa", owner, pod_spec(), **{"app": "shop", **labels})
    found = result(controller, pod)
    assert set(services(found)) - {"scheduler"} == {"shop"}
    assert f"{kind} shop, which is among" in next(
        note.message for note in found.notes if note.code == "TC205"
    )


def test_revisions_are_not_told_of_as_equal_pods() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec()}
    sets = [
        made(
            "ReplicaSet",
            f"web-{number}",
            "Deployment web",
            {"replicas": number, "template": template},
            **{"pod-template-hash": str(number)},
        )
        for number in (0, 1)
    ]
    (copy,) = [note for note in result(*sets).notes if note.code == "TC268"]
    assert "web-0 left out: Deployment web made several revisions" in copy.message
