"""Collects what has no meaning on one host, to be said in one note for each object."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import Finding
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.source import Child

CODE = "TC201"


def moot(
    cursor: Cursor, item: Object, world: World, code: str = CODE, *, once: bool = False
) -> None:
    """Adds what stands at the cursor to the object's note; `once` where several pods come past it."""
    if cursor.node is None:
        return
    if once and any(
        known.child.node is cursor.node for known in world.draft.findings.get(item, ())
    ):
        return
    path = ".".join(str(key) for key in cursor.path if key not in ("spec", "template"))
    finding = Finding(code, path, Child(cursor.key, cursor.span, cursor.node))
    world.draft.findings.setdefault(item, []).append(finding)
