"""On which port each service of a blueprint listens, and where that was found.

Render finds the port of a web service by itself; 10000 is what it puts into PORT.
https://render.com/docs/web-services#port-binding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.ports import WebPort, stated_port
from tocompose.importers.render.blueprint import Blueprint, Part, text_of
from tocompose.knowledge.servers import server_port, servers

DEFAULT_PORT = "10000"
_COMMANDS = ("dockerCommand", "startCommand")


def service_ports(blueprint: Blueprint, exposed: Mapping[str, str]) -> dict[str, WebPort]:
    """The port of each service: its PORT, that of its command, its Dockerfile or its program, or Render's own.

    The reason is empty where the blueprint states the port.
    """
    return {
        render_part.name: _choose_port(render_part, exposed.get(render_part.name, ""))
        for render_part in blueprint.services
    }


def _choose_port(render_part: Part, exposed: str) -> WebPort:
    if number := _port_variable(render_part):
        return WebPort(number, "")
    if render_part.kind == "keyvalue":
        return WebPort(server_port("redis"), "")
    if render_part.runtime == "static":
        return WebPort("80", "")
    if render_part.kind == "web":
        return _choose_web_port(render_part, exposed)
    number = exposed or next(_ports_by_name(render_part), DEFAULT_PORT)
    return WebPort(number, "")


def _port_variable(render_part: Part) -> str:
    for env_entry in render_part.cursor.at("envVars"):
        if text_of(env_entry.at("key")) == "PORT" and text_of(env_entry.at("value")):
            return text_of(env_entry.at("value"))
    return ""


def _choose_web_port(render_part: Part, exposed: str) -> WebPort:
    commands = (text_of(render_part.cursor.at(key)) for key in _COMMANDS)
    command = next(filter(None, commands), "")
    if number := stated_port(command):
        return WebPort(number, "")
    if exposed:
        return WebPort(exposed, "its Dockerfile exposes it")
    row = find_program(command).row
    # A program that reads PORT listens where Render tells it to.
    if "port" in row and not row.get("usual") and not row.get("reads"):
        return WebPort(row["port"], "its program uses it by default")
    return WebPort(DEFAULT_PORT, "it is what Render sets PORT to")


def _ports_by_name(render_part: Part) -> Iterator[str]:
    """The port of a server whose name the service, its image or its repository has."""
    image = text_of(render_part.cursor.at("image", "url"))
    texts = f"{render_part.name} {image} {text_of(render_part.cursor.at('repo'))}".lower()
    for kind, row in servers().items():
        title = str(row.get("title", kind)).lower()
        if kind in texts or title in texts:
            yield server_port(kind)
