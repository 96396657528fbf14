"""The server over the wire: whom it answers, what it refuses, and that nothing of the machine comes out of it."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tocompose.web.assets import asset_names
from web.serving import Served, ask, ask_json, serve

RUN = "docker run -d --name web -p 8080:80 nginx:1.27"
PANEL = "https://panel.example"
SECRET = "m4chine-s3cret-Zq81"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server in a folder with files and settings that nobody may see."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / ".env").write_text(f"TOKEN={SECRET}\n")
    (folder / "local.env").write_text(f"TOKEN={SECRET}\n")
    (folder / "docker-compose.yml").write_text(
        f"services: {{own: {{image: '{SECRET}'}}}}\n"
    )
    options = ("--max-bytes", "300000", "--timeout", "6", "--allow-origin", PANEL)
    with serve(*options, "--allow-host", "compose.example", cwd=folder, TOKEN=SECRET) as on:
        yield on


def test_it_converts(served: Served) -> None:
    reply = ask_json(served.port, "convert", {"text": RUN})
    assert reply.status == 200
    assert reply.json()["services"] == [{"name": "web", "image": "nginx:1.27"}]


def test_every_answer_is_guarded(served: Served) -> None:
    replies = [
        ask(served.port, "/", method="GET"),
        *(ask(served.port, f"/{name}", method="GET") for name in asset_names()),
        ask(served.port, "/api/openapi.json", method="GET"),
        ask(served.port, "/nowhere", method="GET"),
        ask_json(served.port, "convert", {"text": RUN}),
        ask_json(served.port, "nothing", {}),
    ]
    for reply in replies:
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in reply.headers
        assert "server" not in reply.headers


def test_only_json_is_taken(served: Served) -> None:
    body = json.dumps({"text": RUN}).encode()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        reply = ask(served.port, "/api/convert", body, content_type=content_type)
        assert reply.status == 415, content_type
    assert ask(served.port, "/api/convert", method="GET").status == 405


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/about", b'{"verbose": true}'),
        ("/api/about?verbose=1", b"{}"),
        ("/api/convert?practices=none", b'{"text": "docker run nginx"}'),
        ("/api/explain", b'{"code": "TC001", "lang": "en"}'),
    ],
)
def test_what_no_address_takes_is_refused(served: Served, path: str, body: bytes) -> None:
    reply = ask(served.port, path, body, content_type="application/json")
    assert (reply.status, reply.json()["error"]["code"]) == (400, "unknown-field")


def test_what_is_not_asked_right_is_one_sentence(served: Served) -> None:
    body = b'{"text": "docker run nginx"}'
    for method, path, status, message in (
        ("HEAD", "/api/convert", 405, ""),
        ("OPTIONS", "/api/convert", 405, "this address takes POST"),
        ("PUT", "/api/about", 405, "this address takes GET or HEAD or POST"),
        ("POST", "/", 405, "this address takes GET or HEAD"),
        ("PUT", "/api/nothing", 404, "there is no such page"),
        ("POST", "/api/convert/", 404, "there is no such page"),
        ("POST", "/api/Convert", 404, "there is no /api/Convert; did you mean convert?"),
    ):
        reply = ask(served.port, path, body, method, content_type="application/json")
        assert reply.status == status, (method, path)
        assert not message or reply.json()["error"]["message"] == message
    packed = gzip.compress(body)
    reply = ask(
        *(served.port, "/api/convert", packed),
        content_type="application/json",
        content_encoding="gzip",
    )
    assert reply.status == 415 and "compressed" in reply.json()["error"]["message"]
    reply = ask(served.port, "/api/about", method="HEAD")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "a:b:c", "[::"]
)
def test_other_names_of_this_machine_are_not_answered(served: Served, host: str) -> None:
    reply = ask_json(served.port, "convert", {"text": RUN}, host=host)
    assert reply.status == 421
    assert reply.json()["error"]["code"] == "unknown-host"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8686", "[::1]:1", "compose.example"]
)
def test_its_own_names_are_answered(served: Served, host: str) -> None:
    assert ask_json(served.port, "explain", {"code": "TC001"}, host=host).status == 200


def test_two_hosts_are_none(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
        assert connection.recv(100).split()[1] in (b"400", b"421")


def test_pages_of_other_origins_are_not_answered(served: Served) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:1", "http://[", ""):
        reply = ask_json(served.port, "convert", {"text": RUN}, origin=origin)
        assert reply.status == 403, origin
        assert "access-control-allow-origin" not in reply.headers
    own = f"http://127.0.0.1:{served.port}"
    assert ask_json(served.port, "convert", {"text": RUN}, origin=own).status == 200


def test_a_page_that_is_allowed_is_answered(served: Served) -> None:
    asked = ask(
        served.port,
        "/api/convert",
        method="OPTIONS",
        origin=PANEL,
        access_control_request_method="POST",
    )
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == PANEL
    assert "content-type" in asked.headers["access-control-allow-headers"]
    reply = ask_json(served.port, "convert", {"text": RUN}, origin=PANEL)
    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == PANEL


def test_what_is_too_long_is_not_even_read(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.putrequest("POST", "/api/convert")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", "900000000000")
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    connection.close()


def test_what_is_longer_than_it_says_is_refused(served: Served) -> None:
    """A body in chunks says nothing of its length."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=20)
    chunks = (b"a" * 65_536 for _ in range(8))
    connection.request(
        "POST",
        "/api/convert",
        chunks,
        {"content-type": "application/json"},
        encode_chunked=True,
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_headers_without_end_are_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        with pytest.raises(OSError):
            for _ in range(200):
                connection.sendall(b"a" * 65_536)
            connection.recv(1)
            raise ConnectionResetError


def test_a_body_that_does_not_come_is_not_waited_for(served: Served) -> None:
    head = b"POST /api/convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port), 30) as connection:
        connection.sendall(head + b"Content-Length: 50\r\n\r\n{")
        assert connection.recv(100).split()[1] == b"408"


# Source that names files of the machine in every way that a source can.
READING = f"""
docker run --env-file local.env --env-file {os.sep}etc/passwd --name a nginx
docker run --env-file ../../../../../../etc/hostname -v /etc/passwd:/x --name b nginx
docker run -e TOKEN -e A=$(cat .env) -e B="$(< /etc/passwd)" --name c nginx
source .env
. /etc/profile
docker run -e T=$TOKEN -e H=$HOME --label-file local.env --name d nginx
"""
READING_MANIFEST = """
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../etc, /etc/passwd, https://evil.example/x.yaml]
secretGenerator: [{name: s, envs: [.env, local.env, /etc/passwd]}]
"""
READING_COMPOSE = """
include: [docker-compose.yml, /etc/passwd]
services:
  a: {extends: {file: docker-compose.yml, service: own}}
  b: {image: x, env_file: [local.env, .env, /etc/passwd]}
"""


TEMPLATE = '{{ .Files.Get "/etc/passwd" }}'
CHART = {
    "Chart.yaml": "name: x\nversion: 1.0.0\napiVersion: v2\n",
    "templates/a.yaml": TEMPLATE,
}


@pytest.mark.parametrize("operation", ["convert", "plan", "check"])
@pytest.mark.parametrize(
    "request_fields",
    [
        {"text": READING},
        {"text": READING_COMPOSE},
        {"files": {"run.sh": READING}},
        {"files": {"k/kustomization.yaml": READING_MANIFEST, "x.yaml": "a: b"}},
        {"files": {"compose.yaml": READING_COMPOSE, "x.yaml": "a: b"}},
        {"files": CHART},
    ],
)  # fmt: skip
def test_no_file_of_the_machine_comes_out(
    served: Served, operation: str, request_fields: dict[str, object]
) -> None:
    reply = ask_json(served.port, operation, request_fields)
    assert reply.status == 200
    assert SECRET.encode() not in reply.body
    assert b"root:x:" not in reply.body
    assert str(Path.home()).encode() + b"/" not in reply.body


# What takes more time than a request may: aliases and nesting are bounded, so it is made of many services.
SLOW = "".join(
    f"docker run -d --name s{n} --link s{(n + 1) % 900}:x --network n{n % 30} -e A{n}=s{n + 1}:80 nginx\n"
    for n in range(900)
)


@pytest.mark.slow
def test_a_slow_request_ends_and_holds_up_nobody(served: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(ask_json, served.port, "convert", {"text": SLOW})
        quick = [
            pool.submit(ask_json, served.port, "convert", {"text": RUN}) for _ in range(6)
        ]
        assert {one.result().status for one in quick} == {200}
        assert slow.result().status in (200, 504, 413)


@pytest.mark.slow
def test_many_at_once_are_answered_or_told_to_come_back(served: Served) -> None:
    """A small part of `python tests/benchmarks requests`, which measures."""
    bodies: list[object] = [
        *({"text": RUN}, {"text": "kind: Pod"}, {"files": {"../x": "y"}}),
        *({"files": {"run.sh": READING}}, {"text": "a" * 400_000}, []),
    ]
    with ThreadPoolExecutor(48) as pool:
        asked = [
            pool.submit(ask_json, served.port, "convert", bodies[n % 6]) for n in range(48)
        ]
        statuses = [one.result().status for one in asked]
    assert set(statuses) <= {200, 400, 413, 503}
    assert statuses.count(200) > 12
    assert ask_json(served.port, "convert", {"text": RUN}).status == 200


def test_a_request_that_is_given_up_frees_its_process(served: Served) -> None:
    body = json.dumps({"text": SLOW}).encode()
    head = (
        f"POST /api/convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", served.port), 10) as connection:
            connection.sendall(head.encode() + body)
    assert ask_json(served.port, "convert", {"text": RUN}).status == 200


def test_files_are_shown_by_their_names_alone(served: Served) -> None:
    reply = ask(served.port, "/../../etc/passwd", method="GET")
    assert reply.status == 404
    assert ask(served.port, "/page.py", method="GET").status == 404
    assert ask(served.port, "/%2e%2e/__init__.py", method="GET").status == 404


def test_a_taken_port_is_one_sentence() -> None:
    import subprocess
    import sys

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "tocompose", "serve", "--port", port]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert ran.stderr == f"tocompose: 127.0.0.1:{port}: address already in use\n"
