"""Files on claims that nothing but jobs mounts: no pod runs that they could be read through, so one is started."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tocompose.importers.kubernetes.claims import claim_name, mounted_volumes
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.container_fields import VolumeMount
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.volume_fields import ClaimVolume, NfsVolume
from tocompose.importers.kubernetes.workloads import RUN_ONCE, Workload
from tocompose.knowledge.renewed_folders import renewed_files
from tocompose.knowledge.versions import default_version
from tocompose.model import Service
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath


class JobFolder(NamedTuple):
    """A folder of a job's container, whose files are on a claim; `part` is the path that is mounted of the claim."""

    workload: Workload
    service: Service
    mount: VolumeMount
    claim: str
    part: str

    @property
    def path(self) -> str:
        """Where the container has the files."""
        return self.mount.path.rstrip("/") or "/"

    @property
    def reader(self) -> str:
        """The name of the pod that is started to read the files."""
        return f"read-{self.claim}"

    @property
    def namespace(self) -> str:
        """The option of kubectl that names the namespace, with a space before it."""
        if not self.workload.kube_object.states_namespace:
            return ""
        return f" -n {shlex.quote(self.workload.namespace)}"

    def compose(self, command: str) -> str:
        """A command of docker compose that sees the service, whatever profile it has."""
        profiles = "".join(
            f" --profile {shlex.quote(name)}" for name in self.service.profiles[:1]
        )
        return f"docker compose{profiles} {command}"

    def start_command(self) -> str:
        """The command that starts the pod, and waits until it runs."""
        image = f"busybox:{default_version('busybox')}"
        mounted = {"name": "data", "mountPath": "/data", "readOnly": True}
        container = {
            "name": "read",
            "image": image,
            "command": ["sleep", "86400"],
            "volumeMounts": [mounted],
        }
        source = {"persistentVolumeClaim": {"claimName": self.claim}}
        spec = {"containers": [container], "volumes": [{"name": "data", **source}]}
        overrides = shlex.quote(json.dumps({"spec": spec}, separators=(",", ":")))
        return (
            f"kubectl run{self.namespace} {self.reader} --image={image} --overrides={overrides} && "
            f"kubectl wait{self.namespace} --for=condition=Ready pod/{self.reader}"
        )

    def copy_command(self) -> str:
        """The command that copies the files through the pod."""
        folder = shlex.quote(f"/data/{self.part}".rstrip("/"))
        target = shlex.quote(f"{self.service.name}:{self.path}")
        packed = f"kubectl exec{self.namespace} {self.reader} -- tar -cf - -C {folder} ."
        return f"{packed} | {self.compose(f'cp - {target}')}"


def note_job_data(
    model: ClusterModel, services: Mapping[str, Service], told_claims: Collection[str]
) -> None:
    """Says of each claim that nothing else tells of, and jobs mount, how its files come into the stack."""
    told_folders: set[tuple[str, str]] = set()
    for folder in _job_folders(model, services):
        key = (folder.claim, folder.part)
        if key not in told_folders and f"the claim {folder.claim}" not in told_claims:
            told_folders.add(key)
            _note_folder(folder)


def _job_folders(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[JobFolder]:
    """The folders on claims that containers of jobs may write to."""
    for workload, pod in model.pods():
        if workload.kind not in RUN_ONCE or isinstance(workload.kube_object, MadeObject):
            continue
        for container in pod.containers:
            service = services[container.service]
            for mount, volume in mounted_volumes(container.fields, workload):
                is_written = mount.read_only.flag is not True
                if isinstance(volume.source, ClaimVolume) and is_written:
                    name = claim_name(volume.source, workload)
                    sub_path = mount.sub_path.text or ""
                    folder = JobFolder(workload, service, mount, name, sub_path.strip("/"))
                    if not _is_on_a_server(folder, model):
                        yield folder


def _is_on_a_server(folder: JobFolder, model: ClusterModel) -> bool:
    """Whether the claim stands for an NFS server's files, which are reached from here as well."""
    volume = model.claims.binding(folder.workload.namespace, folder.claim).volume
    return volume is not None and isinstance(volume.source, NfsVolume)


def _note_folder(folder: JobFolder) -> None:
    service = folder.service.name
    steps: dict[str, Any] = {
        "create": folder.compose(f"create {shlex.quote(service)}"),
        "start": folder.start_command(),
        "command": folder.copy_command(),
        "delete": f"kubectl delete{folder.namespace} pod {folder.reader}",
    }
    facts: dict[str, Any] = {"service": service, "path": folder.path, "claim": folder.claim}
    code, kind = "TC457", renewed_files(folder.path)
    if kind:
        code, steps = "TC444", {"command": " && ".join(steps.values()), "kind": kind}
    folder.mount.cursor.annotate(code, subject=ModelPath.service(service), **facts, **steps)
