"""What only a swarm does, in files for `docker stack deploy`: on one machine it becomes what docker compose has for it.

docker/compose 2.40 reads of `deploy` the replicas, the resources and the restart policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.shapes import (
    as_list,
    as_map,
    as_pairs,
    as_text,
    keys_beside_external,
    port_parts,
)
from tocompose.model import EnvSetting
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name
from tocompose.wording import listed_names

# So many labels are named in a sentence; all of them stand in the compose file.
_MOST_LABELS = 3
_WITHOUT_EFFECT = ("placement", "update_config", "rollback_config", "endpoint_mode")
# Labels of a service of the swarm that a proxy of one machine looks for on containers.
_PROXY_LABELS = ("traefik.", "caddy", "com.centurylinklabs.")
_TEMPLATE = regex(r"\{\{\s*\.(?:Service|Task|Node)\b")
_OVERLAY_KEYS = ("driver", "attachable")


# Templates, overlay networks, labels that a proxy finds on services only, secrets and configs of the swarm.
_ONLY_IN_SWARM = frozenset({"TC062", "TC076", "TC078", "TC079", "TC488"})


class OneMachine(NamedTuple):
    """The document for one machine, the values that it needs, and what to tell."""

    document: dict[str, Any]
    settings: tuple[EnvSetting, ...]
    notes: tuple[Note, ...]

    @property
    def needs_swarm(self) -> bool:
        """Whether Compose could not have run the document, or without what a proxy needs."""
        return any(swarm_note.code in _ONLY_IN_SWARM for swarm_note in self.notes)


def for_one_machine(document: Mapping[str, Any], positions: Places) -> OneMachine:
    """The document without what only a swarm can do."""
    rewriting = _Rewriting(positions)
    result = {
        **document,
        "services": _each(document, "services", rewriting.service),
        "networks": _each(document, "networks", rewriting.network),
        "volumes": _each(document, "volumes", rewriting.volume),
        "secrets": _each(document, "secrets", rewriting.secret),
        "configs": _each(document, "configs", rewriting.config),
    }
    sections = {key: value for key, value in result.items() if value or key in document}
    return OneMachine(sections, tuple(rewriting.settings), tuple(rewriting.notes))


def _each(document: Mapping[str, Any], section: str, rewrite: Any) -> dict[str, Any]:
    return {
        name: rewrite(name, body) for name, body in as_map(document.get(section)).items()
    }


class _Rewriting:
    """Rewrites one body after the other."""

    def __init__(self, positions: Places) -> None:
        self._positions = positions
        self.settings: list[EnvSetting] = []
        self.notes: list[Note] = []

    def _tell(self, code: str, path: tuple[str, ...], **facts: Any) -> None:
        span = self._positions.span(*path)
        self.notes.append(note(code, span, subject=ModelPath(path[:3]), **facts))

    def service(self, name: str, body: Any) -> Any:
        """The service: labels of proxies on its containers, as often as it fits, and told what has no effect."""
        body = self._fitting(name, body)
        deploy = as_map(as_map(body).get("deploy"))
        without_effect = [key for key in _WITHOUT_EFFECT if key in deploy]
        if as_text(deploy.get("mode")) not in (None, "replicated"):
            without_effect.append("mode")
        path = ("services", name, "deploy")
        if without_effect:
            self._tell("TC077", path, service=name, keys=", ".join(without_effect))
        for key in _templated_keys(as_map(body)):
            self._tell("TC062", ("services", name, key), service=name, key=key)
        labels = {
            label: text
            for label, text in as_pairs(deploy.get("labels")).items()
            if label.startswith(_PROXY_LABELS)
        }
        if not labels:
            return body
        shown_labels = listed_names(list(labels), _MOST_LABELS)
        self._tell("TC078", (*path, "labels"), service=name, labels=shown_labels)
        return {
            **as_map(body),
            "labels": {**as_pairs(as_map(body).get("labels")), **labels},
        }

    def _fitting(self, name: str, body: Any) -> Any:
        """The service once, where its replicas would want the same port of the machine."""
        deploy = as_map(as_map(body).get("deploy"))
        count = deploy.get("replicas")
        published = [
            port_parts(port).published for port in as_list(as_map(body).get("ports"))
        ]
        fixed_port = next((port for port in published if port and "-" not in port), None)
        if not isinstance(count, int) or count < 2 or fixed_port is None:
            return body
        facts = {"service": name, "count": count, "port": fixed_port}
        self._tell("TC061", ("services", name, "deploy", "replicas"), **facts)
        return {**as_map(body), "deploy": {**deploy, "replicas": 1}}

    def network(self, name: str, body: Any) -> Any:
        """The network: a bridge in the place of an overlay that the stack makes."""
        settings = as_map(body)
        if settings.get("driver") != "overlay" or settings.get("external"):
            return body
        self._tell("TC076", ("networks", name), network=name)
        left_over = {
            key: value for key, value in settings.items() if key not in _OVERLAY_KEYS
        }
        options = as_map(left_over.pop("driver_opts", None))
        options.pop("encrypted", None)
        return {**left_over, **({"driver_opts": options} if options else {})} or None

    def volume(self, name: str, body: Any) -> Any:
        """The volume; of one that is made elsewhere nothing but its name, since docker compose refuses the rest."""
        settings = as_map(body)
        left_out = keys_beside_external(settings)
        if not left_out:
            return body
        key = ", ".join(left_out)
        facts = {
            "owner": f"volume {name}",
            "key": key,
            "how": f"Delete {key}, or external.",
        }
        rule = "it is made outside of the stack"
        self._tell("TC045", ("volumes", name), rule=rule, **facts)
        return {key: value for key, value in settings.items() if key not in left_out}

    def secret(self, name: str, body: Any) -> Any:
        """The secret: from a variable in the place of one that lies in the swarm."""
        if not as_map(body).get("external"):
            return body
        variable = variable_name(name)
        self._tell("TC079", ("secrets", name), name=name, variable=variable)
        span = self._positions.span("secrets", name)
        self.settings.append(
            EnvSetting(name=variable, secret=True, required=True, origin=span)
        )
        return {"environment": variable}

    def config(self, name: str, body: Any) -> Any:
        """The config: from a file in the place of one that lies in the swarm."""
        if not as_map(body).get("external"):
            return body
        file = f"./configs/{name}"
        self._tell("TC488", ("configs", name), name=name, file=file.removeprefix("./"))
        return {"file": file}


def _templated_keys(body: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a service that hold a template that only a swarm fills in."""
    for key in ("hostname", "environment", "volumes", "labels"):
        if _TEMPLATE.search(str(body.get(key))):
            yield key
