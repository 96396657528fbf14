"""An image that only the engine of the source has is named, with the command that copies it."""

from __future__ import annotations

import pytest

from tocompose.model import Build, Runtime, Service, Stack
from tocompose.rules import Context
from tocompose.rules.local_images import RULE

PODMANS = (Runtime.PODMAN, Runtime.UNITS)


def advice(runtime: Runtime, *services: Service) -> list[str]:
    stack = Stack(name="shop", runs_in=runtime, services=services)
    return [note.advice for note in RULE.apply(stack, Context()).notes]


def service(image: str, name: str = "web", **options: str) -> Service:
    return Service(name=name, image=image, options=options)


@pytest.mark.parametrize("runtime", Runtime, ids=lambda runtime: runtime.name.lower())
def test_what_podman_built_is_copied(runtime: Runtime) -> None:
    told = advice(runtime, service("localhost/web:1"), service("localhost/web:1", "again"))
    assert len(told) == (1 if runtime in PODMANS else 0)
    assert all("podman save localhost/web:1 | docker load" in text for text in told)


@pytest.mark.parametrize("runtime", PODMANS, ids=lambda runtime: runtime.name.lower())
@pytest.mark.parametrize(
    "image",
    ["web:1", "docker.io/library/redis:7", "localhost:5000/web:1", "localhost/${APP}"],
)
def test_what_a_registry_may_have_is_not_named(runtime: Runtime, image: str) -> None:
    assert advice(runtime, service(image)) == []


def test_what_is_built_here_is_not_named() -> None:
    built = Service(name="web", image="localhost/web:1", build=Build(context="."))
    assert advice(Runtime.PODMAN, built) == []


@pytest.mark.parametrize(
    ("image", "on_node"),
    [
        ("web:1", "docker.io/library/web:1"),
        ("web", "docker.io/library/web:latest"),
        ("shop/web:1", "docker.io/shop/web:1"),
        ("ghcr.io/shop/web:1", "ghcr.io/shop/web:1"),
    ],
)
def test_what_a_cluster_never_pulls_is_on_its_nodes(image: str, on_node: str) -> None:
    (told,) = advice(Runtime.CLUSTER, service(image, pull_policy="never"))
    assert f"images export - {on_node} |" in told
    assert advice(Runtime.CLUSTER, service(image, pull_policy="always")) == []
    assert advice(Runtime.DOCKER, service(image, pull_policy="never")) == []
