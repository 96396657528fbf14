"""The annotations of routes, each decoded once."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import Stated, stated_map
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple


class StatedAnnotations(NamedTuple):
    """The annotations of an object by name; `missing` stands for any that it does not have."""

    by_name: Mapping[str, Stated]
    missing: Stated

    def stated(self, name: str) -> Stated:
        """The annotation of that name."""
        return self.by_name.get(name, self.missing)


def decode_annotations(kube_object: KubeObject) -> StatedAnnotations:
    """The annotations of an object."""
    metadata = kube_object.at("metadata")
    span = metadata.at("annotations").span
    nowhere = Cursor(metadata.ledger, None, metadata, span)
    return StatedAnnotations(stated_map(metadata, "annotations"), Stated(None, nowhere))
