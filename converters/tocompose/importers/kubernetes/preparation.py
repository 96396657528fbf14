"""The one-shot that makes a pod's volumes what Kubernetes would: open to its users, with the sub-paths in place."""

from __future__ import annotations

from itertools import chain

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.security import fs_group, runs_as_root
from tocompose.importers.kubernetes.storage import ContainerStorage
from tocompose.knowledge.versions import default_version
from tocompose.model import Mount, Role, Service
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique


def volume_preparation(
    containers: list[ContainerContext], storages: list[ContainerStorage]
) -> Service | None:
    """The one-shot for one pod; None where its volumes need nothing."""
    container = containers[0]
    group = fs_group(container)
    steps = [
        (name, f"mkdir -p {_quote_path(f'/volumes/{name}/{path}')}")
        for name, paths in _sub_paths(storages).items()
        for path in paths
    ]
    if not all(runs_as_root(member) for member in containers):
        empty_dirs = chain.from_iterable(storage.empty_dirs for storage in storages)
        for name in dict.fromkeys(empty_dirs):
            steps.append((name, f"chmod 0777 /volumes/{name}"))
    if group is not None:
        owned = chain.from_iterable(storage.owned for storage in storages)
        for name in dict.fromkeys(owned):
            steps.append((name, _change_group(name, group, container)))
    if not steps:
        return None
    volumes = dict.fromkeys(name for name, _ in steps)
    return _preparing_service(container, [command for _, command in steps], list(volumes))


def _sub_paths(storages: list[ContainerStorage]) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for storage in storages:
        for name, volume_paths in storage.sub_paths.items():
            paths.setdefault(name, []).extend(
                path for path in volume_paths if path not in paths.get(name, ())
            )
    return paths


def _change_group(name: str, group: str, container: ContainerContext) -> str:
    """What the kubelet does for fsGroup, at each start or only while the top folder belongs to another group."""
    folder = f"/volumes/{name}"
    change = f"chgrp -R {group} {folder} && chmod -R g+rwX {folder} && find {folder} -type d -exec chmod g+s {{}} +"
    policy = container.pod_spec.at("securityContext", "fsGroupChangePolicy")
    if (
        policy.take(to=ModelPath.service(f"{container.pod.base}-volumes", "command"))
        == "OnRootMismatch"
    ):
        return f'[ "$$(stat -c %g {folder})" = {group} ] || {{ {change}; }}'
    return change


def _quote_path(path: str) -> str:
    return "'" + path.replace("'", "'\\''").replace("$", "$$") + "'"


def _preparing_service(
    container: ContainerContext, script: list[str], volumes: list[str]
) -> Service:
    name = unique(f"{container.pod.base}-volumes", set(container.builder.services))
    message = note(
        "TC249",
        container.workload.kube_object.span,
        subject=ModelPath.service(name),
        name=name,
        object=container.workload_title,
    )
    container.model.ledger.say(message)
    return Service(
        name=name,
        image=f"busybox:{default_version('busybox')}",
        command=("sh", "-c", "; ".join(["set -e", *script])),
        mounts=tuple(
            Mount(kind="volume", source=volume, target=f"/volumes/{volume}")
            for volume in volumes
        ),
        network_mode="none",
        restart="no",
        role=Role.JOB,
        origin=container.workload.kube_object.span,
    )
