"""Whoever depends on a service can reach it: they share a network, whatever the two are for."""

from __future__ import annotations

from itertools import product

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

IMAGES = (
    "nginx:1",
    "elasticsearch:8.1.0",
    "mysql:8",
    "redis:7",
    "rabbitmq:3",
    "acme/app:1",
)


@pytest.mark.parametrize(("caller", "target"), list(product(IMAGES, IMAGES)))
@pytest.mark.parametrize("port", ["", "-p 8080:80"])
def test_a_link_needs_a_network(caller: str, target: str, port: str) -> None:
    script = (
        f"docker run -d --name one {port} {target}\n"
        f"docker run -d --name two --link one:uno {caller}\n"
        "docker run -d --name other -p 80:80 acme/web:1\n"
    )
    stack = convert(Memory({"run.sh": script.encode()}, "shop"), Options()).stack
    networks = {
        service.name: {attachment.network for attachment in service.networks} or {"default"}
        for service in stack.services
    }
    shared = networks["one"] & networks["two"]
    assert shared, networks
    (linked,) = [service for service in stack.services if service.name == "one"]
    aliases = {
        alias
        for attachment in linked.networks
        if attachment.network in shared
        for alias in attachment.aliases
    }
    assert "uno" in aliases or shared == {"default"}
