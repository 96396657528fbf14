"""What a service needs of others by keys beside `depends_on`, as docker compose itself finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from judges import compose_config, needs_compose
from tocompose.compose.implied_needs import needs_of_keys

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
