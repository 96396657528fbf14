"""Whether everything that a service refers to is there (T26)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from tocompose.compose.start_order import implied_needs
from tocompose.model import Service, Stack
from tocompose.record import NamedTuple
from tocompose.rules import Rule, Verdict, View


class _Reference(NamedTuple):
    """What a key of a service names, and what of that kind is defined."""

    key: str
    kind: str
    name: str
    defined: Collection[str]


def _names_of(definitions: Iterable[Any]) -> set[str]:
    return {definition.name for definition in definitions}


def _references(service: Service, stack: Stack) -> Iterator[_Reference]:
    services = _names_of(stack.services)
    networks = _names_of(stack.networks) | {"default"}
    volumes, secrets = _names_of(stack.volumes), _names_of(stack.secrets)
    configs = _names_of(stack.configs)
    for edge in service.depends_on:
        yield _Reference("depends_on", "service", edge.service, services)
    for attachment in service.networks:
        yield _Reference("networks", "network", attachment.network, networks)
    for mount in service.mounts:
        if mount.kind == "volume" and mount.source and len(mount.source) > 1:
            yield _Reference("volumes", "volume", mount.source, volumes)
    for grant in service.secrets:
        yield _Reference("secrets", "secret", grant.source, secrets)
    for grant in service.configs:
        yield _Reference("configs", "config", grant.source, configs)
    for name in service.options.get("models") or ():
        yield _Reference("models", "model", str(name), stack.models)
    for need in implied_needs(service):
        yield _Reference(need.key, "service", need.target, services)


def _judge_references(view: View) -> Iterator[Verdict]:
    # What a file that could not be read defines is not known.
    is_partial = any(fault.code in ("TC542", "TC705") for fault in view.notes)
    for service in view.main.stack.services:
        for key, kind, name, defined in _references(service, view.main.stack):
            holds = name in defined or "$" in name or is_partial
            facts = {"kind": f"the {kind}", "name": name}
            yield view.main.verdict(service, key, "T26", holds, "TC744", **facts)


RULE = Rule(
    id="REFERENCES",
    title="Define what is referred to",
    summary=(
        "Reports networks, volumes, configs, secrets and services that are used but not "
        "defined."
    ),
    tells=("TC744",),
    severity="must",
    judge=_judge_references,
)
