"""Redis of OT's operator and of Spotahome's: one server, and a sentinel where clients ask one for its address.

https://redis-operator.opstree.dev/docs/
https://github.com/spotahome/redis-operator#connection-to-the-created-redis-failovers
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
from tocompose.patterns import regex

_REDIS, _SENTINEL = ServerPort("redis", 6379), ServerPort("sentinel", 26379)
_TAG = regex(r":v?(\d+(?:\.\d+)*)")
_OFFICIAL = regex(r"(?:docker\.io/)?(?:library/)?redis[:@].*")
# The Services of each kind, by what they add to the name.
_SERVICES = {
    "Redis": ("", "-headless", "-additional"),
    "RedisReplication": ("", "-headless", "-additional", "-master", "-replica"),
    "RedisCluster": ("-leader", "-leader-headless", "-follower", "-follower-headless"),
}


def answer(request: OperatorRequest) -> None:
    """Makes the server and its Services."""
    title = request.kube_object.title
    if title == "RedisFailover":
        _answer_failover(request)
    elif title == "RedisSentinel":
        _answer_sentinel(request)
    else:
        _answer_redis(request)


def _answer_redis(request: OperatorRequest) -> None:
    name, settings = request.name, request.at("spec", "kubernetesConfig")
    secret = take_scalar(settings.at("redisSecret", "name"), SERVICES)
    key = take_scalar(settings.at("redisSecret", "key"), SERVICES)
    image = _redis_image(take_scalar(settings.at("image"), SERVICES), request)
    is_cluster = request.kube_object.title == "RedisCluster"
    arguments = ["--cluster-enabled", "yes"] if is_cluster else []
    if is_cluster:
        request.remarks.append(
            "a cluster of one node holds no slots yet: run redis-cli --cluster fix in it once, or use it without the "
            "cluster protocol"
        )
    request.add_server(
        _redis_server(
            request,
            name,
            image,
            from_secret(secret, key or "password") if secret else None,
            arguments,
        )
    )
    for ending in _SERVICES[request.kube_object.title]:
        request.add_service(f"{name}{ending}", name, (_REDIS,))


def _redis_server(
    request: OperatorRequest,
    name: str,
    image: str,
    password: Manifest,
    arguments: list[str],
) -> OperatedServer:
    command = ["redis-server", "--appendonly", "yes", *arguments]
    env: dict[str, Manifest] = {}
    if password is not None:
        env["REDIS_PASSWORD"] = password
        command += ["--requirepass", "$(REDIS_PASSWORD)"]
    spec = request.at("spec")
    claim = ("storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage")
    failover_claim = ("redis", "storage", "persistentVolumeClaim", "spec", *claim[3:])
    return OperatedServer(
        name=name,
        image=image,
        ports=(_REDIS,),
        env=env,
        args=tuple(command),
        data_folder="/data",
        resources=spec.at("kubernetesConfig", "resources") or spec.at("redis", "resources"),
        storage=spec.at(*claim) or spec.at(*failover_claim),
    )


def _redis_image(stated: str | None, request: OperatorRequest) -> str:
    """The image that is stated where it is Redis' own; that of an operator needs the operator to start it."""
    if stated and _OFFICIAL.fullmatch(stated):
        return stated
    if stated:
        request.remarks.append(f"{stated} was replaced")
    version = _TAG.search(stated or "")
    return image_of("redis", version[1] if version else None)


def _answer_failover(request: OperatorRequest) -> None:
    name = f"rfr-{request.name}"
    secret = request.take("spec", "auth", "secretPath")
    password = from_secret(secret, "password") if secret else None
    image = _redis_image(request.take("spec", "redis", "image"), request)
    options = [
        take_scalar(option, SERVICES) or ""
        for option in list_entries(request.at("spec", "redis", "customConfig"))
    ]
    arguments = [
        word
        for option in options
        for word in (f"--{option.partition(' ')[0]}", option.partition(" ")[2])
    ]
    request.add_server(_redis_server(request, name, image, password, arguments))
    for prefix in ("rfr", "rfrm", "rfrs"):
        request.add_service(f"{prefix}-{request.name}", name, (_REDIS,))
    _add_sentinel(request, f"rfs-{request.name}", f"rfrm-{request.name}", image, password)


def _answer_sentinel(request: OperatorRequest) -> None:
    replication = request.take("spec", "redisSentinelConfig", "redisReplicationName")
    if replication is None:
        return
    name = f"{request.name}-sentinel"
    secret = request.take(
        "spec", "redisSentinelConfig", "redisReplicationPassword", "secretKeyRef", "name"
    )
    key = request.take(
        "spec", "redisSentinelConfig", "redisReplicationPassword", "secretKeyRef", "key"
    )
    password = from_secret(secret, key or "password") if secret else None
    image = _redis_image(request.take("spec", "kubernetesConfig", "image"), request)
    master = request.take("spec", "redisSentinelConfig", "masterGroupName") or "myMaster"
    _add_sentinel(request, name, replication, image, password, master)


def _add_sentinel(
    request: OperatorRequest,
    name: str,
    host: str,
    image: str,
    password: Manifest,
    master: str = "mymaster",
) -> None:
    """A sentinel that tells clients the host name of the one server."""
    lines = [
        f"port {_SENTINEL.number}",
        "sentinel resolve-hostnames yes",
        "sentinel announce-hostnames yes",
        f"sentinel monitor {master} {host} {_REDIS.number} 1",
    ]
    env: dict[str, Manifest] = {"REDIS_HOST": host}
    if password is not None:
        env["REDIS_PASSWORD"] = password
        lines.append(f"sentinel auth-pass {master} $REDIS_PASSWORD")
    text = "\\n".join(lines)
    script = f'printf "{text}\\n" > /data/sentinel.conf && exec redis-sentinel /data/sentinel.conf'
    request.add_server(
        OperatedServer(
            name=name,
            image=image,
            ports=(_SENTINEL,),
            env=env,
            command=("sh", "-c", script),
        )
    )
    request.add_service(name, name, (_SENTINEL,))
