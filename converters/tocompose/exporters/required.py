"""Values without which a service cannot start, asked for by name: Compose's own words do not say which is missing."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.exporters.sound import Sound, every_part
from tocompose.model import Port, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.syntax.interpolation import Variable, replace_variables, required_reference


def values_asked_for(stack: Stack) -> Sound:
    """The stack with `${NAME:?…}` where an image, a container name or a port holds a variable that has no value.

    An empty one gives "invalid reference format", a pattern that does not match, or a port that nobody chose.
    """
    unset = {item.name: item for item in stack.settings if item.value is None}
    notes: dict[tuple[str, str], Note] = {}

    def ask(subject: str, text: str | None) -> str | None:
        def request(found: Variable) -> str:
            if found.operator or found.name not in unset:
                return found.source
            place, _, key = subject.rpartition(".")
            service = place.removeprefix("services.")
            kind, origin = (
                key.replace("_", " "),
                unset[found.name].origin or origins[service],
            )
            said = note(
                "TC770",
                origin,
                subject=subject,
                service=service,
                name=found.name,
                kind=kind,
            )
            notes.setdefault((subject, found.name), said)
            return required_reference(found.name, ".env")

        return replace_variables(text, request) if text else text

    origins = {item.name: item.origin for item in stack.services}
    if not unset:
        return Sound(stack)
    sound = every_part(
        stack, lambda owner, part: _part(f"services.{owner.name}", part, ask)
    )
    return Sound(sound, tuple(notes.values()))


def _part(
    place: str, part: Service, ask: Callable[[str, str | None], str | None]
) -> Service:
    return replace(
        part,
        image=ask(f"{place}.image", part.image),
        container_name=ask(f"{place}.container_name", part.container_name),
        ports=tuple(_port(f"{place}.ports", item, ask) for item in part.ports),
    )


def _port(place: str, item: Port, ask: Callable[[str, str | None], str | None]) -> Port:
    return replace(
        item,
        target=ask(place, item.target) or item.target,
        published=ask(place, item.published),
        host_ip=ask(place, item.host_ip),
    )
