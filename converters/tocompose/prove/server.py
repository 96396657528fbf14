"""The recording engine behind a unix socket, as a Docker client expects it."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socketserver
import tempfile
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tocompose.prove.engine import API_VERSION, Engine, EngineReply
from tocompose.prove.replies import answer_request


class _Connection(BaseHTTPRequestHandler):
    """One client connection, kept open between requests."""

    protocol_version = "HTTP/1.1"
    server: _Socket

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_DELETE = do_PUT = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a client's requests may hold secrets."""

    def _serve(self) -> None:
        address = urlsplit(self.path)
        body = self._body()
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        answer = answer_request(
            self.server.engine, self.command, unquote(address.path), query, body
        )
        self._hijacked() if answer.status == 101 else self._reply(answer)

    def _body(self) -> Any:
        raw = (
            self._chunks()
            if "chunked" in self.headers.get("Transfer-Encoding", "")
            else self._sized()
        )
        return json.loads(raw) if raw[:1] in (b"{", b"[") else {}

    def _sized(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _hijacked(self) -> None:
        """Gives the connection over to a container's streams, which end at once: it never says anything."""
        self.send_response(101, "UPGRADED")
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()
        self.close_connection = True

    def _reply(self, answer: EngineReply) -> None:
        raw = b"" if answer.payload is None else _encode_payload(answer.payload)
        self.send_response(answer.status)
        self.send_header("Api-Version", API_VERSION)
        self.send_header("Ostype", "linux")
        self.send_header("Builder-Version", "1")
        self.send_header("Content-Type", "application/json")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)


def _encode_payload(payload: Any) -> bytes:
    return (
        payload.encode()
        if isinstance(payload, str)
        else json.dumps(payload).encode() + b"\n"
    )


class _Socket(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 4096  # Compose opens a connection for each service at once

    def __init__(self, path: str, engine: Engine) -> None:
        super().__init__(path, _Connection)
        self.engine = engine

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to report; a fault of ours reaches the client as a broken reply."""


class Server:
    """A running engine: `host` is for DOCKER_HOST, `lock` is held for one recording at a time."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tocompose-"))
        self.engine = Engine()
        self.lock = threading.Lock()
        self.config = self._folder / "config"
        self.config.mkdir()
        path = str(self._folder / "engine.sock")
        self.host = f"unix://{path}"
        self._socket = _Socket(path, self.engine)
        threading.Thread(
            target=self._socket.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def close(self) -> None:
        """Stops answering and removes the socket."""
        self._socket.shutdown()
        self._socket.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)


def shared_server() -> Server:
    """The one engine of this process, started on first use and closed at its end; a forked child gets its own."""
    return _of_process(os.getpid())


@cache
def _of_process(process: int) -> Server:
    server = Server()
    atexit.register(lambda: server.close() if os.getpid() == process else None)
    return server
