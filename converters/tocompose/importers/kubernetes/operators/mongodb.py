"""MongoDBCommunity: one server with the users that it names.

https://github.com/mongodb/mongodb-kubernetes/tree/master/docs/mongodbcommunity
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ServerPort,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_flag,
    decode_map,
    decode_named,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_value,
)
from tocompose.knowledge.image_conditions import tag_version
from tocompose.record import NamedTuple
from tocompose.source import Node

_PORT = ServerPort("mongodb", 27017)
_SCRIPT = "/docker-entrypoint-initdb.d/10-users"
# The first whose image has mongosh, which knows the variables of the container: https://hub.docker.com/_/mongo
_FIRST_WITH_MONGOSH = "5"


class MongoUser(NamedTuple):
    """A user with the Secret of its password, and its roles as JSON; `connection_secret` is the name of the Secret of
    its connection string, with the options of that."""

    name: str
    database: str
    secret: str
    key: str
    roles: tuple[tuple[str, str], ...]
    connection_secret: str | None
    connection_options: Mapping[str, str]


class MongoRole(NamedTuple):
    """A role of the user's own: its privileges and the roles that it inherits, as MongoDB writes them."""

    name: str
    database: str
    privileges: object
    roles: object


class MongoSpec(NamedTuple):
    """What a MongoDBCommunity asks for."""

    version: str | None
    users: tuple[MongoUser, ...]
    roles: tuple[MongoRole, ...]
    connection_options: Mapping[str, str]
    speaks_tls: bool
    resources: Node | None
    env: tuple[Node, ...]


def decode_community(community: KubeObject) -> MongoSpec:
    """The spec of a MongoDBCommunity."""
    spec = decode_spec(community)
    containers = spec.at("StatefulSetSpec", "template", "spec", "containers")
    container = decode_named(containers, "mongod")
    return MongoSpec(
        version=decode_text(spec, "version"),
        users=tuple(map(_decode_user, spec.each("MongoUser"))),
        roles=tuple(map(_decode_role, spec.each("MongoRole"))),
        connection_options=decode_map(spec, "connection-options"),
        speaks_tls=decode_flag(spec, "tls"),
        resources=decode_part(container, "resources"),
        env=decode_parts(container, "env"),
    )


def _decode_user(user: SpecFields) -> MongoUser:
    name = decode_text(user, "user") or "user"
    database = decode_text(user, "user-database") or "admin"
    return MongoUser(
        name,
        database,
        secret=decode_text(user, "password-secret") or f"{name}-password",
        key=decode_text(user, "password-key") or "password",
        connection_secret=decode_text(user, "connection-secret"),
        roles=tuple(
            (
                decode_text(grant, "grant") or "",
                decode_text(grant, "grant-database") or database,
            )
            for grant in user.each("MongoGrant")
        ),
        connection_options=decode_map(user, "connection-options"),
    )


def _decode_role(role: SpecFields) -> MongoRole:
    privileges, inherited = role.at("privileges"), role.at("inherited-roles")
    return MongoRole(
        name=decode_text(role, "role") or "",
        database=decode_text(role, "role-database") or "admin",
        privileges=decode_value(privileges) if privileges else [],
        roles=decode_value(inherited) if len(inherited) else [],
    )


def answer(community: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server, its Service and the Secrets of its users."""
    spec = decode_community(community)
    return _server_parts(spec, community.name, community.namespace)


def _server_parts(spec: MongoSpec, name: str, namespace: str) -> Iterator[OperatorPart]:
    service = f"{name}-svc"
    for user in spec.users:
        yield _connection_secret(user, spec, name, namespace)
    env: dict[str, Manifest] = {}
    if spec.users:
        root = f"{name}-root"
        yield ServerSecret(root, {"password": None})
        env = {
            "MONGO_INITDB_ROOT_USERNAME": "root",
            "MONGO_INITDB_ROOT_PASSWORD": from_secret(root, "password"),
        }
        for number, user in enumerate(spec.users, 1):
            env[f"USER_PASSWORD_{number}"] = from_secret(user.secret, user.key)
    yield OperatedServer(
        name=name,
        image=image_of("mongo", spec.version),
        ports=(_PORT,),
        env=env,
        data_folder="/data/db",
        files=_script_file(spec) if spec.users else {},
        resources=spec.resources,
        governing=service,
        more_env=spec.env,
    )
    yield ServerService(service, name, (_PORT,))
    yield OperatorRemark(
        "It is no replica set. Take replicaSet out of what clients write themselves"
    )
    if spec.speaks_tls:
        yield OperatorRemark(
            "It speaks without TLS. Take tls out of what clients write themselves"
        )


def _connection_secret(
    user: MongoUser, spec: MongoSpec, name: str, namespace: str
) -> ServerSecret:
    """The Secret with the connection string of a user."""
    host = f"{name}-svc.{namespace}.svc.cluster.local:{_PORT.number}"
    options = {
        "authSource": user.database,
        **spec.connection_options,
        **user.connection_options,
    }
    query = "&".join(f"{key}={quote(text)}" for key, text in options.items())
    database = user.database
    login = f"mongodb://{user.name}:{{password}}@{host}/{database}?{query}"
    return ServerSecret(
        user.connection_secret or f"{name}-{database}-{user.name}",
        {
            "username": user.name,
            "password": f"{{{user.secret}/{user.key}}}",
            "connectionString.standard": login,
            "connectionString.standardSrv": login,
        },
    )


# A value as it stands between quotes of JavaScript.
_IN_QUOTES = """$(printf %s "${}" | sed 's/[\\\\"]/\\\\&/g')"""


def _script_file(spec: MongoSpec) -> Mapping[str, Manifest]:
    """The file of the script; the older shell is told of the variables by one that the entry point runs."""
    script = _script(spec)
    if tag_version(spec.version or "") >= tag_version(_FIRST_WITH_MONGOSH):
        return {f"{_SCRIPT}.js": script}
    names = [f"USER_PASSWORD_{number}" for number, _ in enumerate(spec.users, 1)]
    passwords = ", ".join(f'{name}: "${name}"' for name in names)
    login = '-u "$MONGO_INITDB_ROOT_USERNAME" -p "$MONGO_INITDB_ROOT_PASSWORD"'
    lines = [
        "#!/bin/sh",
        *(f"{name}={_IN_QUOTES.format(name)}" for name in names),
        f"mongo --quiet {login} --authenticationDatabase admin <<JS",
        f"process = {{env: {{{passwords}}}}};",
        f"{script.replace('$', chr(92) + '$')}JS",
    ]
    return {f"{_SCRIPT}.sh": "\n".join(lines) + "\n"}


def _script(spec: MongoSpec) -> str:
    """The script that makes roles and users in an empty server; the passwords are variables of the container."""
    lines = [
        f"db.getSiblingDB({json.dumps(role.database)}).createRole({{role: {json.dumps(role.name)}, "
        f"privileges: {json.dumps(role.privileges)}, roles: {json.dumps(role.roles)}}});"
        for role in spec.roles
    ]
    lines += [
        f"db.getSiblingDB({json.dumps(user.database)}).createUser({{user: {json.dumps(user.name)}, "
        f"pwd: process.env.USER_PASSWORD_{number}, roles: [{_role_list(user)}]}});"
        for number, user in enumerate(spec.users, 1)
    ]
    return "\n".join(lines) + "\n"


def _role_list(user: MongoUser) -> str:
    return ", ".join(
        f"{{role: {json.dumps(name)}, db: {json.dumps(database)}}}"
        for name, database in user.roles
    )
