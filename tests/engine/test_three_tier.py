"""A converted stack of three tiers comes up on a real engine and answers through the whole chain."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import composing
from engine.clock import quickened_files
from engine.composing import ENGINE
from engine.images import BUSYBOX, busybox, load, traefik
from judges import write
from oracles import NO_ENGINE
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Folder

CASE = Path(__file__).parents[2] / "fixtures/kubernetes/three-tier"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]


def compose(folder: Path, *words: str, timeout: float = 300) -> str:
    """What docker compose prints for the stack."""
    files = ("-p", "threetier", "-f", "docker-compose.yml", "-f", "engine.json")
    done = composing.compose(
        folder, *files, *words, timeout=timeout, TRAEFIK_PORT=str(PORT)
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    """A port of the host that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PORT = free_port()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the converted stack, which runs."""
    rootfs = busybox()
    for name in ("tocompose-test/busybox:1", "busybox:1.37"):
        load(ENGINE, rootfs, name, "ENV PATH=/bin")
    load(ENGINE, traefik(), "traefik:v3.6", 'ENTRYPOINT ["/bin/traefik"]', "ENV PATH=/bin")
    folder = tmp_path_factory.mktemp("stack")
    project = Folder(CASE, ("manifests.yaml",), "threetier")
    result = convert(project, Options(source="kubernetes", layout=Layout(split=True)))
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]
    write(folder, quickened_files(result.files))
    # The one thing that is not as converted: where the engine under test has its socket.
    socket_mount = f"{ENGINE.removeprefix('unix://')}:/var/run/docker.sock:ro"
    (folder / "engine.json").write_text(
        json.dumps({"services": {"traefik": {"volumes": [socket_mount]}}})
    )
    try:
        compose(folder, "up", "-d", "--wait", "--wait-timeout", "120")
        yield folder
    finally:
        compose(folder, "down", "-v", "--timeout", "1")


def ask(path: str, host: str = "shop.example.com") -> str:
    """What the proxy answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}", headers={"Host": host}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode().strip()


CHAIN = "token prepared sidecar db-0 db-1 db-2 price=5$"


def test_request_goes_through_all_tiers(stack: Path) -> None:
    assert ask("/shop/index") == f"web {CHAIN}"


def test_second_route_reaches_the_api_by_itself(stack: Path) -> None:
    assert ask("/api/status") == CHAIN


def test_other_hosts_and_paths_find_nothing(stack: Path) -> None:
    for path, host in (
        ("/shop/index", "other.example.com"),
        ("/shopping", "shop.example.com"),
    ):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(path, host)


def test_each_database_keeps_a_volume_of_its_own(stack: Path) -> None:
    for number in range(3):
        said = compose(stack, "exec", "-T", f"db-{number}", "cat", "/data/name")
        assert said.strip() == f"db-{number}"


def test_stack_comes_up_a_second_time(stack: Path) -> None:
    compose(stack, "down", "--timeout", "1")
    compose(stack, "up", "-d", "--wait", "--wait-timeout", "120")
    assert ask("/shop/index") == f"web {CHAIN}"
