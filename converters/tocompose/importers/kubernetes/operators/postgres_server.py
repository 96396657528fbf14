"""The PostgreSQL server that stands for a cluster, whichever operator ran it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    ServerPort,
)
from tocompose.importers.kubernetes.operators.postgres_script import (
    DatabaseRole,
    ServerDatabase,
    ServerLogin,
    init_script,
    initdb_arguments,
    role_variables,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Node
from tocompose.tables import table

POSTGRES = ServerPort("postgres", 5432)
_DATA = "/var/lib/postgresql/data"
_INIT_FOLDER = "/docker-entrypoint-initdb.d"
# The login that the image has by itself.
SUPERUSER = ServerLogin("postgres", "postgres")
_PRELOAD = "shared_preload_libraries"


class PostgresSettings(NamedTuple):
    """What is set of a server: options of the server by name, and parts of the source for its container."""

    parameters: Mapping[str, str]
    env: tuple[Node, ...]
    resources: Node | None


class PostgresContent(NamedTuple):
    """What an empty server is given: who logs in with which password, roles and databases, options of initdb by name,
    and a file of SQL."""

    login: ServerLogin
    password: Manifest
    roles: tuple[DatabaseRole, ...]
    databases: tuple[ServerDatabase, ...]
    initdb: Mapping[str, str | None]
    statements: str = ""


@cache
def _known(column: str) -> frozenset[str]:
    """A column of what is known of the image of PostgreSQL."""
    rows = table("kubernetes/postgres", required={"names"}, optional={"url"})
    return frozenset(rows[column]["names"].split())


def decode_parameters(cursor: Cursor) -> dict[str, str]:
    """The options that the server of the image can start with; those of an operator's image alone stay unread."""
    parameters: dict[str, str] = {}
    for parameter in cursor:
        if parameter.key in _known("parameters-of-operators"):
            continue
        if parameter.key != _PRELOAD:
            parameters[parameter.key] = decode_text(parameter) or ""
            continue
        libraries = _preloaded((peek_text(parameter) or "").split(","))
        if libraries:
            decode_text(parameter)
            parameters[_PRELOAD] = ",".join(libraries)
    return parameters


def decode_libraries(libraries: Cursor) -> dict[str, str]:
    """The option of the libraries in a list that the image has; the others stay unread."""
    names = [
        decode_text(library) or ""
        for library in libraries
        if peek_text(library) in _known("preload-libraries")
    ]
    return {_PRELOAD: ",".join(names)} if names else {}


def _preloaded(names: list[str]) -> list[str]:
    stripped = (name.strip() for name in names)
    return [name for name in stripped if name in _known("preload-libraries")]


def decode_locale(spec: SpecFields, shape: str) -> str | None:
    """A locale that the image has; any other stays unread, since initdb would refuse it."""
    is_there = peek_text(spec.at(shape)) in _known("locales")
    return decode_text(spec, shape) if is_there else None


def postgres_server(
    name: str, image: str, settings: PostgresSettings, content: PostgresContent
) -> OperatedServer:
    """The server of an image of PostgreSQL's own."""
    arguments = [f"{key}={value}" for key, value in settings.parameters.items()]
    return OperatedServer(
        name=name,
        image=image,
        ports=(POSTGRES,),
        env={**_environment(content), "PGDATA": f"{_DATA}/pgdata"},
        args=tuple(word for text in arguments for word in ("-c", text)),
        data_folder=_DATA,
        files=dict(_init_files(content)),
        resources=settings.resources,
        more_env=settings.env,
    )


def _environment(content: PostgresContent) -> dict[str, Manifest]:
    """The variables that the entry point of the image reads."""
    env: dict[str, Manifest] = {}
    if content.login != SUPERUSER:
        env["POSTGRES_USER"] = content.login.user
        env["POSTGRES_DB"] = content.login.database
    env["POSTGRES_PASSWORD"] = content.password
    env |= role_variables(content.roles)
    if arguments := initdb_arguments(content.initdb):
        env["POSTGRES_INITDB_ARGS"] = arguments
    return env


def _init_files(content: PostgresContent) -> Iterator[tuple[str, Manifest]]:
    """What the entry point runs once, in that order."""
    if content.roles or content.databases:
        script = init_script(content.roles, content.databases, content.login)
        yield f"{_INIT_FOLDER}/10-roles.sh", script
    if content.statements:
        yield f"{_INIT_FOLDER}/20-statements.sql", content.statements
