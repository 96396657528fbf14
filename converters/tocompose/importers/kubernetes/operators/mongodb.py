"""MongoDBCommunity: one server with the users that it names.

https://github.com/mongodb/mongodb-kubernetes/tree/master/docs/mongodbcommunity
"""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatedServer,
    OperatorRequest,
    ServerPort,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.scalars import list_entries, take_scalar
from tocompose.ledger import Cursor

_PORT = ServerPort("mongodb", 27017)
_SCRIPT = "/docker-entrypoint-initdb.d/10-users.js"


class _User(NamedTuple):
    """A user with the Secret of its password, and its roles as JSON."""

    name: str
    database: str
    secret: str
    key: str
    roles: str


def answer(request: OperatorRequest) -> None:
    """Makes the server, its Service and the Secrets of its users."""
    name = request.name
    users = [_user(entry, request) for entry in list_entries(request.at("spec", "users"))]
    env: dict[str, Manifest] = {}
    files: dict[str, Manifest] = {}
    if users:
        root = f"{name}-root"
        request.add_secret(root, {"password": None})
        env = {
            "MONGO_INITDB_ROOT_USERNAME": "root",
            "MONGO_INITDB_ROOT_PASSWORD": from_secret(root, "password"),
        }
        for number, user in enumerate(users, 1):
            env[f"USER_PASSWORD_{number}"] = from_secret(user.secret, user.key)
        files = {_SCRIPT: _script(users)}
    container = request.at(
        "spec", "statefulSet", "spec", "template", "spec", "containers", 0
    )
    request.add_server(
        OperatedServer(
            name=name,
            image=image_of("mongo", request.take("spec", "version")),
            ports=(_PORT,),
            env=env,
            data_folder="/data/db",
            files=files,
            resources=container.at("resources"),
        )
    )
    request.add_service(f"{name}-svc", name, (_PORT,))
    request.remarks.append(
        "it is no replica set: take replicaSet out of what clients write themselves"
    )


def _user(entry: Cursor, request: OperatorRequest) -> _User:
    """A user; the operator writes a Secret with its connection string."""
    name = take_scalar(entry.at("name"), SERVICES) or "user"
    database = take_scalar(entry.at("db"), SERVICES) or "admin"
    secret = (
        take_scalar(entry.at("passwordSecretRef", "name"), SERVICES) or f"{name}-password"
    )
    key = take_scalar(entry.at("passwordSecretRef", "key"), SERVICES) or "password"
    default_name = f"{request.name}-{database}-{name}"
    connection = (
        take_scalar(entry.at("connectionStringSecretName"), SERVICES) or default_name
    )
    host = f"{request.name}-svc.{request.namespace}.svc.cluster.local:{_PORT.number}"
    login = f"mongodb://{name}:{{password}}@{host}/{database}?authSource={database}"
    request.add_secret(
        connection,
        {
            "username": name,
            "password": f"{{{secret}/{key}}}",
            "connectionString.standard": login,
            "connectionString.standardSrv": login,
        },
    )
    roles = ", ".join(
        f'{{role: "{take_scalar(role.at("name"), SERVICES)}", '
        f'db: "{take_scalar(role.at("db"), SERVICES) or database}"}}'
        for role in list_entries(entry.at("roles"))
    )
    return _User(name, database, secret, key, f"[{roles}]")


def _script(users: list[_User]) -> str:
    """The script that makes the users in an empty server; their passwords are variables of the container."""
    lines = [
        f'db.getSiblingDB("{user.database}").createUser({{user: "{user.name}", '
        f"pwd: process.env.USER_PASSWORD_{number}, roles: {user.roles}}});"
        for number, user in enumerate(users, 1)
    ]
    return "\n".join(lines) + "\n"
