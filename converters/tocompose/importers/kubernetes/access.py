"""Identities towards the Kubernetes API, and credentials of registries: neither exists under Compose."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.pod_fields import PullSecret
from tocompose.importers.kubernetes.scalars import Stated, list_entries, peek_text
from tocompose.importers.kubernetes.stack_builder import (
    ObjectFinding,
    UsedConfig,
    not_applicable,
)
from tocompose.importers.kubernetes.waits import api_client
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.knowledge.images import image_ref
from tocompose.repository import map_at
from tocompose.syntax.model_path import ModelPath

_DOCKER_HUB = "docker.io"


def note_access(model: ClusterModel) -> Iterator[UsedConfig | ObjectFinding]:
    """The Secrets with credentials of registries. Says of each workload which account it runs under, loudly where the
    manifests give that account permissions."""
    bound = _bound_accounts(model)
    for workload in model.workloads:
        identity = workload.pod_spec.identity
        for account in identity.accounts:
            yield from _say_account(workload, account, bound)
        if identity.mounts_token.flag is False:
            yield from not_applicable(identity.mounts_token.cursor, workload.kube_object)
        for reference in identity.pull_secrets:
            name = reference.name or ""
            secret = model.config_store.find("Secret", workload.namespace, name)
            if secret is not None:
                yield UsedConfig(secret)
            _say_credentials(workload, reference, secret, model)
        _say_clients(workload)


def _say_clients(workload: Workload) -> None:
    """Says of each container that is a client of the API that it finds none."""
    for pod_container in workload.containers():
        if api_client(pod_container.fields):
            fields = f"the container of {pod_container.service} is made to ask it"
            pod_container.fields.image.cursor.annotate(
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
    account: Stated,
    bound: dict[tuple[str, str], str],
) -> Iterator[ObjectFinding]:
    name, cursor = account
    if name is None:
        return
    role = bound.get((workload.namespace, name))
    if role is None:
        yield from not_applicable(cursor, workload.kube_object)
    else:
        fields = f"it runs as the service account {name}, which has the role {role}"
        cursor.annotate(
            "TC247",
            object=str(workload.kube_object),
            fields=fields,
            subject=ModelPath.service(workload.name),
        )
        cursor.mark_noted("TC247")


def _say_credentials(
    workload: Workload,
    reference: PullSecret,
    secret: KubeObject | None,
    model: ClusterModel,
) -> None:
    registry = _registry_of_secret(secret, model) if secret is not None else None
    reference.cursor.note(
        "TC250",
        object=str(workload.kube_object),
        fields=f"imagePullSecrets {reference.name or ''}",
        registry=registry or _registry_of_image(workload),
        subject=ModelPath.service(workload.name, "image"),
    )


def _registry_of_secret(kube_object: KubeObject, model: ClusterModel) -> str | None:
    """The host that the credentials are for; what else the Secret holds stays where it is."""
    for config_entry in model.config_store.entries(kube_object).values():
        config_entry.cursor.mark_noted("TC250")
    try:
        text = base64.b64decode(
            peek_text(kube_object.at("data", ".dockerconfigjson")) or ""
        )
    except (binascii.Error, ValueError):
        return None
    written_out = peek_text(kube_object.at("stringData", ".dockerconfigjson")) or ""
    # Few manifests hold a login to a registry: the others need not load the reader of JSON.
    from tocompose.readers.json_data import read_plain_json

    data = read_plain_json(text or written_out.encode(), ".dockerconfigjson").data
    hosts = list(map_at(data, "auths"))
    return str(hosts[0]) if hosts else None


def _registry_of_image(workload: Workload) -> str:
    for pod in workload.pods:
        reference = image_ref(pod.main_container.fields.image.text or "")
        if reference is not None and reference.registry:
            return reference.registry
    return _DOCKER_HUB
