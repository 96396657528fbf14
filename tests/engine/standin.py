"""A stand-in for Traefik inside a container: reads the labels of running containers from the Docker socket, chooses a
router as Traefik's source does, and passes the request on to the container over the network that the label names.

It knows the middlewares that the tests use and refuses what it does not know, so that a test cannot pass by accident.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from traefik_rules import Request, chosen

SOCKET = "/var/run/docker.sock"


class _Docker(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def containers() -> list[dict[str, Any]]:
    """The running containers that ask to be routed to."""
    connection = _Docker("docker")
    connection.request("GET", "/v1.24/containers/json")
    found = json.loads(connection.getresponse().read())
    return [item for item in found if item["Labels"].get("traefik.enable") == "true"]


def place(
    container: dict[str, Any], labels: dict[str, str], router: str
) -> tuple[str, int]:
    """The address of a container on the network that it shares with the proxy, and the port of the router's service."""
    networks = container["NetworkSettings"]["Networks"]
    name = labels.get("traefik.docker.network") or next(iter(networks))
    services = {
        key.split(".")[3] for key in labels if key.startswith("traefik.http.services.")
    }
    service = labels.get(f"traefik.http.routers.{router}.service") or services.pop()
    return networks[name]["IPAddress"], int(
        labels[f"traefik.http.services.{service}.loadbalancer.server.port"]
    )


def path_after(labels: dict[str, str], router: str, path: str) -> str:
    """The path that the router's middlewares make of a path."""
    for name in filter(
        None, labels.get(f"traefik.http.routers.{router}.middlewares", "").split(",")
    ):
        base = f"traefik.http.middlewares.{name}"
        regex = labels.get(f"{base}.replacepathregex.regex")
        if regex is None:
            raise ValueError(f"this stand-in does not know the middleware {name}")
        replacement = re.sub(
            r"\$\{(\d)\}", r"\\\1", labels[f"{base}.replacepathregex.replacement"]
        )
        path = re.sub(regex.replace("$", r"\Z"), replacement, path, count=1)
    return path


class Handler(BaseHTTPRequestHandler):
    """Passes one request on."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        asked = Request(self.headers.get("Host", ""), path, "GET", dict(self.headers))
        found = containers()
        everything = {key: text for item in found for key, text in item["Labels"].items()}
        router = chosen(everything, asked)
        if router is None:
            self.send_error(404)
            return
        container = next(
            item
            for item in found
            if f"traefik.http.routers.{router}.rule" in item["Labels"]
        )
        host, port = place(container, container["Labels"], router)
        target = path_after(container["Labels"], router, path) + (
            f"?{query}" if query else ""
        )
        with urllib.request.urlopen(f"http://{host}:{port}{target}", timeout=10) as answer:
            content = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Ping(BaseHTTPRequestHandler):
    """Says that the proxy is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def main(arguments: list[str]) -> None:
    """`traefik healthcheck --ping`, or the proxy with the arguments of its command."""
    if arguments[:1] == ["healthcheck"]:
        urllib.request.urlopen("http://127.0.0.1:8080/ping", timeout=3)
        return
    assert "--providers.docker.exposedbydefault=false" in arguments, arguments
    [port] = [
        word.rpartition(":")[2]
        for word in arguments
        if word.startswith("--entrypoints.web.address=")
    ]
    threading.Thread(
        target=ThreadingHTTPServer(("", 8080), Ping).serve_forever, daemon=True
    ).start()
    ThreadingHTTPServer(("", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
