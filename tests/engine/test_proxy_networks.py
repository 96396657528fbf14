"""Traefik finds what it routes to on a real engine, whatever name the network has after the conversion.

Each application is also on a network that Traefik cannot reach: an address there gives no answer.
With `traefik` among the oracles it is the program itself that reads the labels, otherwise the stand-in.
"""

from __future__ import annotations

import io
import os
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from engine import composing
from engine.clock import quickened_files
from engine.composing import ENGINE
from engine.images import BUSYBOX, busybox, folders, link, load, traefik
from engine.test_three_tier import free_port
from judges import write
from oracles import NO_ENGINE
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ENGINE or not BUSYBOX.exists(), reason=NO_ENGINE),
]
PROGRAM = Path(os.environ.get("TOCOMPOSE_ORACLES", ""), "traefik")
PROXY, WEB = "traefik:v3.5.0-tpn", "tocompose-test/tpn-web:1"
OPTIONS = "--ping=true --providers.docker=true --providers.docker.exposedbydefault=false --entrypoints.web.address=:80"
ANSWER = "read m p r; while read -r l && [ ${#l} -gt 1 ]; do :; done; printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhere'"
SOCKET = f"{ENGINE.removeprefix('unix://')}:/var/run/docker.sock:ro"
ROUTES = (
    "traefik.enable=true",
    "traefik.http.routers.web.rule=Host(`web.test`)",
    "traefik.http.services.web.loadbalancer.server.port=8000",
)


def script(port: int, option: str, *labels: str) -> str:
    """A script whose application is on two networks, of which Traefik is on the second."""
    written = " ".join(f"-l '{label}'" for label in (*ROUTES, *labels))
    return (
        "docker network create tpn-back\ndocker network create tpn-edge\n"
        f"docker run -d --name tpn-proxy --network tpn-edge -p {port}:80 -v {SOCKET} {PROXY} {OPTIONS} {option}\n"
        f"docker run -d --name tpn-web --network tpn-back {written} {WEB}\n"
        "docker network connect tpn-edge tpn-web\n"
    )


def old_compose(port: int) -> str:
    """A file of the second version whose label names the network as docker-compose called it."""
    labels = "".join(f'      - "{label}"\n' for label in ROUTES)
    return (
        'version: "2"\nservices:\n'
        f"  proxy:\n    image: {PROXY}\n    command: {OPTIONS}\n    ports: ['{port}:80']\n    volumes: ['{SOCKET}']\n"
        f"  web:\n    image: {WEB}\n    networks: [back, default]\n    labels:\n{labels}"
        "      - traefik.docker.network=tpn_default\n"
        "networks:\n  back: {}\n"
    )


SOURCES = {
    "label": (
        "run.sh",
        lambda port: script(port, "", "traefik.docker.network=tpn-edge"),
    ),
    "option": (
        "run.sh",
        lambda port: script(port, "--providers.docker.network=tpn-edge"),
    ),
    "old compose": ("docker-compose.yml", old_compose),
}


def proxy_image() -> bytes:
    """A root file system with Traefik itself, or with what stands in for it."""
    if not PROGRAM.is_file():
        return traefik()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folders(tar, ("bin", "tmp", "etc", "proc", "sys", "dev", "run", "var"))
        tar.add(BUSYBOX.resolve(), "bin/busybox")
        link(tar, "bin/sh", "busybox")
        tar.add(PROGRAM.resolve(), "bin/traefik")
    return out.getvalue()


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    answer = f'CMD ["nc", "-ll", "-p", "8000", "-e", "sh", "-c", "{ANSWER}"]'
    load(ENGINE, busybox(), WEB, "ENV PATH=/bin", answer.replace("\\r\\n", "\\\\r\\\\n"))
    load(ENGINE, proxy_image(), PROXY, 'ENTRYPOINT ["/bin/traefik"]', "ENV PATH=/bin")


def answered(port: int) -> str:
    """What the proxy answers, once it has seen the application."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", headers={"Host": "web.test"}
    )
    said = ""
    for _ in range(40):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(answer.read().decode().strip())
        except (urllib.error.URLError, ConnectionError, TimeoutError) as problem:
            said = str(problem)
            time.sleep(0.5)
    return said


@pytest.mark.parametrize("name", SOURCES)
def test_traefik_reaches_what_it_routes_to(name: str, tmp_path: Path) -> None:
    port = free_port()
    file, text_for = SOURCES[name]
    project = Memory({file: text_for(port).encode()}, "tpn")
    result = convert(project, Options(layout=Layout(split=True)))
    write(tmp_path, quickened_files(result.files))
    try:
        done = composing.compose(
            tmp_path, "-p", "tpn", "up", "-d", "--wait", "--wait-timeout", "120"
        )
        assert done.returncode == 0, done.stderr
        assert answered(port) == "here"
    finally:
        composing.compose(tmp_path, "-p", "tpn", "down", "-v", "--timeout", "1")
