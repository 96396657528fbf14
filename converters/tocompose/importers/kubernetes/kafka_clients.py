"""How clients speak to a broker that stands in for an operator's: its listeners have no TLS, and mostly no login."""

from __future__ import annotations

import re
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.environment import Environment
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.references import WITH_PORT
from tocompose.importers.kubernetes.services import KubeService
from tocompose.ledger import Cursor
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath

_PROTOCOLS = frozenset({"PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"})
# `security.protocol=SASL_SSL`, and the same in YAML, in JSON and behind the name of a client.
# https://kafka.apache.org/documentation/#adminclientconfigs_security.protocol
_SETTING = regex(
    r"(?i)(?P<key>(?P<whole>security[._-]?)?protocol[\"']?\s*[=:]\s*[\"']?)"
    r"(?-i:(?P<protocol>SASL_(?:PLAINTEXT|SSL)|(?(whole)(?:PLAINTEXT|SSL)|(?!)))\b)"
)
_VARIABLE = regex(r"(?i)(?:.*_)?security_?protocol")


class SpokenProtocol(NamedTuple):
    """What a broker of the stack speaks on the port that a client calls."""

    service: KubeService
    port: int
    name: str


def spoken_protocol(text: str, container: ContainerContext) -> SpokenProtocol | None:
    """What the brokers speak whose addresses stand in the text; None without one, or where they differ."""
    spoken: dict[str, SpokenProtocol] = {}
    for match in WITH_PORT.finditer(text):
        service = container.kube_services.resolve(match["host"], container.namespace)
        protocols = _protocols_of(service)
        if service is not None and (name := protocols.get(int(match["port"]), "")):
            spoken.setdefault(name, SpokenProtocol(service, int(match["port"]), name))
    return next(iter(spoken.values())) if len(spoken) == 1 else None


def _protocols_of(service: KubeService | None) -> dict[int, str]:
    kube_object = service.kube_object if service is not None else None
    return dict(kube_object.protocols) if isinstance(kube_object, MadeObject) else {}


def follow_listener(
    text: str, cursor: Cursor, container: ContainerContext, to: ModelPath
) -> str:
    """The text of a file of a client with the protocol that its broker speaks here; a change is noted."""
    spoken = spoken_protocol(text, container)
    if spoken is None:
        return text
    old_names = {match["protocol"] for match in _SETTING.finditer(text)} - {spoken.name}
    for old_name in sorted(old_names):
        facts = _facts_of_change("security.protocol", old_name, spoken)
        cursor.annotate("TC557", subject=to, **facts)

    def changed_setting(match: re.Match[str]) -> str:
        return f"{match['key']}{spoken.name}"

    return _SETTING.sub(changed_setting, text)


def follow_listeners(container: ContainerContext, environment: Environment) -> None:
    """Gives the variables of a container that say how to speak to a broker what it speaks here."""
    values = environment.values
    spoken = spoken_protocol("\n".join(values.values()), container)
    if spoken is None:
        return
    for name, old_name in list(values.items()):
        is_protocol = old_name in _PROTOCOLS and _VARIABLE.fullmatch(name) is not None
        if is_protocol and old_name != spoken.name:
            environment.change(name, spoken.name)
            container.model.ledger.add_note(
                note(
                    "TC557",
                    environment.span(name),
                    subject=container.path("environment", name),
                    **_facts_of_change(name, old_name, spoken),
                )
            )


def _facts_of_change(setting: str, old_name: str, spoken: SpokenProtocol) -> dict[str, Any]:
    return {
        "setting": setting,
        "old": old_name,
        "new": spoken.name,
        "service": spoken.service.name,
        "port": spoken.port,
    }
