"""What is said of objects from which no service can be made."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.engine.objects import EngineObject, ObjectKind
from tocompose.ledger import Ledger
from tocompose.project import Project
from tocompose.readers.json import read_json_documents
from tocompose.readers.reading import decode, described_oddity

_COMMAND = (
    "run `docker inspect $(docker ps -aq) $(docker image ls -q)` and convert what it prints"
)


def _fault_of_json(project: Project) -> str:
    """Where the first file strays from JSON; empty where none does, or all look like something else."""
    for path in project.named:
        content = project.read(path) or b""
        if decode(content).lstrip().startswith(("[", "{")):
            for oddity in read_json_documents(content, path).oddities:
                return f"{oddity.span}: {described_oddity(oddity)}"
    return ""


def why_nothing(objects: Iterable[EngineObject], project: Project, ledger: Ledger) -> str:
    """Why the input gives no service: it is a list without the settings, holds no container, or all were left out."""
    objects = tuple(objects)
    kinds = {engine_object.kind for engine_object in objects}
    source = next(iter(project.named or project.files()), project.name)
    if ObjectKind.LISTED in kinds:
        span = next(
            listed_object.cursor.value_span
            for listed_object in objects
            if listed_object.kind is ObjectKind.LISTED
        )
        return f"{span}: this is a list of containers, which leaves out their settings: {_COMMAND}"
    for loss in ledger.told_losses():
        return loss
    if fault := _fault_of_json(project):
        return f"{fault}: correct the file here, or {_COMMAND}"
    names = ", ".join(sorted(kind.value for kind in kinds))
    present_kinds = (
        f"no container was found, only {names}" if names else "an engine says nothing here"
    )
    return f"{source}: {present_kinds}: {_COMMAND}"
