"""An order in which the services can start: docker compose refuses a circle, and a dependency that is off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocompose.exporters.references import linked_name, shared_with
from tocompose.exporters.sound import Sound, every_part, parts
from tocompose.model import Dependency, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace


def start_in_order(stack: Stack) -> Sound:
    """The stack without dependencies in a circle, and with those optional that a profile may switch off."""
    order = _Order(stack)
    stack = every_part(stack, order.clean)
    return Sound(stack, tuple(order.notes), frozenset(order.paths))


class _Order:
    """Who waits for whom, as far as it has been looked at."""

    def __init__(self, stack: Stack) -> None:
        self.edges = _fixed_edges(stack)
        self.profiles = {item.name: frozenset(item.profiles) for item in stack.services}
        self.unchecked = {
            item.name
            for item in stack.services
            if item.healthcheck and item.healthcheck.disable
        }
        self.notes: list[Note] = []
        self.paths: set[str] = set()

    def clean(self, owner: Service, part: Service) -> Service:
        """The part with the dependencies that docker compose can meet."""
        kept = (self._met(owner, item) for item in part.depends_on)
        return replace(part, depends_on=tuple(item for item in kept if item is not None))

    def _met(self, owner: Service, item: Dependency) -> Dependency | None:
        if _reaches(self.edges, item.service, owner.name):
            self._say("TC753", owner, item)
            self.paths.update(
                (
                    f"services.{owner.name}.depends_on",
                    f"services.{owner.name}.depends_on.{item.service}",
                )
            )
            return None
        self.edges.setdefault(owner.name, []).append(item.service)
        if item.required and not self._is_on(owner.name, item.service):
            self._say("TC752", owner, item)
            item = replace(item, required=False)
        if item.condition == "service_healthy" and item.service in self.unchecked:
            self._say("TC754", owner, item)
            item = replace(item, condition="service_started")
        return item

    def _is_on(self, owner: str, target: str) -> bool:
        """Whether the target runs whenever the owner does."""
        wanted, given = self.profiles.get(target), self.profiles[owner]
        return not wanted or (bool(given) and given <= wanted)

    def _say(self, code: str, owner: Service, item: Dependency) -> None:
        subject = f"services.{owner.name}.depends_on.{item.service}"
        self.notes.append(
            note(
                code,
                item.origin or owner.origin,
                subject=subject,
                service=owner.name,
                name=item.service,
            )
        )


def _fixed_edges(stack: Stack) -> dict[str, list[str]]:
    """Who waits for whom by a shared namespace, a link or `volumes_from`: docker compose orders by these too."""
    edges: dict[str, list[str]] = {}
    for service in stack.services:
        for part in parts(service):
            options = part.options
            shared = map(
                shared_with, (part.network_mode, options.get("ipc"), options.get("pid"))
            )
            linked = (
                linked_name(item)
                for key in ("links", "volumes_from")
                for item in options.get(key, ())
            )
            edges.setdefault(service.name, []).extend(
                name for name in (*shared, *linked) if name
            )
    return edges


def _reaches(edges: Mapping[str, Iterable[str]], start: str, goal: str) -> bool:
    waiting, seen = [start], set[str]()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(edges.get(name, ()))
    return False
