"""What a kubeconfig says beyond the address, and how failures on the way are told: one sentence each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.cluster import ClusterRequest, api, read_cluster
from tocompose.cluster.kubeconfig import connect_cluster
from tocompose.importers import SourceError


@pytest.mark.parametrize("proxy", [5, ["http://h"], {"a": "b"}])
def test_a_proxy_that_is_no_address_is_named(tmp_path, proxy):
    cluster = {"server": "https://127.0.0.1:1", "proxy-url": proxy}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "x"}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(SourceError, match="context a"):
        connect_cluster(str(path), None, allow_exec=False)


def config_file(
    folder: Path, server: str, user: dict[str, Any], **cluster: str
) -> ClusterRequest:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    return ClusterRequest(kubeconfig=str(path))


@contextmanager
def server(status: int, **headers: str) -> Iterator[tuple[str, list[Any]]]:
    """A server that always answers the same; the headers of all requests are kept."""
    asked: list[Any] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers)
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name.replace("_", "-"), text)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    listening = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", asked
    finally:
        listening.shutdown()
        listening.server_close()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    scheme: str, tmp_path: Path
) -> None:
    proxy = {"proxy-url": f"{scheme}://me:hidden@127.0.0.1:9"}
    request = config_file(tmp_path, "http://127.0.0.1:9", {"token": "x"}, **proxy)
    with pytest.raises(SourceError, match="refused") as failure:
        read_cluster(request)
    assert f"through the proxy {scheme}://127.0.0.1:9: no connection" in str(failure.value)


def test_requests_are_made_in_the_name_of_another(tmp_path: Path) -> None:
    user = {"token": "x\n", "as": "jane", "as-groups": ["a", "b"]}
    user["as-user-extra"] = {"team": ["red"]}
    with (
        server(401) as (address, asked),
        pytest.raises(SourceError, match="not authorised"),
    ):
        read_cluster(config_file(tmp_path, address, user))
    assert asked[0]["Authorization"] == "Bearer x"
    assert asked[0]["Impersonate-User"] == "jane"
    assert asked[0].get_all("Impersonate-Group") == ["a", "b"]
    assert asked[0]["Impersonate-Extra-team"] == "red"


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (429, {"Retry_After": "90000"}, "asks to wait 90000 seconds"),
        (302, {"Location": "https://login.example/x?token=t"}, "https://login.example"),
        (200, {}, "does not answer like"),
    ],
)
def test_a_server_that_is_no_api_server_is_told_in_one_sentence(
    status: int, headers: dict[str, str], said: str, tmp_path: Path
) -> None:
    with server(status, **headers) as (address, asked), pytest.raises(SourceError) as told:
        read_cluster(config_file(tmp_path, address, {"token": "x"}))
    assert said in str(told.value) and "token=" not in str(told.value)
    assert len(asked) == 1


def test_a_busy_server_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(api.time, "sleep", pauses.append)
    with server(429, Retry_After="3") as (address, asked), pytest.raises(SourceError):
        read_cluster(config_file(tmp_path, address, {"token": "x"}))
    assert (pauses, len(asked)) == ([3.0, 3.0], 3)


@pytest.mark.parametrize("name", [{}, {"token": "tops3cret"}, ["c"]], ids=repr)
def test_a_cluster_that_is_no_name_is_told_in_the_same_words_each_time(tmp_path, name):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": name, "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "x"}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(SourceError) as problem:
        connect_cluster(str(path), None, allow_exec=False)
    told = str(problem.value)
    assert " 0x" not in told and "tops3cret" not in told and told.startswith(str(path))
