"""What starts before a service: what `depends_on` names, and what docker compose starts first because of other keys.

https://github.com/compose-spec/compose-go/blob/v2.9.0/loader/normalize.go; `uts` and `cgroup`, which it looks at too,
take no service at the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from tocompose.compose.shapes import as_list, as_text
from tocompose.model import Service
from tocompose.record import NamedTuple

NAMESPACE_KEYS = ("network_mode", "ipc", "pid")
LINK_KEYS = ("links", "volumes_from")
_SERVICE, _CONTAINER = "service:", "container:"

# Whom each service waits for, by names.
Edges: TypeAlias = Mapping[str, Iterable[str]]
# A service by its name, or the unit that becomes one.
_Waiting = TypeVar("_Waiting", bound=Hashable)


class ImpliedNeed(NamedTuple):
    """What a service needs of another one: the key that says so, and the entry of its list, None for all of it."""

    key: str
    listed: Any
    target: str


class JoinedContainer(NamedTuple):
    """A container that a value joins, and what stands behind its name, such as `:ro`."""

    name: str
    suffix: str


def all_awaited(
    waiting: _Waiting,
    targets_of: Callable[[_Waiting], Iterable[_Waiting]],
    visited: set[_Waiting] | None = None,
) -> Iterator[_Waiting]:
    """What waits, and all that it waits for, over others too; those `visited` are passed over, and join them."""
    visited = set() if visited is None else visited
    pending = [waiting]
    while pending:
        current = pending.pop()
        if current not in visited:
            visited.add(current)
            yield current
            pending.extend(targets_of(current))


def waits_for(name: str, goal: str, services: Mapping[str, Service]) -> bool:
    """Whether a service is the other one, or waits for it by `depends_on`, over others too."""

    def targets_of(waiting_name: str) -> Iterator[str]:
        service = services.get(waiting_name)
        return (edge.service for edge in (service.depends_on if service else ()))

    return goal in all_awaited(name, targets_of)


def awaited_by(service: Service) -> Iterator[str]:
    """Whom a service waits for itself, whatever key says so."""
    yield from (edge.service for edge in service.depends_on)
    yield from (need.target for need in implied_needs(service))


def targets_first(edges: Edges) -> list[str]:
    """Every service after those that it waits for, save on circles."""
    ordered: dict[str, None] = {}
    entered: set[str] = set()
    waiting = list(edges)
    while waiting:
        name = waiting[-1]
        if name in entered:
            ordered.setdefault(waiting.pop())
            continue
        entered.add(name)
        targets = sorted(target for target in edges.get(name, ()) if target in edges)
        waiting += [target for target in targets if target not in entered]
    return list(ordered)


def implied_needs(service: Service) -> Iterator[ImpliedNeed]:
    """Each need of a service of a stack, itself and services that are missing among them."""
    return needs_of_keys({**service.options, "network_mode": service.network_mode})


def needs_of_keys(body: Mapping[str, Any]) -> Iterator[ImpliedNeed]:
    """Each need of a service as a compose document has it, by the order of the keys above."""
    for key in NAMESPACE_KEYS:
        if target := joined_service(as_text(body.get(key))):
            yield ImpliedNeed(key, None, target)
    for key in LINK_KEYS:
        for listed in as_list(body.get(key)):
            if target := linked_service(key, listed):
                yield ImpliedNeed(key, listed, target)


def joined_service(value: object) -> str | None:
    """The service of `service:NAME`."""
    text = str(value or "")
    return text.removeprefix(_SERVICE) if text.startswith(_SERVICE) else None


def joined_container(value: object) -> JoinedContainer | None:
    """The container of `container:NAME`, with the mode that `volumes_from` may have behind it."""
    text = str(value or "")
    if not text.startswith(_CONTAINER):
        return None
    name, colon, mode = text.removeprefix(_CONTAINER).partition(":")
    return JoinedContainer(name, f"{colon}{mode}")


def linked_service(key: str, entry: object) -> str | None:
    """The service of an entry of `links` or `volumes_from`; None for a container outside the stack.

    Only `volumes_from` takes one: among links, `container` is a service like others.
    """
    if key == "volumes_from" and joined_container(entry):
        return None
    return str(entry).partition(":")[0]
