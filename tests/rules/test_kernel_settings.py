"""Which servers are said to need a kernel parameter of the host."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.rules import Context, apply_all, select


def _told(services: str) -> list[str]:
    outcome = apply_all(
        stack(f"services: {{{services}}}"), select("HOST-KERNEL"), Context()
    )
    return [note.message for note in outcome.notes]


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("image: 'elasticsearch:8.14.0'", True),
        ("image: 'elasticsearch:2.4'", False),
        ("image: 'elasticsearch:8.14.0', environment: {discovery.type: single-node}", False),
        ("image: 'elasticsearch:8.14.0', environment: {discovery.type: multi-node}", True),
        ("image: 'elasticsearch:8.14.0', environment: {node.store.allow_mmap: 'false'}", False),
        ("image: 'elasticsearch:8.14.0', command: [elasticsearch, -Ediscovery.type=single-node]", False),
        ("image: 'elasticsearch:8.14.0', command: [elasticsearch, -E, discovery.type=single-node]", False),
        ("image: 'elasticsearch:8.14.0', command: [elasticsearch-plugin, list]", False),
        ("image: 'opensearchproject/opensearch:2'", True),
        ("image: 'redis:8'", False),
    ],
)  # fmt: skip
def test_a_search_server_that_forms_a_cluster_needs_memory_maps(
    body: str, is_told: bool
) -> None:
    assert bool(_told(f"es: {{{body}}}")) is is_told


def test_a_service_of_the_source_that_sets_it_is_named() -> None:
    setter = "set: {image: 'busybox:1', privileged: true, command: [sysctl, -w, vm.max_map_count=524288]}"
    [told] = _told(f"es: {{image: 'elasticsearch:8.14.0'}}, {setter}")
    assert "vm.max_map_count=524288" in told and "set sets it" in told
    nodes = "a: {image: 'elasticsearch:8.14.0'}, b: {image: 'elasticsearch:8.14.0'}"
    assert len(_told(nodes)) == 1
