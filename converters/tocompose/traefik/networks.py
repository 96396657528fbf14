"""By which network Traefik reaches a container that is on several: of those it takes any, unless it is told.

https://doc.traefik.io/traefik/reference/install-configuration/providers/docker/#network
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.knowledge.images import image_facts
from tocompose.knowledge.wrappers import stated_argv
from tocompose.model import (
    Network,
    Service,
    Stack,
)
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import NamedTuple, replace
from tocompose.syntax.command_words import CommandText
from tocompose.syntax.model_path import ModelPath

TRAEFIK = "traefik"
NETWORK_LABEL = "traefik.docker.network"
# As one word of its own or inside of a shell's text.
_OPTION = regex(r"""(?i)(?P<option>--providers\.docker\.network)=(?P<networks>[^\s"']+)""")
# The options of Traefik and of caddy-docker-proxy, which like nginx-proxy looks on its own networks without them.
_VARIABLES = ("TRAEFIK_PROVIDERS_DOCKER_NETWORK", "CADDY_INGRESS_NETWORKS")
_DEFAULT = "default"


class Labelled(NamedTuple):
    """A stack with the networks named by which proxies reach its services, and the notes on what changed."""

    stack: Stack
    notes: tuple[Note, ...] = ()


def is_routed(service: Service) -> bool:
    """Whether its labels tell Traefik how to reach it."""
    if service.labels.get("traefik.enable", "").lower() == "false":
        return False
    return any(label.startswith(f"{TRAEFIK}.") for label in service.labels)


def name_proxy_networks(
    stack: Stack, beside: Stack | None = None, fallback: str = ""
) -> Labelled:
    """The stack with the network in the labels of each routed service that is on several; stated names follow theirs.

    `beside` is the stack that this one is added to. `fallback` is the network of what the outside reaches.
    """
    proxies = _ProxyNetworks(stack, beside, fallback)
    services = tuple(map(proxies.name, stack.services))
    if services == stack.services:
        return Labelled(stack, tuple(proxies.notes))
    return Labelled(replace(stack, services=services), tuple(proxies.notes))


class _ProxyNetworks:
    """What is known of the proxies of the stack, and of the one that it is added to."""

    def __init__(self, stack: Stack, beside: Stack | None, fallback: str) -> None:
        parts = (stack,) if beside is None else (stack, beside)
        self._networks: dict[str, Network] = {}
        self._project = stack.name
        self._fallback = fallback
        self._reaches_all = False
        self._proxied: set[str] = set()
        self._defaults: set[str] = set()
        self._labels: set[str] = set()
        self.notes: list[Note] = []
        for part in parts:
            self._networks |= {network.name: network for network in part.networks}
            for service in part.services:
                self._look_at(service)

    def _look_at(self, service: Service) -> None:
        self._labels.add(service.labels.get(NETWORK_LABEL, ""))
        if not _is_traefik(service):
            return
        self._reaches_all |= service.network_mode == "host"
        self._proxied |= set(_keys_of(service))
        self._defaults |= set(_default_networks(service))

    def name(self, service: Service) -> Service:
        """The service with the network by which a proxy reaches it, or reaches others."""
        service = self._follow_options(service)
        if NETWORK_LABEL in service.labels:
            return self._follow_label(service)
        keys = _keys_of(service)
        if len(keys) < 2 or not is_routed(service) or _is_traefik(service):
            return service
        if self._reaches_all or self._is_on_default(keys):
            return service
        key = self._key_of_proxy(keys)
        if key is None:
            self._tell("TC637", service, ("networks",), networks=" and ".join(keys))
            return service
        self._tell("TC635", service, ("labels", NETWORK_LABEL), network=key)
        return _with_label(service, self._engine_name(key))

    def _is_on_default(self, keys: tuple[str, ...]) -> bool:
        """Whether Traefik itself says that it looks on one of these networks."""
        return any(self._is_called(key, name) for key in keys for name in self._defaults)

    def _follow_label(self, service: Service) -> Service:
        stated = service.labels[NETWORK_LABEL]
        name = self._followed(stated, _keys_of(service))
        if name == stated:
            return service
        label_place = ("labels", NETWORK_LABEL)
        self._tell(
            "TC636", service, label_place, setting=NETWORK_LABEL, old=stated, new=name
        )
        return _with_label(service, name)

    def _follow_options(self, service: Service) -> Service:
        keys = _keys_of(service)
        renamed: dict[str, str] = {}
        for place, option, stated in _stated_options(service):
            names = [self._followed(name, keys) for name in stated.split(",")]
            if (new := ",".join(names)) != stated:
                self._tell("TC636", service, place, setting=option, old=stated, new=new)
                renamed[stated] = new
        return _with_options(service, renamed) if renamed else service

    def _followed(self, stated: str, keys: tuple[str, ...]) -> str:
        """The name that the network which is meant has now; the stated one where that is it, or none is meant."""
        if "$" in stated or any(self._is_called(key, stated) for key in keys):
            return stated
        key = next((key for key in keys if _may_mean(stated, key)), None)
        if key is None and _may_mean(stated, _DEFAULT):
            key = self._key_of_proxy(keys)
        return stated if key is None else self._engine_name(key)

    def _key_of_proxy(self, keys: tuple[str, ...]) -> str | None:
        """The one of these networks that the proxy is on; None where nothing shows it."""
        shared = [key for key in keys if key in self._proxied]
        if self._proxied:
            return shared[0] if shared else None
        if self._fallback in keys:
            return self._fallback
        outside = [key for key in keys if self._is_external(key)]
        named = [key for key in outside if self._engine_name(key) in self._labels]
        candidates = named or outside
        return candidates[0] if len(candidates) == 1 else None

    def _is_external(self, key: str) -> bool:
        return key in self._networks and self._networks[key].external

    def _engine_name(self, key: str) -> str:
        network = self._networks.get(key, Network(name=key))
        if network.engine_name or network.external:
            return network.engine_name or network.name
        return f"${{COMPOSE_PROJECT_NAME}}_{key}"

    def _is_called(self, key: str, name: str) -> bool:
        """Whether the engine knows the network by that name."""
        own_name = self._engine_name(key)
        return name == own_name or own_name == name.replace(
            f"{self._project}_", "${COMPOSE_PROJECT_NAME}_", 1
        )

    def _tell(
        self, code: str, service: Service, place: tuple[str, ...], **facts: str
    ) -> None:
        subject = ModelPath.service(service.name, *place)
        named_facts: dict[str, Any] = {"service": service.name, **facts}
        self.notes.append(note(code, service.origin, subject=subject, **named_facts))


def _is_traefik(service: Service) -> bool:
    image = image_facts(service.image) if service.image else None
    return image is not None and image.id == TRAEFIK


def _keys_of(service: Service) -> tuple[str, ...]:
    if service.network_mode not in (None, "bridge"):
        return ()
    return tuple(attachment.network for attachment in service.networks) or (_DEFAULT,)


def _may_mean(stated: str, key: str) -> bool:
    """Whether the name is the network's under some project, of Compose or of Podman's units, or without one."""
    return stated in (key, f"systemd-{key}") or stated.endswith(f"_{key}")


def _default_networks(proxy: Service) -> Iterator[str]:
    """The networks by which a proxy reaches all services that do not name one."""
    for _, _, stated in _stated_options(proxy):
        yield from stated.split(",")


def _stated_options(
    service: Service,
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Where an option of a proxy names networks, its name, and what it says."""
    for word in stated_argv(service):
        for match in _OPTION.finditer(word):
            yield ("command",), match["option"], match["networks"]
    for variable in service.environment:
        if variable.name in _VARIABLES and variable.value:
            yield ("environment", variable.name), variable.name, variable.value


def _with_label(service: Service, name: str) -> Service:
    return replace(service, labels={**service.labels, NETWORK_LABEL: name})


def _with_options(service: Service, renamed: Mapping[str, str]) -> Service:
    """The service whose options name networks by other names: `renamed` has the new ones by the stated ones."""
    return replace(
        service,
        command=_renamed(service.command, renamed),
        entrypoint=_renamed(service.entrypoint, renamed),
        environment=tuple(
            replace(variable, value=renamed.get(variable.value, variable.value))
            if variable.name in _VARIABLES and variable.value
            else variable
            for variable in service.environment
        ),
    )


def _renamed(
    words: tuple[str, ...] | None, renamed: Mapping[str, str]
) -> tuple[str, ...] | None:
    def with_new_name(match: re.Match[str]) -> str:
        stated = match["networks"]
        return f"{match['option']}={renamed.get(stated, stated)}"

    if words is None:
        return None
    if isinstance(words, CommandText):
        return CommandText(_OPTION.sub(with_new_name, words.text))
    return tuple(_OPTION.sub(with_new_name, word) for word in words)
