"""Persistent volume claims: the named volume of each, or what the PersistentVolume behind it says."""

from __future__ import annotations

from tocompose.importers.kubernetes.binds import host_path, nfs_volume
from tocompose.importers.kubernetes.moot import not_applicable
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_text
from tocompose.importers.kubernetes.volume_source import VolumeSource
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.syntax.interpolation import literal


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

    def template(self, place: ContainerContext, name: str) -> VolumeSource | None:
        """The volume of a StatefulSet's claim template, one for each of its pods, named as Kubernetes names it."""
        for template in list_entries(
            place.workload.kube_object.at("spec", "volumeClaimTemplates")
        ):
            if peek_text(template.at("metadata", "name")) == name:
                volume = f"{name}-{place.workload.name}-{place.pod.ordinal or 0}"
                to = f"volumes.{volume}"
                template.at("metadata", "name").take(to=to)
                _settle_template(template, place)
                place.model.builder.add_volume(
                    Volume(name=volume, origin=template.value_span)
                )
                return VolumeSource(
                    kind="volume", source=volume, read_only=_read_only(template)
                )
        return None

    def source(self, reference: Cursor, place: ContainerContext) -> VolumeSource:
        """What a pod's reference to a claim mounts."""
        name = peek_text(reference) or f"{place.workload.name}-claim"
        claim = self._objects.get("PersistentVolumeClaim", place.namespace, name)
        volume = self._volume(claim, name, place)
        if claim is not None:
            self.used.add(claim)
        found = self._from_volume(volume, place) if volume is not None else None
        if found is None:
            found = VolumeSource(kind="volume", source=self._named(claim, name, place))
        if claim is not None:
            claim.count_identity_as_mapped(
                f"volumes.{found.source}"
                if found.kind == "volume"
                else place.path("volumes")
            )
            found = found._replace(read_only=found.read_only or _read_only(claim.cursor))
        return found

    def _volume(
        self, claim: KubeObject | None, name: str, place: ContainerContext
    ) -> KubeObject | None:
        wanted = peek_text(claim.at("spec", "volumeName")) if claim is not None else None
        by_name = next(
            iter(self._objects.in_all_namespaces("PersistentVolume", wanted or "")), None
        )
        if by_name is not None and claim is not None:
            claim.at("spec", "volumeName").take(to=place.path("volumes"))
            return by_name
        bound = self._bound.get((place.namespace, name))
        if bound is not None:
            for key in ("name", "namespace"):
                bound.at("spec", "claimRef", key).take(to=place.path("volumes"))
        return bound

    def _named(self, claim: KubeObject | None, name: str, place: ContainerContext) -> str:
        """The claim's name; with the namespace where another one has a claim of that name."""
        owner = self._names.setdefault(name, place.namespace)
        volume = name if owner == place.namespace else f"{name}-{place.namespace}"
        origin = claim.span if claim is not None else None
        return place.model.builder.add_volume(Volume(name=volume, origin=origin))

    def _from_volume(
        self, volume: KubeObject, place: ContainerContext
    ) -> VolumeSource | None:
        """What a PersistentVolume of the input stands for; None where only the cluster's storage knows."""
        spec = volume.at("spec")
        self.used.add(volume)
        volume.count_identity_as_mapped(place.path("volumes"))
        if not spec.at("nfs"):
            not_applicable(spec.at("mountOptions"), volume, place.model, "TC243")
        for key in ("hostPath", "local"):
            if spec.at(key):
                return host_path(spec.at(key), place)
        if spec.at("nfs"):
            words = tuple(
                literal(word)
                for entry in list_entries(spec.at("mountOptions"))
                if (word := take_text(entry, "volumes"))
            )
            found = nfs_volume(spec.at("nfs"), volume.name, place, words)
            volume.count_identity_as_mapped(f"volumes.{volume.name}")
            return found
        return None


def _settle_template(template: Cursor, place: ContainerContext) -> None:
    for path in (("apiVersion",), ("kind",)):
        not_applicable(
            template.at(*path), place.workload.kube_object, place.model, "TC257", once=True
        )
    not_applicable(
        template.at("spec", "volumeName"),
        place.workload.kube_object,
        place.model,
        "TC243",
        once=True,
    )


def _read_only(claim: Cursor) -> bool:
    modes = [peek_text(entry) for entry in list_entries(claim.at("spec", "accessModes"))]
    return modes == ["ReadOnlyMany"]
