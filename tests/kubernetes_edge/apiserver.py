"""A small HTTPS server that speaks the Kubernetes API: pages, discovery in both forms, and many ways to fail."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "let-me-in-42"

# Plural, kind and scope by group and version, as the server tells them.
KINDS = {
    "v1": [
        ("configmaps", "ConfigMap", True),
        ("endpoints", "Endpoints", True),
        ("events", "Event", True),
        ("namespaces", "Namespace", False),
        ("nodes", "Node", False),
        ("persistentvolumeclaims", "PersistentVolumeClaim", True),
        ("persistentvolumes", "PersistentVolume", False),
        ("pods", "Pod", True),
        ("secrets", "Secret", True),
        ("services", "Service", True),
        ("serviceaccounts", "ServiceAccount", True),
    ],
    "apps/v1": [("deployments", "Deployment", True), ("replicasets", "ReplicaSet", True)],
    "shop.example.com/v1": [("offers", "Offer", True)],
    "metrics.k8s.io/v1beta1": [("pods", "PodMetrics", True)],
}


def certificates(folder: Path) -> None:
    """A CA, a server certificate for 127.0.0.1 and a client certificate, made by openssl."""

    def openssl(*words: str) -> None:
        subprocess.run(
            ["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60
        )

    key = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    )
    openssl(
        "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test CA"
    )
    for name, subject in (("server", "/CN=127.0.0.1"), ("client", "/O=readers/CN=someone")):
        openssl(
            "req",
            *key[:-2],
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            subject,
        )
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1")
        signed = (
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "ext",
        )
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signed)


class ApiServer:
    """The server; `faults` maps a plural to a status or to `hang`, `pages` is the largest page it gives."""

    def __init__(
        self, folder: Path, objects: list[dict[str, Any]], *, aggregated: bool = True
    ) -> None:
        self.folder, self.objects, self.aggregated = folder, objects, aggregated
        self.faults: dict[str, int | str] = {}
        self.pages = 500
        self.requests: list[tuple[str, str, str]] = []
        self.expire_once = False
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self})
        )
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if parts[-1] in self.faults and parts[0] in ("api", "apis"):
            fault = self.faults[parts[-1]]
            if fault == "hang":
                time.sleep(5)
                return 504, {}
            return int(fault), {
                "kind": "Status",
                "message": f"{parts[-1]} is forbidden: User cannot list",
            }
        if path in ("/api", "/apis"):
            return 200, self._groups(path)
        version = parts[1] if parts[0] == "api" else "/".join(parts[1:3])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        if not rest:
            return 200, {"kind": "APIResourceList", "resources": _resources(version)}
        return self._list(version, rest, query)

    def _groups(self, path: str) -> dict[str, Any]:
        versions = [name for name in KINDS if ("/" in name) == (path == "/apis")]
        if self.aggregated:
            items = [_aggregated(name) for name in versions]
            return {"kind": "APIGroupDiscoveryList", "items": items}
        groups = [
            (name.split("/")[0], name.split("/")[1]) for name in versions if "/" in name
        ]
        return {
            "groups": [
                {"name": name, "preferredVersion": {"version": v}} for name, v in groups
            ],
            "versions": ["v1"],
        }

    def _list(
        self, version: str, rest: list[str], query: dict[str, list[str]]
    ) -> tuple[int, Any]:
        plural = rest[-1]
        kind = next((kind for name, kind, _ in KINDS[version] if name == plural), None)
        if kind is None:
            return 404, {"message": "the server could not find the requested resource"}
        place = rest[1] if rest[0] == "namespaces" and len(rest) > 1 else None
        found = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
            for item in self.objects
            if item["kind"] == kind and place in (None, item["metadata"].get("namespace"))
        ]
        start = int(query.get("continue", ["0"])[0])
        if start and self.expire_once:
            self.expire_once = False
            return 410, {"message": "The provided continue parameter is too old"}
        size = min(
            int(query.get("limit", ["100000"])[0]),
            self.pages if "limit" in query else 100000,
        )
        more = str(start + size) if start + size < len(found) else ""
        page = found[start : start + size]
        return 200, {
            "kind": f"{kind}List",
            "apiVersion": version,
            "metadata": {"continue": more},
            "items": page,
        }


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        certificate = self.connection.getpeercert()  # type: ignore[attr-defined]
        name = next(
            (
                pair[0][1]
                for pair in (certificate or {}).get("subject", ())
                if pair[0][0] == "commonName"
            ),
            "",
        )
        token = self.headers.get("Authorization", "")
        self.api.requests.append((self.command, self.path, name or token))
        split = urlsplit(self.path)
        if name == "someone" or token == f"Bearer {TOKEN}":
            status, body = self.api.answer(split.path, parse_qs(split.query))
        else:
            status, body = 401, {"kind": "Status", "message": "Unauthorized"}
        data = json.dumps(body).encode() if not isinstance(body, bytes) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests look at `requests`."""


def _resources(version: str) -> list[dict[str, Any]]:
    verbs = ["get", "list", "watch"]
    found = [
        {"name": name, "kind": kind, "namespaced": spaced, "verbs": verbs}
        for name, kind, spaced in KINDS[version]
    ]
    return [
        *found,
        {"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
    ]


def _aggregated(version: str) -> dict[str, Any]:
    group, _, number = version.rpartition("/")
    resources = [
        {
            "resource": name,
            "responseKind": {"kind": kind},
            "scope": "Namespaced" if spaced else "Cluster",
            "verbs": ["list"],
        }
        for name, kind, spaced in KINDS[version]
    ]
    return {
        "metadata": {"name": group} if group else {},
        "versions": [{"version": number, "resources": resources}],
    }


def kubeconfig(folder: Path, server: ApiServer, **extra: Any) -> Path:
    """A kubeconfig whose contexts log in by token, certificate data or files, by a program, or not at all."""
    data = {
        name: base64.b64encode((folder / name).read_bytes()).decode()
        for name in ("ca.crt", "client.crt", "client.key")
    }
    users = {
        "token": {"token": TOKEN},
        "data": {
            "client-certificate-data": data["client.crt"],
            "client-key-data": data["client.key"],
        },
        "files": {"client-certificate": "client.crt", "client-key": "client.key"},
        "program": {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(folder / "login"),
            }
        },
        "provider": {
            "auth-provider": {"name": "gcp", "config": {"cmd-path": "/usr/bin/gcloud"}}
        },
        "nobody": {},
        "expired": {"token": "old-token-77"},
    }
    contexts = [
        {"name": name, "context": {"cluster": "here", "user": name, "namespace": "shop"}}
        for name in users
    ]
    contexts.append({"name": "elsewhere", "context": {"cluster": "gone", "user": "token"}})
    contexts.append(
        {"name": "untrusted", "context": {"cluster": "untrusted", "user": "token"}}
    )
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "token",
        "clusters": [
            {
                "name": "here",
                "cluster": {
                    "server": server.url,
                    "certificate-authority-data": data["ca.crt"],
                },
            },
            {
                "name": "gone",
                "cluster": {
                    "server": "https://127.0.0.1:1",
                    "certificate-authority-data": data["ca.crt"],
                },
            },
            {"name": "untrusted", "cluster": {"server": server.url}},
        ],
        "users": [{"name": name, "user": user} for name, user in users.items()],
        "contexts": contexts,
    } | extra
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return path
