"""Configs of a swarm, whose content `docker config inspect` shows: files beside the compose file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.engine.json_values import text_at
from tocompose.importers.engine.objects import EngineObject
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.ledger import Cursor
from tocompose.model import File, Service
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath


class ConfigFile(NamedTuple):
    """A config by its name: where its content is written, and what it is."""

    name: str
    file: File
    data: Cursor
    is_template: bool


def config_files(
    configs: Iterable[EngineObject], services: Iterable[Service]
) -> Mapping[str, File]:
    """The files of the configs that services are given, by the names of the configs."""
    granted = {grant.source for service in services for grant in service.configs}
    files: dict[str, File] = {}
    for config in configs:
        for config_file in _read_config(config):
            if config_file.name in granted:
                files[config_file.name] = config_file.file
                _settle(config_file)
        config.cursor.skip("the swarm keeps it; what services are given is in files")
    return files


def _settle(config_file: ConfigFile) -> None:
    path = ModelPath.of("files", config_file.file.path)
    config_file.data.map(to=path)
    if config_file.is_template:
        name, fields = config_file.name, "the templates in it"
        config_file.data.annotate("TC484", subject=path, object=name, fields=fields)


def _read_config(config: EngineObject) -> Iterator[ConfigFile]:
    """The config with its content; nothing for a secret, whose value the swarm does not show."""
    name, data = config.text("Spec", "Name"), config.cursor.at("Spec", "Data")
    if not data:
        return
    try:
        content = base64.b64decode(text_at(data), validate=True)
    except (binascii.Error, ValueError):
        return
    file = File(
        path=f"configs/{name}",
        content=content,
        secret=_holds_secret(content),
        origin=data.span,
    )
    has_template = bool(config.text("Spec", "Templating", "Name"))
    yield ConfigFile(name, file, data, has_template)


def _holds_secret(content: bytes) -> bool:
    text = content.decode("utf-8", "replace")
    return redact_secrets(text) != text
