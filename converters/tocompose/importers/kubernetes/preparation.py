"""The one-shot that makes a pod's volumes what Kubernetes would: open to its users, with the sub-paths in place."""

from __future__ import annotations

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.security import fs_group, runs_as_root
from tocompose.importers.kubernetes.storage import ContainerStorage
from tocompose.knowledge.versions import default_version
from tocompose.model import Mount, Role, Service
from tocompose.notes import note
from tocompose.syntax.names import unique


def volume_preparation(
    places: list[ContainerContext], found: list[ContainerStorage]
) -> Service | None:
    """The one-shot for one pod; None where its volumes need nothing."""
    place = places[0]
    group = fs_group(place)
    script: list[str] = []
    volumes: dict[str, None] = {}
    for name, paths in _sub_paths(found).items():
        volumes[name] = None
        script.extend(
            f"mkdir -p {_quote_path(f'/volumes/{name}/{path}')}" for path in paths
        )
    if not all(runs_as_root(each) for each in places):
        for name in dict.fromkeys(name for each in found for name in each.empty_dirs):
            volumes[name] = None
            script.append(f"chmod 0777 /volumes/{name}")
    if group is not None:
        for name in dict.fromkeys(name for each in found for name in each.owned):
            volumes[name] = None
            script.append(_change_group(name, group, place))
    if not script:
        return None
    return _preparing_service(place, script, list(volumes))


def _sub_paths(found: list[ContainerStorage]) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for each in found:
        for name, wanted in each.sub_paths.items():
            paths.setdefault(name, []).extend(
                path for path in wanted if path not in paths.get(name, ())
            )
    return paths


def _change_group(name: str, group: str, place: ContainerContext) -> str:
    """What the kubelet does for fsGroup, at each start or only while the top folder belongs to another group."""
    folder = f"/volumes/{name}"
    change = f"chgrp -R {group} {folder} && chmod -R g+rwX {folder} && find {folder} -type d -exec chmod g+s {{}} +"
    policy = place.workload.pod_spec.at("securityContext", "fsGroupChangePolicy")
    if policy.take(to=f"services.{place.pod.base}-volumes.command") == "OnRootMismatch":
        return f'[ "$$(stat -c %g {folder})" = {group} ] || {{ {change}; }}'
    return change


def _quote_path(path: str) -> str:
    return "'" + path.replace("'", "'\\''").replace("$", "$$") + "'"


def _preparing_service(
    place: ContainerContext, script: list[str], volumes: list[str]
) -> Service:
    name = unique(f"{place.pod.base}-volumes", set(place.model.builder.services))
    item = note(
        "TC249",
        place.workload.kube_object.span,
        subject=f"services.{name}",
        name=name,
        object=str(place.workload.kube_object),
    )
    place.model.ledger.say(item)
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
        origin=place.workload.kube_object.span,
    )
