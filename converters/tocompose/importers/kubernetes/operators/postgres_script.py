"""The script that makes roles, databases and schemas in an empty PostgreSQL server, as an operator would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.operators.parts import Manifest, from_secret
from tocompose.record import NamedTuple

# Roles that every server has: https://www.postgresql.org/docs/current/predefined-roles.html
_PREDEFINED = "pg_"


class DatabaseRole(NamedTuple):
    """A role with the Secret of its password, None without one; `attributes` as SQL writes them.

    Members of `administered_by` may grant it; `search_path` are the schemas that it sees.
    """

    name: str
    secret: str | None = None
    attributes: str = ""
    may_login: bool = True
    member_of: tuple[str, ...] = ()
    administered_by: str = ""
    search_path: tuple[str, ...] = ()


class DefaultPrivileges(NamedTuple):
    """What is granted by default on whatever some roles make; in one schema, or in all without one."""

    makers: tuple[str, ...]
    reader: str
    writer: str
    schema: str | None = None


class DatabaseSchema(NamedTuple):
    """A schema of a database."""

    name: str
    owner: str | None
    privileges: tuple[DefaultPrivileges, ...] = ()


class DatabaseExtension(NamedTuple):
    """An extension, and the schema that it goes into."""

    name: str
    schema: str | None = None


class ServerDatabase(NamedTuple):
    """A database with what it holds from the start."""

    name: str
    owner: str
    schemas: tuple[DatabaseSchema, ...] = ()
    extensions: tuple[DatabaseExtension, ...] = ()
    privileges: tuple[DefaultPrivileges, ...] = ()


class ServerLogin(NamedTuple):
    """Who runs the script: the superuser, and the database that there is."""

    user: str
    database: str


def role_variables(roles: Iterable[DatabaseRole]) -> dict[str, Manifest]:
    """The variables of the passwords, numbered as the roles are."""
    return {
        f"ROLE_PASSWORD_{number}": from_secret(role.secret, "password")
        for number, role in enumerate(roles, 1)
        if role.secret is not None
    }


def init_script(
    roles: tuple[DatabaseRole, ...],
    databases: tuple[ServerDatabase, ...],
    login: ServerLogin,
) -> str:
    """The script; the passwords are variables of the container."""
    known_roles = {login.user, *(role.name for role in roles)}
    lines = ["#!/bin/sh", "set -e"]
    statements = [
        _role_statement(role)
        for role in (*_absent_owners(databases, known_roles), *roles)
        if role.secret is None and role.name != login.user
    ]
    lines += _psql_lines(login, "", statements)
    for number, role in enumerate(roles, 1):
        if role.secret and role.name != login.user:
            variable = f' -v password="$ROLE_PASSWORD_{number}"'
            lines += _psql_lines(login, variable, [_role_statement(role)])
    lines += _psql_lines(login, "", [*_memberships(roles, known_roles)])
    for database in databases:
        lines += _database_lines(database, login)
    return "\n".join(lines) + "\n"


def _absent_owners(
    databases: tuple[ServerDatabase, ...], known_roles: set[str]
) -> Iterator[DatabaseRole]:
    """The owners of databases that are roles of nobody."""
    for owner in dict.fromkeys(database.owner for database in databases):
        if owner not in known_roles:
            yield DatabaseRole(owner, may_login=False)


def _psql_lines(login: ServerLogin, options: str, statements: list[str]) -> list[str]:
    if not statements:
        return []
    psql = f'psql -v ON_ERROR_STOP=1 --username "{login.user}" --dbname "{login.database}"'
    return [f"{psql}{options} <<'SQL'", *statements, "SQL"]


def _role_statement(role: DatabaseRole) -> str:
    statement_words = [
        f"CREATE ROLE {_quoted(role.name)}",
        "LOGIN" if role.may_login else "NOLOGIN",
    ]
    statement_words += [role.attributes] if role.attributes else []
    if role.administered_by:
        statement_words.append(f"ADMIN {_quoted(role.administered_by)}")
    if role.secret:
        statement_words.append("PASSWORD :'password'")
    return f"{' '.join(statement_words)};"


def _memberships(roles: Iterable[DatabaseRole], known_roles: set[str]) -> Iterator[str]:
    """What makes roles members of others and sets their search path, once all of them are there."""
    for role in roles:
        for group in role.member_of:
            if group in known_roles or group.startswith(_PREDEFINED):
                yield f"GRANT {_quoted(group)} TO {_quoted(role.name)};"
        if role.search_path:
            path = ", ".join(map(_quoted, ("$user", *role.search_path)))
            yield f"ALTER ROLE {_quoted(role.name)} SET search_path TO {path};"


def _database_lines(database: ServerDatabase, login: ServerLogin) -> Iterator[str]:
    name, owner = _quoted(database.name), _quoted(database.owner)
    if database.name != login.database:
        yield from _psql_lines(login, "", [f"CREATE DATABASE {name} OWNER {owner};"])
    statements = [
        *_privilege_statements(database.privileges),
        *(
            line
            for schema in database.schemas
            for line in _schema_statements(schema, database)
        ),
        *map(_extension_statement, database.extensions),
    ]
    yield from _psql_lines(login._replace(database=database.name), "", statements)


def _schema_statements(schema: DatabaseSchema, database: ServerDatabase) -> Iterator[str]:
    owner = _quoted(schema.owner or database.owner)
    yield f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema.name)} AUTHORIZATION {owner};"
    yield from _privilege_statements(schema.privileges)


def _privilege_statements(privileges: Iterable[DefaultPrivileges]) -> Iterator[str]:
    for granted in privileges:
        readers, writers = _quoted(granted.reader), _quoted(granted.writer)
        everybody = f"{readers}, {writers}"
        makers = ", ".join(map(_quoted, granted.makers))
        default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {makers}"
        if granted.schema is None:
            yield f"{default} GRANT USAGE ON SCHEMAS TO {everybody};"
        else:
            schema = _quoted(granted.schema)
            yield f"GRANT USAGE ON SCHEMA {schema} TO {everybody};"
            default = f"{default} IN SCHEMA {schema}"
        yield f"{default} GRANT SELECT ON TABLES TO {readers};"
        yield f"{default} GRANT SELECT ON SEQUENCES TO {readers};"
        yield f"{default} GRANT INSERT, UPDATE, DELETE ON TABLES TO {writers};"
        yield f"{default} GRANT USAGE, UPDATE ON SEQUENCES TO {writers};"
        yield f"{default} GRANT EXECUTE ON FUNCTIONS TO {everybody};"
        yield f"{default} GRANT USAGE ON TYPES TO {everybody};"


def _extension_statement(extension: DatabaseExtension) -> str:
    """Makes an extension where the image has it: without it the server starts all the same."""
    command, names = "CREATE EXTENSION IF NOT EXISTS %I", _literal(extension.name)
    if extension.schema:
        command, names = f"{command} SCHEMA %I", f"{names}, {_literal(extension.schema)}"
    return (
        f"SELECT format('{command}', {names}) FROM pg_available_extensions "
        f"WHERE name = {_literal(extension.name)} \\gexec"
    )


def _quoted(name: str) -> str:
    """https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS"""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def initdb_arguments(options: Mapping[str, str | None]) -> str:
    """The options of initdb by name, as the variable POSTGRES_INITDB_ARGS has them; one with the text `true` is a
    flag."""
    return " ".join(
        f"--{name}" if value == "true" else f"--{name}={value}"
        for name, value in options.items()
        if value not in (None, "false")
    )
