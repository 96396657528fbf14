"""How the services of containers are called, and which names of containers were somebody's wish."""

from __future__ import annotations

from functools import cache

from tocompose.importers.docker_run.containers import name_of_image
from tocompose.importers.engine.json_values import text_at
from tocompose.importers.engine.objects import EngineObject
from tocompose.importers.engine.tool_labels import tool_label
from tocompose.patterns import regex
from tocompose.syntax.names import identifier
from tocompose.tables import load

_GENERATED = regex(r"([a-z]+)_([a-z]+)[0-9]*")


def label_of(container: EngineObject, use: str) -> str:
    """What a tool's label tells of the container: the value of the first label of that use; empty without one."""
    return label_in(container, "Config", "Labels", use=use)


def label_in(engine_object: EngineObject, *keys: str, use: str) -> str:
    """What a tool's label of that use tells, of the labels below the keys; empty without one."""
    for label in engine_object.cursor.at(*keys):
        row = tool_label(label.key)
        if row is not None and row.use == use and text_at(label):
            return text_at(label)
    return ""


def container_name(container: EngineObject) -> str:
    """The container's name without the slash that the engine puts in front."""
    return container.text("Name").removeprefix("/")


def is_generated(name: str) -> bool:
    """Whether the engine made up the name, as it does without `--name` (`keen_cannon`)."""
    match = _GENERATED.fullmatch(name)
    adjectives, surnames = _generated_words()
    return match is not None and match[1] in adjectives and match[2] in surnames


@cache
def _generated_words() -> tuple[frozenset[str], frozenset[str]]:
    lists = load("engine/generated_names")
    adjectives, surnames = (
        frozenset(" ".join(lists[key]).split()) for key in ("adjectives", "surnames")
    )
    return adjectives, surnames


def is_made_by_compose(container: EngineObject) -> bool:
    """Whether Compose made the name of project, service and number (`shop-web-1`, once `shop_web_1`)."""
    name_parts = [label_of(container, use) for use in ("project", "service", "number")]
    name = container_name(container)
    return all(name_parts) and name in ("-".join(name_parts), "_".join(name_parts))


def stated_name(container: EngineObject) -> str:
    """The container's name where somebody chose it; empty where the engine or Compose made it."""
    name = container_name(container)
    return "" if is_generated(name) or is_made_by_compose(container) else name


def wished_service_name(container: EngineObject) -> str:
    """What the service should be called: as Compose calls it, else as the container, else as its image."""
    service = label_of(container, "service")
    if service:
        return identifier(service)
    name = container_name(container)
    image = container.text("Config", "Image") or container.text("ImageName")
    if is_generated(name) and not image.startswith("sha256:"):
        return name_of_image(image)
    return identifier(name)
