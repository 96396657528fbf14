"""Small manifests and their conversion, for the tests of routes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tocompose.model import Service
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.prove.traefik_rules import Request, chosen, service_of


def app(name: str, port: int = 8080, **more: Any) -> list[dict[str, Any]]:
    """A Deployment and its Service on port 80."""
    container = {
        "name": name,
        "image": f"example/{name}:1",
        "ports": [{"name": "http", "containerPort": port}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    ports = [{"name": "web", "port": 80, "targetPort": "http"}]
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": spec | more,
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": ports},
        },
    ]


def backend(name: str, port: int | str = 80) -> dict[str, Any]:
    """The backend of an Ingress path."""
    return {
        "service": {
            "name": name,
            "port": {"name" if isinstance(port, str) else "number": port},
        }
    }


def ingress(
    name: str, rules: list[dict[str, Any]], annotations: Mapping[str, str] = {}, **spec: Any
) -> dict[str, Any]:
    """An Ingress."""
    metadata = (
        {"name": name, "annotations": dict(annotations)} if annotations else {"name": name}
    )
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": {"rules": rules, **spec},
    }


def rule(host: str, *paths: tuple[str, str, str]) -> dict[str, Any]:
    """A rule of an Ingress: a host, and paths as (path, type, service)."""
    found = [
        {"path": path, "pathType": kind, "backend": backend(name)}
        for path, kind, name in paths
    ]
    return {**({"host": host} if host else {}), "http": {"paths": found}}


def converted(*objects: Any, practices: str = "none") -> Result:
    """The conversion of objects (lists of them count as their items)."""
    flat = [
        each for item in objects for each in (item if isinstance(item, list) else [item])
    ]
    text = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": flat}, indent=1
    ).encode()
    return convert(
        Memory({"all.json": text}, "shop"),
        Options(source="kubernetes", practices=practices),
    )


def service(result: Result, name: str) -> Service:
    """A service of the stack."""
    found = result.stack.service(name)
    assert found is not None, (
        f"{name} is not in {[item.name for item in result.stack.services]}"
    )
    return found


def labels(result: Result, name: str) -> dict[str, str]:
    """The labels of a service as Traefik reads them."""
    return {
        key: text.replace("$$", "$") for key, text in service(result, name).labels.items()
    }


def all_labels(result: Result) -> dict[str, str]:
    """The labels of all services together, as Traefik reads them; two must not say different things of one name."""
    found: dict[str, str] = {}
    for item in result.stack.services:
        for key, text in labels(result, item.name).items():
            assert found.setdefault(key, text) == text, key
    return found


def answers(result: Result, request: Request, entrypoint: str = "web") -> str | None:
    """The Traefik service that a request reaches; None also where nothing listens or there is no proxy."""
    if result.stack.service("traefik") is None:
        return None
    command = service(result, "traefik").command or ()
    if not any(word.startswith(f"--entrypoints.{entrypoint}.address=") for word in command):
        return None
    router = chosen(all_labels(result), request, entrypoint)
    if router is None:
        return None
    home = next(
        item.name
        for item in result.stack.services
        if f"traefik.http.routers.{router}.rule" in item.labels
    )
    return service_of(labels(result, home), router)


def codes(result: Result) -> list[str]:
    """The codes of what was lost, changed or assumed about routes."""
    return [
        item.code for item in result.notes if item.code >= "TC260" and item.code < "TC300"
    ]
