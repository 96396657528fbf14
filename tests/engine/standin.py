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
NETWORK = "--providers.docker.network="


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
    stated = (word.removeprefix(NETWORK) for word in sys.argv if word.startswith(NETWORK))
    name = labels.get("traefik.docker.network") or next(stated, next(iter(networks)))
    services = {
        key.split(".")[3] for key in labels if key.startswith("traefik.http.services.")
    }
    service = labels.get(f"traefik.http.routers.{router}.service") or services.pop()
    return networks[name]["IPAddress"], int(
        labels[f"traefik.http.services.{service}.loadbalancer.server.port"]
    )


class Moved(Exception):
    """The client is sent to another address."""


def path_after(labels: dict[str, str], router: str, host: str, path: str) -> str:
    """The path that the router's middlewares make of a path."""
    for name in filter(
        None, labels.get(f"traefik.http.routers.{router}.middlewares", "").split(",")
    ):
        start = f"traefik.http.middlewares.{name}."
        options = {
            key.removeprefix(start): text
            for key, text in labels.items()
            if key.startswith(start)
        }
        path = changed(options, name, host, path)
    return path


def changed(options: dict[str, str], name: str, host: str, path: str) -> str:
    """The path behind one middleware."""
    if "stripprefix.prefixes" in options:
        return "/" + path.removeprefix(options["stripprefix.prefixes"]).lstrip("/")
    if "addprefix.prefix" in options:
        return options["addprefix.prefix"] + path
    if "replacepath.path" in options:
        return options["replacepath.path"]
    if "redirectregex.regex" in options:
        address = f"http://{host}{path}"
        moved = replaced(options, "redirectregex", address)
        if moved != address:
            raise Moved(moved)
        return path
    if "replacepathregex.regex" not in options:
        raise ValueError(f"this stand-in does not know the middleware {name}")
    return replaced(options, "replacepathregex", path)


def replaced(options: dict[str, str], kind: str, text: str) -> str:
    """The text with what an expression matches replaced; the first match is the only one in what the tests use."""
    regex = options[f"{kind}.regex"].replace("$", r"\Z")
    match = re.search(regex, text)
    if match is None:
        return text
    groups = dict(enumerate(match.groups(default=""), 1))
    named = re.sub(
        r"\$\{(\d)\}",
        lambda number: groups.get(int(number[1]), ""),
        options[f"{kind}.replacement"],
    )
    return text[: match.start()] + named + text[match.end() :]


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
        try:
            path = path_after(container["Labels"], router, asked.host, path)
        except Moved as moved:
            self.send_response(302)
            self.send_header("Location", str(moved))
            self.end_headers()
            return
        target = path + (f"?{query}" if query else "")
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
