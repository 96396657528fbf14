"""Parts of compound values: devices, mounts, networks, address pools, tags."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import yaml

from docker_run.cases import converted, text
from docker_run.test_constructs import converted as read_script
from tocompose.importers import SourceError


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


def codes(command: str) -> list[str]:
    return [note.code for note in converted(tuple(shlex.split(command))).notes]


def stack_of(script: str) -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load(text(read_script({"run.sh": script}, "none")))
    return body


@pytest.mark.parametrize(
    ("options", "key", "value", "code"),
    [
        ("--userns auto:size=9", "userns_mode", None, "TC189"),
        ("--userns keep-id:uid=7,gid=8", "user", "7:8", "TC197"),
        ("--userns keep-id:uid=7 -u 9", "user", "9", "TC197"),
        ("--userns keep-id", "user", "1000:1000", "TC198"),
        ("--pull newer", "pull_policy", "always", "TC190"),
        ('--entrypoint \'["/bin/sh", "-c"]\'', "entrypoint", ["/bin/sh", "-c"], ""),
        ("--entrypoint '[not json'", "entrypoint", ["[not json"], ""),
        ("--uts private", "uts", None, ""),
        ("--uts ns:/run/n", "uts", None, "TC193"),
        ("--dns none", "dns", None, "TC193"),
        ("--health-cmd none", "healthcheck", {"disable": True}, ""),
        ('--health-cmd \'["CMD", "/up"]\'', "healthcheck", {"test": ["CMD", "/up"]}, ""),
        ("--tls-verify=false", "tls_verify", None, "TC116"),
    ],
)
def test_podman_reads_values_in_its_own_way(
    options: str, key: str, value: object, code: str
) -> None:
    command = f"podman run -d {options} acme/a"
    assert service(command).get(key) == value
    assert codes(command) == ([code] if code else [])


def test_the_user_of_a_pod_is_that_of_its_containers() -> None:
    pod = "podman pod create --name p --userns keep-id:uid=7,gid=8\n"
    containers = "\n".join(f"podman run -d --pod p --name {name} acme/a" for name in "ab")
    services = stack_of(f"{pod}{containers}")["services"]
    assert {name: service["user"] for name, service in services.items()} == {
        "a": "7:8",
        "b": "7:8",
    }


def test_a_volume_is_copied_with_the_owners_that_its_container_sees() -> None:
    """In podman's own namespace the files of `keep-id` are root's, which the service is not."""
    script = "podman run -d --userns keep-id:uid=7,gid=8 -v data:/data acme/a"
    copies = [note.advice for note in converted(tuple(shlex.split(script))).notes]
    assert any("--userns=keep-id:uid=7,gid=8 -u 0 -v data:/from" in text for text in copies)


def test_docker_reads_no_array_in_an_entrypoint() -> None:
    assert service("docker run --entrypoint '[\"a\"]' acme/a")["entrypoint"] == ['["a"]']


def test_a_mount_of_the_command_stands_for_the_folder_that_podman_makes_writable() -> None:
    """podman adds its own tmpfs only where nothing is mounted; so no mount is told as a second one."""
    command = "podman run -d --read-only --tmpfs /tmp:size=64m -v runs:/run acme/a"
    assert sorted(service(command)["tmpfs"]) == ["/tmp:size=64m", "/var/tmp"]
    assert "TC049" not in codes(command)


def test_a_read_only_container_of_podman_has_its_writable_folders() -> None:
    assert service("podman run -d --read-only acme/a")["tmpfs"] == [
        "/run",
        "/tmp",
        "/var/tmp",
    ]
    assert "tmpfs" not in service("podman run --read-only --read-only-tmpfs=0 acme/a")


@pytest.mark.parametrize(
    ("value", "devices", "code"),
    [("device=0,1", ["0", "1"], "TC186"), ('"device=0,1"', ["0", "1"], "")],
)
def test_devices_of_gpus_are_read_with_and_without_their_quotes(
    value: str, devices: list[str], code: str
) -> None:
    command = f"docker run -d --gpus '{value}' acme/a"
    assert service(command)["gpus"] == [{"device_ids": devices}]
    assert codes(command) == ([code] if code else [])


def test_a_count_and_devices_exclude_each_other() -> None:
    assert codes("docker run --gpus count=2,device=1 acme/a") == ["TC102"]


def test_no_service_joins_itself() -> None:
    command = "docker run --pid container:db --network container:db --volumes-from db db"
    body = service(command)
    assert (body["pid"], body["network_mode"]) == ("container:db", "container:db")
    assert body["volumes_from"] == ["container:db"]
    assert codes(command).count("TC187") == 2


def test_a_label_of_shared_volumes_is_noted() -> None:
    found = codes("docker run --volumes-from base:ro,Z acme/a")
    assert {"TC138", "TC185"} <= set(found)


def test_a_name_that_docker_refuses_is_no_volume() -> None:
    assert "volumes" not in service("docker run -v 'my data:/d' acme/a")


def test_a_created_volume_whose_name_is_open_has_a_plain_key() -> None:
    body = stack_of(
        "docker volume create $APP_ENV-db\ndocker run -d -v $APP_ENV-db:/d acme/a\n"
    )
    assert body["services"]["a"]["volumes"] == ["app-env-db:/d"]
    assert body["volumes"]["app-env-db"]["name"] == "${APP_ENV:?set APP_ENV}-db"


def test_a_stated_name_wins_over_one_made_from_an_image() -> None:
    body = stack_of(
        "docker run --rm acme/web:1 /app/seed --all\ndocker run -d --name web acme/web:1\n"
    )
    assert list(body["services"]) == ["web", "web-seed"]
    assert body["services"]["web"]["container_name"] == "web"


def test_what_is_removed_at_its_end_is_not_restarted() -> None:
    assert service("docker run -d --rm -p 80:80 acme/a")["restart"] == "no"


def test_a_container_is_as_later_commands_leave_it() -> None:
    body = stack_of(
        "docker network create lan\ndocker run -d --name a --network lan --cpus 1 acme/a\n"
        "docker update --cpus 2 --restart always a\ndocker network disconnect lan a\n"
    )
    assert body["services"]["a"]["restart"] == "always"
    assert body["services"]["a"]["deploy"]["resources"]["limits"]["cpus"] == "2"
    assert "networks" not in body["services"]["a"]


def test_a_wait_loop_does_not_hold_up_what_waits() -> None:
    body = stack_of(
        "docker run -d --name db acme/db\n"
        "until docker exec db /ready; do sleep 1; done\ndocker run -d acme/a\n"
    )
    check = body["services"]["db"]["healthcheck"]
    assert (check["interval"], check["start_period"]) == ("5s", "30s")


def test_a_container_that_podman_requires_is_named_where_the_script_lacks_it() -> None:
    assert codes("podman run --requires base acme/a") == ["TC192"]
    body = stack_of(
        "podman run -d --name base acme/b\npodman run -d --requires base acme/a\n"
    )
    assert list(body["services"]["a"]["depends_on"]) == ["base"]


def test_no_limit_on_processes_stays_without_one() -> None:
    body = service("docker run -d --pids-limit -1 acme/a")
    assert body["deploy"]["resources"]["limits"]["pids"] == -1


def test_ports_that_are_exposed_are_published_where_all_are() -> None:
    body = service("docker run -d -P --expose 9001 --expose 54/udp -p 9001:9001 acme/a")
    assert body["ports"] == ["54/udp", "9001:9001"]


@pytest.mark.parametrize("word", ["-name shop", "-name=shop", "--name shop"])
def test_a_long_flag_may_have_one_dash(word: str) -> None:
    assert service(f"docker run -d {word} acme/a")["container_name"] == "shop"


def test_letters_that_docker_takes_for_flags_are_flags() -> None:
    body = service("docker run -itd -eA=1 -h web acme/a")
    assert (body["tty"], body["environment"], body["hostname"]) == (True, {"A": "1"}, "web")


def test_another_name_of_a_flag_gives_a_hint() -> None:
    result = converted(tuple(shlex.split("docker run --port 80:80 acme/a")))
    (message,) = [note.message for note in result.notes if note.code == "TC101"]
    assert message.endswith("did you mean --publish?")


def test_the_value_of_an_unknown_option_is_not_shown() -> None:
    result = converted(tuple(shlex.split("docker run --sign-token q7Zr5pLm9 acme/a")))
    assert "q7Zr5pLm9" not in " ".join(note.message for note in result.notes)
    with pytest.raises(SourceError) as problem:
        converted(tuple(shlex.split("docker run -x q7Zr5pLm9! acme/a")))
    assert "q7Zr5pLm9" not in str(problem.value)
