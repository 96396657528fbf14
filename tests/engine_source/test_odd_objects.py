"""Objects of any shape: nothing makes the conversion fall over, and what is read is written."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine_source.objects import (
    container,
    endpoint,
    image,
    network,
    read_objects,
    read_text,
)
from tocompose.importers import SourceError
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

FULL = container(
    config={
        "Env": ["A=1"],
        "Cmd": ["a"],
        "Labels": {
            "com.docker.compose.project": "p",
            "com.docker.compose.depends_on": "b:c:d",
        },
        "Healthcheck": {"Test": ["CMD", "t"], "Interval": 1, "Retries": 2},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/v": {}},
    },
    host={
        "Binds": ["a:/b:ro"],
        "Mounts": [{"Type": "bind", "Source": "/a", "Target": "/c", "BindOptions": {}}],
        "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]},
        "Devices": [{"PathOnHost": "/dev/a"}],
        "DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}],
        "Ulimits": [{"Name": "a", "Soft": 1, "Hard": 1}],
        "Links": ["/b:/a/c"],
        "VolumesFrom": ["b:ro"],
        "LogConfig": {"Type": "syslog", "Config": {"a": "b"}},
        "BlkioDeviceReadBps": [{"Path": "/dev/a", "Rate": 1}],
        "Tmpfs": {"/t": ""},
        "ExtraHosts": ["a:b"],
        "PublishAllPorts": True,
    },
    NetworkSettings={
        "Networks": {"n": endpoint(Aliases=["x"], IPAMConfig={"IPv4Address": "1.2.3.4"})}
    },
    Mounts=[{"Type": "volume", "Name": "a", "Destination": "/b"}],
)
SERVICE = {
    "ID": "s",
    "Spec": {
        "Name": "web",
        "Labels": {"a": "b"},
        "Mode": {"Replicated": {"Replicas": 2}},
        "EndpointSpec": {"Ports": [{"TargetPort": 80, "PublishedPort": 80}]},
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "a:1@sha256:b",
                "Args": ["a"],
                "Secrets": [{"SecretName": "s", "File": {"Name": "s", "Mode": 292}}],
                "Mounts": [{"Type": "volume", "Source": "v", "Target": "/v"}],
                "Privileges": {"Seccomp": {"Mode": "custom"}},
            },
            "Networks": [{"Target": "n" * 8, "Aliases": ["a"]}],
            "Resources": {"Limits": {"NanoCPUs": 1}},
        },
    },
}
OBJECTS = [FULL, image(Env=["B=1"], Volumes={"/w": {}}), network("n"), SERVICE]
ODD: tuple[Any, ...] = (
    None,
    "",
    ":",
    "x",
    "a:b:c",
    0,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    ["x"],
    {"": ""},
    [None],
    "$",
    "${",
    "\u0000",
    "\n",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    return [path, *(place for key in keys for place in places(value[key], (*path, key)))]


PLACES = places(OBJECTS)[1:]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), max_size=3)
)
def test_a_value_of_any_shape_anywhere(changes: list[tuple[Any, Any]]) -> None:
    objects = copy.deepcopy(OBJECTS)
    for path, value in changes:
        node: Any = objects
        for key in path[:-1]:
            try:
                node = node[key]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if isinstance(node, dict) or (
                isinstance(node, list)
                and isinstance(path[-1], int)
                and path[-1] < len(node)
            ):
                node[path[-1]] = value
    try:
        result = read_objects(*objects, practices="all")
    except SourceError:
        return
    assert not {one.code for one in result.notes} & {"TC901", "TC902", "TC903"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.integers(0, 400), length=st.integers(0, 3000))
def test_a_piece_of_the_text(start: int, length: int) -> None:
    text = json.dumps(OBJECTS, indent=1)
    try:
        read_text(text[start : start + length].encode())
    except SourceError:
        return


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"null", b"{}", b"[[[[", b"hello", b"\xff\xfe"]
)
def test_what_holds_no_container_says_which_command_to_run(text: bytes) -> None:
    with pytest.raises(SourceError, match="docker inspect"):
        read_text(text)


def test_no_more_containers_than_one_stack_may_have_become_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_SERVICES", "2")
    container = {"Config": {"Image": "acme/web:1"}, "HostConfig": {}, "State": {}}
    objects = [{**container, "Id": f"{n:064x}", "Name": f"/web{n}"} for n in range(5)]
    files = {"inspect.json": json.dumps(objects).encode()}
    result = convert(Memory(files, "app"), Options(source="engine"))
    assert [service.name for service in result.stack.services] == ["web0", "web1"]
    (told,) = (note for note in result.notes if note.code == "TC025")
    assert told.message.startswith("web2 was left out")
    assert not [note for note in result.notes if note.code.startswith("TC90")]


def test_what_goes_beyond_the_values_of_a_file_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_VALUES", "20")
    container = {"Config": {"Image": "acme/web:1"}, "HostConfig": {}, "State": {}}
    objects = [{**container, "Id": f"{n:064x}", "Name": f"/web{n}"} for n in range(50)]
    files = {"inspect.json": json.dumps(objects).encode()}
    result = convert(Memory(files, "app"), Options(source="engine"))
    assert 0 < len(result.stack.services) < 10
    (told,) = (note for note in result.notes if note.code == "TC314")
    assert "too many values" in told.message
    assert told.span and told.span.file == "inspect.json" and told.span.column > 1
