"""Blocks that several services repeat, written once: extension fields with anchors, aliases and merge keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from tocompose.compose.yaml_text import MERGE, Alias, Anchored

_WORTH = 3  # lines that a block must have before a reader gains by looking elsewhere for it
_WHOLE = ("deploy", "environment", "healthcheck", "labels", "logging")
_COMPARED = 40  # services whose environments are compared in pairs


def with_anchors(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `x-` blocks in front for what at least two of its services share."""
    services = {
        name: dict(body or {}) for name, body in document.get("services", {}).items()
    }
    blocks: dict[str, Any] = {}
    for key in _WHOLE:
        blocks.update(_whole_blocks(key, services))
    if not any(isinstance(body.get("environment"), Alias) for body in services.values()):
        blocks.update(_common_environment(services))
    blocks.update(_common_service(services))
    if not blocks:
        return dict(document)
    return {
        **{f"x-{name}": Anchored(name, blocks[name]) for name in sorted(blocks)},
        **document,
        "services": services,
    }


def _whole_blocks(
    key: str, services: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    """The values of `key` that several services have in common, and aliases in their place."""
    groups: dict[str, tuple[Any, list[str]]] = {}
    for name, body in services.items():
        value = body.get(key)
        if isinstance(value, Mapping) and _lines(value) >= _WORTH:
            groups.setdefault(repr(sorted(value.items())), (value, []))[1].append(name)
    shared = [(block, users) for block, users in groups.values() if len(users) > 1]
    for block, users in shared:
        anchor = key if len(shared) == 1 else f"{key}-{users[0]}"
        for name in users:
            services[name][key] = Alias(anchor)
        yield anchor, block
    if key == "environment" and len(shared) == 1:
        _extend(services, shared[0][0])


def _extend(services: dict[str, dict[str, Any]], block: Mapping[str, Any]) -> None:
    """Merges the shared environment into those that hold all of it and more: a web process with its own PORT."""
    for body in services.values():
        value = body.get("environment")
        if (
            isinstance(value, Mapping)
            and MERGE not in value
            and block.items() <= value.items()
        ):
            own = {name: text for name, text in value.items() if name not in block}
            body["environment"] = {MERGE: Alias("environment"), **own}


def _lines(value: Any) -> int:
    """How many lines a value takes below its key."""
    if isinstance(value, Mapping) and value:
        return sum(
            1 + (_lines(item) if isinstance(item, Mapping | list) else 0)
            for item in value.values()
        )
    return len(value) if isinstance(value, list) else 0


def _common_environment(services: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The variables that several services have with the same values, merged into what each has besides."""
    maps = {name: body.get("environment") for name, body in services.items()}
    given = {
        name: items
        for name, items in maps.items()
        if isinstance(items, Mapping) and MERGE not in items
    }
    common = _largest_overlap(
        {name: frozenset(items.items()) for name, items in given.items()}
    )
    if common is None:
        return
    users = [name for name, items in given.items() if common <= items.items()]
    for name in users:
        own = {
            key: value for key, value in given[name].items() if (key, value) not in common
        }
        services[name]["environment"] = (
            {MERGE: Alias("environment"), **own} if own else Alias("environment")
        )
    yield (
        "environment",
        {key: value for key, value in given[users[0]].items() if (key, value) in common},
    )


def _largest_overlap(sets: Mapping[str, frozenset[Any]]) -> frozenset[Any] | None:
    """What at least two sets share, chosen for the most lines saved; None where it is not worth a block."""
    candidates = {
        one & two for one, two in combinations(list(sets.values())[:_COMPARED], 2)
    }
    by_size = sorted(candidates, key=lambda item: (-len(item), sorted(map(repr, item))))
    worthwhile = [item for item in by_size[:_COMPARED] if len(item) >= _WORTH]
    saved = {
        item: len(item) * (sum(item <= given for given in sets.values()) - 1)
        for item in worthwhile
    }
    return max(
        worthwhile,
        key=lambda item: (saved[item], len(item), sorted(map(repr, item))),
        default=None,
    )


def _common_service(services: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What services of the same image or build have in common: a web process and its workers."""
    groups: dict[str, list[str]] = {}
    for name, body in services.items():
        if body.get("image") or body.get("build"):
            groups.setdefault(repr((body.get("image"), body.get("build"))), []).append(name)
    shared = {
        tuple(users): _agreed([services[name] for name in users])
        for users in groups.values()
        if len(users) > 1
    }
    worthwhile = {
        users: block for users, block in shared.items() if _one_application(block)
    }
    for users, block in worthwhile.items():
        anchor = "service" if len(worthwhile) == 1 else f"service-{users[0]}"
        for name in users:
            own = {key: value for key, value in services[name].items() if key not in block}
            services[name] = {MERGE: Alias(anchor), **own}
        yield anchor, block


def _one_application(block: Mapping[str, Any]) -> bool:
    """Whether services share more than an image: a database and its command line tool are no variants of an app."""
    return (
        bool(block.keys() & {"build", "environment", "env_file"}) and _lines(block) > _WORTH
    )


def _agreed(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    first, *others = bodies
    return {
        key: value
        for key, value in first.items()
        if all(key in body and body[key] == value for body in others)
    }
