"""What the manifests describe, resolved: the ground on which every rule of the importer stands."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.config import ConfigStore
from tocompose.importers.kubernetes.draft import StackBuilder
from tocompose.importers.kubernetes.objects import KubeObjects
from tocompose.importers.kubernetes.services import (
    KubeServices,
    kube_services,
    reserved_names,
)
from tocompose.importers.kubernetes.workloads import (
    Workload,
    find_workloads,
    name_workloads,
)
from tocompose.ledger import Ledger


class ClusterModel(NamedTuple):
    """Objects, the workloads among them with the compose services they become, and the Services that lead there.

    `draft` collects volumes, files and settings; it is empty of services until the containers are converted.
    """

    objects: KubeObjects
    workloads: tuple[Workload, ...]
    kube_services: KubeServices
    config_store: ConfigStore
    builder: StackBuilder
    ledger: Ledger


def resolve_model(objects: KubeObjects, ledger: Ledger) -> ClusterModel:
    """The world of the objects: workloads found, selected by Services, and named."""
    draft = StackBuilder()
    found = find_workloads(objects)
    services = kube_services(objects, found)
    name_workloads(found, reserved_names(services))
    return ClusterModel(
        objects, found, services, ConfigStore(objects, draft), draft, ledger
    )
