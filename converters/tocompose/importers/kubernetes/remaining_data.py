"""Data that stay in the cluster: what pods keep on claims, on their nodes and in themselves, and how to move it.

https://kubernetes.io/docs/reference/kubectl/generated/kubectl_exec/ tells how a pod is named.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from tocompose.importers.kubernetes.claims import claim_name, claim_template
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.container_fields import VolumeMount
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.volume_fields import (
    ClaimVolume,
    ForeignVolume,
    HostPathVolume,
    NfsVolume,
    PersistentVolume,
)
from tocompose.importers.kubernetes.workloads import (
    RUN_ONCE,
    Pod,
    PodContainer,
    Workload,
)
from tocompose.knowledge.dumps import Dump, dump_of, image_of_folder, moving_pipe
from tocompose.knowledge.images import Data, ImageFacts, image_facts
from tocompose.knowledge.renewed_folders import renewed_files
from tocompose.knowledge.service_settings import settings_by_name
from tocompose.knowledge.wrappers import stated_argv
from tocompose.ledger import Cursor
from tocompose.model import Service
from tocompose.record import NamedTuple
from tocompose.syntax.host_paths import paths_meet
from tocompose.syntax.model_path import ModelPath

# What kubectl finds a pod of by the kind and name of the workload alone.
_NAMED_BY_WORKLOAD = frozenset(
    ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
)


class Keeper(Enum):
    """What keeps the data of a pod."""

    CLAIM = "claim"
    NODE = "node"
    SERVER = "server of its own"


class KeptFolder(NamedTuple):
    """A folder of a container whose files outlive the pod; `name` says which claim or folder of the node has them."""

    keeper: Keeper
    name: str
    path: str
    part: str
    is_read_only: bool
    cursor: Cursor


class RunningContainer(NamedTuple):
    """A container that keeps running, with the service that it becomes."""

    workload: Workload
    pod: Pod
    container: PodContainer
    service: Service
    folders: tuple[KeptFolder, ...]

    @property
    def known_image(self) -> str:
        """Its image, or that of the server whose data folder is mounted in one of an image that is not known."""
        image = self.service.image or ""
        if image_facts(image) is not None:
            return image
        images = (image_of_folder(mount.path) for mount in self.container.fields.mounts)
        return next(filter(None, images), image)

    @property
    def is_guessed(self) -> bool:
        """Whether nothing but a mounted folder shows which server it runs."""
        return self.known_image != (self.service.image or "")

    @property
    def facts(self) -> ImageFacts | None:
        """What is known of its image, where that is a server which runs."""
        facts = image_facts(self.known_image)
        is_server = facts is not None and facts.category == "data" and facts.sure
        return facts if is_server and self._runs_server(facts) else None

    def _runs_server(self, facts: ImageFacts | None) -> bool:
        """Whether the server of the image runs: no other program has taken its place."""
        if facts is None or not self.service.entrypoint:
            return True
        programs = (*facts.entrypoint, *(facts.server or ()))
        line = " ".join(stated_argv(self.service))
        return not programs or any(program in line for program in programs)

    @property
    def environment(self) -> Mapping[str, str | None]:
        """The variables that the container is given."""
        return {variable.name: variable.value for variable in self.service.environment}

    def data(self) -> tuple[Data, ...]:
        """Where a known server keeps its data."""
        facts = self.facts
        if facts is None:
            return ()
        environment = self.environment
        words = stated_argv(self.service)
        line = " ".join(words) or None
        settings = settings_by_name(environment, line)
        return tuple(facts.kept_data(environment, line, settings))

    def kubectl(self) -> str:
        """The beginning of a command that runs another one in the container."""
        kubectl_words = ["kubectl exec"]
        if self.workload.kube_object.states_namespace:
            kubectl_words.append(f"-n {shlex.quote(self.workload.namespace)}")
        kubectl_words.append(self._pod_words())
        if self.container.name:
            kubectl_words.append(f"-c {shlex.quote(self.container.name)}")
        return f"{' '.join(kubectl_words)} --"

    def _pod_words(self) -> str:
        kube_object = self.workload.kube_object
        if self.pod.ordinal is not None and self.pod.hostname:
            return shlex.quote(self.pod.hostname)
        if kube_object.title == "Pod":
            return shlex.quote(kube_object.name)
        is_scaled_here = self.workload.scaled_by is kube_object
        if is_scaled_here and kube_object.title in _NAMED_BY_WORKLOAD:
            return shlex.quote(f"{kube_object.title.lower()}/{kube_object.name}")
        labels = ",".join(f"{key}={text}" for key, text in self.workload.labels.items())
        namespace = (
            f" -n {shlex.quote(self.workload.namespace)}"
            if kube_object.states_namespace
            else ""
        )
        chosen = f"kubectl get pods{namespace} -l {shlex.quote(labels)} -o name"
        return f'"$({chosen} | head -n 1)"'

    def copy_command(self, path: str, flush: str = "") -> str:
        """The command that copies a folder of the container to the same place in the service's."""
        packed = f"tar -cf - -C {shlex.quote(path)} ."
        if flush:
            packed = f"sh -c {shlex.quote(f'({flush}) >&2 && {packed}')}"
        target = shlex.quote(f"{self.service.name}:{path}")
        # Without a number it copies to all containers at once, each of which would read a part of the archive.
        index = "--index 1 " if (self.service.replicas or 1) > 1 else ""
        return f"{self.kubectl()} {packed} | docker compose cp {index}- {target}"


