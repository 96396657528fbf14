"""Persistent volume claims: the named volume of each, or what the PersistentVolume behind it says."""

from __future__ import annotations

from tocompose.importers.kubernetes.binds import host_path, nfs
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.objects import Object, Objects
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import items, text, value
from tocompose.importers.kubernetes.volume_source import Source
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.syntax.interpolation import literal


class Claims:
    """The claims of the input and the volumes that they are bound to."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._names: dict[str, str] = {}
        self._bound = {}
        for volume in objects.of("PersistentVolume"):
            reference = volume.at("spec", "claimRef")
            name = value(reference.at("name"))
            if name:
                self._bound[(value(reference.at("namespace")) or "default", name)] = volume
        self.used: set[Object] = set()

    def template(self, place: Place, name: str) -> Source | None:
        """The volume of a StatefulSet's claim template, one for each of its pods, named as Kubernetes names it."""
        for template in items(place.workload.object.at("spec", "volumeClaimTemplates")):
            if value(template.at("metadata", "name")) == name:
                volume = f"{name}-{place.workload.name}-{place.instance.ordinal or 0}"
                to = f"volumes.{volume}"
                template.at("metadata", "name").take(to=to)
                _settle_template(template, place)
                place.world.draft.volume(Volume(name=volume, origin=template.value_span))
                return Source(kind="volume", source=volume, read_only=_read_only(template))
        return None

    def source(self, reference: Cursor, place: Place) -> Source:
        """What a pod's reference to a claim mounts."""
        name = value(reference) or f"{place.workload.name}-claim"
        claim = self._objects.get("PersistentVolumeClaim", place.namespace, name)
        volume = self._volume(claim, name, place)
        if claim is not None:
            self.used.add(claim)
        found = self._from_volume(volume, place) if volume is not None else None
        if found is None:
            found = Source(kind="volume", source=self._named(claim, name, place))
        if claim is not None:
            claim.took(
                f"volumes.{found.source}"
                if found.kind == "volume"
                else place.path("volumes")
            )
            found = found._replace(read_only=found.read_only or _read_only(claim.cursor))
        return found

    def _volume(self, claim: Object | None, name: str, place: Place) -> Object | None:
        wanted = value(claim.at("spec", "volumeName")) if claim is not None else None
        by_name = next(iter(self._objects.named("PersistentVolume", wanted or "")), None)
        if by_name is not None and claim is not None:
            claim.at("spec", "volumeName").take(to=place.path("volumes"))
            return by_name
        bound = self._bound.get((place.namespace, name))
        if bound is not None:
            for key in ("name", "namespace"):
                bound.at("spec", "claimRef", key).take(to=place.path("volumes"))
        return bound

    def _named(self, claim: Object | None, name: str, place: Place) -> str:
        """The claim's name; with the namespace where another one has a claim of that name."""
        owner = self._names.setdefault(name, place.namespace)
        volume = name if owner == place.namespace else f"{name}-{place.namespace}"
        origin = claim.span if claim is not None else None
        return place.world.draft.volume(Volume(name=volume, origin=origin))

    def _from_volume(self, volume: Object, place: Place) -> Source | None:
        """What a PersistentVolume of the input stands for; None where only the cluster's storage knows."""
        spec = volume.at("spec")
        self.used.add(volume)
        volume.took(place.path("volumes"))
        if not spec.at("nfs"):
            moot(spec.at("mountOptions"), volume, place.world, "TC243")
        for key in ("hostPath", "local"):
            if spec.at(key):
                return host_path(spec.at(key), place)
        if spec.at("nfs"):
            words = tuple(
                literal(word)
                for entry in items(spec.at("mountOptions"))
                if (word := text(entry, "volumes"))
            )
            found = nfs(spec.at("nfs"), volume.name, place, words)
            volume.took(f"volumes.{volume.name}")
            return found
        return None


def _settle_template(template: Cursor, place: Place) -> None:
    for path in (("apiVersion",), ("kind",)):
        moot(template.at(*path), place.workload.object, place.world, "TC257", once=True)
    moot(
        template.at("spec", "volumeName"),
        place.workload.object,
        place.world,
        "TC243",
        once=True,
    )


def _read_only(claim: Cursor) -> bool:
    modes = [value(entry) for entry in items(claim.at("spec", "accessModes"))]
    return modes == ["ReadOnlyMany"]
