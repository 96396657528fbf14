"""What starts before a service, as docker compose itself finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import compose_config, needs_compose
from tocompose.compose.start_order import all_awaited, needs_of_keys, targets_first

# The keys of a service, and whom it needs; `container` is a service of the file too.
NEEDS: dict[str, list[str]] = {
    "network_mode: 'service:b'": ["b"],
    "network_mode: 'container:b'": [],
    "network_mode: b": [],
    "ipc: 'service:b'": ["b"],
    "pid: 'service:container'": ["container"],
    "pid: 'container:b'": [],
    "pid: host": [],
    "links: [b]": ["b"],
    "links: ['b:db', 'container:x']": ["b", "container"],
    "volumes_from: [b]": ["b"],
    "volumes_from: ['b:ro']": ["b"],
    "volumes_from: ['container:b']": [],
    "volumes_from: ['container:b:ro', container]": ["container"],
    "external_links: [b]": [],
}


@pytest.mark.parametrize(("keys", "targets"), NEEDS.items())
def test_whom_a_service_needs(keys: str, targets: list[str]) -> None:
    assert [need.target for need in needs_of_keys(body(keys))] == targets


@pytest.mark.parametrize(
    ("keys", "targets"),
    [pytest.param(*case, marks=needs_compose) for case in NEEDS.items()],
)
def test_docker_compose_waits_for_the_same(
    keys: str, targets: list[str], tmp_path: Path
) -> None:
    services = {"a": body(keys), "b": {"image": "b:1"}, "container": {"image": "c:1"}}
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": services}))
    service = compose_config(tmp_path, "compose.yaml")["services"]["a"]
    assert sorted(service.get("depends_on") or ()) == targets


def body(keys: str) -> dict[str, Any]:
    return {"image": "a:1", **yaml.safe_load(keys)}


EDGES = {"web": ["api", "cache"], "api": ["db", "web"], "db": ["db"], "cache": []}


def test_what_is_awaited_is_told_once_over_others_and_circles_too() -> None:
    assert set(all_awaited("web", EDGES.__getitem__)) == {"web", "api", "cache", "db"}
    assert list(all_awaited("cache", EDGES.__getitem__)) == ["cache"]


def test_what_was_visited_is_passed_over_with_all_behind_it() -> None:
    visited = {"api"}
    assert set(all_awaited("web", EDGES.__getitem__, visited)) == {"web", "cache"}
    assert visited == {"api", "web", "cache"}


def test_targets_come_before_what_waits_for_them() -> None:
    order = targets_first({"web": ["api"], "api": ["db"], "db": [], "cache": ["gone"]})
    assert order.index("db") < order.index("api") < order.index("web")
    assert sorted(order) == ["api", "cache", "db", "web"]
