"""The containers of a pod of podman that keep no command line: the first of them stands for the pod."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine_source.fake_engine import engine_on
from engine_source.objects import codes_of, compose_of, container, endpoint, read_objects
from tocompose.engine_api import ContainerSelection, read_engine

INFRA = "9e" * 32
MODE = f"container:{INFRA}"
PORTS = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
HOST = {"PortBindings": PORTS, "ExtraHosts": ["db.lan:10.0.0.9"], "NetworkMode": "bridge"}
KUBE = {"Networks": {"podman-default-kube-network": endpoint()}}


def infra() -> Any:
    config = {"Hostname": "shop", "Image": "localhost/podman-pause:4.3.1-0"}
    holder = container("7f0-infra", config=config, host=HOST)
    return {**holder, "NetworkSettings": KUBE, "Id": INFRA, "IsInfra": True}


def member(name: str, identity: str, **fields: Any) -> Any:
    modes = {"NetworkMode": MODE, "IpcMode": MODE, "UTSMode": MODE, "Runtime": "oci"}
    group = {"CgroupParent": "/libpod_parent/7f0"}
    made = container(name, host={**modes, **group}, NetworkSettings=KUBE, Pod="7f0")
    return {**made, "Id": identity * 64, **fields}


MEMBERS = (member("web", "a"), member("side", "b"))
POD = {"InfraContainerID": INFRA, "Name": "shop", "Containers": [{"Name": "web"}]}


def services(*objects: Any) -> Any:
    return compose_of(read_objects(*objects))["services"]


def test_the_first_container_has_what_the_pod_has_and_the_others_join_it() -> None:
    result = read_objects(infra(), *MEMBERS)
    web, side = (compose_of(result)["services"][name] for name in ("web", "side"))
    assert web["ports"] == ["8080:80"] and web["extra_hosts"] == ["db.lan=10.0.0.9"]
    assert web["hostname"] == "shop" and web["ipc"] == "shareable"
    assert side["network_mode"] == "service:web" and side["ipc"] == "service:web"
    assert not {"network_mode", "uts", "cgroup_parent"} & web.keys()
    assert not {"ports", "uts", "networks"} & side.keys()
    assert codes_of(result) == {"TC464"}


def test_the_pod_says_it_where_its_infra_container_is_not_shown() -> None:
    config = {"PortBindings": PORTS, "HostAdd": ["db.lan:10.0.0.9"], "Networks": ["podman"]}
    web = services({**POD, "InfraConfig": config}, *MEMBERS)["web"]
    assert web["ports"] == ["8080:80"] and web["extra_hosts"] == ["db.lan=10.0.0.9"]
    host = {**POD, "InfraConfig": {"HostNetwork": True}}
    assert services(host, *MEMBERS)["web"]["network_mode"] == "host"


def test_the_containers_alone_show_the_ports_of_their_pod() -> None:
    shown = [{**one, "NetworkSettings": {**KUBE, "Ports": PORTS}} for one in MEMBERS]
    both = services(*shown)
    assert both["web"]["ports"] == ["8080:80"]
    assert both["side"]["network_mode"] == "service:web"


def test_a_pod_says_nothing_that_is_not_read() -> None:
    assert codes_of(read_objects({**POD, "Hostname": "h"}, *MEMBERS)) == {"TC464"}


@pytest.mark.parametrize("shown", ["pod", "infra"])
def test_the_command_that_made_the_pod_is_read_from_it_or_its_infra_container(
    shown: str,
) -> None:
    command = ["podman", "pod", "create", "--name", "shop", "-p", "8081:80"]
    made_by = {"CreateCommand": ["podman", "create", "--pod", "shop", "--name", "web", "x"]}
    web = {**MEMBERS[0], "Config": {**MEMBERS[0]["Config"], **made_by}}
    owner = infra()
    owner["Config"]["CreateCommand"] = command
    objects = [{**POD, "CreateCommand": command}] if shown == "pod" else [owner]
    assert services(*objects, web)["web"]["ports"] == ["8081:80"]


def test_a_live_engine_is_asked_for_the_pod_of_a_chosen_container(tmp_path: Path) -> None:
    web = MEMBERS[0]
    listed = [
        {"Id": web["Id"], "Names": ["/web"], "State": "running"},
        {"Id": INFRA, "Names": ["/7f0-infra"], "State": "running"},
    ]
    answers = {
        "/containers/json?all=1": (200, listed),
        f"/containers/{web['Id']}/json": (200, web),
        f"/containers/{INFRA}/json": (200, infra()),
    }
    with engine_on(answers, tmp_path) as (address, _):
        found = read_engine(ContainerSelection(host=address, names=("web",))).objects
    assert [one["Name"] for one in found if "HostConfig" in one] == ["/web", "/7f0-infra"]
