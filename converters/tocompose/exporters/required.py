"""Values without which a service cannot start, asked for by name: Compose's own words do not say which is missing."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.exporters.sound import Sound, every_part
from tocompose.exporters.variables import Expression, replace_variables
from tocompose.model import Port, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace


def values_asked_for(stack: Stack) -> Sound:
    """The stack with `${NAME:?…}` where an image, a container name or a port holds a variable that has no value.

    An empty one gives "invalid reference format", a pattern that does not match, or a port that nobody chose.
    """
    unset = {item.name: item for item in stack.settings if item.value is None}
    notes: dict[tuple[str, str], Note] = {}

    def asked(subject: str, text: str | None) -> str | None:
        def ask(found: Expression) -> str:
            if found.operator or found.name not in unset:
                return found.text
            place, _, key = subject.rpartition(".")
            service = place.removeprefix("services.")
            kind, origin = key.replace("_", " "), unset[found.name].origin or origins[service]
            said = note("TC770", origin, subject=subject, service=service, name=found.name, kind=kind)
            notes.setdefault((subject, found.name), said)
            return f"${{{found.name}:?set {found.name} in .env}}"

        return replace_variables(text, ask) if text else text

    origins = {item.name: item.origin for item in stack.services}
    if not unset:
        return Sound(stack)
    sound = every_part(stack, lambda owner, part: _part(f"services.{owner.name}", part, asked))
    return Sound(sound, tuple(notes.values()))


def _part(place: str, part: Service, asked: Callable[[str, str | None], str | None]) -> Service:
    return replace(
        part,
        image=asked(f"{place}.image", part.image),
        container_name=asked(f"{place}.container_name", part.container_name),
        ports=tuple(_port(f"{place}.ports", item, asked) for item in part.ports),
    )


def _port(place: str, item: Port, asked: Callable[[str, str | None], str | None]) -> Port:
    return replace(
        item,
        target=asked(place, item.target) or item.target,
        published=asked(place, item.published),
        host_ip=asked(place, item.host_ip),
    )
