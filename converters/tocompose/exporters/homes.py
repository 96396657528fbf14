"""The overlays that are written: those that the user's environments ask for."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.compose.write import service_body
from tocompose.exporters.sound import Sound
from tocompose.model import Home, Service, Stack
from tocompose.notes import note
from tocompose.record import replace


def without_homes(stack: Stack, kept: Iterable[Home]) -> Sound:
    """The stack with the overlays of `kept` only; a note says what a service loses with its development part."""
    wanted = frozenset(kept)
    lost = [
        item
        for item in stack.services
        if Home.DEV in item.overlays and Home.DEV not in wanted
    ]
    keys = {item.name: sorted(service_body(item.overlays[Home.DEV])) for item in lost}
    notes = tuple(
        note(
            "TC767",
            item.origin,
            subject=f"services.{item.name}",
            service=item.name,
            keys=", ".join(keys[item.name]),
        )
        for item in lost
    )
    accounted = frozenset(
        f"services.{name}.{key}" for name, given in keys.items() for key in given
    )
    services = tuple(_only(service, wanted) for service in stack.services)
    return Sound(replace(stack, services=services), notes, accounted)


def _only(service: Service, wanted: frozenset[Home]) -> Service:
    return replace(
        service,
        overlays={home: part for home, part in service.overlays.items() if home in wanted},
    )
