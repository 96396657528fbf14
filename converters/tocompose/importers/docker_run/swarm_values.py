"""Flags of `docker service create` whose values differ from those of `docker run`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.importers.docker_run.shapes import (
    Fact,
    FactMerge,
    csv_fields,
    read_label,
    read_port,
)
from tocompose.model import ConfigMount, Port


def read_shell_words(value: str) -> Iterator[Fact]:
    """A text that the client splits into words as a shell does."""
    try:
        yield Fact(tuple(shlex.split(value)))
    except ValueError as problem:
        raise ValueError(f"its quotes do not fit ({problem})") from None


def read_service_label(value: str) -> Iterator[Fact]:
    """A label of the service, which in a swarm stands on no container."""
    for fact in read_label(value):
        yield fact._replace(code="TC494")


def read_service_port(value: str) -> Iterator[Fact]:
    """`8080:80/udp`, or `published=8080,target=80,protocol=udp,mode=host`."""
    if "=" not in value:
        yield from read_port(value)
        return
    stated = {key: content for key, _, content in csv_fields(value)}
    if not stated.get("target"):
        raise ValueError("it takes a target port")
    port = Port(
        target=stated["target"],
        published=stated.get("published"),
        protocol=stated.get("protocol", "tcp"),
    )
    yield Fact(port, FactMerge.APPEND)


def read_grant(value: str) -> Iterator[Fact]:
    """A secret or config by its name, or `source=…,target=…,uid=…,gid=…,mode=…`."""
    stated = {key: content for key, equals, content in csv_fields(value) if equals}
    name = stated.get("source") or stated.get("src") or value
    if "=" in name:
        raise ValueError("it takes a name, or source=name")
    grant = ConfigMount(
        source=name,
        target=stated.get("target"),
        uid=stated.get("uid"),
        gid=stated.get("gid"),
        mode=stated.get("mode"),
    )
    yield Fact(grant, FactMerge.APPEND)
