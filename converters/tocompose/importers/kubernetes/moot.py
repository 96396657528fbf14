"""Collects what has no meaning on one host, to be said in one note for each object."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import Finding
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor
from tocompose.source import Child

NOT_APPLICABLE = "TC201"


def not_applicable(
    cursor: Cursor,
    item: KubeObject,
    world: ClusterModel,
    code: str = NOT_APPLICABLE,
    *,
    once: bool = False,
) -> None:
    """Adds what stands at the cursor to the object's note; `once` where several pods come past it."""
    if cursor.node is None:
        return
    if once and any(
        known.child.node is cursor.node for known in world.builder.findings.get(item, ())
    ):
        return
    path = ".".join(str(key) for key in cursor.path if key not in ("spec", "template"))
    finding = Finding(code, path, Child(cursor.key, cursor.span, cursor.node))
    world.builder.findings.setdefault(item, []).append(finding)
