"""A compose document as a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.compose.reading import Places
from tocompose.importers.compose.services import service_of
from tocompose.importers.compose.shapes import mapping, text
from tocompose.model import Network, Resource, Stack, Volume
from tocompose.syntax.names import identifier

_NETWORK_FIELDS = ("driver", "external", "internal", "name")
_VOLUME_FIELDS = ("driver", "external", "name")


def stack_of(document: Mapping[str, Any], places: Places, name: str = "app") -> Stack:
    """The stack that a (merged) document describes; `name` is the folder's, for a document without one."""
    services = mapping(document.get("services"))
    return Stack(
        name=text(document.get("name")) or identifier(name),
        services=tuple(
            service_of(key, mapping(body), places.span("services", key))
            for key, body in services.items()
        ),
        networks=tuple(
            _network(key, mapping(body), places)
            for key, body in mapping(document.get("networks")).items()
        ),
        volumes=tuple(
            _volume(key, mapping(body), places)
            for key, body in mapping(document.get("volumes")).items()
        ),
        configs=_resources(document, "configs", places),
        secrets=_resources(document, "secrets", places),
    )


def _network(key: str, body: dict[str, Any], places: Places) -> Network:
    return Network(
        name=key,
        external=bool(body.get("external")),
        internal=body.get("internal") is True,
        driver=text(body.get("driver")),
        engine_name=_engine_name(body),
        options={
            name: value for name, value in body.items() if name not in _NETWORK_FIELDS
        },
        origin=places.span("networks", key),
    )


def _volume(key: str, body: dict[str, Any], places: Places) -> Volume:
    return Volume(
        name=key,
        external=bool(body.get("external")),
        driver=text(body.get("driver")),
        engine_name=_engine_name(body),
        options={name: value for name, value in body.items() if name not in _VOLUME_FIELDS},
        origin=places.span("volumes", key),
    )


def _engine_name(body: Mapping[str, Any]) -> str | None:
    """`name:`, or the old form `external: {name: …}`."""
    return text(body.get("name")) or text(mapping(body.get("external")).get("name"))


def _resources(
    document: Mapping[str, Any], section: str, places: Places
) -> tuple[Resource, ...]:
    return tuple(
        Resource(
            name=key,
            file=text(mapping(body).get("file")),
            content=text(mapping(body).get("content")),
            environment=text(mapping(body).get("environment")),
            external=bool(mapping(body).get("external")),
            origin=places.span(section, key),
        )
        for key, body in mapping(document.get(section)).items()
    )
