"""PostgreSQL clusters of CloudNativePG and of Zalando's operator: one server with their roles and databases.

https://cloudnative-pg.io/documentation/current/applications/
https://postgres-operator.readthedocs.io/en/latest/user/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from tocompose.patterns import regex

_PORT = ServerPort("postgres", 5432)
_DATA = "/var/lib/postgresql/data"
_INIT = "/docker-entrypoint-initdb.d"
_TAG = regex(r":v?(\d+)")
_POOLER = "Pooler.postgresql.cnpg.io"
_ZALANDO_SECRET = "credentials.postgresql.acid.zalan.do"


class _Role(NamedTuple):
    """A role with the Secret of its password; `attributes` as SQL writes them."""

    name: str
    secret: str
    key: str
    attributes: str = ""


def answer(request: OperatorRequest) -> None:
    """Makes the server, its Services and its Secrets."""
    if request.kube_object.title == "Cluster":
        _answer_cloud_native(request)
    else:
        _answer_zalando(request)


def _answer_cloud_native(request: OperatorRequest) -> None:
    name, init = request.name, request.at("spec", "bootstrap", "initdb")
    database = take_scalar(init.at("database"), SERVICES) or "app"
    owner = take_scalar(init.at("owner"), SERVICES) or database
    secret = take_scalar(init.at("secret", "name"), SERVICES) or f"{name}-app"
    request.add_secret(secret, _cloud_native_keys(name, database, owner, request.namespace))
    roles = list(_cloud_native_roles(request))
    files: dict[str, Manifest] = {}
    if roles:
        files[f"{_INIT}/10-roles.sh"] = _script(roles, {}, owner, database)
    statements = [
        take_scalar(statement, SERVICES) or ""
        for key in ("postInitSQL", "postInitApplicationSQL")
        for statement in list_entries(init.at(key))
    ]
    if statements:
        files[f"{_INIT}/20-statements.sql"] = "".join(
            f"{line.rstrip(';')};\n" for line in statements
        )
    env = {
        "POSTGRES_USER": owner,
        "POSTGRES_DB": database,
        "POSTGRES_PASSWORD": from_secret(secret, "password"),
        **_role_variables(roles),
    }
    _add_postgres(request, _cloud_native_version(request), env, files)
    for ending in ("rw", "ro", "r"):
        request.add_service(f"{name}-{ending}", name, (_PORT,))
    for pooler in request.objects.of_kind(_POOLER):
        cluster = take_scalar(pooler.at("spec", "cluster", "name"), SERVICES)
        if pooler.namespace == request.namespace and cluster == name:
            request.also.append(pooler)
            service_type = pooler.at("spec", "serviceTemplate", "spec", "type")
            request.add_service(pooler.name, name, (_PORT,), service_type=service_type)
            request.remarks.append(
                f"{pooler} leads straight to it, without a pool of connections"
            )


def _cloud_native_keys(
    name: str, database: str, owner: str, namespace: str
) -> dict[str, str | None]:
    host, port = f"{name}-rw", str(_PORT.number)
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


def _cloud_native_version(request: OperatorRequest) -> str | None:
    """The major version: of the image, whose entry point only the operator can start, or of the image catalog."""
    image = request.take("spec", "imageName") or ""
    match = _TAG.search(image)
    if image:
        request.remarks.append(f"{image} was replaced: check its extensions")
    if match is not None:
        return match[1]
    return request.take("spec", "imageCatalogRef", "major")


def _cloud_native_roles(request: OperatorRequest) -> Iterator[_Role]:
    """The superuser where it may log in, and the roles that the cluster manages."""
    superuser = request.take("spec", "superuserSecret", "name")
    if superuser or request.take("spec", "enableSuperuserAccess") == "true":
        secret = superuser or f"{request.name}-superuser"
        host = f"{request.name}-rw"
        request.add_secret(
            secret,
            {
                "username": "postgres",
                "user": "postgres",
                "password": None,
                "host": host,
                "port": str(_PORT.number),
                "uri": "postgresql://{username}:{password}@{host}:{port}/*",
            },
        )
        yield _Role("postgres", secret, "password", "SUPERUSER")
    for role in list_entries(request.at("spec", "managed", "roles")):
        name = take_scalar(role.at("name"), SERVICES)
        secret_name = take_scalar(role.at("passwordSecret", "name"), SERVICES)
        if name and secret_name:
            flags = [
                word
                for key, word in (("superuser", "SUPERUSER"), ("createdb", "CREATEDB"))
                if take_scalar(role.at(key), SERVICES) == "true"
            ]
            yield _Role(name, secret_name, "password", " ".join(flags))


def _answer_zalando(request: OperatorRequest) -> None:
    name = request.name
    superuser = _zalando_secret("postgres", request)
    databases = _taken_map(request.at("spec", "databases"))
    roles = []
    for user in request.at("spec", "users"):
        flags = [(take_scalar(flag, SERVICES) or "").upper() for flag in list_entries(user)]
        user.skip("a role without attributes")
        role = user.key
        roles.append(
            _Role(role, _zalando_secret(role, request), "password", " ".join(flags))
        )
    env = {
        "POSTGRES_PASSWORD": from_secret(superuser, "password"),
        **_role_variables(roles),
    }
    files: dict[str, Manifest] = {}
    if roles or databases:
        files[f"{_INIT}/10-roles.sh"] = _script(roles, databases, "postgres", "postgres")
    _add_postgres(request, request.take("spec", "postgresql", "version"), env, files)
    for ending in ("", "-repl", "-pooler"):
        if ending != "-pooler" or request.take("spec", "enableConnectionPooler") == "true":
            request.add_service(f"{name}{ending}", name, (_PORT,))


def _taken_map(cursor: Cursor) -> dict[str, str]:
    return {entry.key: take_scalar(entry, SERVICES) or "" for entry in cursor}


def _zalando_secret(user: str, request: OperatorRequest) -> str:
    """The name of the Secret of a user, which is made unless the manifests have it."""
    name = f"{user.replace('_', '-')}.{request.name}.{_ZALANDO_SECRET}"
    request.add_secret(name, {"username": user, "password": None})
    return name


def _role_variables(roles: list[_Role]) -> dict[str, Manifest]:
    return {
        f"ROLE_PASSWORD_{number}": from_secret(role.secret, role.key)
        for number, role in enumerate(roles, 1)
    }


def _script(
    roles: list[_Role], databases: Mapping[str, str], user: str, database: str
) -> str:
    """The script that makes roles and databases in an empty server; the passwords are variables of the container."""
    psql = f'psql -v ON_ERROR_STOP=1 --username "{user}" --dbname "{database}"'
    lines = ["#!/bin/sh", "set -e"]
    for number, role in enumerate(roles, 1):
        lines += [
            f"{psql} -v password=\"$ROLE_PASSWORD_{number}\" <<'SQL'",
            " ".join(filter(None, (f'CREATE ROLE "{role.name}" LOGIN', role.attributes)))
            + " PASSWORD :'password';",
            "SQL",
        ]
    for name, owner in databases.items():
        lines += [
            f"{psql} <<'SQL'",
            f'CREATE DATABASE "{name}" OWNER "{owner}";',
            "SQL",
        ]
    return "\n".join(lines) + "\n"


def _add_postgres(
    request: OperatorRequest,
    version: str | None,
    env: Mapping[str, Manifest],
    files: Mapping[str, Manifest],
) -> None:
    parameters = _taken_map(request.at("spec", "postgresql", "parameters"))
    arguments = [f"{key}={value}" for key, value in parameters.items()]
    size = request.at("spec", "storage", "size") or request.at("spec", "volume", "size")
    request.add_server(
        OperatedServer(
            name=request.name,
            image=image_of("postgres", version),
            ports=(_PORT,),
            env={**env, "PGDATA": f"{_DATA}/pgdata"},
            args=tuple(word for text in arguments for word in ("-c", text)),
            data_folder=_DATA,
            files=files,
            resources=request.at("spec", "resources"),
            storage=size,
        )
    )