def note_remaining_data(
    model: ClusterModel, services: Mapping[str, Service]
) -> frozenset[str]:
    """The claims and folders of which it is said how the data that they have in the cluster come into the stack."""
    running = tuple(_running_containers(model, services))
    told_folders: set[tuple[str, str]] = set()
    # Who mounts the folder of a server that is known, such as for backups, is none.
    for container in sorted(running, key=lambda runs: runs.is_guessed):
        is_shared = any(
            (folder.name, folder.part) in told_folders for folder in container.folders
        )
        if not (container.is_guessed and is_shared):
            told_folders.update(_note_server(container))
    renewed = _renewed_folders(running)
    for container in sorted(running, key=lambda runs: not runs.facts):
        for folder in _copied_folders(container):
            key = (folder.name, folder.part)
            if key not in told_folders:
                told_folders.add(key)
                _note_files(container, folder, kind=renewed.get(key, ""))
    return frozenset(name for name, _ in told_folders)


def _copied_folders(container: RunningContainer) -> Iterator[KeptFolder]:
    """The folders that the container may write to, but for those of a server that is reached from here as well."""
    for folder in container.folders:
        if folder.keeper is not Keeper.SERVER and not folder.is_read_only:
            yield folder


def _renewed_folders(
    running: Iterable[RunningContainer],
) -> dict[tuple[str, str], str]:
    """What the folders hold that nobody has to copy: caches and logs, wherever they are mounted."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for container in running:
        for folder in container.folders:
            key = (folder.name, folder.part)
            kinds.setdefault(key, []).append(renewed_files(folder.path))
    return {key: names[0] for key, names in kinds.items() if all(names)}


def _running_containers(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[RunningContainer]:
    """The containers of the manifests' own workloads that keep running."""
    for workload, pod in model.pods():
        is_made = isinstance(workload.kube_object, MadeObject)
        if is_made or workload.kind in RUN_ONCE:
            continue
        for container in pod.running_containers():
            folders = tuple(_kept_folders(container, pod, workload, model))
            service = services[container.service]
            yield RunningContainer(workload, pod, container, service, folders)


def _kept_folders(
    container: PodContainer, pod: Pod, workload: Workload, model: ClusterModel
) -> Iterator[KeptFolder]:
    for mount in container.fields.mounts:
        data_keeper = _keeper_of(mount, pod, workload, model)
        if data_keeper is not None and mount.path:
            keeper, name = data_keeper
            sub_path = mount.sub_path.text or mount.sub_path_expression.text or ""
            is_read_only = mount.read_only.flag is True
            path = mount.path.rstrip("/") or "/"
            yield KeptFolder(keeper, name, path, sub_path, is_read_only, mount.cursor)


