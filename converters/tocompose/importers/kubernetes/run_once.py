"""Jobs that ran to their end do not run again: a marker in a volume says so, as the cluster remembers it.

`docker compose up` starts every container that has ended, a seeding job too. Where the manifests say the whole command
of a job, a shell of its own runs it only while there is no marker, and leaves one when the command succeeds.
https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.release_hooks import release_hook
from tocompose.importers.kubernetes.scalars import peek_bool, peek_text
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.knowledge.versions import default_version
from tocompose.model import Dependency, Mount, Role, Service, Volume
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name

_FOLDER = "/run-once"
# The marker is checked and left by a shell that is brought along: the image may have none.
_SHELL = f"{_FOLDER}/busybox"
_SCRIPT = '[ -e "$$0" ] || { "$$@" && : > "$$0"; }'


def run_once(model: ClusterModel) -> None:
    """Gives each job that must not run twice its marker, and says which jobs run again at each start."""
    for workload in model.workloads:
        if not _ends_for_good(workload):
            continue
        for pod in workload.pods:
            _mark_pod(workload, pod, model)


def _ends_for_good(workload: Workload) -> bool:
    if workload.kind != "Job" or isinstance(workload.kube_object, MadeObject):
        return False
    hook = release_hook(workload)
    if hook.is_repeated or hook.profile:
        return False
    return not peek_bool(workload.job_spec.at("suspend"))


def _mark_pod(workload: Workload, pod: Pod, model: ClusterModel) -> None:
    builder = model.builder
    names = [container.service for container in pod.running_containers()]
    services = [builder.services[name] for name in names]
    main, span = pod.main_container.service, workload.kube_object.span
    is_parallel = (peek_text(workload.job_spec.at("parallelism")) or "1") not in ("0", "1")
    if is_parallel or not all(service.entrypoint for service in services):
        why = (
            "its image's own command" if not is_parallel else "a job that runs in parallel"
        )
        model.ledger.add_note(
            note(
                "TC395",
                span,
                subject=ModelPath.service(main),
                object=str(workload.kube_object),
                why_not=why,
            )
        )
        return
    volume = unique_name(f"{main}-once", set(builder.volumes))
    builder.add_volume(Volume(name=volume, origin=span))
    preparing = _preparing_service(
        unique_name(f"{main}-once", set(builder.services)), volume, workload
    )
    builder.add_service(preparing)
    for service in services:
        builder.change_service(
            service.name,
            entrypoint=(
                *(_SHELL, "sh", "-c", _SCRIPT, f"{_FOLDER}/{service.name}"),
                *(service.entrypoint or ()),
            ),
            mounts=(
                *service.mounts,
                Mount(kind="volume", source=volume, target=_FOLDER, origin=span),
            ),
            depends_on=(
                Dependency(
                    service=preparing.name,
                    condition="service_completed_successfully",
                    origin=span,
                ),
                *service.depends_on,
            ),
        )
    model.ledger.add_note(
        note(
            "TC394",
            span,
            subject=ModelPath.service(main, "entrypoint"),
            object=str(workload.kube_object),
            volume=volume,
            name=preparing.name,
        )
    )


def _preparing_service(name: str, volume: str, workload: Workload) -> Service:
    """The one-shot that puts the shell into the volume, which users other than root may write to."""
    return Service(
        name=name,
        image=f"busybox:{default_version('busybox')}",
        command=("sh", "-c", f"cp /bin/busybox {_SHELL} && chmod 1777 {_FOLDER}"),
        mounts=(Mount(kind="volume", source=volume, target=_FOLDER),),
        network_mode="none",
        restart="no",
        role=Role.JOB,
        origin=workload.kube_object.span,
    )
