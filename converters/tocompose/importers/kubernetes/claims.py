"""Persistent volume claims: the named volume of each, or what the PersistentVolume behind it says."""

from __future__ import annotations

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_text
from tocompose.importers.kubernetes.volume_sources import (
    VolumeSource,
    host_path,
    nfs_volume,
)
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


class Claims:
    """The claims of the input and the volumes that they are bound to."""

    def __init__(self, objects: KubeObjects) -> None:
        self._objects = objects
        self._names: dict[str, str] = {}
        self._bound = {}
        for volume in objects.of_kind("PersistentVolume"):
            reference = volume.at("spec", "claimRef")
            name = peek_text(reference.at("name"))
            if name:
                self._bound[(peek_text(reference.at("namespace")) or "default", name)] = (
                    volume
                )
        self.used: set[KubeObject] = set()

    def template(self, container: ContainerContext, name: str) -> VolumeSource | None:
        """The volume of a StatefulSet's claim template, one for each of its pods, named as Kubernetes names it."""
        for template in list_entries(
            container.workload.kube_object.at("spec", "volumeClaimTemplates")
        ):
            if peek_text(template.at("metadata", "name")) == name:
                volume = f"{name}-{container.workload.name}-{container.pod.ordinal or 0}"
                to = ModelPath.of("volumes", volume)
                template.at("metadata", "name").take(to=to)
                _settle_template(template, container)
                container.builder.add_volume(
                    Volume(name=volume, origin=template.value_span)
                )
                return VolumeSource(
                    kind="volume", source=volume, read_only=_read_only(template)
                )
        return None

    def source(self, reference: Cursor, container: ContainerContext) -> VolumeSource:
        """What a pod's reference to a claim mounts."""
        name = peek_text(reference) or f"{container.workload.name}-claim"
        claim = self._objects.get("PersistentVolumeClaim", container.namespace, name)
        volume = self._volume(claim, name, container)
        if claim is not None:
            self.used.add(claim)
        source = self._from_volume(volume, container) if volume is not None else None
        if source is None:
            source = VolumeSource(kind="volume", source=self._named(claim, name, container))
        if claim is not None:
            is_volume = source.kind == "volume" and source.source is not None
            claim.count_identity_as_mapped(
                ModelPath.of("volumes", source.source or "")
                if is_volume
                else container.path("volumes")
            )
            source = source._replace(read_only=source.read_only or _read_only(claim.cursor))
        return source

    def _volume(
        self, claim: KubeObject | None, name: str, container: ContainerContext
    ) -> KubeObject | None:
        volume_name = (
            peek_text(claim.at("spec", "volumeName")) if claim is not None else None
        )
        by_name = next(
            iter(self._objects.in_all_namespaces("PersistentVolume", volume_name or "")),
            None,
        )
        if by_name is not None and claim is not None:
            claim.at("spec", "volumeName").take(to=container.path("volumes"))
            return by_name
        bound = self._bound.get((container.namespace, name))
        if bound is not None:
            for key in ("name", "namespace"):
                bound.at("spec", "claimRef", key).take(to=container.path("volumes"))
        return bound

    def _named(
        self, claim: KubeObject | None, name: str, container: ContainerContext
    ) -> str:
        """The claim's name; with the namespace where another one has a claim of that name."""
        owner = self._names.setdefault(name, container.namespace)
        volume = name if owner == container.namespace else f"{name}-{container.namespace}"
        origin = claim.span if claim is not None else None
        return container.builder.add_volume(Volume(name=volume, origin=origin))

    def _from_volume(
        self, volume: KubeObject, container: ContainerContext
    ) -> VolumeSource | None:
        """What a PersistentVolume of the input stands for; None where only the cluster's storage knows."""
        spec = volume.at("spec")
        self.used.add(volume)
        volume.count_identity_as_mapped(container.path("volumes"))
        if not spec.at("nfs"):
            container.model.not_applicable(spec.at("mountOptions"), volume, "TC243")
        for key in ("hostPath", "local"):
            if spec.at(key):
                return host_path(spec.at(key), container)
        if spec.at("nfs"):
            nfs_options = tuple(
                literal(option_text)
                for option in list_entries(spec.at("mountOptions"))
                if (option_text := take_text(option, ModelPath.of("volumes")))
            )
            source = nfs_volume(spec.at("nfs"), volume.name, container, nfs_options)
            volume.count_identity_as_mapped(ModelPath.of("volumes", volume.name))
            return source
        return None


def _settle_template(template: Cursor, container: ContainerContext) -> None:
    for path in (("apiVersion",), ("kind",)):
        container.not_applicable(template.at(*path), "TC257")
    container.not_applicable(template.at("spec", "volumeName"), "TC243")


def _read_only(claim: Cursor) -> bool:
    modes = [peek_text(mode) for mode in list_entries(claim.at("spec", "accessModes"))]
    return modes == ["ReadOnlyMany"]
