"""What a container's fields become: the user's own settings, and nothing of the image's, the daemon's or a tool's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine_source.objects import (
    ID,
    codes_of,
    compose_of,
    container,
    endpoint,
    image,
    network,
    read_objects,
    read_text,
    service_of,
)
from tocompose.importers import SourceError
from tocompose.ledger import Fate

PLAIN = {"image": "shop/web:1", "container_name": "web", "network_mode": "bridge"}

HOST_FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
        {"restart": "on-failure:3"},
    ),
    ({"RestartPolicy": {"Name": "", "MaximumRetryCount": 0}}, {}),
    ({"ShmSize": 134217728}, {"shm_size": "128M"}),
    ({"CapAdd": ["CAP_NET_ADMIN", "SYS_TIME"]}, {"cap_add": ["NET_ADMIN", "SYS_TIME"]}),
    (
        {"Privileged": True, "SecurityOpt": ["label=disable"], "MaskedPaths": None},
        {"privileged": True},
    ),
    (
        {"MaskedPaths": [], "ReadonlyPaths": []},
        {"security_opt": ["systempaths=unconfined"]},
    ),
    (
        {"ExtraHosts": ["db:10.0.0.5", "six:[::1]"]},
        {"extra_hosts": ["db=10.0.0.5", "six=::1"]},
    ),
    (
        {"Memory": 67108864, "MemorySwap": 134217728},
        {"deploy": {"resources": {"limits": {"memory": "64M"}}}},
    ),
    (
        {"Memory": 67108864, "MemorySwap": -1},
        {"deploy": {"resources": {"limits": {"memory": "64M"}}}, "memswap_limit": -1},
    ),
    ({"MemorySwap": -1}, {}),
    ({"NanoCpus": 1500000000}, {"deploy": {"resources": {"limits": {"cpus": "1.5"}}}}),
    ({"PidsLimit": -1}, {}),
    ({"IpcMode": "shareable"}, {"ipc": "shareable"}),
    ({"PidMode": "host"}, {"pid": "host"}),
    (
        {"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}]},
        {"ulimits": {"nofile": {"soft": 1, "hard": 2}}},
    ),
    ({"Tmpfs": {"/run": "size=64m"}}, {"tmpfs": ["/run:size=64m"]}),
    (
        {
            "Devices": [
                {
                    "PathOnHost": "/dev/a",
                    "PathInContainer": "/dev/b",
                    "CgroupPermissions": "r",
                }
            ]
        },
        {"devices": ["/dev/a:/dev/b:r"]},
    ),
    (
        {
            "DeviceRequests": [
                {"Driver": "", "Count": -1, "Capabilities": [["gpu"]], "Options": {}}
            ]
        },
        {"gpus": "all"},
    ),
    (
        {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["v.com/c=0"]}]},
        {"devices": ["v.com/c=0"]},
    ),
    ({"LogConfig": {"Type": "json-file", "Config": {}}}, {}),
    (
        {"LogConfig": {"Type": "local", "Config": {}}},
        {"logging": {"driver": "local"}},
    ),
    (
        {"LogConfig": {"Type": "journald", "Config": {}}},
        {"logging": {"driver": "journald"}},
    ),
    (
        {"LogConfig": {"Type": "json-file", "Config": {"max-size": "5m"}}},
        {"logging": {"driver": "json-file", "options": {"max-size": "5m"}}},
    ),
    ({"NetworkMode": "host"}, {"network_mode": "host"}),
    ({"NetworkMode": "none"}, {"network_mode": "none"}),
    (
        {
            "PortBindings": {
                "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "::1", "HostPort": "53"}],
            }
        },
        {"ports": ["[::1]:53:53/udp", "8080:80"]},
    ),
    ({"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}, {"ports": ["80"]}),
]


@pytest.mark.parametrize(("host", "keys"), HOST_FIELDS)
def test_a_field_of_the_host_configuration(
    host: dict[str, Any], keys: dict[str, Any]
) -> None:
    service = service_of(container(host=host), image())
    assert service == {**PLAIN, **keys}


CONFIG_FIELDS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"Env": ["A=1", "V=2"]}, {"Env": ["V=2", "P=/bin"]}, {"environment": {"A": "1"}}),
    ({"Env": ["P=5$X", "V=3"]}, {"Env": ["V=2"]}, {"environment": {"P": "5$$X", "V": "3"}}),
    ({"Cmd": ["a"], "Entrypoint": ["e"]}, {"Cmd": ["a"], "Entrypoint": ["e"]}, {}),
    (
        {"Cmd": ["b"], "Entrypoint": ["e"]},
        {"Cmd": ["a"], "Entrypoint": ["e"]},
        {"command": ["b"]},
    ),
    (
        {"Cmd": ["a"], "Entrypoint": ["f"]},
        {"Cmd": ["a"], "Entrypoint": ["e"]},
        {"command": ["a"], "entrypoint": ["f"]},
    ),
    (
        {"Cmd": ["a"], "Entrypoint": None},
        {"Cmd": ["b"], "Entrypoint": ["e"]},
        {"command": ["a"], "entrypoint": []},
    ),
    (
        {"Cmd": None, "Entrypoint": ["e"]},
        {"Cmd": ["a"], "Entrypoint": ["e"]},
        {"entrypoint": ["e"]},
    ),
    ({"NetworkDisabled": True}, {}, {"network_mode": "none"}),
    ({"User": "7"}, {"User": "7"}, {}),
    ({"User": "8"}, {"User": "7"}, {"user": "8"}),
    ({"WorkingDir": "/srv"}, {"WorkingDir": "/srv"}, {}),
    ({"StopSignal": "SIGINT"}, {"StopSignal": "SIGINT"}, {}),
    ({"StopTimeout": 45}, {}, {"stop_grace_period": "45s"}),
    ({"Labels": {"a": "b", "m": "i"}}, {"Labels": {"m": "i"}}, {"labels": {"a": "b"}}),
    (
        {"ExposedPorts": {"80/tcp": {}, "9/tcp": {}}},
        {"ExposedPorts": {"80/tcp": {}}},
        {"expose": ["9/tcp"]},
    ),
    ({"Volumes": {"/d": {}, "/e": {}}}, {"Volumes": {"/d": {}}}, {"volumes": ["/e"]}),
    ({"Hostname": "h1"}, {}, {"hostname": "h1"}),
    (
        {"Healthcheck": {"Test": ["CMD", "t"], "Interval": 7000000000, "Retries": 0}},
        {"Healthcheck": {"Test": ["CMD", "t"], "Interval": 5000000000, "Retries": 4}},
        {"healthcheck": {"interval": "7s"}},
    ),
    (
        {"Healthcheck": {"Test": ["NONE"], "Interval": 5000000000}},
        {"Healthcheck": {"Test": ["CMD", "t"], "Interval": 5000000000}},
        {"healthcheck": {"disable": True}},
    ),
]


@pytest.mark.parametrize(("config", "of_image", "keys"), CONFIG_FIELDS)
def test_the_image_is_subtracted(
    config: dict[str, Any], of_image: dict[str, Any], keys: dict[str, Any]
) -> None:
    service = service_of(container(config=config), image(**of_image))
    assert service == {**PLAIN, **keys}


def test_an_image_inspect_of_api_1_52_leaves_out_what_is_not_set() -> None:
    bare = {"Id": image()["Id"], "RepoTags": ["shop/web:1"], "RootFS": {}}
    service = service_of(container(config={"Cmd": ["a"], "Env": ["A=1"]}), bare)
    assert service["command"] == ["a"] and service["environment"] == {"A": "1"}


def test_without_the_image_variables_from_path_on_count_as_its_own() -> None:
    result = read_objects(
        container(config={"Env": ["A=1", "PATH=/bin", "V=2"], "Cmd": ["a"]})
    )
    service = compose_of(result)["services"]["web"]
    assert service["environment"] == {"A": "1"} and service["command"] == ["a"]
    assert "TC464" in codes_of(result)


def test_a_tag_that_was_moved_is_told() -> None:
    other = {**image(Env=["V=2"]), "Id": "sha256:" + "cd" * 32}
    result = read_objects(container(config={"Env": ["V=2"]}), other)
    assert "environment" not in compose_of(result)["services"]["web"]
    assert "TC465" in codes_of(result)


def test_an_image_that_is_called_by_a_short_id_gets_its_tag() -> None:
    short = image()["Id"].removeprefix("sha256:")[:12]
    result = read_objects(container(config={"Image": short}), image())
    assert compose_of(result)["services"]["web"]["image"] == "shop/web:1"
    assert "TC471" in codes_of(result)


def test_every_value_is_settled() -> None:
    result = read_objects(
        container(host={"Tmpfs": {"/a": ""}}), image(Cmd=["a"]), network("n")
    )
    assert result.counts[Fate.UNREAD] == 0
    assert not codes_of(result) & {"TC001", "TC901"}


def test_what_a_health_log_says_is_nowhere() -> None:
    result = read_objects(container(), image())
    written = b"".join(file.content for file in result.files).decode()
    assert "s3cret-of-the-log" not in written + "".join(one.message for one in result.notes)


def test_names_that_the_engine_made_up_give_way_to_the_image() -> None:
    result = read_objects(container("keen_cannon"), image())
    assert list(compose_of(result)["services"]) == ["web"]
    assert "container_name" not in compose_of(result)["services"]["web"]
    assert "TC477" in codes_of(result)


# Mounts ---------------------------------------------------------------------------------------------


def test_a_bind_and_a_volume_keep_their_modes() -> None:
    binds = ["/srv/conf:/etc/app:ro", "data:/d", "/x:/y:rw"]
    service = service_of(container(host={"Binds": binds}), image())
    assert service["volumes"] == ["/srv/conf:/etc/app:ro", "data:/d", "/x:/y"]


def test_a_mount_in_the_long_form() -> None:
    mounts = [
        {
            "Type": "volume",
            "Source": "v",
            "Target": "/v",
            "VolumeOptions": {"NoCopy": True},
        },
        {
            "Type": "tmpfs",
            "Target": "/t",
            "TmpfsOptions": {"SizeBytes": 1000, "Mode": 1016},
        },
        {"Type": "bind", "Source": "/b", "Target": "/b", "ReadOnly": True},
    ]
    service = service_of(container(host={"Mounts": mounts}), image())
    volume, memory, bind = service["volumes"]
    assert volume["volume"] == {"nocopy": True}
    assert memory["tmpfs"] == {"size": 1000, "mode": 1016}
    assert bind["read_only"] is True and bind["bind"] == {"create_host_path": False}


def test_data_in_a_volume_without_a_name_are_told_with_the_way_to_copy_them() -> None:
    anonymous = {"Type": "volume", "Name": "e" * 64, "Destination": "/d", "RW": True}
    result = read_objects(container(Mounts=[anonymous]), image(Volumes={"/d": {}}))
    (told,) = [one for one in result.notes if one.code == "TC462"]
    assert f"-v {'e' * 64}:/from:ro" in told.advice and "/d/" in told.advice


def test_a_volume_that_an_unknown_image_declares_is_written() -> None:
    kept = {"Type": "volume", "Name": "ab" * 32, "Destination": "/var/kept", "RW": True}
    declared = {"Volumes": {"/var/kept": {}}}
    objects = (container(Mounts=[kept], config=declared), image(**declared))
    assert service_of(*objects)["volumes"] == ["/var/kept"]
    by_hand = container(host={"Binds": ["/srv/kept:/var/kept"]}, config=declared)
    assert service_of(by_hand, image(**declared))["volumes"] == ["/srv/kept:/var/kept"]


def test_docker_desktop_gives_the_users_own_path_back() -> None:
    labels = {
        "desktop.docker.io/binds/0/Source": "/Users/me/conf",
        "desktop.docker.io/binds/0/Target": "/etc/app",
    }
    binds = ["/run/desktop/mnt/host/c/Users/me/conf:/etc/app:ro"]
    service = service_of(
        container(host={"Binds": binds}, config={"Labels": labels}), image()
    )
    assert service["volumes"] == ["/Users/me/conf:/etc/app:ro"] and "labels" not in service


# Networks -------------------------------------------------------------------------------------------


def test_a_network_that_exists_is_external_with_its_aliases_and_addresses() -> None:
    networks = {
        "back": endpoint(IPAMConfig={"IPv4Address": "10.7.3.9"}, Aliases=["api", ID[:12]]),
        "shop": endpoint(Aliases=["front"], GwPriority=5),
    }
    web = container(host={"NetworkMode": "shop"}, NetworkSettings={"Networks": networks})
    result = read_objects(web, image(), network("shop"), network("back"))
    compose = compose_of(result)
    assert compose["services"]["web"]["networks"] == {
        "shop": {"aliases": ["front"], "gw_priority": 5},
        "back": {"aliases": ["api"], "ipv4_address": "10.7.3.9"},
    }
    assert compose["networks"] == {"shop": {"external": True}, "back": {"external": True}}


def test_the_command_that_makes_a_network_has_all_that_the_network_has() -> None:
    networks = {"lan": endpoint()}
    web = container(host={"NetworkMode": "lan"}, NetworkSettings={"Networks": networks})
    options = {"parent": "eth0", "mode": "a b"}
    lan = network("lan", Options=options, Attachable=True, EnableIPv4=False)
    (told,) = [one for one in read_objects(web, image(), lan).notes if one.code == "TC483"]
    assert "--ipv4=false --attachable --subnet 172.25.0.0/16" in told.advice
    assert "--opt parent=eth0 --opt 'mode=a b' lan" in told.advice


def test_links_of_the_default_bridge_become_names_on_the_stacks_network() -> None:
    web = container(host={"Links": ["/db:/web/mysql"]})
    database = {**container("db"), "Id": "d" * 64}
    services = compose_of(read_objects(web, database, image()))["services"]
    assert services["db"]["networks"] == {"default": {"aliases": ["mysql"]}}
    assert list(services["web"]["depends_on"]) == ["db"]


def test_a_shared_network_names_the_other_service() -> None:
    other = {**container("vpn"), "Id": "e" * 64}
    web = container(
        host={"NetworkMode": f"container:{'e' * 64}"}, config={"Hostname": "e" * 12}
    )
    service = service_of(web, other, image())
    assert service["network_mode"] == "service:vpn" and "hostname" not in service


# Tools ----------------------------------------------------------------------------------------------


def compose_labels(service: str, number: int = 1, **more: str) -> dict[str, str]:
    labels = {
        "project": "shop",
        "service": service,
        "container-number": str(number),
        **more,
    }
    return {f"com.docker.compose.{key}": value for key, value in labels.items()}


def test_what_compose_made_is_written_as_it_was() -> None:
    labels = compose_labels("web", depends_on="db:service_healthy:true")
    web = container(
        "shop-web-1",
        config={"Labels": labels},
        host={"NetworkMode": "shop_back", "Binds": ["shop_data:/d"]},
        NetworkSettings={
            "Networks": {"shop_back": endpoint(Aliases=["shop-web-1", "web"])}
        },
    )
    database = {
        **container("shop-db-1", config={"Labels": compose_labels("db")}),
        "Id": "d" * 64,
    }
    made = {"com.docker.compose.project": "shop"}
    objects = (
        *(web, database, image()),
        network("shop_back", Labels={**made, "com.docker.compose.network": "back"}),
        {
            "Name": "shop_data",
            "Mountpoint": "/x",
            "Driver": "local",
            "Labels": {**made, "com.docker.compose.volume": "data"},
        },
    )
    compose = compose_of(read_objects(*objects))
    assert compose["name"] == "shop"
    service = compose["services"]["web"]
    assert "container_name" not in service and service["volumes"] == ["data:/d"]
    assert service["networks"] == ["back"]
    assert service["depends_on"] == {
        "db": {"condition": "service_healthy", "restart": True}
    }
    assert compose["networks"] == {"back": None} or compose["networks"] == {"back": {}}
    assert compose["volumes"] == {"data": None} or compose["volumes"] == {"data": {}}


def test_replicas_are_one_service() -> None:
    copies = [
        {
            **container(
                f"shop-web-{number}",
                config={"Labels": compose_labels("web", number, **{"config-hash": "h"})},
            ),
            "Id": str(number) * 64,
        }
        for number in (1, 2, 3)
    ]
    services = compose_of(read_objects(*copies, image()))["services"]
    assert list(services) == ["web"] and services["web"]["deploy"] == {"replicas": 3}


def test_podmans_own_command_line_is_what_is_read() -> None:
    argv = [
        "podman",
        "run",
        "-d",
        "--name",
        "web",
        "-p",
        "8080:80",
        "-e",
        "A=1",
        "shop/web:1",
    ]
    podman = container(
        config={"CreateCommand": argv, "Env": ["A=1", "TERM=xterm"]}, ImageName="shop/web:1"
    )
    service = service_of(podman)
    assert service["ports"] == ["8080:80"] and service["environment"] == {"A": "1"}


def test_a_limit_that_was_set_in_podman_stays() -> None:
    host = {"Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1024, "Hard": 2048}]}
    podman = container(host=host, ImageName="shop/web:1", OCIRuntime="crun")
    limits = {"nofile": {"soft": 1024, "hard": 2048}}
    assert service_of(podman)["ulimits"] == limits


def test_what_podman_fills_in_is_left_out() -> None:
    host = {
        "Binds": ["data:/d:rw,rprivate,nosuid,nodev,rbind", "/s:/s:ro,rprivate,rbind"],
        "CapDrop": ["CAP_AUDIT_WRITE", "CAP_MKNOD", "CAP_NET_RAW", "CAP_CHOWN"],
        "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1048576, "Hard": 1048576}],
        "LogConfig": {"Type": "k8s-file", "Config": None, "Path": "/x", "Size": "0B"},
        "IpcMode": "shareable",
        "CgroupMode": "host",
        "MemorySwappiness": 0,
        "PidMode": "private",
        "PidsLimit": 2048,
        "Runtime": "oci",
        "ShmSize": 65536000,
        "NetworkMode": "bridge",
    }
    config = {
        "Env": ["PATH=/bin", "TERM=xterm", "container=podman", "A=1"],
        "StopSignal": 15,
        "StopTimeout": 10,
        "WorkingDir": "/",
        "Umask": "0022",
    }
    podman = container(config=config, host=host, ImageName="shop/web:1", OCIRuntime="crun")
    podman["HostConfig"].pop("CgroupnsMode")
    podman["NetworkSettings"]["Networks"] = {"podman": {"Aliases": [ID[:12]]}}
    expected = {
        "environment": {"A": "1"},
        "volumes": ["data:/d", "/s:/s:ro"],
        "cap_drop": ["CHOWN"],
    }
    assert service_of(podman) == {**PLAIN, **expected}
    # Podman's socket answers in the shape of Docker's API.
    del podman["ImageName"], podman["OCIRuntime"]
    assert service_of(podman) == {**PLAIN, **expected}


# What is handed in ----------------------------------------------------------------------------------


def test_a_prompt_and_a_fence_around_the_objects_are_no_matter() -> None:
    text = f"$ docker inspect web --format '{{{{json .}}}}'\n```json\n{json.dumps([container()])}\n```\n"
    result = read_text(text.encode())
    assert [service.name for service in result.stack.services] == ["web"]
    assert result.stack.services[0].origin and result.stack.services[0].origin.line == 3


def test_one_object_a_line() -> None:
    second = {**container("db"), "Id": "d" * 64}
    lines = "\n".join(json.dumps(one) for one in (container(), second, image()))
    names = [service.name for service in read_text(lines.encode()).stack.services]
    assert sorted(names) == ["db", "web"]


def test_a_list_that_was_cut_off_gives_what_is_whole_and_says_so() -> None:
    second = {**container("db"), "Id": "d" * 64}
    text = json.dumps([second, container()], indent=1)
    result = read_text(text[: text.rindex('"NetworkSettings"')].encode())
    assert {"db", "web"} == {service.name for service in result.stack.services}
    assert "TC461" in codes_of(result)


def test_a_list_of_containers_says_which_command_to_run() -> None:
    listed = {
        "ImageID": "x",
        "Command": "sh",
        "Names": ["/a"],
        "HostConfig": {"NetworkMode": "x"},
    }
    with pytest.raises(SourceError, match="docker inspect"):
        read_objects(listed)


def test_secrets_are_masked_in_reports() -> None:
    result = read_objects(
        container(config={"Env": ["DB_PASSWORD=tr0ub4dor-and-3"]}), image(), practices="all"
    )
    shown = "".join(one.message + one.advice for one in result.notes)
    assert "tr0ub4dor" not in shown


def test_a_variable_without_a_value_is_told_wherever_it_stands() -> None:
    env = {"Env": ["PATH=/bin", "GONE"]}
    assert "TC470" in codes_of(read_objects(container(config=env)))


def test_a_driver_of_volumes_is_told_where_it_makes_none_with_a_name() -> None:
    for host, config in (({}, {}), ({}, {"Volumes": {"/d": {}}})):
        driver = {"VolumeDriver": "nfs", **host}
        result = read_objects(container(host=driver, config=config))
        assert codes_of(result) == {"TC195", "TC464"}
    named = read_objects(container(host={"VolumeDriver": "nfs", "Binds": ["data:/d"]}))
    assert compose_of(named)["volumes"]["data"]["driver"] == "nfs"
    assert codes_of(named) == {"TC464"}


def test_a_port_that_is_bound_to_nothing_is_open_to_other_containers() -> None:
    ports = {"PortBindings": {"71/tcp": [], "72/udp": None}}
    exposed = {"ExposedPorts": {"71/tcp": {}}}
    service = service_of(container(host=ports, config=exposed))
    assert service["expose"] == ["71/tcp", "72/udp"]
    of_image = service_of(container(host=ports), image(ExposedPorts={"71/tcp": {}}))
    assert of_image["expose"] == ["72/udp"]


def test_a_pipe_of_windows_is_mounted_as_one() -> None:
    pipe = r"\\.\pipe\docker_engine"
    mount = {"Type": "npipe", "Source": pipe, "Target": pipe}
    for host in ({"Mounts": [mount]}, {"Binds": [f"{pipe}:{pipe}"]}):
        written = service_of(container(host=host))["volumes"]
        assert written == [{"type": "npipe", "source": pipe, "target": pipe}]


def test_what_starts_a_container_of_podman_is_told() -> None:
    labels = {"PODMAN_SYSTEMD_UNIT": "web.service", "io.containers.autoupdate": "registry"}
    by_fields = container(config={"Labels": labels})
    assert {"TC496", "TC786"} <= codes_of(read_objects(by_fields))
    command = ["podman", "run", "--name", "web", "nginx"]
    by_command = container(config={"Labels": labels, "CreateCommand": command})
    assert {"TC496", "TC786"} <= codes_of(read_objects(by_command))


def test_a_dependency_that_is_not_among_the_input_is_told() -> None:
    labels = compose_labels("web", depends_on="db:service_healthy:true")
    result = read_objects(container(config={"Labels": labels}))
    assert "TC499" in codes_of(result)


def test_the_file_of_a_project_is_named_once() -> None:
    labels = compose_labels("web", **{"project.config_files": "/srv/compose.yaml"})
    twice = [
        container(name, config={"Labels": {**labels, "com.docker.compose.service": name}})
        for name in ("a", "b")
    ]
    told = [one.message for one in read_objects(*twice).notes if one.code == "TC497"]
    assert len(told) == 1 and "/srv/compose.yaml" in told[0]


def test_a_volume_that_is_asked_for_by_its_id_keeps_its_data() -> None:
    identity = "f0" * 32
    mounted = {"Type": "volume", "Name": identity, "Destination": "/d", "RW": True}
    result = read_objects(container(host={"Binds": [f"{identity}:/d"]}, Mounts=[mounted]))
    assert compose_of(result)["volumes"] == {identity: {"name": identity}}
    assert "TC462" not in codes_of(result)


def test_options_of_a_folder_in_memory_stand_in_its_short_form() -> None:
    options = {"SizeBytes": 1048576, "Mode": 0o1770, "Options": [["noexec"], ["uid", "7"]]}
    mount = {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": options}
    service = service_of(container(host={"Mounts": [mount]}))
    assert service["tmpfs"] == ["/t:noexec,uid=7,size=1048576,mode=1770"]
