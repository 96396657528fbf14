"""Services of one image, found without a look at every pair of services."""

from __future__ import annotations

import pytest

from tocompose.model import Build, Service, Stack
from tocompose.rules import service_images
from tocompose.rules.service_images import services_of_same_image


def names(service: Service, stack: Stack) -> list[str]:
    return [other.name for other in services_of_same_image(service, stack)]


def test_the_same_image_and_the_same_build() -> None:
    web = Service(name="web", image="acme/app:1")
    worker = Service(name="worker", image="acme/app:1")
    built = Service(name="built", build=Build(context="."))
    other = Service(name="other", build=Build(context="./other"))
    stack = Stack(name="shop", services=(web, worker, built, other))
    assert names(web, stack) == ["web", "worker"]
    assert names(built, stack) == ["built"]


def test_ten_times_as_many_services_take_ten_times_as_many_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []
    title = service_images.image_title
    monkeypatch.setattr(
        service_images,
        "image_title",
        lambda service: looks.append(service.name) or title(service),
    )
    steps = []
    for size in (20, 200):
        services = tuple(
            Service(name=f"s{number}", image=f"acme/a{number}") for number in range(size)
        )
        stack = Stack(name="shop", services=services)
        looks.clear()
        for service in services:
            assert names(service, stack) == [service.name]
        steps.append(len(looks))
    assert steps[1] <= 10 * steps[0]
