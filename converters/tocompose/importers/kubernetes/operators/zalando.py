"""PostgreSQL clusters of Zalando's operator: one server with their roles, databases and schemas.

https://postgres-operator.readthedocs.io/en/latest/user/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    OperatorPart,
    OperatorRemark,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.postgres_script import (
    DatabaseExtension,
    DatabaseRole,
    DatabaseSchema,
    DefaultPrivileges,
    ServerDatabase,
)
from tocompose.importers.kubernetes.operators.postgres_server import (
    POSTGRES,
    SUPERUSER,
    PostgresContent,
    PostgresSettings,
    decode_locale,
    decode_parameters,
    postgres_server,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_flag,
    decode_map,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

_SECRET = "credentials.postgresql.acid.zalan.do"
_NOTHING = "a role without attributes"
# https://postgres-operator.readthedocs.io/en/latest/reference/cluster_manifest/#top-level-parameters
_FLAGS = ("SUPERUSER", "REPLICATION", "INHERIT", "CREATEROLE", "CREATEDB", "BYPASSRLS")
# What publishes the Services, by their endings.
_LOAD_BALANCERS = {
    "": "load-balancer",
    "-repl": "replica-load-balancer",
    "-pooler": "pooler-load-balancer",
    "-pooler-repl": "replica-pooler-load-balancer",
}
_LEVELS = ("owner", "reader", "writer")


class PreparedSchema(NamedTuple):
    """A schema of a prepared database; with `roles` of its own, which may have users."""

    name: str
    has_roles: bool
    has_users: bool


class PreparedDatabase(NamedTuple):
    """A database that has roles for owners, readers and writers; these may have users that log in."""

    name: str
    has_users: bool
    extensions: tuple[DatabaseExtension, ...]
    schemas: tuple[PreparedSchema, ...]


class ZalandoSpec(NamedTuple):
    """What a postgresql asks for: `users` are the attributes of each role, `databases` their owners."""

    version: str | None
    users: Mapping[str, tuple[str, ...]]
    databases: Mapping[str, str]
    prepared: tuple[PreparedDatabase, ...]
    initdb: Mapping[str, str | None]
    load_balanced: Mapping[str, bool]
    poolers: tuple[str, ...]
    settings: PostgresSettings


def decode_postgresql(postgresql: KubeObject) -> ZalandoSpec:
    """The spec of a postgresql."""
    spec = decode_spec(postgresql)
    poolers = tuple(_decode_poolers(spec))
    return ZalandoSpec(
        version=decode_text(spec, "version"),
        users=dict(_decode_users(spec.at("users"))),
        databases=decode_map(spec, "databases"),
        prepared=tuple(map(_decode_prepared, spec.each("PreparedDatabase"))),
        initdb={
            "encoding": decode_text(spec, "encoding"),
            "locale": decode_locale(spec, "locale"),
            "data-checksums": decode_text(spec, "data-checksums"),
        },
        load_balanced={
            ending: decode_flag(spec, _LOAD_BALANCERS[ending])
            for ending in ("", "-repl", *poolers)
        },
        poolers=poolers,
        settings=PostgresSettings(
            parameters=decode_parameters(spec.at("parameters")),
            env=decode_parts(spec, "EnvVar"),
            resources=decode_part(spec, "ResourceRequirements"),
        ),
    )


def _decode_users(users: Cursor) -> Iterator[tuple[str, tuple[str, ...]]]:
    for user in users:
        flags = tuple(flag.upper() for flag in decode_texts(user))
        user.skip(_NOTHING)
        yield user.key, flags


def _decode_poolers(spec: SpecFields) -> Iterator[str]:
    """The endings of the Services of connection poolers."""
    if decode_flag(spec, "pooler"):
        yield "-pooler"
    if decode_flag(spec, "replica-pooler"):
        yield "-pooler-repl"


def _decode_prepared(database: SpecFields) -> PreparedDatabase:
    """A prepared database; without schemas it has one of the name `data`."""
    database.cursor.skip("a database with what it has by default")
    schemas = tuple(map(_decode_schema, database.each("PreparedSchema")))
    extensions = decode_map(database, "extensions").items()
    return PreparedDatabase(
        database.cursor.key,
        has_users=decode_flag(database, "default-users"),
        extensions=tuple(DatabaseExtension(*extension) for extension in extensions),
        schemas=schemas or (PreparedSchema("data", has_roles=True, has_users=False),),
    )


def _decode_schema(schema: SpecFields) -> PreparedSchema:
    schema.cursor.skip("a schema with what it has by default")
    return PreparedSchema(
        schema.cursor.key,
        has_roles=decode_text(schema, "default-roles") != "false",
        has_users=decode_flag(schema, "default-users"),
    )


def answer(postgresql: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server, its Services and its Secrets."""
    return _server_parts(decode_postgresql(postgresql), postgresql.name)


