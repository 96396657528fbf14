"""The variables of a service: values, secrets, and what they take from databases, services and groups."""

from __future__ import annotations

from collections.abc import Container, Mapping

from tocompose.importers.procfile.environment import demand_value, is_secret
from tocompose.importers.render.blueprint import Blueprint, Part, text_of
from tocompose.knowledge.servers import server_port
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting, EnvVariable
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name

_DEEPEST = 10


class Resolved(NamedTuple):
    """A value as Compose reads it, and the services that it speaks of."""

    text: str
    services: tuple[str, ...] = ()


class Wiring:
    """What the parts of a blueprint know of each other."""

    def __init__(self, blueprint: Blueprint, ports: Mapping[str, str]) -> None:
        self._blueprint = blueprint
        self._services = {
            render_part.stated_name: render_part for render_part in blueprint.services
        }
        self._databases = {
            render_part.stated_name: render_part for render_part in blueprint.databases
        }
        self._ports = ports
        self._owners: dict[str, str] = {}
        self.settings: dict[str, EnvSetting] = {}

    def entries(self, render_part: Part) -> dict[str, Cursor]:
        """The entries that count for a service by their keys: its own win over those of groups."""
        env_entries: dict[str, Cursor] = {}
        own_entries = list(render_part.cursor.at("envVars"))
        for env_entry in own_entries:
            group_name = text_of(env_entry.at("fromGroup"))
            if not group_name:
                continue
            group = self._blueprint.groups.get(group_name)
            if group is None:
                self._note_missing(env_entry.at("fromGroup"), render_part, group_name)
                continue
            of_group = {
                text_of(variable_cursor.at("key")): variable_cursor
                for variable_cursor in group.at("envVars")
            }
            if of_group.keys() - {""}:
                env_entry.at("fromGroup").map(to=render_part.path.child("environment"))
            else:
                env_entry.at("fromGroup").skip("the group has no variables")
            env_entries |= of_group
        env_entries |= {
            key: env_entry
            for env_entry in own_entries
            if (key := text_of(env_entry.at("key")))
        }
        env_entries.pop("", None)
        return env_entries

    def environment(
        self, render_part: Part, versions: Container[str]
    ) -> tuple[tuple[EnvVariable, ...], tuple[str, ...]]:
        """The variables of a service but those of `versions`, and the services that they speak of."""
        variables: list[EnvVariable] = []
        services: list[str] = []
        for key, env_entry in self.entries(render_part).items():
            if key in versions:
                env_entry.skip("it chooses the version of the language in the image")
                continue
            resolved = self._resolve(key, env_entry, render_part, 0)
            path = render_part.path.child("environment", key)
            _map_entry(env_entry, path)
            variables.append(
                EnvVariable(name=key, value=resolved.text, origin=env_entry.span)
            )
            services += resolved.services
        return tuple(variables), tuple(dict.fromkeys(services))

    def _resolve(
        self, key: str, env_entry: Cursor, render_part: Part, depth: int
    ) -> Resolved:
        if env_entry.at("value"):
            return Resolved(literal(text_of(env_entry.at("value"))))
        if text_of(env_entry.at("generateValue")) == "true":
            return self._generated(key, env_entry, render_part)
        if env_entry.at("fromDatabase"):
            return self._from_database(env_entry.at("fromDatabase"), render_part)
        if env_entry.at("fromService"):
            return self._from_service(env_entry.at("fromService"), render_part, depth)
        return self._asked(key, env_entry, render_part)

    def _asked(self, key: str, env_entry: Cursor, render_part: Part) -> Resolved:
        """A value of the dashboard: one variable for all services that have it."""
        env_entry.annotate(
            "TC832",
            subject=ModelPath.of("settings", key),
            name=key,
            object=render_part.name,
        )
        secret = is_secret(key)
        self._set_open(key, env_entry, secret, "As set in Render's dashboard")
        return Resolved(demand_value(key) if secret else f"${{{key}:-}}")

    def _generated(self, key: str, env_entry: Cursor, render_part: Part) -> Resolved:
        """A value that Render made: a secret, one for each entry."""
        position = str(env_entry.span)
        name = key
        if self._owners.setdefault(key, position) != position:
            name = f"{variable_name(render_part.name)}_{key}"
        self._owners.setdefault(name, position)
        env_entry.annotate(
            "TC833",
            subject=ModelPath.of("settings", name),
            name=name,
        )
        description = "Secret that Render generates"
        self._set_open(name, env_entry, True, description)
        return Resolved(demand_value(name))

    def _set_open(
        self, name: str, env_entry: Cursor, secret: bool, description: str
    ) -> None:
        """Asks for a value in `.env`, a secret before the start; what is asked for already stays."""
        setting = EnvSetting(
            name=name,
            secret=secret,
            required=secret,
            description=description,
            origin=env_entry.span,
        )
        self.settings.setdefault(name, setting)

    # Neighbours ---------------------------------------------------------------------------------------

    def _from_database(self, source: Cursor, render_part: Part) -> Resolved:
        name, property_name = text_of(source.at("name")), text_of(source.at("property"))
        database = self._databases.get(name)
        if database is None:
            return self._missing(source, render_part, name)
        facts = database_facts(database)
        return Resolved(
            facts.get(property_name, facts["connectionString"]), (database.name,)
        )

    def _from_service(self, source: Cursor, render_part: Part, depth: int) -> Resolved:
        name, property_name = text_of(source.at("name")), text_of(source.at("property"))
        service = self._services.get(name)
        if service is None:
            return self._missing(source, render_part, name)
        if key := text_of(source.at("envVarKey")):
            return self._variable_of(service, key, source, render_part, depth)
        port = self._ports[service.name]
        texts = {
            "host": service.name,
            "port": port,
            "hostport": f"{service.name}:{port}",
            "connectionString": f"redis://{service.name}:{port}",
        }
        return Resolved(texts.get(property_name, service.name), (service.name,))

    def _variable_of(
        self, service: Part, key: str, source: Cursor, render_part: Part, depth: int
    ) -> Resolved:
        """The same variable of another service; those that Render sets have their counterparts here."""
        port = self._ports[service.name]
        known_values = {
            "RENDER_EXTERNAL_URL": f"http://localhost:{port}",
            "RENDER_EXTERNAL_HOSTNAME": "localhost",
            "PORT": port,
        }
        env_entry = self.entries(service).get(key)
        if env_entry is not None and depth < _DEEPEST:
            return self._resolve(key, env_entry, service, depth + 1)
        if key in known_values:
            return Resolved(known_values[key])
        return self._missing(source, render_part, f"{key} of {service.name}")

    def _missing(self, source: Cursor, render_part: Part, name: str) -> Resolved:
        self._note_missing(source, render_part, name)
        variable = variable_name(f"{render_part.name}_{name}")
        self.settings.setdefault(
            variable, EnvSetting(name=variable, description=f"It was {name} on Render.")
        )
        return Resolved(f"${{{variable}:-}}")

    def _note_missing(self, source: Cursor, render_part: Part, name: str) -> None:
        source.annotate(
            "TC836", subject=render_part.path, object=render_part.name, name=name
        )
        source.mark_noted("TC836")


def _map_entry(env_entry: Cursor, path: ModelPath) -> None:
    env_entry.at("sync").skip("its value is in Render's dashboard")
    env_entry.at("fromService", "type").skip("the service is identified by its name")
    for child in env_entry:
        if child.key not in ("previewValue", "sync"):
            _map_but_type(child, path)


def _map_but_type(child: Cursor, path: ModelPath) -> None:
    if child.key != "fromService":
        child.map(to=path)
        return
    for nested_cursor in child:
        if nested_cursor.key != "type":
            nested_cursor.map(to=path)


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
