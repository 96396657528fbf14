"""The keys of volumes and networks: Compose's own short names, else the engine's names."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.engine.objects import EngineObject
from tocompose.importers.engine.tool_labels import label_names
from tocompose.record import NamedTuple
from tocompose.syntax.names import resource_key

_PROJECT = "com.docker.compose.project"


class ComposeName(NamedTuple):
    """How Compose calls a network or volume that it made: the project and the short name in it."""

    project: str
    short_name: str


class ResourceNames:
    """The keys in the compose file of what the engine calls by longer names.

    A network or volume that Compose made for the stack's own project is declared as it was: without a name of its own
    where the engine's name is the project's with the short one.
    """

    def __init__(self, objects: Iterable[EngineObject], project: str) -> None:
        self._project = project
        objects = tuple(objects)
        self._name_by_id = {
            resource.text("Id"): resource.text("Name") for resource in objects
        }
        self._compose_names = {
            name: compose_name
            for resource in objects
            if (name := resource.text("Name"))
            and (compose_name := read_compose_name(resource))
        }

    def name_of(self, identity: str) -> str:
        """The engine's name of a network that is called by its id; what is not an id is a name already."""
        return self._name_by_id.get(identity, identity)

    def key_of(self, engine_name: str) -> str:
        """The key of the network or volume that the engine calls so."""
        compose_name = self._compose_names.get(engine_name)
        if compose_name is not None and compose_name.project == self._project:
            return compose_name.short_name
        # A template of the swarm is filled in later.
        return engine_name if "{{" in engine_name else resource_key(engine_name)

    def is_made_by_stack(self, engine_name: str) -> bool:
        """Whether Compose made it for the stack's own project."""
        compose_name = self._compose_names.get(engine_name)
        return compose_name is not None and compose_name.project == self._project

    def stated_name(self, engine_name: str) -> str | None:
        """The name to write beside the key; None where Compose makes the same of the key."""
        key = self.key_of(engine_name)
        is_derived = (
            self.is_made_by_stack(engine_name) and engine_name == f"{self._project}_{key}"
        )
        return None if is_derived else engine_name


def read_compose_name(resource: EngineObject) -> ComposeName | None:
    """The name that Compose gave a network or volume; None for what it did not make."""
    project = resource.text("Labels", _PROJECT)
    short_names = [resource.text("Labels", label) for label in label_names("short_name")]
    short_name = next((name for name in short_names if name), "")
    return ComposeName(project, short_name) if project and short_name else None
