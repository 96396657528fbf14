"""The variables of a service: values, secrets, and what they take from databases, services and groups."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.procfile.environment import demand_value, is_secret
from tocompose.importers.render.blueprint import Blueprint, Part, text_of
from tocompose.knowledge.servers import server_port, servers
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting, EnvVariable
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

DEFAULT_PORT = "10000"
_DEEPEST = 10


class Resolved(NamedTuple):
    """A value as Compose reads it, and the services that it speaks of."""

    text: str
    services: tuple[str, ...] = ()


class Wiring:
    """What the parts of a blueprint know of each other."""

    def __init__(self, blueprint: Blueprint, ports: Mapping[str, str]) -> None:
        self._blueprint = blueprint
        self._services = {part.stated_name: part for part in blueprint.services}
        self._databases = {part.stated_name: part for part in blueprint.databases}
        self._ports = ports
        self._owners: dict[str, str] = {}
        self.settings: dict[str, EnvSetting] = {}

    def entries(self, part: Part) -> dict[str, Cursor]:
        """The entries that count for a service by their keys: its own win over those of groups."""
        entries: dict[str, Cursor] = {}
        own = list(part.cursor.at("envVars"))
        for entry in own:
            group_name = text_of(entry.at("fromGroup"))
            if not group_name:
                continue
            group = self._blueprint.groups.get(group_name)
            if group is None:
                self._note_missing(entry.at("fromGroup"), part, group_name)
                continue
            entry.at("fromGroup").map(to=part.path.child("environment"))
            entries |= {text_of(one.at("key")): one for one in group.at("envVars")}
        entries |= {key: entry for entry in own if (key := text_of(entry.at("key")))}
        entries.pop("", None)
        return entries

    def environment(
        self, part: Part, versions: Container[str]
    ) -> tuple[tuple[EnvVariable, ...], tuple[str, ...]]:
        """The variables of a service but those of `versions`, and the services that they speak of."""
        variables: list[EnvVariable] = []
        services: list[str] = []
        for key, entry in self.entries(part).items():
            if key in versions:
                entry.skip("it chooses the version of the language in the image")
                continue
            resolved = self._resolve(key, entry, part, 0)
            path = part.path.child("environment", key)
            _map_entry(entry, path)
            variables.append(EnvVariable(name=key, value=resolved.text, origin=entry.span))
            services += resolved.services
        return tuple(variables), tuple(dict.fromkeys(services))

    def _resolve(self, key: str, entry: Cursor, part: Part, depth: int) -> Resolved:
        if entry.at("value"):
            return Resolved(literal(text_of(entry.at("value"))))
        if text_of(entry.at("generateValue")) == "true":
            return self._generated(key, entry, part)
        if entry.at("fromDatabase"):
            return self._from_database(entry.at("fromDatabase"), part)
        if entry.at("fromService"):
            return self._from_service(entry.at("fromService"), part, depth)
        return self._asked(key, entry, part)

    def _asked(self, key: str, entry: Cursor, part: Part) -> Resolved:
        """A value of the dashboard: one variable for all services that have it."""
        entry.annotate("TC832", subject=part.path, name=key, object=part.name)
        secret = is_secret(key)
        self.settings.setdefault(
            key,
            EnvSetting(
                name=key,
                secret=secret,
                required=secret,
                description="It stands in Render's dashboard.",
                origin=entry.span,
            ),
        )
        return Resolved(demand_value(key) if secret else f"${{{key}:-}}")

    def _generated(self, key: str, entry: Cursor, part: Part) -> Resolved:
        """A value that Render made: a secret, one for each entry."""
        place = str(entry.span)
        name = key
        if self._owners.setdefault(key, place) != place:
            name = f"{variable_name(part.name)}_{key}"
        self._owners.setdefault(name, place)
        entry.annotate("TC833", subject=part.path, name=key, object=part.name)
        self.settings.setdefault(
            name,
            EnvSetting(
                name=name,
                secret=True,
                required=True,
                description="Render made it; a new one: openssl rand -base64 32",
                origin=entry.span,
            ),
        )
        return Resolved(demand_value(name))

    # Neighbours ---------------------------------------------------------------------------------------

    def _from_database(self, source: Cursor, part: Part) -> Resolved:
        name, wanted = text_of(source.at("name")), text_of(source.at("property"))
        database = self._databases.get(name)
        if database is None:
            return self._missing(source, part, name)
        facts = database_facts(database)
        return Resolved(facts.get(wanted, facts["connectionString"]), (database.name,))

    def _from_service(self, source: Cursor, part: Part, depth: int) -> Resolved:
        name, wanted = text_of(source.at("name")), text_of(source.at("property"))
        service = self._services.get(name)
        if service is None:
            return self._missing(source, part, name)
        if key := text_of(source.at("envVarKey")):
            return self._variable_of(service, key, source, part, depth)
        port = self._ports[service.name]
        texts = {
            "host": service.name,
            "port": port,
            "hostport": f"{service.name}:{port}",
            "connectionString": f"redis://{service.name}:{port}",
        }
        return Resolved(texts.get(wanted, service.name), (service.name,))

    def _variable_of(
        self, service: Part, key: str, source: Cursor, part: Part, depth: int
    ) -> Resolved:
        """The same variable of another service; those that Render sets have their counterparts here."""
        port = self._ports[service.name]
        known_values = {
            "RENDER_EXTERNAL_URL": f"http://localhost:{port}",
            "RENDER_EXTERNAL_HOSTNAME": "localhost",
            "PORT": port,
        }
        entry = self.entries(service).get(key)
        if entry is not None and depth < _DEEPEST:
            return self._resolve(key, entry, service, depth + 1)
        if key in known_values:
            return Resolved(known_values[key])
        return self._missing(source, part, f"{key} of {service.name}")

    def _missing(self, source: Cursor, part: Part, name: str) -> Resolved:
        self._note_missing(source, part, name)
        variable = variable_name(f"{part.name}_{name}")
        self.settings.setdefault(
            variable, EnvSetting(name=variable, description=f"It was {name} on Render.")
        )
        return Resolved(f"${{{variable}:-}}")

    def _note_missing(self, source: Cursor, part: Part, name: str) -> None:
        source.annotate("TC836", subject=part.path, object=part.name, name=name)
        source.mark_noted("TC836")


def _map_entry(entry: Cursor, path: ModelPath) -> None:
    entry.at("sync").skip("the value stands in the dashboard")
    entry.at("fromService", "type").skip("the name says which service it is")
    for child in entry:
        if child.key not in ("previewValue", "sync"):
            _map_but_type(child, path)


def _map_but_type(child: Cursor, path: ModelPath) -> None:
    if child.key != "fromService":
        child.map(to=path)
        return
    for below in child:
        if below.key != "type":
            below.map(to=path)


def database_facts(database: Part) -> dict[str, str]:
    """What a database is reached by, under the names of Render's properties."""
    name = (
        text_of(database.cursor.at("databaseName")) or variable_name(database.name).lower()
    )
    user = text_of(database.cursor.at("user")) or name
    password = demand_value(password_variable(database))
    port = server_port("postgres")
    address = (
        f"postgresql://{literal(user)}:{password}@{database.name}:{port}/{literal(name)}"
    )
    return {
        "host": database.name,
        "port": port,
        "user": literal(user),
        "password": password,
        "database": literal(name),
        "connectionString": address,
        "connectionPoolString": address,
    }


