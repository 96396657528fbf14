"""Identities towards the Kubernetes API, and credentials of registries: neither exists under Compose."""

from __future__ import annotations

import base64
import binascii
import json

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool, peek_text
from tocompose.importers.kubernetes.waits import api_client
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath

_DOCKER_HUB = "docker.io"


def note_access(model: ClusterModel) -> None:
    """Says of each workload which account it runs under, loudly where the manifests give that account permissions."""
    bound = _bound_accounts(model)
    for workload in model.workloads:
        for key in ("serviceAccountName", "serviceAccount"):
            if workload.pod_spec.at(key):
                _say_account(workload, workload.pod_spec.at(key), bound, model)
        token = workload.pod_spec.at("automountServiceAccountToken")
        if peek_bool(token) is False:
            model.not_applicable(token, workload.kube_object)
        for reference in list_entries(workload.pod_spec.at("imagePullSecrets")):
            _say_credentials(workload, reference, model)
        _say_clients(workload)


def _say_clients(workload: Workload) -> None:
    """Says of each container that is a client of the API that it finds none."""
    for pod_container in workload.containers():
        if api_client(pod_container.cursor):
            fields = f"the container of {pod_container.service} is made to ask it"
            image = pod_container.cursor.at("image")
            image.annotate(
                "TC247",
                object=str(workload.kube_object),
                fields=fields,
                subject=ModelPath.service(pod_container.service),
            )


def _bound_accounts(model: ClusterModel) -> dict[tuple[str, str], str]:
    """The service accounts that a binding of the input gives a role, by namespace and name."""
    roles: dict[tuple[str, str], str] = {}
    for kube_object in model.objects.of_kind("RoleBinding", "ClusterRoleBinding"):
        role = peek_text(kube_object.at("roleRef", "name")) or "a role"
        for subject in list_entries(kube_object.at("subjects")):
            if peek_text(subject.at("kind")) == "ServiceAccount":
                space = peek_text(subject.at("namespace")) or kube_object.namespace
                roles[(space, peek_text(subject.at("name")) or "")] = role
    return roles


def _say_account(
    workload: Workload,
    cursor: Cursor,
    bound: dict[tuple[str, str], str],
    model: ClusterModel,
) -> None:
    name = peek_text(cursor)
    if name is None:
        return
    role = bound.get((workload.namespace, name))
    if role is None:
        model.not_applicable(cursor, workload.kube_object)
    else:
        fields = f"it runs as the service account {name}, which has the role {role}"
        cursor.annotate(
            "TC247",
            object=str(workload.kube_object),
            fields=fields,
            subject=ModelPath.service(workload.name),
        )
        cursor.mark_noted("TC247")


def _say_credentials(workload: Workload, reference: Cursor, model: ClusterModel) -> None:
    name = peek_text(reference.at("name")) or ""
    registry = _registry_of_secret(model, workload.namespace, name) or _registry_of_image(
        workload
    )
    reference.note(
        "TC250",
        object=str(workload.kube_object),
        fields=f"imagePullSecrets {name}",
        registry=registry,
        subject=ModelPath.service(workload.name, "image"),
    )


def _registry_of_secret(model: ClusterModel, namespace: str, name: str) -> str | None:
    """The host that the credentials are for; what else the Secret holds stays where it is."""
    kube_object = model.config_store.find("Secret", namespace, name)
    if kube_object is None:
        return None
    for config_entry in model.config_store.entries(kube_object).values():
        config_entry.cursor.mark_noted("TC250")
    try:
        text = base64.b64decode(
            peek_text(kube_object.at("data", ".dockerconfigjson")) or ""
        )
        hosts = list(
            json.loads(
                text or peek_text(kube_object.at("stringData", ".dockerconfigjson")) or "{}"
            ).get("auths", {})
        )
    except (binascii.Error, ValueError, AttributeError):
        return None
    return str(hosts[0]) if hosts else None


def _registry_of_image(workload: Workload) -> str:
    for pod in workload.pods:
        reference = image_ref(peek_text(pod.main_container.cursor.at("image")) or "")
        if reference is not None and reference.registry:
            return reference.registry
    return _DOCKER_HUB
