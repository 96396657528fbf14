"""An engine that answers GET requests from a table, on a unix socket or a port, also badly."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

Answers = Mapping[str, tuple[int, Any]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: ClassVar[Answers]
    requests: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.requests.append(f"GET {self.path}")
        status, content = self.answers.get(self.path, (404, {"message": "no such thing"}))
        if status == 0:
            # It never answers; the client gives up, or the server ends.
            self.server.silence.wait(30)  # type: ignore[attr-defined]
            return
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


def _short_path(path: Path) -> Path:
    """The path, or one in a folder of its own below /tmp: the address of a socket has room for 107 characters."""
    if len(os.fsencode(path)) < 100:
        return path
    return Path(tempfile.mkdtemp(prefix="engine", dir="/tmp"), path.name)


@contextmanager
def engine_on(
    answers: Answers, folder: Path, certificate: Path | None = None
) -> Iterator[tuple[str, list[str]]]:
    """The address of an engine with these answers, and the requests that it got so far.

    It listens on a socket in the folder, or with a certificate (a PEM file with its key) on a port with TLS.
    """
    handler = type("_Handler", (_Handler,), {"answers": answers, "requests": []})
    server: socketserver.BaseServer
    if certificate is None:
        socket_path = _short_path(folder / "engine.sock")
        server = _UnixServer(str(socket_path), handler)
        address = f"unix://{socket_path}"
    else:
        server = _TcpServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        address = f"tcp://localhost:{server.server_address[1]}"
    server.silence = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield address, handler.requests  # type: ignore[attr-defined]
    finally:
        server.silence.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping_engine(head: bytes, folder: Path) -> Iterator[str]:
    """An engine that begins its answer and then sends a blank every now and then, without an end."""
    path = _short_path(folder / "dripping.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    is_over = threading.Event()

    def drip() -> None:
        visitor, _ = listener.accept()
        with visitor, contextlib.suppress(OSError):
            visitor.sendall(head)
            while not is_over.wait(0.05):
                visitor.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        is_over.set()
        thread.join()
        listener.close()
