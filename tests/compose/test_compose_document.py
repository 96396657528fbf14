"""What the model holds is written: each value in its file, in the order in which people read it."""

from __future__ import annotations

from typing import Any

import pytest

from tocompose.compose.keys import section_keys
from tocompose.compose.write import compose_document, service_body
from tocompose.compose.yaml_text import render
from tocompose.model import (
    ComposeFileRole,
    ConfigMount,
    Dependency,
    EnvVariable,
    FileResource,
    Healthcheck,
    Limits,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    ResourceLimits,
    Service,
    Stack,
)

BASE, DEV, PROD = ComposeFileRole.BASE, ComposeFileRole.DEV, ComposeFileRole.PROD


def web(**given: Any) -> Service:
    return Service(name="web", **given)


def on(*networks: str) -> Service:
    """A part of the service that is on these networks."""
    return web(
        networks=tuple(NetworkAttachment(network=name) for name in networks), init=True
    )


def test_services_stand_by_name_as_people_sort_and_sections_behind_them() -> None:
    """Signs before digits before letters, whatever their case; as dclint sorts."""
    names = ["web-2", "web_1", "Api", "db", "web1", "web", "web.x"]
    services = tuple(
        Service(name=name, image="x:1", networks=(NetworkAttachment(network="n"),))
        for name in names
    )
    document = compose_document(
        Stack(name="x", services=services, networks=(Network(name="n"),)), BASE
    )
    assert [*document] == ["name", "services", "networks"]
    assert [*document["services"]] == [
        *("Api", "db", "web", "web_1", "web-2", "web.x", "web1")
    ]


def test_the_keys_of_a_service_stand_as_in_the_table_and_the_rest_by_name() -> None:
    body = service_body(
        web(
            image="x:1",
            restart="always",
            command=("serve",),
            environment=(EnvVariable(name="A", value="1"),),
            ports=(Port(target="80"),),
            depends_on=(Dependency(service="b"), Dependency(service="a")),
            options={"tty": True, "shm_size": "1m"},
        )
    )
    rows = section_keys("service")
    orders = [(rows[name].order, name) for name in body]
    assert orders == sorted(orders) and len(orders) == 8
    assert [*body][:2] == ["image", "depends_on"]
    assert [*body["depends_on"]] == ["a", "b"]


def test_ports_stand_by_their_numbers_then_by_their_addresses() -> None:
    ports = (
        Port(target="80", published="${WEB_PORT}"),
        Port(target="1", published="8080"),
        Port(target="2", published="443", host_ip="127.0.0.2"),
        Port(target="3", published="443", host_ip="127.0.0.1"),
        Port(target="9", protocol="udp"),
        Port(target="4", published="1000-1002"),
    )
    assert service_body(web(ports=ports))["ports"] == [
        "${WEB_PORT}:80",
        "9/udp",
        "127.0.0.1:443:3",
        "127.0.0.2:443:2",
        "1000-1002:4",
        "8080:1",
    ]


@pytest.mark.parametrize(
    ("mount", "written"),
    [
        (
            Mount(kind="bind", target="/x", source="./x", read_only=True, mode="z"),
            "./x:/x:ro,z",
        ),
        (Mount(kind="bind", target="/x", source="./x", mode="Z"), "./x:/x:Z"),
        (Mount(kind="volume", target="/x", source="ab", read_only=True), "ab:/x:ro"),
        (Mount(kind="volume", target="/x"), "/x"),
        (
            Mount(kind="volume", target="/x", source="a"),
            {"type": "volume", "source": "a", "target": "/x"},
        ),
        (
            Mount(kind="tmpfs", target="/x", read_only=True),
            {"type": "tmpfs", "target": "/x", "read_only": True},
        ),
    ],
)
def test_a_mount_is_short_where_that_says_everything(mount: Mount, written: object) -> None:
    body = service_body(web(mounts=(mount,)))
    assert (body.get("volumes"), body.get("tmpfs")) == ([written], None)


@pytest.mark.parametrize(
    ("overlays", "in_base"),
    [
        ({}, ["back", "front", "unused"]),
        ({DEV: on("front")}, ["back", "unused"]),
        ({PROD: on("front")}, ["back", "unused"]),
        ({DEV: on("front"), PROD: on("back")}, ["back", "unused"]),
        ({DEV: on("front"), PROD: on("unused")}, ["back"]),
    ],
)
def test_a_network_is_declared_where_it_is_used_and_else_in_the_base(
    overlays: dict[ComposeFileRole, Service], in_base: list[str]
) -> None:
    service = Service(
        name="web", networks=(NetworkAttachment(network="back"),), overlays=overlays
    )
    networks = tuple(Network(name=name) for name in ("back", "front", "unused"))
    stack = Stack(name="x", services=(service,), networks=networks)
    assert sorted(compose_document(stack, BASE)["networks"]) == in_base
    for role, layer in overlays.items():
        names = [attachment.network for attachment in layer.networks]
        assert [*compose_document(stack, role)["networks"]] == names


def test_a_service_is_named_in_the_files_that_say_something_of_it() -> None:
    only_developed = Service(name="a", overlays={DEV: Service(name="a", init=True)})
    stack = Stack(name="x", services=(only_developed, Service(name="b")))
    assert compose_document(stack, BASE)["services"] == {"b": {}}
    assert compose_document(stack, DEV)["services"] == {"a": {"init": True}}
    assert compose_document(stack, PROD)["services"] == {}
    assert compose_document(stack)["services"] == {"a": {"init": True}, "b": {}}


def test_configs_are_declared_that_a_service_mounts_or_nothing_uses() -> None:
    stack = Stack(
        name="x",
        services=(web(configs=(ConfigMount(source="c", target="/c"),)),),
        configs=(FileResource(name="c", content="x"), FileResource(name="d", content="x")),
    )
    both = {"c": {"content": "x"}, "d": {"content": "x"}}
    assert compose_document(stack, BASE)["configs"] == both


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({"command": ()}, {"command": []}),
        ({"entrypoint": ()}, {"entrypoint": []}),
        ({"command": None}, {}),
        ({"replicas": 0}, {"deploy": {"replicas": 0}}),
        (
            {"resources": ResourceLimits(limits=Limits(pids="-1"))},
            {"deploy": {"resources": {"limits": {"pids": -1}}}},
        ),
    ],
)
def test_what_empties_a_setting_is_not_what_leaves_it_out(
    given: dict[str, Any], body: dict[str, Any]
) -> None:
    assert service_body(web(**given)) == body


def test_words_stand_on_one_line_scripts_on_lines_of_their_own_and_numbers_in_quotes() -> (
    None
):
    body = service_body(
        web(
            command=("sh", "-c", "one\ntwo"),
            entrypoint=("run", "it"),
            healthcheck=Healthcheck(test=("CMD", "check")),
            expose=("80",),
            resources=ResourceLimits(limits=Limits(cpus="0.5")),
        )
    )
    assert render({"services": {"web": body}}).splitlines()[2:] == [
        *("    command:", "      - sh", '      - "-c"', r'      - "one\ntwo"'),
        '    entrypoint: ["run", "it"]',
        *("    healthcheck:", '      test: ["CMD", "check"]'),
        *("    deploy:", "      resources:", "        limits:", "          cpus: '0.5'"),
        *("    expose:", "      - '80'"),
    ]
