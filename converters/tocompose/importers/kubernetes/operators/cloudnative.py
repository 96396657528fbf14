"""PostgreSQL clusters of CloudNativePG: one server with their roles and databases.

https://cloudnative-pg.io/documentation/current/applications/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    OperatorPart,
    OperatorRemark,
    ReadAlong,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.postgres_script import (
    DatabaseExtension,
    DatabaseRole,
    DatabaseSchema,
    ServerDatabase,
    ServerLogin,
)
from tocompose.importers.kubernetes.operators.postgres_server import (
    POSTGRES,
    PostgresContent,
    PostgresSettings,
    decode_libraries,
    decode_locale,
    decode_parameters,
    postgres_server,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_flag,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.knowledge.images import image_ref
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Node

_GROUP = "postgresql.cnpg.io"
_VERSION, _POSTGIS = regex(r"\d+(?:\.\d+)?"), regex(r"\d+-\d+(?:\.\d+)?")
_ROLE_FLAGS = ("superuser", "createdb", "createrole", "replication", "bypassrls")
_DEFAULT_SERVICES = ("rw", "ro", "r")
# What is run once, by the database in which it is: None is that of the applications.
_STATEMENTS = {
    "statements": "postgres",
    "template-statements": "template1",
    "application-statements": None,
}


class AddedService(NamedTuple):
    """A Service beside the usual ones."""

    name: str
    type: Node | None


class CloudNativeSpec(NamedTuple):
    """What a Cluster asks for. `statements` are run by the name of their database, in that order."""

    image: str | None
    major: str | None
    database: str
    owner: str
    secret: str | None
    superuser_secret: str | None
    has_superuser: bool
    roles: tuple[DatabaseRole, ...]
    initdb: Mapping[str, str | None]
    statements: tuple[tuple[str | None, tuple[str, ...]], ...]
    services: tuple[str, ...]
    added_services: tuple[AddedService, ...]
    settings: PostgresSettings


def decode_cluster(cluster: KubeObject) -> CloudNativeSpec:
    """The spec of a Cluster."""
    spec = decode_spec(cluster)
    database = decode_text(spec, "database") or "app"
    disabled = decode_texts(spec, "disabled-services")
    return CloudNativeSpec(
        image=decode_text(spec, "image"),
        major=decode_text(spec, "major"),
        database=database,
        owner=decode_text(spec, "owner") or database,
        secret=decode_text(spec, "owner-secret"),
        superuser_secret=decode_text(spec, "superuser-secret"),
        has_superuser=decode_flag(spec, "has-superuser"),
        roles=tuple(_decode_roles(spec)),
        initdb={
            "encoding": decode_text(spec, "encoding"),
            "locale": decode_locale(spec, "locale"),
            "lc-collate": decode_locale(spec, "lc-collate"),
            "lc-ctype": decode_locale(spec, "lc-ctype"),
            "data-checksums": decode_text(spec, "data-checksums"),
            "wal-segsize": decode_text(spec, "wal-segsize"),
        },
        statements=tuple(
            (ran_in, lines)
            for shape, ran_in in _STATEMENTS.items()
            if (lines := decode_texts(spec, shape))
        ),
        services=tuple(name for name in _DEFAULT_SERVICES if name not in disabled),
        added_services=tuple(_decode_services(spec)),
        settings=PostgresSettings(
            parameters=decode_parameters(spec.at("parameters"))
            | decode_libraries(spec.at("libraries")),
            env=decode_parts(spec, "EnvVar"),
            resources=decode_part(spec, "ResourceRequirements"),
        ),
    )


def _decode_services(spec: SpecFields) -> Iterator[AddedService]:
    for service in spec.each("AddedService"):
        if name := decode_text(service, "ObjectMeta", "name"):
            yield AddedService(name, decode_part(service, "ServiceSpec", "type"))


def _decode_roles(spec: SpecFields) -> Iterator[DatabaseRole]:
    """The roles that the cluster manages, without those that it takes away."""
    for role in spec.each("ManagedRole"):
        name = decode_text(role, "role")
        if name and decode_text(role, "role-presence") != "absent":
            yield DatabaseRole(
                name,
                secret=decode_text(role, "role-secret"),
                attributes=" ".join(_decode_attributes(role)),
                may_login=decode_flag(role, "login"),
                member_of=decode_texts(role, "groups"),
            )


def _decode_attributes(role: SpecFields) -> Iterator[str]:
    yield from (flag.upper() for flag in _ROLE_FLAGS if decode_flag(role, flag))
    if decode_text(role, "inherit") == "false":
        yield "NOINHERIT"
    if limit := decode_text(role, "connection-limit"):
        yield f"CONNECTION LIMIT {limit}"
    if until := decode_text(role, "valid-until"):
        yield f"VALID UNTIL '{until}'"


def decode_database(database: KubeObject) -> ServerDatabase:
    """The spec of a Database."""
    spec = decode_spec(database)
    for shape in ("cluster", "database-presence"):
        decode_text(spec, shape)
    return ServerDatabase(
        name=decode_text(spec, "database") or database.name,
        owner=decode_text(spec, "owner") or "postgres",
        schemas=tuple(
            DatabaseSchema(name, decode_text(schema, "schema-owner"))
            for schema in spec.each("DatabaseSchema")
            if (name := _decode_present(schema))
        ),
        extensions=tuple(
            DatabaseExtension(name, decode_text(extension, "extension-schema"))
            for extension in spec.each("DatabaseExtension")
            if (name := _decode_present(extension))
        ),
    )


def _decode_present(content: SpecFields) -> str | None:
    """The name of a schema or extension that is to be there."""
    is_absent = decode_text(content, "presence") == "absent"
    return None if is_absent else decode_text(content, "part")


def decode_members(
    objects: KubeObjects, title: str, cluster: KubeObject
) -> tuple[KubeObject, ...]:
    """The objects of a kind that name the cluster."""
    return tuple(
        member
        for member in objects.in_namespace(f"{title}.{_GROUP}", cluster.namespace)
        if peek_text(member.at("spec", "cluster", "name")) == cluster.name
        and peek_text(member.at("spec", "ensure")) != "absent"
    )


def decode_pooler(pooler: KubeObject) -> Node | None:
    """The type of a Pooler's Service."""
    spec = decode_spec(pooler)
    decode_text(spec, "cluster")
    return decode_part(spec, "ServiceSpec", "type")


