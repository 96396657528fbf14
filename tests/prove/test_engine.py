"""The recording engine over its socket, without any client."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocompose.prove.engine import full_reference
from tocompose.prove.server import Server, shared_server


class Connection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("engine", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client(server: Server) -> Iterator[Connection]:
    connection = Connection(server.host.removeprefix("unix://"))
    yield connection
    connection.close()


def ask(client: Connection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    client.request(method, f"/v1.51{path}", json.dumps(body) if body is not None else None)
    reply = client.getresponse()
    raw = reply.read()
    return reply.status, json.loads(raw) if raw[:1] in (b"{", b"[") else raw


def test_ping_says_which_api_it_speaks(client: Connection) -> None:
    client.request("HEAD", "/_ping")
    reply = client.getresponse()
    assert (
        reply.status,
        reply.read(),
        reply.getheader("Api-Version"),
        reply.getheader("Ostype"),
    ) == (
        200,
        b"",
        "1.51",
        "linux",
    )


def test_a_container_is_kept_as_it_was_asked_for(
    client: Connection, server: Server
) -> None:
    body = {
        "Image": "x",
        "Env": ["A=1"],
        "HostConfig": {"Memory": 5},
        "NetworkingConfig": {"EndpointsConfig": {"n": {}}},
    }
    status, made = ask(
        client, "POST", "/containers/create?name=a&platform=linux%2Farm64", body
    )
    found = server.engine.recording().containers[0]
    assert (status, made["Id"], found.name, found.platform) == (
        201,
        found.id,
        "a",
        "linux/arm64",
    )
    assert (found.config, found.host, found.endpoints) == (
        {"Image": "x", "Env": ["A=1"]},
        {"Memory": 5},
        {"n": {}},
    )
    assert ask(client, "GET", f"/containers/{found.id[:12]}/json")[1]["Name"] == "/a"
    assert ask(client, "POST", "/containers/create?name=a", body)[0] == 409


def test_a_chunked_body_is_read(client: Connection, server: Server) -> None:
    client.request(
        "POST",
        "/containers/create",
        iter([b'{"Image": ', b'"x"}']),
        {"Transfer-Encoding": "chunked"},
        encode_chunked=True,
    )
    assert client.getresponse().status == 201
    assert server.engine.recording().containers[0].config == {"Image": "x"}


def test_a_later_connection_is_part_of_the_container(
    client: Connection, server: Server
) -> None:
    ask(client, "POST", "/networks/create", {"Name": "late"})
    ask(client, "POST", "/containers/create?name=a", {"Image": "x"})
    body = {"Container": "a", "EndpointConfig": {"Aliases": ["b"]}}
    assert ask(client, "POST", "/networks/late/connect", body)[0] == 200
    assert server.engine.recording().containers[0].endpoints == {"late": {"Aliases": ["b"]}}
    assert ask(client, "POST", "/networks/late/connect", body)[0] == 403
    assert ask(client, "POST", "/networks/late/connect", {"Container": "zz"})[0] == 404


def test_lists_are_filtered_by_label_and_name(client: Connection) -> None:
    for name, label in (("a", "1"), ("b", "2")):
        ask(
            client,
            "POST",
            f"/containers/create?name={name}",
            {"Image": "x", "Labels": {"l": label}},
        )
        ask(
            client, "POST", "/networks/create", {"Name": f"n{name}", "Labels": {"l": label}}
        )
        ask(client, "POST", "/volumes/create", {"Name": f"v{name}", "Labels": {"l": label}})
    wanted = "filters=%7B%22label%22%3A%5B%22l%3D2%22%5D%7D"
    assert [
        one["Names"] for one in ask(client, "GET", f"/containers/json?{wanted}")[1]
    ] == [["/b"]]
    assert [one["Name"] for one in ask(client, "GET", f"/networks?{wanted}")[1]] == ["nb"]
    assert [
        one["Name"] for one in ask(client, "GET", f"/volumes?{wanted}")[1]["Volumes"]
    ] == ["vb"]


def test_what_it_does_not_know_is_said_and_remembered(
    client: Connection, server: Server
) -> None:
    assert ask(client, "POST", "/swarm/init", {}) == (
        501,
        {"message": "the recording engine has no answer for POST /swarm/init"},
    )
    assert server.engine.unanswered == ["POST /swarm/init"]
    assert ask(client, "GET", "/networks/nowhere")[0] == 404
    assert ask(client, "GET", "/volumes/nowhere")[0] == 404
    assert ask(client, "GET", "/containers/nowhere/json")[0] == 404


def test_a_reset_forgets_and_provides(client: Connection, server: Server) -> None:
    ask(client, "POST", "/containers/create", {"Image": "x"})
    server.engine.reset(("net",), ("vol",))
    assert server.engine.recording().containers == ()
    assert (
        ask(client, "GET", "/networks/net")[0]
        == ask(client, "GET", "/volumes/vol")[0]
        == 200
    )


def test_closing_leaves_nothing_behind() -> None:
    server = Server()
    folder = Path(server.host.removeprefix("unix://")).parent
    assert folder.is_dir()
    server.close()
    assert not folder.exists()


def test_one_engine_serves_the_process() -> None:
    assert shared_server() is shared_server()


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("a/b:1", "docker.io/a/b:1"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("x.io/nginx", "x.io/nginx:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("host:5000/a", "host:5000/a:latest"),
        ("a@sha256:12", "docker.io/library/a@sha256:12"),
        ("sha256:12", "sha256:12"),
    ],
)
def test_image_names_in_full(short: str, full: str) -> None:
    assert full_reference(short) == full
