"""The full web stack behind Traefik: T-01 to T-05, judged only where Traefik is part of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.check.scene import (
    Scene,
    Verdict,
    View,
    judge,
    named_facts,
    networks_of,
    of_service,
)
from tocompose.model import Service
from tocompose.rules.services import command_text
from tocompose.syntax.model_path import ModelPath

_DATA = ("postgres", "redis", "valkey")


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on the proxy, the routed applications, the database and the cache."""
    view = scene.main
    proxies = [
        service for service in view.stack.services if named_facts(service) == "traefik"
    ]
    data = frozenset(
        item.name for item in view.stack.services if named_facts(item) in _DATA
    )
    internal = frozenset(
        network.name for network in view.stack.networks if network.internal
    )
    for proxy in proxies:
        yield from _proxy(view, proxy, data)
    for service in view.stack.services if proxies else ():
        if (
            any(label.startswith("traefik.http.routers.") for label in service.labels)
            and service not in proxies
        ):
            yield from _application(view, service, data)
        if service.name in data:
            yield from _data(view, service, internal)
    if proxies and data:
        span = (
            view.places.span("networks")
            if view.stack.networks
            else view.places.span("services")
        )
        missing = "an internal network for its data"
        yield judge(
            "T-05",
            bool(internal),
            "TC749",
            span,
            ModelPath.of("networks"),
            service="the stack",
            missing=missing,
        )


def _proxy(view: View, service: Service, data: frozenset[str]) -> Iterator[Verdict]:
    command = command_text(service) or ""
    socket = [item for item in service.mounts if item.target == "/var/run/docker.sock"]
    entry = "providers.docker" in command and ":80" in command
    parts = {
        "image": ("a v3 image", ":v3" in (service.image or "")),
        "command": ("the docker provider and an entry point web on :80", entry),
        "volumes": (
            "the Docker socket, mounted read-only",
            bool(socket) and all(item.read_only for item in socket),
        ),
        "networks": (
            "a network apart from the data's",
            not data or bool(networks_of(service) - {"default"}),
        ),
    }
    for key, (missing, holds) in parts.items():
        yield of_service(view, service, key, "T-01", holds, "TC749", missing=missing)


def _application(view: View, service: Service, data: frozenset[str]) -> Iterator[Verdict]:
    healthy = {
        item.service for item in service.depends_on if item.condition == "service_healthy"
    }
    stated = {item.service for item in service.depends_on}
    ruled = any(
        label.startswith("traefik.http.routers.") and label.endswith(".rule")
        for label in service.labels
    )
    bare = ", ".join(sorted((stated & data) - healthy))
    told = f"the condition service_healthy for {bare}"
    apart = not (stated & data) or len(networks_of(service)) > 1
    place = "a place on the proxy's and on the data's network"
    yield of_service(
        view,
        service,
        "labels",
        "T-02",
        ruled,
        "TC749",
        missing="a router rule among its labels",
    )
    yield of_service(view, service, "depends_on", "T-02", not bare, "TC749", missing=told)
    yield of_service(view, service, "networks", "T-02", apart, "TC749", missing=place)


def _data(view: View, service: Service, internal: frozenset[str]) -> Iterator[Verdict]:
    database = named_facts(service) == "postgres"
    line = "T-03" if database else "T-04"
    named = any(item.kind == "volume" and item.source for item in service.mounts)
    test = " ".join((service.healthcheck.test or ()) if service.healthcheck else ())
    asked = (
        all(word in test for word in ("pg_isready", "-U", "-d"))
        if database
        else "ping" in test.lower()
    )
    command = "pg_isready with user and database" if database else "redis-cli ping"
    inner = bool(networks_of(service)) and networks_of(service) <= internal
    yield of_service(
        view, service, "volumes", line, named, "TC749", missing="a named volume"
    )
    yield of_service(
        view,
        service,
        "healthcheck",
        line,
        asked,
        "TC749",
        missing=f"a healthcheck with {command}",
    )
    yield of_service(
        view,
        service,
        "networks",
        line,
        inner,
        "TC749",
        missing="its place on the internal network only",
    )
