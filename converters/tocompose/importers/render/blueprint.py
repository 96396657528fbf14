"""A blueprint with its parts, those of one environment where it has several."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tocompose.importers.field_tables import FieldTables, FieldWalk, note_findings
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.names import identifier, unique_name

_PRODUCTION = "prod"


@cache
def field_tables() -> FieldTables:
    """The rows by type: Blueprint, Service, Database …"""
    return FieldTables.load("render/blueprint")


class Part(NamedTuple):
    """A service or database of the blueprint, with its name in the stack."""

    cursor: Cursor
    name: str

    @property
    def path(self) -> ModelPath:
        """The model path of its service."""
        return ModelPath.service(self.name)

    @property
    def stated_name(self) -> str:
        """Its name on Render."""
        return text_of(self.cursor.at("name")) or "app"

    @property
    def kind(self) -> str:
        """The type of a service, the newer word of two."""
        kind = text_of(self.cursor.at("type")) or "web"
        return {"redis": "keyvalue", "static": "web"}.get(kind, kind)

    @property
    def runtime(self) -> str:
        """What it is built by."""
        if text_of(self.cursor.at("type")) == "static":
            return "static"
        stated = text_of(self.cursor.at("runtime")) or text_of(self.cursor.at("env"))
        return stated or ("image" if self.cursor.at("image") else "docker")


class Blueprint(NamedTuple):
    """The parts that become a stack."""

    services: tuple[Part, ...]
    databases: tuple[Part, ...]
    groups: dict[str, Cursor]


# What a part is called by its type, where another one has its name already.
_ROLES = {
    "redis": "redis",
    "keyvalue": "redis",
    "cron": "cron",
    "worker": "worker",
}


def text_of(cursor: Cursor) -> str:
    """The text at a cursor; empty for null and where nothing stands."""
    return "" if cursor.style in ("null", "!!null", "{}", "[]") else (cursor.peek() or "")


def read_blueprint(root: Cursor, environment: str) -> Blueprint:
    """The blueprint's parts; of several environments the one that is asked for, else that of production."""
    holders = [root, root.at("ungrouped"), *_environments(root, environment)]
    names_in_use: set[str] = set()
    services = tuple(_parts(holders, "services", names_in_use))
    databases = tuple(_parts(holders, "databases", names_in_use))
    groups = {
        text_of(group.at("name")): group
        for holder in holders
        for group in holder.at("envVarGroups")
    }
    return Blueprint(services, databases, groups)


def _parts(holders: list[Cursor], key: str, names_in_use: set[str]) -> Iterator[Part]:
    for holder in holders:
        for cursor in holder.at(key):
            if cursor.kind == "map":
                name = identifier(text_of(cursor.at("name")) or "app")
                if name in names_in_use:
                    name = _name_of_role(name, key, text_of(cursor.at("type")))
                yield Part(cursor, unique_name(name, names_in_use))


def _name_of_role(name: str, key: str, kind: str) -> str:
    """A name that says what the part is, beside one of the same name: `shop-db`, `shop-redis`."""
    role = "db" if key == "databases" else _ROLES.get(kind, "")
    return f"{name}-{role}" if role else name


def _environments(root: Cursor, wanted_name: str) -> Iterator[Cursor]:
    for project in root.at("projects"):
        environments = list(project.at("environments"))
        named = {
            text_of(environment_cursor.at("name")): environment_cursor
            for environment_cursor in environments
        }
        production = [name for name in named if name.lower().startswith(_PRODUCTION)]
        name = (
            wanted_name if wanted_name in named else next(iter((*production, *named)), "")
        )
        if name:
            yield named[name]
        for other_name, environment in named.items():
            if other_name != name:
                environment.note("TC838", name=name, others=other_name)


def settle_rest(root: Cursor, blueprint: Blueprint) -> None:
    """Settles the fields with a note or a reason."""
    for render_parts, type_name in (
        (blueprint.services, "Service"),
        (blueprint.databases, "Database"),
    ):
        for render_part in render_parts:
            _walk(render_part.cursor, type_name, render_part.name, render_part.path)
    _walk(root, "Blueprint", "the blueprint", ROOT)


def _walk(cursor: Cursor, type_name: str, name: str, subject: ModelPath) -> None:
    if cursor.node is None:
        return
    walk = FieldWalk(field_tables(), cursor.ledger, default_reason="the default value")
    walk.visit(cursor.node, type_name)
    note_findings(walk.findings, cursor.ledger, name, subject)
