"""The request of a probe in the language that the image is for, asked by its real interpreter."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
# What the kubelet counts as success, and what not.
STATUSES = {"/ready": 200, "/moved": 302, "/gone": 404, "/broken": 503}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        is_known = self.headers.get("X-Probe") == 'it\'s "me" $HOME' and query == "a=1&b=$c"
        self.send_response(STATUSES[path] if is_known else 400)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests stay silent."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def health_test(command: list[str], path: str, port: int) -> list[str] | None:
    """The health command of a container with that command, as docker compose reads it."""
    headers = [{"name": "X-Probe", "value": 'it\'s "me" $HOME'}]
    request = {"path": f"{path}?a=1&b=$c", "port": port, "httpHeaders": headers}
    container = {
        "name": "web",
        "image": "shop/web:1",
        "command": command,
        "readinessProbe": {"httpGet": request},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [container]},
    }
    manifest = Memory({"web.yaml": yaml.safe_dump(pod).encode()}, "shop")
    result = convert(manifest, Options(source="kubernetes", practices="none"))
    web = yaml.safe_load(result.files[0].content)["services"]["web"]
    test = web.get("healthcheck", {}).get("test")
    return test and [str(word).replace("$$", "$") for word in test]


@pytest.mark.parametrize("path", STATUSES)
@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "shop.wsgi"],
        ["/opt/venv/bin/python", "-m", "shop"],
        pytest.param(["node", "web.js"], marks=needs_node),
    ],
    ids=lambda command: command[0],
)
def test_the_interpreter_asks_as_the_kubelet_does(
    command: list[str], path: str, port: int
) -> None:
    test = health_test(command, path, port)
    assert test is not None and test[0] == "CMD"
    status = subprocess.run(
        test[1:], check=False, capture_output=True, timeout=30
    ).returncode
    assert (status == 0) == (STATUSES[path] < 400)


@pytest.mark.parametrize("command", [["/app/server"], ["java", "-jar", "web.jar"]])
def test_a_program_that_shows_no_interpreter_gives_no_check(command: list[str]) -> None:
    assert health_test(command, "/ready", 8080) is None


@pytest.mark.parametrize(
    ("image", "program"), [("example/shop:2", "node"), ("example/db:1", None)]
)
def test_what_another_container_of_the_pod_calls_in_the_image_is_in_it(
    image: str, program: str | None
) -> None:
    probe = {"httpGet": {"path": "/in", "port": 8080}}
    pod_spec = {
        "initContainers": [
            {"name": "seed", "image": image, "command": ["node", "seed.js"]}
        ],
        "containers": [{"name": "web", "image": "example/shop:2", "readinessProbe": probe}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": pod_spec}
    manifest = Memory({"web.yaml": yaml.safe_dump(pod).encode()}, "shop")
    result = convert(manifest, Options(source="kubernetes", practices="none"))
    services = yaml.safe_load(result.files[0].content)["services"]
    test = services["web"].get("healthcheck", {}).get("test", [None, None])
    assert test[1] == program
    assert ("TC231" in {note.code for note in result.notes}) == (program is None)
