"""What depends on a service that runs with its profile only."""

from __future__ import annotations

from tocompose.exporters.bundle import Layout, bundle
from tocompose.model import Dependency, Service, Stack


def test_a_dependency_on_a_service_with_a_profile_is_not_required() -> None:
    web = Service(name="web", image="web", depends_on=(Dependency(service="mail"),))
    mail = Service(name="mail", image="mail", profiles=("dev",))
    made = bundle(Stack(name="shop", services=(web, mail)), Layout(split=True))
    assert [item.code for item in made.notes] == ["TC752"]
    assert b"required: false" in made.files[0].content
