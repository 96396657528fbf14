"""What a stack needs on another machine than that of the old containers: it is told before the first start there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reported import reported
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.cutover import cutover_of
from tocompose.reports.next_steps import first_steps
from tocompose.reports.other_machine import arrival_steps, old_containers_hold
from tocompose.reports.report import Report, report

IMAGE = "sha256:" + "ab" * 32
CONTAINER: dict[str, Any] = {
    "Id": "4f1c" * 16,
    "Name": "/db",
    "Image": IMAGE,
    "State": {"Status": "running"},
    "Config": {"Image": "shop/db:16"},
    "HostConfig": {
        "NetworkMode": "shop",
        "Binds": [
            "kept:/data",
            "/srv/shop/conf:/conf",
            "/etc/localtime:/etc/localtime:ro",
            "/etc/letsencrypt:/certs",
        ],
    },
    "Mounts": [
        {"Type": "volume", "Name": "kept", "Destination": "/data", "Driver": "local"}
    ],
    "NetworkSettings": {"Networks": {"shop": {"IPAddress": "172.25.0.2"}}},
}
NETWORK = {
    "Name": "shop",
    "Id": "ab" * 32,
    "Driver": "bridge",
    "IPAM": {"Driver": "default", "Config": [{"Subnet": "172.25.0.0/16"}]},
}
CHECK = {"Test": ["CMD-SHELL", "wget -q -O- http://127.0.0.1/ || exit 1"]}
SCRIPT = "docker run -d --name db -v kept:/data -v /srv/shop/conf:/conf shop/db:16\n"


def image(**config: object) -> dict[str, object]:
    """The image of the container, with that configuration."""
    return {
        "Id": IMAGE,
        "RepoTags": ["shop/db:16"],
        "RootFS": {"Type": "layers"},
        "Config": config,
    }


def converted(*objects: object) -> tuple[Result, Report]:
    """The conversion of what the engine tells of these objects, and the report on it."""
    source = Memory({"containers.json": json.dumps(list(objects)).encode()}, "host")
    result = convert(source, Options(source="engine"))
    return result, report(result, source)


def scripted(script: str = SCRIPT, up: str = "") -> Report:
    """The report on a script, written to a folder from which `up` leads to that of the script."""
    options = Options(source="docker_run", up=up, back="../out/" if up else "")
    return reported({"run.sh": script}, options, "host")


def test_networks_volumes_and_folders_come_first_on_another_machine() -> None:
    _, told = converted(CONTAINER, NETWORK)
    create, copy = arrival_steps(told)
    assert create.line == "docker network create --subnet 172.25.0.0/16 shop"
    assert copy.title == (
        "Stop the old container there, and copy these to volumes and paths of the same names on this machine: the"
        " volume kept, `/etc/letsencrypt` and `/srv/shop/conf`"
    )
    assert copy.warning.endswith("Without the copy the service starts without data.")
    page = render("markdown", told)
    assert "the stack can be started as it is" not in page
    steps = page.partition("On another machine:")[2].partition("Later:")[0]
    assert (
        steps.index("1. Create")
        < steps.index("Stop the old container")
        < steps.index("config --quiet")
    )
    assert "docker network create" in render("html", told)


def test_the_copy_for_a_script_is_asked_of_those_who_have_old_containers() -> None:
    [copy] = arrival_steps(scripted())
    assert copy.title == (
        "If old containers run on another machine, stop them there, and copy these to volumes and paths of the same"
        " names on this machine: the volume kept and `/srv/shop/conf`"
    )


@pytest.mark.parametrize(
    ("mounts", "told"),
    [
        ("-v /srv/a:/a", "this to the same path on this machine: `/srv/a`"),
        (
            "-v kept:/data",
            "this to a volume of the same name on this machine: the volume kept",
        ),
        (
            "-v /srv/a/data:/a -v /srv/a/db:/b -v /opt/c:/c",
            "these to the same paths on this machine: `/opt/c`, and `data` and `db` in `/srv/a`",
        ),
        (
            "-v /srv/1:/1 -v /srv/2:/2 -v /srv/3:/3 -v /srv/4:/4 -v /srv/5:/5 -v /srv/5/6:/6",
            "on this machine: `1`, `2`, `3`, `4` and `5` in `/srv`",
        ),
        (
            "-v $DATA/a:/a -v $DATA/b:/b -v $XDG_RUNTIME_DIR/c:/c",
            "on this machine: `a` and `b` in `${DATA}`",
        ),
        ("-v $DATA:/a", "on this machine: the folder `${DATA}`"),
        ("-v ${D:-/srv/x}:/a -v ${D:-/srv/y}:/b", "`${D:-/srv/x}` and `${D:-/srv/y}`"),
    ],
)
def test_all_folders_are_named_and_those_of_one_parent_together(
    mounts: str, told: str
) -> None:
    [copy] = arrival_steps(scripted(f"docker run -d --name db {mounts} shop/db:16\n"))
    assert copy.title.endswith(told)


@pytest.mark.parametrize("up", ["", "../shop/"])
def test_folders_with_relative_paths_are_copied_too(up: str) -> None:
    """They lie beside the script on the other machine, and are missing here."""
    mounts = "-v ./app.conf:/etc/app.conf:ro -v $(pwd)/etc:/etc/app -v ./lists:/lists -v /srv/a:/a"
    script = (
        f"docker run -d --name dns {mounts} -v /etc/localtime:/etc/localtime shop/dns:1\n"
    )
    [copy] = arrival_steps(scripted(script, up))
    beside = "`etc` and `lists` in `../shop`, and" if up else "`./etc`, `./lists` and"
    assert copy.title.endswith(f": {beside} `/srv/a`"), copy.title
    assert (
        "what they name is in the folder in which the script was started." in copy.warning
    )


def test_owners_of_podman_without_root_are_changed_before_the_copy() -> None:
    [copy] = arrival_steps(scripted("podman run -d --name db -v /srv/a:/data redis:7\n"))
    assert "change the owners before you copy, as TC095 says" in copy.warning
    assert "numeric owners (`sudo rsync -a --numeric-ids`)" in copy.warning
    [copy] = arrival_steps(scripted("docker run -d --name db -v /srv/a:/data redis:7\n"))
    assert "TC095" not in copy.warning


def test_the_reason_for_the_way_over_names_what_the_old_container_has() -> None:
    _, told = converted(CONTAINER, NETWORK)
    reason = "the old container has the name db and uses the volume kept"
    assert old_containers_hold(told) == reason
    assert reason in render("markdown", told)


@pytest.mark.parametrize("kind", ["container", "service of a swarm"])
def test_the_health_check_that_the_image_has_is_told(kind: str) -> None:
    service = {
        "ID": "s",
        "Spec": {
            "Name": "db",
            "Mode": {"Replicated": {}},
            "TaskTemplate": {"ContainerSpec": {"Image": "shop/db:16@sha256:ab"}},
        },
    }
    source = CONTAINER if kind == "container" else service
    result, told = converted(source, NETWORK, image(Healthcheck=CHECK))
    assert "TC611" in {note.code for note in result.notes}
    assert "TC613" not in {note.code for note in result.notes}
    assert "| of the image |" in render("markdown", told)
    assert "wait until it is healthy" in first_steps(told)[-1].title


def test_an_image_without_a_health_check_is_told_to_have_none() -> None:
    """Other versions of the image may have one: this one has not."""
    config = {**CONTAINER["Config"], "Image": "jellyfin/jellyfin:10"}
    container = {**CONTAINER, "Config": config}
    assert "TC611" in {note.code for note in converted(container)[0].notes}
    result, _ = converted(container, {**image(), "RepoTags": ["jellyfin/jellyfin:10"]})
    assert "TC611" not in {note.code for note in result.notes}


def test_the_check_of_a_server_is_off_where_something_else_runs() -> None:
    config = {**CONTAINER["Config"], "Cmd": ["backup", "--daemon"]}
    result, _ = converted(
        {**CONTAINER, "Config": config}, image(Healthcheck=CHECK, Cmd=["serve"])
    )
    assert "TC434" in {note.code for note in result.notes}
    [service] = result.stack.services
    assert service.healthcheck is not None and service.healthcheck.disable


def test_the_steps_over_wait_for_health_too() -> None:
    _, told = converted(CONTAINER, NETWORK, image(Healthcheck=CHECK))
    titles = [step.title for step in cutover_of(told).steps_over]
    assert "Start everything and wait until it is healthy" in titles


@pytest.mark.parametrize(
    ("digests", "is_local"),
    [
        ({}, False),
        ({"RepoDigests": []}, True),
        ({"RepoDigests": [f"shop/db@{IMAGE}"]}, False),
    ],
)
def test_an_image_that_was_neither_pulled_nor_pushed_is_copied(
    digests: dict[str, object], is_local: bool
) -> None:
    described = {**image(), **digests}
    _, told = converted(CONTAINER, described)
    lines = [step.line for step in arrival_steps(told)]
    assert ("ssh OLD_HOST docker save shop/db:16 | docker load" in lines) is is_local
    assert ("--pull always" in render("markdown", told)) is not is_local
