"""On which port each service of a blueprint listens, and where that was found.

Render finds the port of a web service by itself; 10000 is what it puts into PORT.
https://render.com/docs/web-services#port-binding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.procfile.language import find_program
from tocompose.importers.procfile.ports import IN_COMMAND, WebPort, source_port
from tocompose.importers.render.blueprint import Blueprint, Part, text_of
from tocompose.importers.render.images import ServiceImage
from tocompose.knowledge.servers import server_port, servers

DEFAULT_PORT = "10000"
_COMMANDS = ("dockerCommand", "startCommand")


def service_ports(
    blueprint: Blueprint, images: Mapping[str, ServiceImage]
) -> dict[str, WebPort]:
    """The port of each service: its PORT, that of its command, its Dockerfile or its program, or Render's own.

    The reason is empty where the blueprint states the port.
    """
    return {
        render_part.name: _choose_port(render_part, images.get(render_part.name))
        for render_part in blueprint.services
    }


def _choose_port(render_part: Part, service_image: ServiceImage | None) -> WebPort:
    if number := _port_variable(render_part):
        return WebPort(number, "")
    if render_part.kind == "keyvalue":
        return WebPort(server_port("redis"), "")
    if render_part.runtime == "static":
        return WebPort("80", "")
    stated = _stated_port(render_part, service_image)
    if render_part.kind == "web":
        return stated or _default_port(_command_of(render_part))
    number = stated.number if stated else next(_ports_by_name(render_part), DEFAULT_PORT)
    return WebPort(number, "")


def _port_variable(render_part: Part) -> str:
    for env_entry in render_part.cursor.at("envVars"):
        if text_of(env_entry.at("key")) == "PORT" and text_of(env_entry.at("value")):
            return text_of(env_entry.at("value"))
    return ""


def _command_of(render_part: Part) -> str:
    commands = (text_of(render_part.cursor.at(key)) for key in _COMMANDS)
    return next(filter(None, commands), "")


def _stated_port(render_part: Part, service_image: ServiceImage | None) -> WebPort | None:
    """The port that the command states, or a file of the repository; without a reason where it is the command."""
    command = _command_of(render_part)
    if service_image is None:
        return None
    port = source_port(command, service_image.configured, service_image.exposed)
    return port._replace(why="") if port and port.why == IN_COMMAND else port


def _default_port(command: str) -> WebPort:
    """The port of the program, else Render's own: a program that reads PORT listens where Render tells it to."""
    program = find_program(command)
    row = program.row
    if "port" in row and not row.get("usual") and not row.get("reads"):
        return WebPort(row["port"], f"{program.title} uses it by default")
    return WebPort(DEFAULT_PORT, "it is what Render sets PORT to")


def _ports_by_name(render_part: Part) -> Iterator[str]:
    """The port of a server whose name the service, its image or its repository has."""
    image = text_of(render_part.cursor.at("image", "url"))
    texts = f"{render_part.name} {image} {text_of(render_part.cursor.at('repo'))}".lower()
    for kind, row in servers().items():
        title = str(row.get("title", kind)).lower()
        if kind in texts or title in texts:
            yield server_port(kind)
