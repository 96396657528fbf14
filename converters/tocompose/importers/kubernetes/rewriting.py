"""Rewrites references in the texts of one container, and says each rewrite."""

from __future__ import annotations

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.references import rewrite
from tocompose.importers.kubernetes.services import Backend
from tocompose.ledger import Cursor


def rewritten(given: str, cursor: Cursor, place: Place, to: str) -> str:
    """The text with Service ports replaced by container ports; each change is noted at the cursor."""

    def own(backend: Backend, number: int) -> bool:
        return place.workload in backend.workloads and place.listens(number)

    changed, done = rewrite(given, place.namespace, place.world.backends, own)
    for each in done:
        cursor.remark("TC221", subject=to, old=each.old, new=each.new, service=each.backend.name)
    return changed