def _keeper_of(
    mount: VolumeMount, pod: Pod, workload: Workload, model: ClusterModel
) -> tuple[Keeper, str] | None:
    """What keeps the files of a mount, and its name; None where they end with the pod."""
    if claim_template(workload, mount.volume) is not None:
        name = f"{mount.volume}-{workload.kube_object.name}-{pod.ordinal or 0}"
        return Keeper.CLAIM, f"the claim {name}"
    volume = workload.pod_spec.volume(mount.volume)
    match volume.source if volume is not None else None:
        case ClaimVolume() as source:
            name = claim_name(source, workload)
            binding = model.claims.binding(workload.namespace, name)
            return _behind_claim(binding.volume) or (Keeper.CLAIM, f"the claim {name}")
        case HostPathVolume(path=path):
            return Keeper.NODE, path.text or "/"
        case NfsVolume():
            return Keeper.SERVER, ""
        case ForeignVolume():
            return Keeper.CLAIM, f"the volume {mount.volume} of {workload.kube_object}"
        case _:
            return None


def _behind_claim(volume: PersistentVolume | None) -> tuple[Keeper, str] | None:
    """What a volume of the input says of where its files are; None where only the cluster knows."""
    match volume.source if volume is not None else None:
        case NfsVolume():
            return Keeper.SERVER, ""
        case HostPathVolume(path=path):
            return Keeper.NODE, path.text or "/"
        case _:
            return None


def _note_server(container: RunningContainer) -> Iterator[tuple[str, str]]:
    """Says how the data of a server are moved; gives back the claims that hold them."""
    data_paths = [data.path for data in container.data()]
    folders = _folders_of_data(container, data_paths)
    if not data_paths or any(folder.keeper is Keeper.SERVER for folder in folders):
        return
    dump = dump_of(container.known_image, container.environment)
    if dump is not None and dump.dump:
        _note_dump(container, dump, folders[0] if folders else None)
        yield from ((folder.name, folder.part) for folder in folders)
        return
    flush = dump.flush if dump is not None else ""
    if not folders:
        path = data_paths[0]
        command = container.copy_command(path, flush)
        caution = _caution_of_copy(container, path, flush)
        _annotate(container, None, "TC454", path=path, command=command, caution=caution)
    elif flush:
        _note_files(container, folders[0], flush)
        yield folders[0].name, folders[0].part


def _folders_of_data(
    container: RunningContainer, data_paths: list[str]
) -> list[KeptFolder]:
    return [
        folder
        for folder in container.folders
        if any(paths_meet(folder.path, path) for path in data_paths)
    ]


def _note_dump(container: RunningContainer, dump: Dump, folder: KeptFolder | None) -> None:
    command = moving_pipe(dump, f"{container.kubectl()} sh -c", container.service.name)
    code = "TC437"
    if folder is None:
        code = "TC453"
    elif folder.keeper is Keeper.NODE:
        code = "TC439"
    _annotate(
        container,
        folder,
        code,
        image=container.service.image,
        command=command,
        remark=f" {dump.remark}" if dump.remark else "",
    )


def _note_files(
    container: RunningContainer, folder: KeptFolder, flush: str = "", kind: str = ""
) -> None:
    """Says how the files of a folder come into the stack; those of a kind that is made again, nobody has to copy."""
    code = "TC438"
    if folder.keeper is Keeper.NODE:
        # What a pod names of its node is data only where a server is known to keep it there.
        if _is_direct(container, folder) and not container.facts:
            return
        code = "TC442"
    command = container.copy_command(folder.path, flush)
    if kind:
        code, command = "TC444", f"docker compose create && {command}"
    facts = {"path": folder.path, "kind": kind, "command": command}
    caution = _caution_of_copy(container, folder.path, flush)
    _annotate(container, folder, code, caution=caution, **facts)


def _caution_of_copy(container: RunningContainer, path: str, flush: str) -> str:
    """What to know before files are copied that a server may write meanwhile."""
    is_written = any(paths_meet(path, data.path) for data in container.data())
    if flush or not is_written:
        return ""
    return (
        ". The server writes these files while they are copied, so the copy may be unusable:"
        f" if {container.service.name} has a program that dumps its data, use that instead."
    )


def _is_direct(container: RunningContainer, folder: KeptFolder) -> bool:
    """Whether the pod itself names the folder of its node, rather than a claim."""
    return any(
        isinstance(volume.source, HostPathVolume) and volume.source.path.text == folder.name
        for volume in container.workload.pod_spec.volumes
    )


def _annotate(
    container: RunningContainer, folder: KeptFolder | None, code: str, **facts: Any
) -> None:
    cursor = folder.cursor if folder else container.container.fields.cursor
    cursor.annotate(
        code,
        subject=ModelPath.service(container.service.name),
        service=container.service.name,
        where=f"on {folder.name}" if folder else "",
        **facts,
    )