def _server_parts(spec: ZalandoSpec, name: str) -> Iterator[OperatorPart]:
    roles = tuple(_all_roles(spec, name))
    yield _user_secret("postgres", name)
    for role in roles:
        if role.secret:
            yield _user_secret(role.name, name)
    databases = [ServerDatabase(*database) for database in spec.databases.items()]
    databases += map(_server_database, spec.prepared)
    content = PostgresContent(
        SUPERUSER,
        password=from_secret(_secret_name("postgres", name), "password"),
        roles=roles,
        databases=tuple(databases),
        initdb=spec.initdb,
    )
    image = image_of("postgres", spec.version)
    yield postgres_server(name, image, spec.settings, content)
    for ending in ("", "-repl", *spec.poolers):
        service_type = "LoadBalancer" if spec.load_balanced[ending] else None
        yield ServerService(f"{name}{ending}", name, (POSTGRES,), service_type=service_type)
    extensions = dict.fromkeys(
        extension.name for database in spec.prepared for extension in database.extensions
    )
    if extensions:
        names = ", ".join(extensions)
        yield OperatorRemark(f"Of the extensions {names} those are made that its image has")


def _secret_name(user: str, cluster: str) -> str:
    return f"{user.replace('_', '-')}.{cluster}.{_SECRET}"


def _user_secret(user: str, cluster: str) -> ServerSecret:
    return ServerSecret(_secret_name(user, cluster), {"username": user, "password": None})


def _all_roles(spec: ZalandoSpec, cluster: str) -> Iterator[DatabaseRole]:
    for user, flags in spec.users.items():
        yield DatabaseRole(
            user,
            secret=_secret_name(user, cluster),
            attributes=" ".join(flag for flag in flags if flag in _FLAGS),
            may_login="NOLOGIN" not in flags,
        )
    for database in spec.prepared:
        every_schema = tuple(schema.name for schema in database.schemas)
        yield from _level_roles(
            database.name, "", every_schema, cluster, database.has_users
        )
        for schema in database.schemas:
            if schema.has_roles:
                prefix = f"{database.name}_{schema.name}"
                owner = f"{database.name}_owner"
                path = (schema.name,)
                yield from _level_roles(prefix, owner, path, cluster, schema.has_users)


def _level_roles(
    prefix: str, admin: str, path: tuple[str, ...], cluster: str, has_users: bool
) -> Iterator[DatabaseRole]:
    """The roles of a database or schema, of which writers read too and owners may grant the others.

    https://postgres-operator.readthedocs.io/en/latest/user/#default-roles-and-extensions-for-databases
    """
    owner, reader = f"{prefix}_owner", f"{prefix}_reader"
    groups = {"owner": (), "reader": (), "writer": (reader,)}
    for level in _LEVELS:
        role = DatabaseRole(
            f"{prefix}_{level}",
            may_login=False,
            member_of=groups[level],
            administered_by=admin if level == "owner" else owner,
            search_path=path,
        )
        yield role
        if has_users:
            name = f"{role.name}_user"
            yield DatabaseRole(
                name,
                secret=_secret_name(name, cluster),
                member_of=(role.name,),
                administered_by=role.administered_by,
                search_path=path,
            )


def _server_database(database: PreparedDatabase) -> ServerDatabase:
    owner = f"{database.name}_owner"
    return ServerDatabase(
        name=database.name,
        owner=owner,
        schemas=tuple(_server_schema(schema, database) for schema in database.schemas),
        extensions=database.extensions,
        privileges=(
            _privileges(_owners(database.name, database.has_users), database.name),
        ),
    )


def _server_schema(schema: PreparedSchema, database: PreparedDatabase) -> DatabaseSchema:
    """A schema with what its owners grant: to the readers and writers of the database, and to its own."""
    schema_prefix = f"{database.name}_{schema.name}"
    outer_makers = _owners(database.name, database.has_users)
    inner_makers = _owners(schema_prefix, schema.has_users)
    if not schema.has_roles:
        inner_makers = outer_makers
    privileges = [_privileges(inner_makers, database.name, schema.name)]
    if schema.has_roles:
        makers = (*outer_makers, *inner_makers)
        privileges.append(_privileges(makers, schema_prefix, schema.name))
    return DatabaseSchema(schema.name, owner=inner_makers[0], privileges=tuple(privileges))


def _privileges(
    makers: tuple[str, ...], prefix: str, schema: str | None = None
) -> DefaultPrivileges:
    return DefaultPrivileges(makers, f"{prefix}_reader", f"{prefix}_writer", schema)


def _owners(prefix: str, has_users: bool) -> tuple[str, ...]:
    return (f"{prefix}_owner", *((f"{prefix}_owner_user",) if has_users else ()))
