"""The one-shot that makes a pod's volumes what Kubernetes would: open to its users, with the sub-paths in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.security import fs_group, runs_as_root
from tocompose.importers.kubernetes.storage import ContainerStorage
from tocompose.knowledge.versions import default_version
from tocompose.model import Mount, Role, Service
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name


def volume_preparation(
    containers: list[ContainerContext], storages: list[ContainerStorage]
) -> Service | None:
    """The one-shot for one pod; None where its volumes need nothing."""
    container = containers[0]
    group = fs_group(container)
    steps = list(_folder_steps(storages))
    if not all(runs_as_root(member) for member in containers):
        for name in _without_repeats(storage.empty_dirs for storage in storages):
            steps.append((name, f"chmod 0777 /volumes/{name}"))
    if group is not None:
        for name in _without_repeats(storage.owned for storage in storages):
            steps.append((name, _change_group(name, group, container)))
    return _preparing_service(container, steps) if steps else None


def _without_repeats(names: Iterable[list[str]]) -> Iterable[str]:
    return dict.fromkeys(chain.from_iterable(names))


def _folder_steps(storages: list[ContainerStorage]) -> Iterator[tuple[str, str]]:
    """The commands that make the sub-paths, volume by volume."""
    paths: dict[str, dict[str, None]] = {}
    for storage in storages:
        for name, sub_paths in storage.sub_paths.items():
            paths.setdefault(name, {}).update(dict.fromkeys(sub_paths))
    for name, sub_paths_of_volume in paths.items():
        for path in sub_paths_of_volume:
            yield name, f"mkdir -p {_quote_path(f'/volumes/{name}/{path}')}"


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
    container: ContainerContext, steps: list[tuple[str, str]]
) -> Service:
    """The one-shot that runs the steps, each on a volume."""
    name = unique_name(f"{container.pod.base}-volumes", set(container.builder.services))
    message = note(
        "TC249",
        container.workload.kube_object.span,
        subject=ModelPath.service(name),
        name=name,
        object=container.workload_title,
    )
    container.model.ledger.add_note(message)
    return Service(
        name=name,
        image=f"busybox:{default_version('busybox')}",
        command=("sh", "-c", "; ".join(["set -e", *(command for _, command in steps)])),
        mounts=tuple(
            Mount(kind="volume", source=volume, target=f"/volumes/{volume}")
            for volume in dict.fromkeys(volume for volume, _ in steps)
        ),
        network_mode="none",
        restart="no",
        role=Role.JOB,
        origin=container.workload.kube_object.span,
    )
