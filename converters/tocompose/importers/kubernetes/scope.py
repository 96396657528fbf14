"""The objects of the namespaces that the user asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers import SourceError
from tocompose.importers.kubernetes.objects import DEFAULT, KubeObject, KubeObjects


def within_namespaces(objects: KubeObjects, wanted: tuple[str, ...]) -> KubeObjects:
    """The objects of those namespaces, and those that state none; all of them when `wanted` is empty.

    Raises SourceError when nothing is left.
    """
    if not wanted:
        return objects
    kept = KubeObjects(_objects_within(objects, wanted))
    if not kept.all:
        there = ", ".join(dict.fromkeys(item.namespace for item in objects)) or "none"
        raise SourceError(
            f"no object is in the namespace {', '.join(wanted)}; the namespaces are {there}"
        )
    return kept


def _objects_within(
    objects: Iterable[KubeObject], wanted: tuple[str, ...]
) -> Iterator[KubeObject]:
    for item in objects:
        own = item.name if item.kind == "Namespace" else item.namespace
        # As `kubectl -n` does: what states no namespace goes into the one that is asked for.
        if own in wanted or (own == DEFAULT and not item.states_namespace):
            yield item
        else:
            item.cursor.skip(f"only the namespace {', '.join(wanted)} was asked for")
