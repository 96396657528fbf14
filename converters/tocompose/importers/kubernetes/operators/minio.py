"""Tenant of MinIO's operator: one server, and a one-shot that makes its buckets and users.

https://github.com/minio/operator/blob/master/docs/tenant_crd.adoc
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    SPEAKS_HTTP,
    Manifest,
    MountedKey,
    OperatedServer,
    OperatorPart,
    ServerPort,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
    shell_command,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_flag,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
)
from tocompose.record import NamedTuple
from tocompose.source import Node

_API, _CONSOLE = 9000, 9090
_SETTINGS = "/tmp/minio/config.env"
# The keys of the Secret of a user.
_USER, _PASSWORD = "CONSOLE_ACCESS_KEY", "CONSOLE_SECRET_KEY"


class MinioBucket(NamedTuple):
    """A bucket to make, with the options of the command that makes it."""

    name: str
    options: tuple[str, ...]


class TenantSpec(NamedTuple):
    """What a Tenant asks for. `settings` is the Secret of its environment, `credentials` the older one of its root
    user; `users` are Secrets too."""

    image: Node | None
    settings: str | None
    credentials: str | None
    speaks_plain: bool
    exposed: tuple[str, ...]
    buckets: tuple[MinioBucket, ...]
    users: tuple[str, ...]
    env: tuple[Node, ...]
    resources: Node | None


def decode_tenant(tenant: KubeObject) -> TenantSpec:
    """The spec of a Tenant: its first pool says how large the server is."""
    spec = decode_spec(tenant)
    user_names = [decode_text(user, "user-secret") for user in spec.each("TenantUser")]
    return TenantSpec(
        image=decode_part(spec, "image"),
        settings=decode_text(spec, "settings-secret"),
        credentials=decode_text(spec, "credentials-secret"),
        speaks_plain=decode_text(spec, "auto-certificate") == "false",
        exposed=tuple(
            service
            for service in ("minio", "console")
            if decode_flag(spec, f"exposed-{service}")
        ),
        buckets=tuple(map(_decode_bucket, spec.each("MinioBucket"))),
        users=tuple(filter(None, user_names)),
        env=decode_parts(spec, "EnvVar"),
        resources=decode_part(spec, "TenantPool", 0, "resources"),
    )


def _decode_bucket(bucket: SpecFields) -> MinioBucket:
    options = ["--with-lock"] if decode_flag(bucket, "object-lock") else []
    if region := decode_text(bucket, "region"):
        options.append(f"--region={region}")
    return MinioBucket(decode_text(bucket, "bucket") or "", tuple(options))


def answer(tenant: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server, its Services, and the one-shot for its buckets and users."""
    spec, name = decode_tenant(tenant), tenant.name
    server = _tenant_server(spec, name)
    if not (spec.settings or spec.credentials):
        yield ServerSecret(f"{name}-root", {"user": "minio", "password": None})
    yield server
    if not spec.speaks_plain:
        yield SPEAKS_HTTP
    yield from _services(spec, name)
    if spec.buckets or spec.users:
        yield _preparation(spec, server)


def _tenant_server(spec: TenantSpec, name: str) -> OperatedServer:
    mounted_key = None
    if spec.settings:
        mounted_key = MountedKey("Secret", spec.settings, "config.env", _SETTINGS)
    return OperatedServer(
        name=name,
        image=spec.image or image_of("quay.io/minio/minio", None, "minio"),
        ports=(ServerPort("http-minio", _API), ServerPort("http-console", _CONSOLE)),
        env=_root_user(spec, name),
        args=("server", "/data", "--console-address", f":{_CONSOLE}"),
        data_folder="/data",
        resources=spec.resources,
        mounted_key=mounted_key,
        more_env=spec.env,
    )


def _root_user(spec: TenantSpec, name: str) -> Mapping[str, Manifest]:
    if spec.settings:
        return {"MINIO_CONFIG_ENV_FILE": _SETTINGS}
    secret, user, password = spec.credentials, "accesskey", "secretkey"
    if secret is None:
        secret, user, password = f"{name}-root", "user", "password"
    return {
        "MINIO_ROOT_USER": from_secret(secret, user),
        "MINIO_ROOT_PASSWORD": from_secret(secret, password),
    }


def _services(spec: TenantSpec, name: str) -> Iterator[ServerService]:
    """The Services; with certificates of its own the operator's listen on the ports of https."""
    is_plain = not spec.speaks_plain
    api = ServerPort("http-minio", _API, 443 if is_plain else 80)
    yield ServerService("minio", name, (api,), is_plain, _exposed_type(spec, "minio"))
    headless = (ServerPort("http-minio", _API),)
    yield ServerService(f"{name}-hl", name, headless, is_plain)
    console = ServerPort("http-console", _CONSOLE, 9443 if is_plain else _CONSOLE)
    service_type = _exposed_type(spec, "console")
    yield ServerService(f"{name}-console", name, (console,), is_plain, service_type)


def _exposed_type(spec: TenantSpec, service: str) -> str | None:
    """The type of a Service that the tenant asks to have reachable from outside."""
    return "LoadBalancer" if service in spec.exposed else None


def _preparation(spec: TenantSpec, server: OperatedServer) -> OperatedServer:
    """The one-shot; a user may do everything, as those of the operator may."""
    login = 'mc alias set tenant "$MINIO_URL" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"'
    lines = [
        f"[ ! -f {_SETTINGS} ] || . {_SETTINGS}",
        f"until {login}; do sleep 2; done",
    ]
    lines += [
        " ".join(("mc mb --ignore-existing", *bucket.options, f"tenant/{bucket.name}"))
        for bucket in spec.buckets
    ]
    env = {**server.env, "MINIO_URL": f"http://{server.name}-hl:{_API}"}
    for number, secret in enumerate(spec.users, 1):
        env[f"USER_{number}"] = from_secret(secret, _USER)
        env[f"USER_PASSWORD_{number}"] = from_secret(secret, _PASSWORD)
        lines += [
            f'mc admin user add tenant "$USER_{number}" "$USER_PASSWORD_{number}"',
            f'mc admin policy attach tenant consoleAdmin --user "$USER_{number}" || true',
        ]
    return OperatedServer(
        name=f"{server.name}-buckets",
        image=image_of("quay.io/minio/mc", None, "minio-client"),
        kind="Job",
        env=env,
        command=shell_command(lines),
        mounted_key=server.mounted_key,
    )
