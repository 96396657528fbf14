"""Jobs that ran to their end do not run again: a marker in a volume says so, as the cluster remembers it.

`docker compose up` starts every container that has ended, a seeding job too. Where the manifests say the whole command
of a job, a shell of its own runs it only while there is no marker, and leaves one when the command succeeds.
https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.job_fields import retries_of
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.release_hooks import release_hook
from tocompose.importers.kubernetes.stack_builder import Contribution, StackPart
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.knowledge.versions import default_version
from tocompose.model import Dependency, Mount, Role, Service, Volume
from tocompose.notes import note
from tocompose.readers.yaml import integer
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import free_name

_FOLDER = "/run-once"
# The marker is checked and left by a shell that is brought along: the image may have none.
_SHELL = f"{_FOLDER}/busybox"
_SCRIPT = '[ -e "$$0" ] || { "$$@" && : > "$$0"; }'


def run_once(
    model: ClusterModel, services: Mapping[str, Service], volumes: Mapping[str, Volume]
) -> Iterator[StackPart]:
    """Gives each job that must not run twice its marker, and says which jobs run again at each start."""
    for workload in model.workloads:
        if not _ends_for_good(workload):
            continue
        for pod in workload.pods:
            if why_not := _why_not_once(workload, pod, services):
                _note_repeated(workload, pod, why_not, model)
            else:
                yield from _mark_pod(workload, pod, model, services, volumes)


def _ends_for_good(workload: Workload) -> bool:
    if workload.kind != "Job" or isinstance(workload.kube_object, MadeObject):
        return False
    hook = release_hook(workload)
    if hook.is_repeated or hook.profile:
        return False
    return not workload.job.suspended.flag


def _why_not_once(
    workload: Workload, pod: Pod, services: Mapping[str, Service]
) -> str | None:
    """What keeps a job from a marker; None where nothing does."""
    at_once = workload.job.parallelism.text or "1"
    if at_once not in ("0", "1") and not workload.is_indexed:
        return "a job that runs in parallel"
    names = (container.service for container in pod.running_containers())
    is_stated = all(services[name].entrypoint for name in names)
    return None if is_stated else "its image's own command"


def _note_repeated(workload: Workload, pod: Pod, why_not: str, model: ClusterModel) -> None:
    model.ledger.add_note(
        note(
            "TC395",
            workload.kube_object.span,
            subject=ModelPath.service(pod.main_container.service),
            object=str(workload.kube_object),
            why_not=why_not,
        )
    )


def _mark_pod(
    workload: Workload,
    pod: Pod,
    model: ClusterModel,
    services: Mapping[str, Service],
    volumes: Mapping[str, Volume],
) -> Iterator[StackPart]:
    main, span = pod.main_container.service, workload.kube_object.span
    volume = free_name(f"{main}-once", volumes)
    yield Volume(name=volume, origin=span)
    preparing_name = free_name(f"{main}-once", services)
    preparing = _preparing_service(preparing_name, volume, workload)
    yield preparing
    marker = Mount(kind="volume", source=volume, target=_FOLDER, origin=span)
    after_preparing = Dependency(
        service=preparing.name,
        condition="service_completed_successfully",
        evidence="it brings the shell that marks the job as done",
        origin=span,
    )
    for container in pod.running_containers():
        name = container.service
        marked_call = (_SHELL, "sh", "-c", _SCRIPT, f"{_FOLDER}/{name}")
        yield Contribution(
            service=name,
            entrypoint=(*marked_call, *(services[name].entrypoint or ())),
            mounts=(marker,),
            depends_on=(after_preparing,),
        )
    model.ledger.add_note(
        note(
            "TC394",
            span,
            subject=ModelPath.service(main, "entrypoint"),
            object=str(workload.kube_object),
            volume=volume,
            name=preparing.name,
            tries=_tries_in_words(workload),
            shell=_SHELL,
            service=main,
            marker=f"{_FOLDER}/{main}",
        )
    )


def _tries_in_words(workload: Workload) -> str:
    """How often it is started at most."""
    tries = 1 + retries_of(integer(workload.job.backoff_limit.text or ""))
    return "which is tried once" if tries == 1 else f"tried {tries} times at most"


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
