"""The table of servers says once what the images, the importers and the rules need of them."""

from __future__ import annotations

from datetime import date

import pytest

from tocompose.knowledge.images import role_of
from tocompose.knowledge.servers import (
    client_programs,
    data_ports,
    scheme_ports,
    server_facts,
    server_family,
    server_image,
    server_port,
    servers,
)
from tocompose.knowledge.versions import default_version, pinned_tool
from tocompose.model import Role
from tocompose.tables import load

STAND_INS = [kind for kind, row in servers().items() if "url" in row]


@pytest.mark.parametrize(
    "kind", [kind for kind, row in servers().items() if "image" in row]
)
def test_what_is_true_of_the_image_stands_in_its_row(kind: str) -> None:
    facts = server_facts(kind)
    assert facts.ports or not servers()[kind].keys() & {"url", "schemes", "distinct_port"}


@pytest.mark.parametrize("kind", STAND_INS)
def test_a_server_that_stands_in_has_a_version_and_an_address(kind: str) -> None:
    assert server_image(kind).endswith(server_image(kind, default_version(kind)))
    assert ":" in server_image(kind)
    assert "<host>:<port>" in servers()[kind]["url"]


def test_servers_of_a_family_exclude_one_another() -> None:
    assert server_family("postgres") == {"postgres", "mysql", "mariadb"}
    assert server_family("opensearch") == {"opensearch", "elasticsearch"}
    assert server_family("redis") == {"redis"}


def test_ports_are_those_of_the_images() -> None:
    assert server_port("postgres") == "5432"
    assert scheme_ports()["rediss"] == 6379
    assert scheme_ports()["amqps"] == 5671
    assert data_ports()["5672"] is Role.QUEUE
    assert "9000" not in data_ports()
    assert role_of(server_facts("mailpit")) is Role.TOOL


def test_client_programs_have_their_options() -> None:
    assert client_programs()["redis-cli"]["next"] == ["-a", "--pass"]
    assert client_programs()["psql"] == {}


def test_no_address_repeats_the_port_of_its_image() -> None:
    for kind in STAND_INS:
        assert server_port(kind) not in servers()[kind]["url"], kind


def test_every_version_has_the_day_on_which_it_was_looked_up() -> None:
    for row in load("versions").values():
        date.fromisoformat(row["looked_up"])
        assert isinstance(row["version"], str)
    assert pinned_tool("poetry").startswith("poetry==")
