"""What runs once in the cluster, and again at each `docker compose up` here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.prove.behaviour import AT_EACH_UP, BehaviourFinding
from tocompose.prove.kubelet import PodContainerSpec

# Which hooks a release runs again: https://helm.sh/docs/topics/charts_hooks/, and all of Argo CD:
# https://argo-cd.readthedocs.io/en/stable/user-guide/resource_hooks/
_HELM, _ARGO = "helm.sh/hook", "argocd.argoproj.io/hook"
_EACH_TIME = ("upgrade", "rollback", "test")


def repeated_services(
    spec: PodContainerSpec, services: Iterable[str], behaviour: Iterable[BehaviourFinding]
) -> Iterator[str]:
    """The services of a job that the cluster runs once, which run again at each start of the stack."""
    if spec.kind != "Job" or spec.is_init or _is_repeated(spec):
        return
    again = {finding.service for finding in behaviour if finding.what == AT_EACH_UP}
    yield from (name for name in services if name in again)


def _is_repeated(spec: PodContainerSpec) -> bool:
    hooks = str(spec.annotations.get(_HELM) or "")
    return _ARGO in spec.annotations or any(word in hooks for word in _EACH_TIME)
