"""What is said of objects from which no service can be made."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.engine.objects import EngineObject, ObjectKind
from tocompose.ledger import Ledger
from tocompose.project import Project

_COMMAND = (
    "run `docker inspect $(docker ps -aq) $(docker image ls -q)` and convert what it prints"
)


def why_nothing(objects: Iterable[EngineObject], project: Project, ledger: Ledger) -> str:
    """Why the input gives no service: it is a list without the settings, holds no container, or all were left out."""
    objects = tuple(objects)
    kinds = {engine_object.kind for engine_object in objects}
    source = next(iter(project.named or project.files()), project.name)
    if ObjectKind.LISTED in kinds:
        span = next(
            one.cursor.value_span for one in objects if one.kind is ObjectKind.LISTED
        )
        return f"{span}: this is a list of containers, which leaves out their settings: {_COMMAND}"
    for loss in ledger.told_losses():
        return loss
    names = ", ".join(sorted(kind.value for kind in kinds))
    there = (
        f"no container was found, only {names}" if names else "an engine says nothing here"
    )
    return f"{source}: {there}: {_COMMAND}"
