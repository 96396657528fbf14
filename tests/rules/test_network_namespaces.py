"""Which health commands would ask another server in the same network namespace."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.rules import Context, apply_all, select

_NGINX = "image: 'nginx:1.27'"
_JOINED = "image: 'httpd:2.4', network_mode: 'service:a'"


@pytest.mark.parametrize(
    ("services", "unchecked"),
    [
        (f"a: {{{_NGINX}}}, b: {{{_JOINED}}}", ["a", "b"]),
        (f"a: {{{_NGINX}}}, b: {{image: 'httpd:2.4'}}", []),
        (f"a: {{{_NGINX}}}, b: {{{_JOINED}, expose: ['8080']}}", []),
        # What is published is its own; the other one must be somewhere else.
        (f"a: {{{_NGINX}, ports: ['80:80']}}, b: {{{_JOINED}}}", ["b"]),
        # Its ports are published by whose the namespace is.
        (f"a: {{image: 'redis:7', ports: ['80:80']}}, b: {{{_JOINED}}}", []),
        ("a: {image: 'redis:7'}, b: {image: 'httpd:2.4', network_mode: 'service:a'}", []),
        (
            "a: {image: 'redis:7', network_mode: host}, b: {image: 'redis:7', network_mode: host}",
            ["a", "b"],
        ),
        (
            "a: {image: 'redis:7', network_mode: host}, "
            "b: {image: 'redis:7', network_mode: host, command: [redis-server, --port, '6380']}",
            [],
        ),
    ],
)
def test_one_port_of_a_namespace_is_not_asked_for_two_servers(
    services: str, unchecked: list[str]
) -> None:
    outcome = apply_all(stack(f"services: {{{services}}}"), select("HC-EVERY"), Context())
    without_check = [one.name for one in outcome.stack.services if one.healthcheck is None]
    told = [note.subject.service_name for note in outcome.notes if note.code == "TC688"]
    assert without_check == told == unchecked