def answer(cluster: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server, its Services and its Secrets."""
    databases = decode_members(objects, "Database", cluster)
    yield from map(ReadAlong, databases)
    yield from _cluster_parts(
        decode_cluster(cluster),
        tuple(map(decode_database, databases)),
        cluster.name,
        cluster.namespace,
    )
    for pooler in decode_members(objects, "Pooler", cluster):
        yield ReadAlong(pooler)
        service_type = decode_pooler(pooler)
        yield ServerService(
            pooler.name, cluster.name, (POSTGRES,), service_type=service_type
        )
        yield OperatorRemark(
            f"{pooler} leads straight to it, without a pool of connections"
        )


def _cluster_parts(
    spec: CloudNativeSpec,
    databases: tuple[ServerDatabase, ...],
    name: str,
    namespace: str,
) -> Iterator[OperatorPart]:
    secret = spec.secret or f"{name}-app"
    yield ServerSecret(secret, _secret_keys(name, spec.database, spec.owner, namespace))
    roles = spec.roles
    if spec.superuser_secret or spec.has_superuser:
        superuser = spec.superuser_secret or f"{name}-superuser"
        yield ServerSecret(superuser, _superuser_keys(name))
        role = DatabaseRole("postgres", superuser, attributes="SUPERUSER")
        roles = (role, *spec.roles)
    content = PostgresContent(
        ServerLogin(spec.owner, spec.database),
        password=from_secret(secret, "password"),
        roles=roles,
        databases=databases,
        initdb=spec.initdb,
        statements=_statement_file(spec),
    )
    image = _server_image(spec)
    if spec.image:
        yield OperatorRemark(f"{image} replaces {spec.image}. Check its extensions")
    yield OperatorRemark(f"Its owner {spec.owner} is a superuser here")
    yield postgres_server(name, image, spec.settings, content)
    for ending in spec.services:
        yield ServerService(f"{name}-{ending}", name, (POSTGRES,))
    for service in spec.added_services:
        yield ServerService(service.name, name, (POSTGRES,), service_type=service.type)


def _server_image(spec: CloudNativeSpec) -> str:
    """The image in the version of the operator's, whose entry point only the operator can start, or of the catalog."""
    reference = image_ref(spec.image or "")
    if reference is None:
        return image_of("postgres", spec.major)
    if reference.repository.endswith("postgis") and (tag := _POSTGIS.match(reference.tag)):
        return f"postgis/postgis:{tag[0]}"
    version = _VERSION.match(reference.tag)
    return image_of("postgres", version[0] if version else spec.major)


def _statement_file(spec: CloudNativeSpec) -> str:
    """The statements of all databases; the client begins in that of the applications."""
    lines: list[str] = []
    for database, statements in spec.statements:
        if database is not None or lines:
            lines.append(f'\\connect "{database or spec.database}"')
        lines += [f"{line.rstrip(';')};" for line in statements]
    return "".join(f"{line}\n" for line in lines)


def _secret_keys(
    name: str, database: str, owner: str, namespace: str
) -> dict[str, str | None]:
    host, port = f"{name}-rw", str(POSTGRES.number)
    address = f"{host}.{namespace}.svc.cluster.local:{port}/{{dbname}}"
    login = "?password={password}&user={username}"
    return {
        "username": owner,
        "user": owner,
        "password": None,
        "dbname": database,
        "host": host,
        "port": port,
        "pgpass": "{host}:{port}:{dbname}:{username}:{password}\n",
        "uri": "postgresql://{username}:{password}@{host}:{port}/{dbname}",
        "jdbc-uri": f"jdbc:postgresql://{{host}}:{{port}}/{{dbname}}{login}",
        "fqdn-uri": f"postgresql://{{username}}:{{password}}@{address}",
        "fqdn-jdbc-uri": f"jdbc:postgresql://{address}{login}",
    }


def _superuser_keys(name: str) -> dict[str, str | None]:
    return {
        "username": "postgres",
        "user": "postgres",
        "password": None,
        "host": f"{name}-rw",
        "port": str(POSTGRES.number),
        "uri": "postgresql://{username}:{password}@{host}:{port}/*",
    }
