"""`docker network create`, `docker volume create` and `docker build`: what a stack's containers use."""

from __future__ import annotations

import re
from typing import Any

from tocompose.importers.docker_run.facts import Facts, read
from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.options import flags, parse
from tocompose.model import Build, Network, Volume
from tocompose.values import identifier, variables


def networks(invocation: Invocation) -> tuple[Network, ...]:
    """The network that `docker network create` makes; empty when it names none."""
    line = parse(invocation.words, flags("network_create"), interspersed=True)
    if not line.arguments:
        return ()
    word = line.arguments[0]
    path = f"networks.{network_key(word.text)}"
    name = word.take(path)
    facts = Facts(read(line.options, path, "network create"))
    driver, internal = facts.last("driver"), bool(facts.last("internal"))
    options = facts.rest()
    if "ipam" in options:
        options["ipam"] = _ipam(options["ipam"])
    return (
        Network(
            name=name,
            driver=driver,
            internal=internal,
            options=options,
            origin=invocation.span,
        ),
    )


def network_key(name: str) -> str:
    """The key for a network's name: the name itself, or for an open variable the variable's."""
    return (
        name
        if "$" not in name
        else identifier(next(variables(name), name).replace("_", "-"))
    )


def _ipam(given: dict[str, Any]) -> dict[str, Any]:
    """Compose lists one entry a subnet; docker gives each gateway and range to the subnet that holds it."""
    config = given.pop("config", {})
    subnets = config.get("subnet", [])
    entries: list[dict[str, Any]] = [{"subnet": subnet} for subnet in subnets] or [{}]
    for key in ("gateway", "ip_range"):
        for value in config.get(key, ()):
            _holding(entries, value)[key] = value
    if "aux_addresses" in config:
        entries[0]["aux_addresses"] = config["aux_addresses"]
    return {**given, **({"config": entries} if config else {})}


def _holding(entries: list[dict[str, Any]], address: str) -> dict[str, Any]:
    from ipaddress import ip_interface, ip_network

    try:
        wanted = ip_interface(address).ip
        return next(
            e
            for e in entries
            if "subnet" in e and wanted in ip_network(e["subnet"], strict=False)
        )
    except (ValueError, StopIteration):
        return entries[0]


def volumes(invocation: Invocation) -> tuple[Volume, ...]:
    """The volume that `docker volume create` makes, under the engine's own name so that its data stays reachable."""
    line = parse(invocation.words, flags("volume_create"), interspersed=True)
    named = next(
        (o.value for o in line.options if o.row and o.row["name"] == "--name"), None
    )
    word = line.arguments[0] if line.arguments else named
    if word is None:
        return ()
    name = word.take(f"volumes.{word.text}")
    facts = Facts(
        read(
            (o for o in line.options if o.value is not named),
            f"volumes.{name}",
            "volume create",
        )
    )
    driver = facts.last("driver")
    return (
        Volume(
            name=name,
            engine_name=name,
            driver=driver,
            options=facts.rest(),
            origin=invocation.span,
        ),
    )


def builds(invocation: Invocation) -> dict[str, Build]:
    """The image tags that a `docker build` makes, each with its build section."""
    line = parse(invocation.words, flags("build"), interspersed=True)
    tags = [o.value.text for o in line.options if o.row and o.row["name"] == "--tag"]
    if not line.arguments or not tags:
        return {}
    facts = Facts(read(line.options, "services", "build"))
    facts.said("tags")
    context = _repository(line.arguments[0].take("services"))
    dockerfile = facts.last("dockerfile")
    build = Build(
        context=context,
        dockerfile=_below(context, dockerfile) if dockerfile else None,
        target=facts.last("target"),
        args={name: variable.value for name, variable in facts.map("args").items()},
        options=facts.rest(),
        origin=invocation.span,
    )
    return dict.fromkeys(tags, build)


def _repository(context: str) -> str:
    """The context with the scheme that docker adds to `github.com/…`, so that nobody takes it for a folder.

    https://docs.docker.com/build/concepts/context/#git-repositories
    """
    found = re.fullmatch(r"github\.com/([^#]+?)(?:\.git)?(#.*)?", context)
    return f"https://github.com/{found[1]}.git{found[2] or ''}" if found else context


def _below(context: str, dockerfile: str) -> str:
    """The Dockerfile's path as Compose wants it: relative to the context, where `docker build -f` means the folder."""
    base = "" if context in (".", "./") else context.rstrip("/") + "/"
    if dockerfile.startswith(base):
        return dockerfile[len(base) :].removeprefix("./")
    if (
        dockerfile.startswith(("/", "$"))
        or context.startswith(("/", "$"))
        or "://" in context
    ):
        return dockerfile
    depth = len([part for part in context.split("/") if part not in ("", ".")])
    return "../" * depth + dockerfile.removeprefix("./")
