"""Identities towards the Kubernetes API, and credentials of registries: neither exists under Compose."""

from __future__ import annotations

import base64
import binascii
import json

from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.scalars import items, truth, value
from tocompose.importers.kubernetes.waits import client
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import World
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor

_DOCKER_HUB = "docker.io"


def say_access(world: World) -> None:
    """Says of each workload which account it runs under, loudly where the manifests give that account permissions."""
    bound = _bound(world)
    for workload in world.workloads:
        for key in ("serviceAccountName", "serviceAccount"):
            if workload.spec.at(key):
                _account(workload, workload.spec.at(key), bound, world)
        token = workload.spec.at("automountServiceAccountToken")
        if truth(token) is False:
            moot(token, workload.object, world)
        for reference in items(workload.spec.at("imagePullSecrets")):
            _credentials(workload, reference, world)
        _say_clients(workload)


def _say_clients(workload: Workload) -> None:
    """Says of each container that is a client of the API that it finds none."""
    for _, unit in workload.units():
        if client(unit.cursor):
            fields = f"the container of {unit.service} is made to ask it"
            image = unit.cursor.at("image")
            image.remark(
                "TC247",
                object=str(workload.object),
                fields=fields,
                subject=f"services.{unit.service}",
            )


def _bound(world: World) -> dict[tuple[str, str], str]:
    """The service accounts that a binding of the input gives a role, by namespace and name."""
    found: dict[tuple[str, str], str] = {}
    for item in world.objects.of("RoleBinding", "ClusterRoleBinding"):
        role = value(item.at("roleRef", "name")) or "a role"
        for subject in items(item.at("subjects")):
            if value(subject.at("kind")) == "ServiceAccount":
                space = value(subject.at("namespace")) or item.namespace
                found[(space, value(subject.at("name")) or "")] = role
    return found


def _account(
    workload: Workload, cursor: Cursor, bound: dict[tuple[str, str], str], world: World
) -> None:
    name = value(cursor)
    if name is None:
        return
    role = bound.get((workload.namespace, name))
    if role is None:
        moot(cursor, workload.object, world)
    else:
        fields = f"it runs as the service account {name}, which has the role {role}"
        cursor.remark(
            "TC247",
            object=str(workload.object),
            fields=fields,
            subject=f"services.{workload.name}",
        )
        cursor.noted("TC247")


def _credentials(workload: Workload, reference: Cursor, world: World) -> None:
    name = value(reference.at("name")) or ""
    registry = _registry(world, workload.namespace, name) or _registry_of_image(workload)
    reference.note(
        "TC250",
        object=str(workload.object),
        fields=f"imagePullSecrets {name}",
        registry=registry,
        subject=f"services.{workload.name}.image",
    )


def _registry(world: World, namespace: str, name: str) -> str | None:
    """The host that the credentials are for; what else the Secret holds stays where it is."""
    item = world.store.find("Secret", namespace, name)
    if item is None:
        return None
    for entry in world.store.entries(item).values():
        entry.cursor.noted("TC250")
    try:
        text = base64.b64decode(value(item.at("data", ".dockerconfigjson")) or "")
        hosts = list(
            json.loads(
                text or value(item.at("stringData", ".dockerconfigjson")) or "{}"
            ).get("auths", {})
        )
    except (binascii.Error, ValueError, AttributeError):
        return None
    return str(hosts[0]) if hosts else None


def _registry_of_image(workload: Workload) -> str:
    for instance in workload.instances:
        reference = image_ref(value(instance.main.cursor.at("image")) or "")
        if reference is not None and reference.registry:
            return reference.registry
    return _DOCKER_HUB
