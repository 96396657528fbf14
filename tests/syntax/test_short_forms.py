"""Ports and mounts in the short form are read as docker compose reads them, and names stay what Compose accepts."""

from __future__ import annotations

from typing import Any

import pytest

import oracles
from syntax import composed
from tocompose.syntax import mounts, names, ports

PORTS = [
    *("80", "[::1]:80:80", "1.2.3.4::80", "8000-8010:80", "80/", "80:80/UDP", "127.0.0.1:80:81/sctp"),
    *("[::1]::80", ":80", "0:80", "[fe80::1]:1:2/udp"),
]  # fmt: skip
MOUNTS = [
    *(".hidden:/x", "c:\\x:/y", "a:/x:ro", "d:/x", "/s:d:/x", "/a:/b:ro,z", "\\\\.\\pipe\\p:/q", "~:/x"),
    *("c:/a:d:/b:ro", "a:b:c:d", "v:/x:nocopy", ".:/x", "...:/x", "/only", "/a:/b:rw"),
]  # fmt: skip


@pytest.mark.oracle
@oracles.unless_oracles
def test_ports_are_those_of_compose() -> None:
    read = composed.config({"ports": [text]} for text in PORTS)
    assert not isinstance(read, str), read
    for text, service in zip(PORTS, read, strict=True):
        (port,) = service["ports"]
        parts = ports.parse_port(text)
        assert parts == ports.PortParts(
            str(port["target"]),
            port.get("published"),
            port.get("host_ip"),
            port["protocol"],
        ), text


@pytest.mark.oracle
@oracles.unless_oracles
def test_mounts_are_those_of_compose() -> None:
    read = composed.config({"volumes": [text]} for text in MOUNTS)
    assert not isinstance(read, str), read
    for text, service in zip(MOUNTS, read, strict=True):
        (mount,) = service["volumes"]
        parts = mounts.parse_mount(text)
        assert parts.target == mount["target"], text
        assert parts.is_read_only == mount.get("read_only", False), text
        assert (parts.source is not None and mounts.is_path(parts.source)) == (
            mount["type"] == "bind"
        ), text


@pytest.mark.parametrize(
    "text", ["80", "8080:80", "[::1]:80:80", "1.2.3.4::80", "1-2:3/udp"]
)
def test_ports_come_back(text: str) -> None:
    assert ports.format_port(ports.parse_port(text)) == text


@pytest.mark.parametrize("text", [*MOUNTS, "${A:-c:/d}:/x:ro"])
def test_mounts_come_back(text: str) -> None:
    assert mounts.format_mount(mounts.parse_mount(text)) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a:/x:ro", ("a", "/x", ("ro",))),
        ("d:/x", (None, "d:/x", ())),
        ("c:\\x:/y", ("c:\\x", "/y", ())),
        ("${V}:/x:z,ro", ("${V}", "/x", ("z", "ro"))),
    ],
)
def test_the_engine_reads_single_letters_as_volumes(
    text: str, parts: tuple[Any, ...]
) -> None:
    assert tuple(mounts.parse_docker_mount(text)) == parts


def test_variables_keep_their_colons() -> None:
    port = ports.parse_port("${A:-127.0.0.1:80}:80/${P:-u/dp}")
    assert (port.target, port.published, port.protocol) == (
        "80",
        "${A:-127.0.0.1:80}",
        "${p:-u/dp}",
    )
    assert mounts.parse_mount("${A:-c:/d}:/x") == mounts.MountParts("${A:-c:/d}", "/x")


def test_ranges_are_in_order() -> None:
    assert ports.parse_port_range("80") == range(80, 81)
    assert ports.parse_port_range("80-82") == range(80, 83)
    assert [
        ports.parse_port_range(text) for text in ("82-80", "a", "80-", "70000", "$A")
    ] == [None] * 5


def test_names_are_accepted() -> None:
    taken = {"a"}
    assert [names.unique_name("a", taken), names.unique_name("a", taken)] == ["a-2", "a-3"]
    assert names.identifier("My App!") == "my-app"
    assert names.identifier("---") == "app"
    assert names.variable_name("1-a b") == "_1_A_B"
    assert names.is_shell("/usr/bin/bash") and not names.is_shell("busybox")
    assert names.SHADOWED_BY_THE_SHELL | {"COMPOSE_PROJECT_NAME"} > names.ALWAYS_SET


@pytest.mark.parametrize(
    ("address", "local", "everywhere"),
    [
        (None, False, True),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("[::]", False, True),
        ("127.0.0.53", True, False),
        ("::1", True, False),
        ("localhost", True, False),
        ("::1234:5678", False, False),
        ("localhost.example.com", False, False),
        ("192.168.1.7", False, False),
    ],
)
def test_addresses_are_whole_addresses(
    address: str | None, local: bool, everywhere: bool
) -> None:
    found = (ports.is_loopback(address), ports.is_any_address(address))
    assert found == (local, everywhere)
