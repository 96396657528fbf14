"""When a release runs each object: the hooks of Helm and Argo CD, their weights and waves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.order import readiness
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.stack_builder import Contribution
from tocompose.importers.kubernetes.workloads import RUN_ONCE, Workload
from tocompose.ledger import Cursor
from tocompose.model import Dependency, Service
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath

_DONE = "service_completed_successfully"
# https://helm.sh/docs/topics/charts_hooks/, https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
_WAVE = "argocd.argoproj.io/sync-wave"
_WEIGHTS = {"helm.sh/hook": "helm.sh/hook-weight", "argocd.argoproj.io/hook": _WAVE}
_HOOKS = tuple(_WEIGHTS)
_BEFORE = frozenset({"pre-install", "pre-upgrade", "PreSync"})
_AFTER = frozenset({"post-install", "post-upgrade", "PostSync"})
_WITH = frozenset({"Sync"})
# What a release runs each time that it is rolled out, not once.
_EACH_TIME = frozenset(
    {
        *("pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback"),
        *("PreSync", "Sync", "PostSync"),
    }
)
_TESTS = frozenset({"test", "test-success", "test-failure"})


class ReleaseHook(NamedTuple):
    """The moments at which a release runs an object, where they stand, and its place among those of one moment."""

    moments: frozenset[str]
    cursor: Cursor
    weight: int
    weight_cursor: Cursor

    @property
    def phase(self) -> int:
        """-1 for what runs before the rest, 1 for what runs after it."""
        if self.moments & _BEFORE:
            return -1
        return 1 if self.moments & _AFTER else 0

    @property
    def is_repeated(self) -> bool:
        """Whether it runs with each release."""
        return bool(self.moments & (_EACH_TIME | _TESTS))

    @property
    def profile(self) -> str | None:
        """The profile of what no start of the stack runs: tests, and what belongs to a removal or a failure."""
        if self.moments & _TESTS:
            return "test"
        if not self.moments or self.moments & (_BEFORE | _AFTER | _WITH):
            return None
        return min(self.moments)

    def settle(self, to: ModelPath) -> None:
        """Counts what says the moment and the place as carried over."""
        self.cursor.take(to=to)
        self.weight_cursor.take(to=to)


def release_hook(workload: Workload) -> ReleaseHook:
    """When a release runs a workload; one without moments is part of the release itself."""
    annotations = workload.kube_object.at("metadata", "annotations")
    for key, weight_key in _WEIGHTS.items():
        hooks = peek_text(annotations.at(key))
        if hooks:
            moments = frozenset(hook.strip() for hook in hooks.split(","))
            weight = annotations.at(weight_key)
            return ReleaseHook(moments, annotations.at(key), _number(weight), weight)
    wave = annotations.at(_WAVE)
    return ReleaseHook(frozenset(), annotations.at(_HOOKS[0]), _number(wave), wave)


def _number(cursor: Cursor) -> int:
    return integer(peek_text(cursor) or "") or 0


class _Step(NamedTuple):
    """A workload at its place in a release, by the service that stands for it."""

    place: tuple[int, int]
    hook: ReleaseHook
    workload: Workload
    service: str

    @property
    def is_job(self) -> bool:
        return self.workload.kind == "Job"

    @property
    def lasts(self) -> bool:
        """Whether it keeps running and is part of the release itself."""
        return self.workload.kind not in RUN_ONCE and not self.hook.moments


def order_releases(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[Contribution]:
    """The jobs of a release in their order, and the rest before or after them."""
    by_namespace: dict[str, list[_Step]] = {}
    for step in _find_steps(model):
        by_namespace.setdefault(step.workload.namespace, []).append(step)
    for steps in by_namespace.values():
        for job in steps:
            if job.is_job and _is_placed(job):
                yield from _order_around(job, steps, services)


def _order_around(
    job: _Step, steps: list[_Step], services: Mapping[str, Service]
) -> Iterator[Contribution]:
    """What waits for a job, and what of the lasting services it waits for."""
    lasting = [step.place for step in steps if step.lasts]
    for step in steps:
        if step.lasts and job.place < step.place:
            yield _wait_for_end(step, job)
        elif step.lasts and step.place < job.place:
            yield _wait_until_ready(job, step, services)
        elif step.is_job and _is_placed(step) and _runs_next(job, step, lasting):
            yield _wait_for_end(step, job)


def _find_steps(model: ClusterModel) -> Iterator[_Step]:
    for workload in model.workloads:
        hook = release_hook(workload)
        if hook.profile is None:
            for pod in workload.pods:
                hook_place = (hook.phase, hook.weight if _has_place(hook) else 0)
                yield _Step(hook_place, hook, workload, pod.main_container.service)


def _has_place(hook: ReleaseHook) -> bool:
    return bool(hook.weight_cursor)


def _is_placed(step: _Step) -> bool:
    """Whether something says when the job runs."""
    return step.hook.phase != 0 or _has_place(step.hook)


def _runs_next(job: _Step, step: _Step, lasting: list[tuple[int, int]]) -> bool:
    """Whether a job waits for another one, which nothing that lasts does already; Helm runs those of one moment one by
    one, those of one weight by name."""
    if step is job:
        return False
    if job.place[0] != step.place[0]:
        is_apart = any(job.place < step_place < step.place for step_place in lasting)
        return job.place < step.place and not is_apart
    if job.place[1] == step.place[1] and job.hook.cursor.key == _HOOKS[0]:
        return job.workload.kube_object.name < step.workload.kube_object.name
    return job.place < step.place


def _wait_for_end(step: _Step, job: _Step) -> Contribution:
    """A step after the end of a job."""
    to = ModelPath.service(step.service, "depends_on")
    step.hook.weight_cursor.take(to=to)
    job.hook.settle(to)
    origin = job.hook.cursor.span if job.hook.cursor else job.hook.weight_cursor.span
    edge = Dependency(service=job.service, condition=_DONE, origin=origin)
    return Contribution(service=step.service, depends_on=(edge,))


def _wait_until_ready(
    job: _Step, step: _Step, services: Mapping[str, Service]
) -> Contribution:
    """A job after what lasts, once that is ready."""
    job.hook.settle(ModelPath.service(job.service, "depends_on"))
    condition = readiness(services[step.service])
    edge = Dependency(service=step.service, condition=condition)
    return Contribution(service=job.service, depends_on=(edge,))
