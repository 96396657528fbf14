"""The jobs that make volumes what Kubernetes would: open to the users of the pod, with the sub-paths in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.security import fs_group
from tocompose.importers.kubernetes.storage import ContainerStorage
from tocompose.importers.kubernetes.workloads import ContainerRole
from tocompose.knowledge.versions import default_version
from tocompose.model import Mount, Role, Service
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import free_name


class VolumeJobs(NamedTuple):
    """The jobs that prepare the volumes of a pod, None where there is nothing to do: one before all of its containers,
    and one after the init containers, for sub-paths that those may make themselves."""

    first: Service | None
    after_inits: Service | None


def volume_jobs(
    containers: list[ContainerContext], storages: list[ContainerStorage]
) -> VolumeJobs:
    """The jobs for one pod."""
    container, group = containers[0], fs_group(containers[0])
    opened: list[str] = []
    if not all(member.run_as.is_root for member in containers):
        opened.extend(_without_repeats(storage.empty_dirs for storage in storages))
    owned = list(_without_repeats(storage.owned for storage in storages)) if group else []
    inits = _count_inits(containers)
    early, late = _divide_paths(storages[:inits], storages[inits:])
    modes = dict.fromkeys(opened, "0777")
    steps = list(_folder_steps(early, modes))
    steps.extend((name, f"chmod 0777 /volumes/{name}") for name in opened)
    steps.extend((name, _change_group(name, group or "", container)) for name in owned)
    late_steps = _folder_steps(late, modes | dict.fromkeys(owned, "2775"))
    return VolumeJobs(
        _preparing_service(container, steps, "volumes"),
        _preparing_service(container, list(late_steps), "sub-paths"),
    )


_SubPath: TypeAlias = tuple[str, str]


def _divide_paths(
    initial: list[ContainerStorage], running: list[ContainerStorage]
) -> tuple[list[_SubPath], list[_SubPath]]:
    """The sub-paths, volume by volume, that must be there before any container, and those that init containers may
    make themselves."""
    written = {
        mount.source
        for storage in initial
        for mount in storage.mounts
        if not mount.read_only
    }
    early = dict.fromkeys(chain.from_iterable(storage.sub_paths for storage in initial))
    late: dict[_SubPath, None] = {}
    for sub_path in chain.from_iterable(storage.sub_paths for storage in running):
        if sub_path not in early:
            (late if sub_path[0] in written else early)[sub_path] = None
    return _by_volume(early), _by_volume(late)


def _by_volume(sub_paths: Iterable[_SubPath]) -> list[_SubPath]:
    """The sub-paths, those of one volume together, the volumes in the order of their first."""
    paths: dict[str, list[_SubPath]] = {}
    for sub_path in sub_paths:
        paths.setdefault(sub_path[0], []).append(sub_path)
    return [*chain.from_iterable(paths.values())]


def _count_inits(containers: list[ContainerContext]) -> int:
    """How many containers stand up to the last init container."""
    roles = [container.role for container in containers]
    last = [number for number, role in enumerate(roles, 1) if role is ContainerRole.INIT]
    return max(last, default=0)


def _without_repeats(names: Iterable[tuple[str, ...]]) -> Iterable[str]:
    return dict.fromkeys(chain.from_iterable(names))


def _folder_steps(
    sub_paths: Iterable[_SubPath], modes: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The commands that make the sub-paths that are not there yet, with the mode of their volume.

    https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/kubelet_pods.go (makeMounts)
    """
    for name, path in sub_paths:
        if name not in modes:
            folder = _quote_path(f"/volumes/{name}/{path}")
            yield name, f"[ -e {folder} ] || mkdir -p {folder}"
            continue
        # `mkdir -p` gives its mode to the last folder alone.
        names = path.split("/")
        for depth in range(1, len(names) + 1):
            folder = _quote_path(f"/volumes/{name}/{'/'.join(names[:depth])}")
            yield name, f"[ -e {folder} ] || mkdir -p -m {modes[name]} {folder}"


def _change_group(name: str, group: str, container: ContainerContext) -> str:
    """What the kubelet does for fsGroup, at each start or only while the top folder belongs to another group."""
    folder = f"/volumes/{name}"
    change = f"chgrp -R {group} {folder} && chmod -R g+rwX {folder} && find {folder} -type d -exec chmod g+s {{}} +"
    policy = container.pod_spec.ownership.change_policy
    policy.cursor.take(to=ModelPath.service(f"{container.pod.base}-volumes", "command"))
    if policy.text == "OnRootMismatch":
        return f'[ "$$(stat -c %g {folder})" = {group} ] || {{ {change}; }}'
    return change


def _quote_path(path: str) -> str:
    return "'" + path.replace("'", "'\\''").replace("$", "$$") + "'"


def _preparing_service(
    container: ContainerContext, steps: list[tuple[str, str]], ending: str
) -> Service | None:
    """The job that runs the steps, each on a volume; None without any."""
    if not steps:
        return None
    name = free_name(f"{container.pod.base}-{ending}", container.model.service_names)
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
