"""What the manifests describe, resolved: the ground on which every rule of the importer stands."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.config import Store
from tocompose.importers.kubernetes.draft import Draft
from tocompose.importers.kubernetes.objects import Objects
from tocompose.importers.kubernetes.services import Backends, backends, reserved
from tocompose.importers.kubernetes.workloads import Workload, name_all, workloads
from tocompose.ledger import Ledger


class World(NamedTuple):
    """Objects, the workloads among them with the compose services they become, and the Services that lead there.

    `draft` collects volumes, files and settings; it is empty of services until the containers are converted.
    """

    objects: Objects
    workloads: tuple[Workload, ...]
    backends: Backends
    store: Store
    draft: Draft
    ledger: Ledger


def resolve(objects: Objects, ledger: Ledger) -> World:
    """The world of the objects: workloads found, selected by Services, and named."""
    draft = Draft()
    found = workloads(objects)
    services = backends(objects, found)
    name_all(found, reserved(services))
    return World(objects, found, services, Store(objects, draft), draft, ledger)
