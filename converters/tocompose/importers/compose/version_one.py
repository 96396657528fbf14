"""Services of version 1 in the keys of today.

In version 1 every container was on the engine's own bridge and knew others by links alone. Now all are on one network
and know each other by name: docker/compose 1.29.2, compose/config/config.py and compose/service.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.shapes import as_list, as_map, as_pairs, as_text, as_texts
from tocompose.compose.start_order import joined_container
from tocompose.importers.compose.link_variables import used_link_variables
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.mounts import is_path, parse_mount

# What may be the name of a host in a text.
_HOST = regex(r"[a-z0-9][a-z0-9_-]*")
# A path without a dot in front, which fig took for one below its file.
# What begins with a variable, or holds a slash, is no name of a volume.
_NO_NAME = regex(r"\$|.*[/\\]")
_BARE_PATH = regex(r"[\w.-]+(?:/[\w. -]+)+")


class FilesBeside(NamedTuple):
    """Ways to look at what stands beside the file: whether a path is there, and the text of what a service builds."""

    exists: Callable[[str], bool] = lambda path: True
    text_of: Callable[[Mapping[str, Any]], str] = lambda body: ""


_NO_FILES = FilesBeside()


class VersionOne:
    """The services of a document of version 1, rewritten; `notes` say what changed."""

    def __init__(
        self,
        services: Mapping[str, Any],
        positions: Places,
        project: str = "",
        files: FilesBeside = _NO_FILES,
    ) -> None:
        self._project = project
        self._files = files
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
        container = joined_container(mode)
        if container is None or container.name not in self._services:
            return mode
        return f"service:{container.name}"

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
        links: dict[str, str] = {}
        hosts = set(_HOST.findall(" ".join(_texts_of(body))))
        outside_links: list[str] = []
        for link in as_texts(body.pop("links", None)):
            target, _, alias = link.partition(":")
            if target == name:
                self._tell("TC064", name, "links", service=name)
            elif target not in self._services:
                outside_links.append(link)
            else:
                depends_on.append(target)
                for linked_name in self._aliases_of(target, alias or target):
                    links[linked_name] = target
                    if linked_name == (alias or target) or linked_name in hosts:
                        self._add_alias(name, target, linked_name)
        if depends_on:
            body["depends_on"] = list(dict.fromkeys(depends_on))
        if outside_links:
            body["external_links"] = [*as_texts(body.get("external_links")), *outside_links]
        self._set_link_variables(name, body, links)

    def _add_alias(self, name: str, target: str, alias: str) -> None:
        aliases = self._aliases.setdefault(target, [])
        if alias not in (target, *aliases):
            aliases.append(alias)
            self._tell("TC065", name, "links", target=target, alias=alias)
        if not aliases:
            self._aliases.pop(target)

    def _set_link_variables(
        self, name: str, body: dict[str, Any], links: Mapping[str, str]
    ) -> None:
        """Variables that only links set, and that the service or its files speak of, are set to what says the same."""
        own_text = " ".join(_texts_of(body))
        own_names = as_pairs(body.get("environment"))
        set_by_target: dict[str, dict[str, str]] = {}
        for used in used_link_variables(
            links, self._services, own_text, self._files.text_of(body)
        ):
            if used.name in own_names:
                continue
            if used.value is not None:
                set_by_target.setdefault(used.target, {})[used.name] = used.value
                continue
            in_command = re.search(rf"\b{used.name}\b", str(body.get("command")))
            key = "command" if in_command else "environment"
            self._tell("TC066", name, key, variable=used.name, target=used.target)
        for target, variables in set_by_target.items():
            body["environment"] = _with_variables(body.get("environment"), variables)
            facts = {"variables": ", ".join(variables), "target": target}
            self._tell("TC073", name, "environment", **facts)

    def _aliases_of(self, target: str, alias: str) -> tuple[str, ...]:
        """The names under which Compose 1 linked a service."""
        return alias, f"{target}_1", f"{self._project}_{target}_1"

    def _move_env_files(self, name: str, body: dict[str, Any]) -> None:
        """Files of variables, of which Compose 1 took every character as it stood; one that is missing is optional."""
        paths = as_texts(body.pop("env_file", None))
        if paths:
            body["env_file"] = [self._env_file(name, path) for path in paths]

    def _env_file(self, name: str, path: str) -> dict[str, Any]:
        file_entry: dict[str, Any] = {"path": path, "format": "raw"}
        if not self._files.exists(path):
            self._tell("TC142", name, "env_file", path=path, copy="")
            file_entry["required"] = False
        return file_entry

    # Volumes ----------------------------------------------------------------------------------------

    def _move_volumes(self, name: str, body: dict[str, Any]) -> None:
        """Volumes with a name were the engine's own, without the project in front; they keep that name."""
        driver = as_text(body.pop("volume_driver", None))
        if "volumes" in body:
            body["volumes"] = [_with_dot(volume) for volume in as_list(body["volumes"])]
        for volume in as_texts(body.get("volumes")):
            source = parse_mount(volume).source
            if source and not is_path(source) and not _NO_NAME.match(source):
                row = self.volumes.setdefault(source, {"name": source})
                if driver:
                    row["driver"] = driver
        if driver and not self.volumes:
            self._tell("TC067", name, "volumes", driver=driver)


def _with_dot(volume: Any) -> Any:
    """The volume with `./` in front of a path below the file, which would be a name now."""
    source = str(volume).partition(":")[0]
    is_path = ":" in str(volume) and _BARE_PATH.fullmatch(source)
    return f"./{volume}" if is_path and not source.startswith(".") else volume


def _with_variables(environment: Any, variables: Mapping[str, str]) -> Any:
    """The environment with more variables, in the form that it has."""
    if isinstance(environment, list):
        return [*environment, *(f"{name}={text}" for name, text in variables.items())]
    return {**as_map(environment), **variables}


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
