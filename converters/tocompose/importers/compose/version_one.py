"""Services of version 1 in the keys of today.

In version 1 every container was on the engine's own bridge and knew others by links alone. Now all are on one network
and know each other by name: docker/compose 1.29.2, compose/config/config.py and compose/service.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.shapes import as_map, as_pairs, as_text, as_texts
from tocompose.notes import Note, note
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

# What a link put into the environment: docker/compose 1.29.2 and the engine's legacy links.
_LINK_VARIABLE = re.compile(
    r"\b([A-Z0-9_]+?)_(?:PORT(?:_[0-9]+_(?:TCP|UDP))?(?:_(?:ADDR|PORT|PROTO))?|ENV_\w+|NAME)\b"
)


class VersionOne:
    """The services of a document of version 1, rewritten; `notes` say what changed."""

    def __init__(
        self,
        services: Mapping[str, Any],
        positions: Places,
        exists: Callable[[str], bool] = lambda path: True,
    ) -> None:
        self._exists = exists
        self._services = {name: as_map(body) for name, body in services.items()}
        self._positions = positions
        self.notes: list[Note] = []
        self._aliases: dict[str, list[str]] = {}
        self.volumes: dict[str, Any] = {}

    def rewrite(self) -> dict[str, Any]:
        """The document with the sections of today."""
        for name in self._services:
            self._rewrite_service(name)
        for name, aliases in self._aliases.items():
            if "network_mode" not in self._services[name]:
                self._services[name]["networks"] = {"default": {"aliases": aliases}}
        document: dict[str, Any] = {"services": self._services}
        return {**document, "volumes": self.volumes} if self.volumes else document

    def _span(self, *keys: str) -> Span | None:
        return self._positions.span(*keys)

    def _tell(self, code: str, name: str, key: str, **facts: Any) -> None:
        subject = ModelPath.service(name, key)
        self.notes.append(note(code, self._span(name, key), subject=subject, **facts))

    def _rewrite_service(self, name: str) -> None:
        body = self._services[name]
        mode = as_text(body.pop("net", None)) or "bridge"
        # All were on the engine's own bridge, which the stack's network stands for now.
        if mode != "bridge":
            body["network_mode"] = self._namespace(mode)
        self._move_logging(body)
        self._move_dockerfile(name, body)
        self._move_links(name, body)
        self._move_volumes(name, body)
        self._move_env_files(name, body)
        if "volumes_from" in body:
            body["volumes_from"] = [
                self._volume_source(source) for source in as_texts(body["volumes_from"])
            ]

    def _namespace(self, mode: str) -> str:
        """`container:x` joins the service x, where there is one."""
        kind, colon, target = mode.partition(":")
        is_service = kind == "container" and target in self._services
        return f"service:{target}" if colon and is_service else mode

    def _volume_source(self, source: str) -> str:
        name = source.partition(":")[0]
        return source if name in self._services else f"container:{source}"

    def _move_logging(self, body: dict[str, Any]) -> None:
        logging = {
            "driver": body.pop("log_driver", None),
            "options": body.pop("log_opt", None),
        }
        stated = {key: value for key, value in logging.items() if value is not None}
        if stated:
            body["logging"] = stated

    def _move_dockerfile(self, name: str, body: dict[str, Any]) -> None:
        dockerfile = body.pop("dockerfile", None)
        if dockerfile is not None:
            context = as_text(body.get("build")) or "."
            body["build"] = {"context": context, "dockerfile": dockerfile}
        if "image" in body and "build" in body:
            self._tell("TC063", name, "image")

    # Links ------------------------------------------------------------------------------------------

    def _move_links(self, name: str, body: dict[str, Any]) -> None:
        """A link becomes a wait for the other service, which answers to the alias on the stack's network."""
        depends_on = list(as_texts(body.get("depends_on")))
        outside_links: list[str] = []
        for link in as_texts(body.pop("links", None)):
            target, _, alias = link.partition(":")
            if target == name:
                self._tell("TC064", name, "links", service=name)
            elif target not in self._services:
                outside_links.append(link)
                self._tell("TC137", name, "external_links", target=target)
            else:
                depends_on.append(target)
                self._add_alias(name, target, alias or target)
        if depends_on:
            body["depends_on"] = list(dict.fromkeys(depends_on))
        if outside_links:
            body["external_links"] = [*as_texts(body.get("external_links")), *outside_links]
        self._tell_link_variables(name, body)

    def _add_alias(self, name: str, target: str, alias: str) -> None:
        aliases = self._aliases.setdefault(target, [])
        if alias not in (target, *aliases):
            aliases.append(alias)
            self._tell("TC065", name, "links", target=target, alias=alias)
        if not aliases:
            self._aliases.pop(target)

    def _tell_link_variables(self, name: str, body: Mapping[str, Any]) -> None:
        """Variables that only links set: nobody sets them now."""
        prefixes = {variable_name(service): service for service in self._services}
        found_texts = " ".join(_texts_of(body))
        told_variables: set[str] = set()
        for match in _LINK_VARIABLE.finditer(found_texts):
            target = prefixes.get(match[1])
            if (
                target is not None
                and match[0] not in told_variables
                and match[0] not in as_pairs(body.get("environment"))
            ):
                told_variables.add(match[0])
                key = "command" if match[0] in str(body.get("command")) else "environment"
                self._tell("TC066", name, key, variable=match[0], target=target)

    def _move_env_files(self, name: str, body: dict[str, Any]) -> None:
        """Files of variables, of which Compose 1 took every character as it stood; one that is missing is optional."""
        paths = as_texts(body.pop("env_file", None))
        if paths:
            body["env_file"] = [self._env_file(name, path) for path in paths]

    def _env_file(self, name: str, path: str) -> dict[str, Any]:
        file_entry: dict[str, Any] = {"path": path, "format": "raw"}
        if not self._exists(path):
            self._tell("TC142", name, "env_file", path=path)
            file_entry["required"] = False
        return file_entry

    # Volumes ----------------------------------------------------------------------------------------

    def _move_volumes(self, name: str, body: dict[str, Any]) -> None:
        """Volumes with a name were the engine's own, without the project in front; they keep that name."""
        driver = as_text(body.pop("volume_driver", None))
        for volume in as_texts(body.get("volumes")):
            source = volume.partition(":")[0]
            is_named = ":" in volume and not source.startswith((".", "/", "~", "$"))
            if is_named and "/" not in source and "\\" not in source:
                row = self.volumes.setdefault(source, {"name": source})
                if driver:
                    row["driver"] = driver
        if driver and not self.volumes:
            self._tell("TC067", name, "volumes", driver=driver)


def _texts_of(value: Any) -> Iterator[str]:
    """Every text of a value."""
    if isinstance(value, Mapping):
        for value_below in value.values():
            yield from _texts_of(value_below)
    elif isinstance(value, list):
        for value_below in value:
            yield from _texts_of(value_below)
    elif value is not None:
        yield str(value)


def old_project_name(folder: str) -> str:
    """The project name that Compose 1 made of a folder: its small letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", folder.lower()) or "default"
