"""What is known about servers that applications talk to, from `mappings/servers.yaml` and the rows of their images."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tocompose.knowledge.images import ImageFacts, image_facts, role_of
from tocompose.knowledge.row_types import SERVER_COLUMNS, server_row_problem
from tocompose.knowledge.versions import default_version
from tocompose.model import EnvSetting, Role, Service
from tocompose.plugins import PluginFault, table_rows
from tocompose.tables import Row, table
from tocompose.wording import enumerated

# A password of a server that tocompose adds: it works at once, nobody takes it for a secret, and a note says so.
DEVELOPMENT_PASSWORD = "change-me"


def has_development_password(setting: EnvSetting) -> bool:
    """Whether the value is that password, rather than one of the source."""
    return setting.value == DEVELOPMENT_PASSWORD and setting.origin is None


@cache
def servers() -> Mapping[str, Row]:
    """The rows of the table by kind of server, and those of plug-ins."""
    return {**_own_rows(), **_brought_rows()[0]}


def server_row_faults() -> tuple[PluginFault, ...]:
    """What is wrong with the rows for servers that packages bring; those are left out."""
    return _brought_rows()[1]


def _own_rows() -> Mapping[str, Row]:
    return table("servers", required=set(), optional=set(SERVER_COLUMNS))


@cache
def _brought_rows() -> tuple[Mapping[str, Row], tuple[PluginFault, ...]]:
    rows, faults = table_rows("servers")
    usable: dict[str, Row] = {}
    problems = list(faults)
    for package, kind, row in rows:
        if (problem := _problem_of_row(kind, row)) is None:
            usable[kind] = row
        else:
            problems.append(PluginFault(package, f"servers.yaml: {problem}"))
    return usable, tuple(problems)


def _problem_of_row(kind: str, row: Any) -> str | None:
    if kind in _own_rows():
        return f"{kind} is a server of tocompose already"
    if (problem := server_row_problem(kind, row)) is not None:
        return problem
    image = str(row["image"])
    if "<version>" in image:
        return f"{kind}: its image must have a version, not <version>"
    facts = image_facts(image)
    if facts is None or not facts.ports:
        return f"{kind}: images.yaml has no row with ports for its image {image}"
    return None


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


def moving_step(kind: str, service: Service, address: str) -> str:
    """What to do, as a sentence, that brings the data of a server elsewhere into the stack's, or why nothing does.

    `address` says how to put the server's address into OLD_URL, which the command reads.
    """
    row = servers()[kind]
    if "unmoved" in row:
        return str(row["unmoved"])
    name = shlex.quote(service.name)
    start = f"To move the data, start {service.name} alone (`docker compose up -d --wait {name}`)"
    column = "move_with_journal" if _has_journal(row, service) else "move"
    command = str(row.get(column, ""))
    if not command:
        return f"{start}, copy the data with the tools of {row.get('title', kind)}"
    command = command.replace("<image>", service.image or "")
    meant = f" ({row['placeholders']})" if "placeholders" in row else ""
    return (
        f"{start}, {address} and run `{command.replace('<service>', service.name)}`{meant}"
    )


def kept_variables(names: Sequence[str]) -> str:
    """That these variables are not to be taken from where the app runs: with its addresses the stack would work on the
    data there. A sentence with a space in front; empty without any.
    """
    if not names:
        return ""
    pronoun, lead, servers = (
        ("they are: they", "belong", "servers")
        if names[1:]
        else ("it is: it", "belongs", "server")
    )
    return f" Leave {enumerated(names)} as {pronoun} {lead} to the stack's own {servers}."


def _has_journal(row: Row, service: Service) -> bool:
    """Whether the server is started with the option of a journal, beside which it ignores a dump that is put there."""
    option = " ".join(row.get("journal", ()))
    return bool(option) and option in " ".join(service.command or ())


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
def client_ports() -> Mapping[str, str]:
    """The port of the server that each of its clients talks to unless it is told of another one."""
    return {
        name: port
        for kind, row in servers().items()
        for name in row.get("clients", {})
        for port in server_facts(kind).ports[:1]
    }


@cache
def client_programs() -> Mapping[str, Row]:
    """The programs that talk to a server and end, each with its options that are passwords."""
    rows = servers().values()
    return {
        name: options for row in rows for name, options in row.get("clients", {}).items()
    }
