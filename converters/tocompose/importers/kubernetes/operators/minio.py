"""Tenant of MinIO's operator: one server, and a one-shot that makes its buckets.

https://github.com/minio/operator/blob/master/docs/tenant_crd.adoc
"""

from __future__ import annotations

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

_API, _CONSOLE = 9000, 9090
_SETTINGS = "/tmp/minio/config.env"


def answer(request: OperatorRequest) -> None:
    """Makes the server, its Services, and the one-shot for its buckets."""
    name, pool = request.name, request.at("spec", "pools", 0)
    settings = request.take("spec", "configuration", "name")
    credentials = request.take("spec", "credsSecret", "name")
    env: dict[str, Manifest] = {}
    if settings:
        env["MINIO_CONFIG_ENV_FILE"] = _SETTINGS
    elif credentials:
        env["MINIO_ROOT_USER"] = from_secret(credentials, "accesskey")
        env["MINIO_ROOT_PASSWORD"] = from_secret(credentials, "secretkey")
    else:
        request.add_secret(f"{name}-root", {"user": "minio", "password": None})
        env["MINIO_ROOT_USER"] = from_secret(f"{name}-root", "user")
        env["MINIO_ROOT_PASSWORD"] = from_secret(f"{name}-root", "password")
    storage = ("volumeClaimTemplate", "spec", "resources", "requests", "storage")
    server = OperatedServer(
        name=name,
        image=request.at("spec", "image") or image_of("quay.io/minio/minio", None, "minio"),
        ports=(ServerPort("http-minio", _API), ServerPort("http-console", _CONSOLE)),
        env=env,
        args=("server", "/data", "--console-address", f":{_CONSOLE}"),
        data_folder="/data",
        resources=pool.at("resources"),
        storage=pool.at(*storage),
        more_env=request.at("spec", "env"),
        secret_file=(settings, "config.env", _SETTINGS) if settings else None,
    )
    request.add_server(server)
    _add_services(request)
    _add_buckets(request, server)


def _add_services(request: OperatorRequest) -> None:
    """The Services; with certificates of its own the operator's listen on the ports of https."""
    name = request.name
    plain = take_scalar(request.at("spec", "requestAutoCert"), SERVICES) == "false"
    if not plain:
        request.remarks.append(
            "it speaks http, where the operator's speaks https with a certificate of its own"
        )
    api = ServerPort("http-minio", _API, 80 if plain else 443)
    request.add_service(
        "minio",
        name,
        (api,),
        is_plain=not plain,
        service_type=_exposed_type(request, "minio"),
    )
    headless = (ServerPort("http-minio", _API),)
    request.add_service(f"{name}-hl", name, headless, is_plain=not plain)
    console = ServerPort("http-console", _CONSOLE, _CONSOLE if plain else 9443)
    request.add_service(
        f"{name}-console",
        name,
        (console,),
        is_plain=not plain,
        service_type=_exposed_type(request, "console"),
    )


def _exposed_type(request: OperatorRequest, service: str) -> str | None:
    """The type of a Service that the tenant asks to have reachable from outside."""
    is_exposed = take_scalar(request.at("spec", "exposeServices", service), SERVICES)
    return "LoadBalancer" if is_exposed == "true" else None


def _add_buckets(request: OperatorRequest, server: OperatedServer) -> None:
    buckets = [
        take_scalar(bucket.at("name"), SERVICES) or ""
        for bucket in list_entries(request.at("spec", "buckets"))
    ]
    if not buckets:
        return
    login = 'mc alias set tenant "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"'
    lines = [
        "set -e",
        f"[ ! -f {_SETTINGS} ] || . {_SETTINGS}",
        f"until {login}; do sleep 2; done",
    ]
    lines += [f"mc mb --ignore-existing tenant/{bucket}" for bucket in buckets]
    request.add_server(
        OperatedServer(
            name=f"{server.name}-buckets",
            image=image_of("quay.io/minio/mc", None, "minio-client"),
            env={**server.env, "MINIO_URL": f"http://{server.name}-hl:{_API}"},
            command=("sh", "-c", "\n".join(lines)),
            secret_file=server.secret_file,
        ),
        kind="Job",
    )