def password_variable(database: Part) -> str:
    """The variable of `.env` with a database's password."""
    return f"{variable_name(database.name)}_PASSWORD"


def service_ports(blueprint: Blueprint, exposed: Mapping[str, str]) -> dict[str, str]:
    """The port of each service: its PORT, that of its Dockerfile or of a server of its name, or Render's own."""
    return {part.name: _port_of(part, exposed) for part in blueprint.services}


def _port_of(part: Part, exposed: Mapping[str, str]) -> str:
    for entry in part.cursor.at("envVars"):
        if text_of(entry.at("key")) == "PORT" and text_of(entry.at("value")):
            return text_of(entry.at("value"))
    if part.kind == "keyvalue":
        return server_port("redis")
    if part.kind == "web":
        return "80" if part.runtime == "static" else DEFAULT_PORT
    return exposed.get(part.name) or next(_ports_by_name(part), DEFAULT_PORT)


def _ports_by_name(part: Part) -> Iterator[str]:
    """The port of a server whose name the service, its image or its repository has."""
    image = text_of(part.cursor.at("image", "url"))
    texts = f"{part.name} {image} {text_of(part.cursor.at('repo'))}".lower()
    for kind, row in servers().items():
        title = str(row.get("title", kind)).lower()
        if kind in texts or title in texts:
            yield server_port(kind)
