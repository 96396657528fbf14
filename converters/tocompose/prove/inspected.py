"""The proof for containers that exist: what docker compose asks for, as the engine would keep it, beside what it keeps.

The objects are read by Python's own JSON reader, never by the importer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tocompose.notes import Note
from tocompose.project import Project
from tocompose.prove.clients import ProofError
from tocompose.prove.compare import compare_recordings, with_declarations
from tocompose.prove.daemon import effective_container, plain_host
from tocompose.prove.difference import Proof
from tocompose.prove.recording import Payload, RecordedContainer, Recording

_TOOL_LABELS = ("com.docker.compose.oneoff", "com.docker.swarm.service.name")


def prove_inspected(
    project: Project, compose_recording: Recording, notes: Sequence[Note]
) -> Proof:
    """The comparison, container by container and field by field.

    Raises ProofError for an input that is not plain JSON: it cannot be read a second time.
    """
    objects = list(_plain_objects(project))
    images = _Images(objects)
    existing = tuple(
        _existing_container(number, described, images)
        for number, described in enumerate(objects)
        if _is_container(described)
    )
    made = tuple(
        _made_container(container, images) for container in compose_recording.containers
    )
    matches, resources = compare_recordings(
        Recording(existing), compose_recording._replace(containers=made)
    )
    return Proof(
        tuple(
            match._replace(differences=with_declarations(match.differences, notes))
            for match in matches
        ),
        with_declarations(resources, notes),
        (),
        (),
    )


def _plain_objects(project: Project) -> Iterator[Payload]:
    for path in project.files():
        content = project.read(path) or b""
        if b'"Config"' not in content:
            continue
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            raise ProofError(
                f"{path} is not plain JSON: write the output of docker inspect alone to a file"
            ) from None
        yield from value if isinstance(value, list) else [value]


def _is_container(described: Payload) -> bool:
    labels = (described.get("Config") or {}).get("Labels") or {}
    return "HostConfig" in described and not any(
        labels.get(label) for label in _TOOL_LABELS
    )


class _Images:
    """The configurations of the input's images, by every name that they have."""

    def __init__(self, objects: Iterable[Payload]) -> None:
        self._by_name: dict[str, Payload] = {}
        for described in objects:
            if "RootFS" not in described:
                continue
            for name in (described.get("Id"), *(described.get("RepoTags") or ())):
                self._by_name[str(name)] = described.get("Config") or {}

    def config_of(self, reference: str) -> Payload:
        """The configuration; empty where the image is not among the input."""
        return (
            self._by_name.get(reference) or self._by_name.get(f"{reference}:latest") or {}
        )


def _existing_container(
    number: int, described: Payload, images: _Images
) -> RecordedContainer:
    identity = _text(described, "Id")
    return RecordedContainer(
        id=identity,
        name=_text(described, "Name").removeprefix("/"),
        config=_existing_config(described, images),
        host=plain_host(described.get("HostConfig") or {}),
        endpoints=_existing_endpoints(described, identity),
        group=number,
    )


def _text(described: Payload, key: str) -> str:
    return str(described.get(key) or "")


def _existing_config(described: Payload, images: _Images) -> Payload:
    config = dict(described.get("Config") or {})
    if not images.config_of(_text(config, "Image")):
        config["Env"] = _before_path(config.get("Env") or [])
    mode = _text(described.get("HostConfig") or {}, "NetworkMode")
    is_foreign_name = mode == "host" or mode.startswith("container:")
    if is_foreign_name or _text(described, "Id").startswith(_text(config, "Hostname")):
        config["Hostname"] = ""
    return config


def _existing_endpoints(described: Payload, identity: str) -> Payload:
    """The places on networks; those of a network mode are told by the mode."""
    settings: Mapping[str, Any] = described.get("NetworkSettings") or {}
    return {
        name: _asked_for(endpoint or {}, identity)
        for name, endpoint in (settings.get("Networks") or {}).items()
        if name not in ("host", "none")
    }


def _before_path(variables: list[str]) -> list[str]:
    """The variables in front of PATH: with PATH those of the image begin, which is not there to be asked."""
    names = [variable.partition("=")[0] for variable in variables]
    return variables[: names.index("PATH")] if "PATH" in names else variables


def _asked_for(endpoint: Payload, identity: str) -> Payload:
    """The part of an endpoint that was asked for."""
    aliases = [name for name in endpoint.get("Aliases") or () if name != identity[:12]]
    kept_settings = {
        key: endpoint.get(key) for key in ("IPAMConfig", "Links", "DriverOpts")
    }
    return {
        **kept_settings,
        "Aliases": aliases,
        "GwPriority": endpoint.get("GwPriority") or 0,
    }


def _made_container(container: RecordedContainer, images: _Images) -> RecordedContainer:
    image = images.config_of(str(container.config.get("Image") or ""))
    made = effective_container(container, image)
    return made._replace(host=plain_host(made.host), platform="", pulled=False)
