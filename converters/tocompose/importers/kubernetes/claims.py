"""Persistent volume claims: the named volume of each, or what the PersistentVolume behind it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.container_fields import Container, VolumeMount
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.volume_fields import (
    ClaimTemplate,
    ClaimVolume,
    PersistentClaim,
    PersistentVolume,
    PodVolume,
    decode_claim,
    decode_persistent_volume,
)
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.record import NamedTuple, field, record, replace


class ClaimBinding(NamedTuple):
    """What a claim comes to: the claim and the volume behind it, None where the input does not hold them, with the
    fields that tie them, and the name of the volume of the engine."""

    claim: PersistentClaim | None
    volume: PersistentVolume | None
    ties: tuple[Stated, ...]
    name: str

    @property
    def is_stated(self) -> bool:
        """Whether the input says where the claim's files are."""
        return self.volume is not None and self.volume.source is not None


@record
class Claims:
    """The claims of the input and the volumes that they are bound to, by namespace and name of the claim, volumes also
    by their own name; `owners` are the namespaces whose claim of a name keeps it."""

    claims: Mapping[tuple[str, str], PersistentClaim] = field(compare=False)
    volumes: Mapping[str, PersistentVolume] = field(compare=False)
    bound: Mapping[tuple[str, str], PersistentVolume] = field(compare=False)
    owners: Mapping[str, str] = field(default_factory=dict, compare=False)

    def binding(self, namespace: str, name: str) -> ClaimBinding:
        """What the claim of that name in a namespace comes to. The name has the namespace in it where another one has
        a claim of that name."""
        claim = self.claims.get((namespace, name))
        is_owner = self.owners.get(name, namespace) == namespace
        volume_name = name if is_owner else f"{name}-{namespace}"
        if claim is not None and (
            by_name := self.volumes.get(claim.volume_name.text or "")
        ):
            return ClaimBinding(claim, by_name, (claim.volume_name,), volume_name)
        bound = self.bound.get((namespace, name))
        ties = (bound.claim_name, bound.claim_namespace) if bound is not None else ()
        return ClaimBinding(claim, bound, ties, volume_name)

    def in_use(self) -> Iterator[PersistentClaim]:
        """The claims of the input that become volumes of the engine."""
        for (_, name), claim in self.claims.items():
            if name in self.owners:
                yield claim

    def may_get(self, volume: PersistentVolume) -> bool:
        """Whether the cluster may give a claim in use a volume whose storage it alone knows: neither names the other,
        and both are of one class.

        https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding
        """
        storage_class = _storage_class(volume.kube_object)
        if not storage_class or volume.claim_name.text or volume.source is not None:
            return False
        return any(
            not claim.volume_name.text
            and _storage_class(claim.kube_object) == storage_class
            for claim in self.in_use()
        )


def _storage_class(kube_object: KubeObject) -> str:
    return kube_object.at("spec").peek("storageClassName") or ""


def bind_claims(objects: KubeObjects, workloads: Iterable[Workload]) -> Claims:
    """The claims and persistent volumes of the input; of two claims of one name the first in use keeps it."""
    claims = [
        decode_claim(kube_object)
        for kube_object in objects.of_kind("PersistentVolumeClaim")
    ]
    volumes = [
        decode_persistent_volume(kube_object)
        for kube_object in objects.of_kind("PersistentVolume")
    ]
    unnamed = Claims(
        claims={
            (claim.kube_object.namespace, claim.kube_object.name): claim for claim in claims
        },
        volumes={volume.kube_object.name: volume for volume in reversed(volumes)},
        bound={volume.claim_key: volume for volume in volumes if volume.claim_name.text},
    )
    return replace(unnamed, owners=_name_owners(unnamed, workloads))


def _name_owners(claims: Claims, workloads: Iterable[Workload]) -> dict[str, str]:
    """The namespace that keeps the name of each claim that becomes a volume of the engine."""
    owners: dict[str, str] = {}
    for workload in workloads:
        for name in _mounted_claims(workload):
            if not claims.binding(workload.namespace, name).is_stated:
                owners.setdefault(name, workload.namespace)
    return owners


def _mounted_claims(workload: Workload) -> Iterator[str]:
    for pod_container in workload.containers():
        for _, volume in mounted_volumes(pod_container.fields, workload):
            if isinstance(volume.source, ClaimVolume):
                yield claim_name(volume.source, workload)


def mounted_volumes(
    fields: Container, workload: Workload
) -> Iterator[tuple[VolumeMount, PodVolume]]:
    """The mounts of a container that have a path and a volume of the pod behind them, not a claim template."""
    for mount in fields.mounts:
        volume = workload.pod_spec.volume(mount.volume)
        is_template = claim_template(workload, mount.volume) is not None
        if mount.path and volume is not None and not is_template:
            yield mount, volume


def claim_name(volume: ClaimVolume, workload: Workload) -> str:
    """The name of the claim that a volume refers to."""
    return volume.claim_name.text or f"{workload.name}-claim"


def claim_template(workload: Workload, name: str) -> ClaimTemplate | None:
    """The claim template of that name, which takes the place of a volume of the same name."""
    for template in workload.claim_templates:
        if template.name.text == name:
            return template
    return None
