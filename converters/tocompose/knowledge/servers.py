"""What is known about servers that applications talk to, from `mappings/servers.yaml` and the rows of their images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tocompose.knowledge.images import ImageFacts, image_facts, role_of
from tocompose.knowledge.versions import default_version
from tocompose.model import Role
from tocompose.plugins import PluginError, table_rows
from tocompose.tables import Row, table

# A password of a server that tocompose adds: it works at once, nobody takes it for a secret, and a note says so.
DEVELOPMENT_PASSWORD = "change-me"
_COLUMNS = {
    "title",
    "image",
    "environment",
    "password",
    "command",
    "url",
    "addon",
    "family",
    "schemes",
    "shared_schemes",
    "scheme_ports",
    "plain_schemes",
    "jdbc",
    "numbered_databases",
    "distinct_port",
    "drivers",
    "driver_schemes",
    "variables",
    "shared_variables",
    "sets",
    "processes",
    "workers",
    "files",
    "parts",
    "tls",
    "clients",
    "move",
}


@cache
def servers() -> Mapping[str, Row]:
    """The rows of the table by kind of server, and those of plug-ins. Raises PluginError for one that we have."""
    own_rows = table("servers", required=set(), optional=_COLUMNS)
    for kind, row in table_rows("servers").items():
        unknown = row.keys() - _COLUMNS
        if kind in own_rows or unknown:
            problem = f"unknown columns {sorted(unknown)}" if unknown else "has a row here"
            raise PluginError(f"the server {kind} of a plug-in: {problem}")
    return {**own_rows, **table_rows("servers")}


@cache
def server_family(kind: str) -> frozenset[str]:
    """The kinds of which an app uses one where it uses this one: itself, and those of its family."""
    name = servers()[kind].get("family")
    return frozenset(family_kinds(name)) if name else frozenset({kind})


@cache
def family_kinds(family: str) -> tuple[str, ...]:
    """The kinds of a family: `sql`, `search`."""
    return tuple(kind for kind, row in servers().items() if row.get("family") == family)


def server_image(kind: str, version: str = "") -> str:
    """The image of a server in that version, or in the usual one."""
    template = str(servers()[kind]["image"])
    if "<version>" not in template:
        return template
    return template.replace("<version>", version or default_version(kind))


def moving_command(kind: str, image: str, service: str) -> str:
    """The command that brings the data of a server elsewhere into the stack's; words where none is known."""
    command = str(servers()[kind].get("move", ""))
    if not command:
        return "dump it there and restore it here with the tools of the server"
    return command.replace("<image>", image).replace("<service>", service)


def server_facts(kind: str) -> ImageFacts:
    """What is known about the server's image. Raises KeyError for a server whose image has no row."""
    facts = image_facts(server_image(kind))
    if facts is None:
        raise KeyError(kind)
    return facts


def server_port(kind: str) -> str:
    """The port on which the server listens for its clients."""
    return server_facts(kind).ports[0]


@cache
def data_ports() -> Mapping[str, Role]:
    """The ports on which nothing but servers of data listen, each with the role of such a server."""
    kinds = [kind for kind, row in servers().items() if row.get("distinct_port")]
    return {server_port(kind): role_of(server_facts(kind)) for kind in kinds}


@cache
def scheme_ports() -> Mapping[str, int]:
    """The ports that an address without one means, by its scheme."""
    ports: dict[str, int] = {}
    for kind, row in servers().items():
        ports |= {scheme: int(server_port(kind)) for scheme in row.get("schemes", ())}
        ports |= {scheme: int(port) for scheme, port in row.get("scheme_ports", {}).items()}
    return ports


@cache
def client_programs() -> Mapping[str, Row]:
    """The programs that talk to a server and end, each with its options that are passwords."""
    rows = servers().values()
    return {
        name: options for row in rows for name, options in row.get("clients", {}).items()
    }
