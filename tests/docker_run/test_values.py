"""Parts of compound values: devices, mounts, networks, address pools, tags."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import yaml

from docker_run.cases import converted, text
from docker_run.test_constructs import converted as read_script


def service(command: str) -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load(text(converted(tuple(shlex.split(command)))))
    (found,) = body["services"].values()
    return dict(found)


@pytest.mark.parametrize(
    ("device", "written"),
    [
        ("/dev/snd:r", "/dev/snd:/dev/snd:r"),
        ("/dev/snd:rwm", "/dev/snd:/dev/snd:rwm"),
        ("/dev/snd:/dev/audio", "/dev/snd:/dev/audio"),
        ("/dev/snd:/dev/audio:w", "/dev/snd:/dev/audio:w"),
        ("/dev/snd", "/dev/snd"),
    ],
)
def test_the_second_part_of_a_device_may_be_its_permissions(
    device: str, written: str
) -> None:
    assert service(f"docker run -d --device {device} acme/a")["devices"] == [written]


def test_a_tmpfs_that_may_only_be_read_keeps_that() -> None:
    mounts = service("docker run -d --mount type=tmpfs,target=/t,ro acme/a")["volumes"]
    assert mounts == [{"type": "tmpfs", "target": "/t", "read_only": True}]


def test_a_volume_that_is_not_filled_from_the_image_says_so() -> None:
    (mount,) = service("docker run -d -v data:/d:ro,nocopy acme/a")["volumes"]
    assert mount["volume"] == {"nocopy": True}
    assert mount["read_only"] is True


def test_a_label_that_the_long_form_has_no_place_for_is_noted() -> None:
    found = converted(tuple(shlex.split("docker run -d -v data:/d:nocopy,z acme/a")))
    assert "TC148" in [note.code for note in found.notes]


def test_a_start_interval_has_a_start_period() -> None:
    command = "docker run -d --health-cmd x --health-start-interval 3s acme/a"
    check = service(command)["healthcheck"]
    assert (check["start_interval"], check["start_period"]) == ("3s", "0s")


def test_podman_networks_hold_addresses_and_aliases() -> None:
    networks = service("podman run -d --network lan:ip=10.9.0.4,alias=x acme/a")["networks"]
    assert networks == {"lan": {"ipv4_address": "10.9.0.4", "aliases": ["x"]}}


def test_each_mount_option_of_podman_is_noted() -> None:
    found = converted(tuple(shlex.split("podman run -d -v ./w:/w:U,nosuid,ro acme/a")))
    lost = [note.message.split()[3] for note in found.notes if note.code == "TC128"]
    assert lost == ["U", "nosuid"]


def test_a_mount_of_a_type_that_compose_lacks_is_left_out() -> None:
    found = converted(tuple(shlex.split("podman run -d --mount type=ramfs,dst=/r acme/a")))
    assert "TC129" in [note.code for note in found.notes]
    assert "volumes" not in text(found)


SCRIPT = """docker network create --subnet 10.1.0.0/24,10.2.0.0/24 --aux-address r=10.2.0.9 n
docker build -t acme/a:2 -t acme/a:latest .
docker run -d --network n acme/a:2
"""


def test_addresses_stand_beside_the_subnet_that_holds_them() -> None:
    body = yaml.safe_load(text(read_script({"run.sh": SCRIPT}, "none")))
    assert body["networks"]["n"]["ipam"]["config"] == [
        {"subnet": "10.1.0.0/24"},
        {"subnet": "10.2.0.0/24", "aux_addresses": {"r": "10.2.0.9"}},
    ]


def test_a_build_keeps_its_other_tags() -> None:
    body = yaml.safe_load(text(read_script({"run.sh": SCRIPT}, "none")))
    assert body["services"]["a"]["build"]["tags"] == ["acme/a:latest"]
