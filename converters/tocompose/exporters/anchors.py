"""Blocks that several services repeat, written once: extension fields with anchors, aliases and merge keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import combinations
from types import MappingProxyType
from typing import Any

from tocompose.compose.shapes import with_texts
from tocompose.compose.yaml_text import MERGE, Alias, Anchored
from tocompose.syntax.names import unique_name

_WORTH = 3  # lines that a block must have before a reader gains by looking elsewhere for it
_WHOLE = ("deploy", "environment", "healthcheck", "labels", "logging")
_COMPARED = 40  # services whose environments are compared in pairs


def with_anchors(
    document: Mapping[str, Any], own_sections: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """The document with `x-` blocks in front for what at least two of its services share.

    A section of the user's own keeps its name, unless it is such a block already.
    """
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
    taken_names = {
        name
        for name, body in own_sections.items()
        if body != with_texts(blocks.get(name.removeprefix("x-")))
    }
    anchored = {
        unique_name(f"x-{name}", taken_names): Anchored(name, blocks[name])
        for name in sorted(blocks)
    }
    return {**anchored, **document, "services": services}


def _whole_blocks(
    key: str, services: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    """The values of `key` that several services have in common, and aliases in their place."""
    shared = _shared_values(key, services)
    for block, users in shared:
        anchor = key if len(shared) == 1 else f"{key}-{users[0]}"
        for name in users:
            services[name][key] = Alias(anchor)
        yield anchor, block
    if key == "environment" and len(shared) == 1:
        _extend_shared_environment(services, shared[0][0])


def _shared_values(
    key: str, services: Mapping[str, Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], list[str]]]:
    """The maps worth a block that several services have below the key, each with the services."""
    groups: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
    for name, body in services.items():
        value = body.get(key)
        if isinstance(value, Mapping) and _count_lines(value) >= _WORTH:
            content = repr(sorted(value.items()))
            groups.setdefault(content, (value, []))[1].append(name)
    return [(block, users) for block, users in groups.values() if len(users) > 1]


def _extend_shared_environment(
    services: dict[str, dict[str, Any]], block: Mapping[str, Any]
) -> None:
    """Merges the shared environment into those that hold all of it and more: a web process with its own PORT."""
    for name, environment in _plain_environments(services).items():
        if block.items() <= environment.items():
            services[name]["environment"] = _merge_environment(environment, block.items())


def _plain_environments(
    services: Mapping[str, Mapping[str, Any]],
) -> dict[str, Mapping[str, Any]]:
    """The environments that are maps and take over no other yet."""
    environments = {name: body.get("environment") for name, body in services.items()}
    return {
        name: environment
        for name, environment in environments.items()
        if isinstance(environment, Mapping) and MERGE not in environment
    }


def _merge_environment(
    environment: Mapping[str, Any], shared: AbstractSet[tuple[str, Any]]
) -> Any:
    """The environment with what it shares taken over from the block."""
    differing = dict(pair for pair in environment.items() if pair not in shared)
    alias = Alias("environment")
    return {MERGE: alias, **differing} if differing else alias


def _count_lines(value: Any) -> int:
    """How many lines a value takes below its key."""
    if isinstance(value, Mapping) and value:
        return sum(1 + _count_lines(content) for content in value.values())
    return len(value) if isinstance(value, list) else 0


def _common_environment(services: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The variables that several services have with the same values, merged into what each has besides."""
    environments = _plain_environments(services)
    common = _largest_overlap(
        [frozenset(environment.items()) for environment in environments.values()]
    )
    if common is None:
        return
    users = [
        name for name, environment in environments.items() if common <= environment.items()
    ]
    for name in users:
        services[name]["environment"] = _merge_environment(environments[name], common)
    pairs = environments[users[0]].items()
    yield "environment", dict(pair for pair in pairs if pair in common)


def _largest_overlap(sets: list[frozenset[Any]]) -> frozenset[Any] | None:
    """What at least two sets share, chosen for the most lines saved; None where it is not worth a block."""
    overlaps = {one_set & right for one_set, right in combinations(sets[:_COMPARED], 2)}
    largest = sorted(overlaps, key=lambda pairs: (-len(pairs), sorted(map(repr, pairs))))
    worthwhile = [pairs for pairs in largest[:_COMPARED] if len(pairs) >= _WORTH]

    def benefit(pairs: frozenset[Any]) -> tuple[int, int, list[str]]:
        users = sum(pairs <= other_pairs for other_pairs in sets)
        return len(pairs) * (users - 1), len(pairs), sorted(map(repr, pairs))

    return max(worthwhile, key=benefit, default=None)


def _common_service(services: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What services of the same image or build have in common: a web process and its workers."""
    blocks = {
        tuple(users): _agreed_keys([services[name] for name in users])
        for users in _users_by_image(services)
        if len(users) > 1
    }
    worthwhile = {
        users: block for users, block in blocks.items() if _is_one_application(block)
    }
    for users, block in worthwhile.items():
        anchor = "service" if len(worthwhile) == 1 else f"service-{users[0]}"
        for name in users:
            differing = {
                key: value for key, value in services[name].items() if key not in block
            }
            services[name] = {MERGE: Alias(anchor), **differing}
        yield anchor, block


def _users_by_image(services: Mapping[str, Mapping[str, Any]]) -> Iterable[list[str]]:
    groups: dict[str, list[str]] = {}
    for name, body in services.items():
        image, build = body.get("image"), body.get("build")
        if image or build:
            groups.setdefault(repr((image, build)), []).append(name)
    return groups.values()


def _is_one_application(block: Mapping[str, Any]) -> bool:
    """Whether services share more than an image: a database and its command line tool are no variants of an app."""
    shares_settings = not block.keys().isdisjoint(("build", "environment", "env_file"))
    return shares_settings and _count_lines(block) > _WORTH


def _agreed_keys(bodies: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: value
        for key, value in bodies[0].items()
        if all(key in body and body[key] == value for body in bodies)
    }
