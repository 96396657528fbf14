"""Redis of OT's operator and of Spotahome's: one server, and a sentinel where clients ask one for its address.

https://redis-operator.opstree.dev/docs/
https://github.com/spotahome/redis-operator#connection-to-the-created-redis-failovers
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    MountedKey,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ServerPort,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.knowledge.images import image_ref
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

_PORT, _SENTINEL = 6379, ServerPort("sentinel", 26379)
_VERSION = regex(r"v?(\d+(?:\.\d+)*)")
# The Services of each kind, by what they add to the name.
_SERVICES = {
    "Redis": ("", "-headless", "-additional"),
    "RedisReplication": ("", "-headless", "-additional", "-master", "-replica"),
    "RedisCluster": ("-leader", "-leader-headless", "-follower", "-follower-headless"),
}
# The key of the ConfigMap that `additionalRedisConfig` names, and where its file stands.
_MORE_KEY, _MORE_FILE = "redis-additional.conf", "/etc/redis/redis-additional.conf"
# What a sentinel is told of its master.
_SENTINEL_OPTIONS = ("down-after-milliseconds", "failover-timeout", "parallel-syncs")
# https://redis.io/docs/latest/operate/oss_and_stack/management/scaling/
_FIX_SLOTS = f"redis-cli --cluster fix 127.0.0.1:{_PORT}"


class RedisSpec(NamedTuple):
    """What a Redis server is to be: `options` are lines of its configuration, `more_options` a ConfigMap of more."""

    image: str | None
    secret: str | None
    key: str | None
    port: int
    options: tuple[str, ...]
    more_options: MountedKey | None
    service_type: Node | None
    resources: Node | None
    env: tuple[Node, ...]

    @property
    def password(self) -> Manifest:
        """The value of the variable that holds the password; None without one."""
        return from_secret(self.secret, self.key or "password") if self.secret else None


class SentinelSpec(NamedTuple):
    """What a sentinel watches, and the options that it applies."""

    image: str | None
    master_host: str
    master_name: str
    password: Manifest
    options: tuple[str, ...]


def decode_redis(redis_object: KubeObject, objects: KubeObjects) -> RedisSpec:
    """What a custom object says of its Redis."""
    spec = decode_spec(redis_object)
    renames = map(_decode_rename, spec.each("RedisRename"))
    return RedisSpec(
        image=decode_text(spec, "image"),
        secret=decode_text(spec, "password-secret"),
        key=decode_text(spec, "password-key"),
        port=integer(decode_text(spec, "port") or "") or _PORT,
        options=(*decode_texts(spec, "options"), *renames),
        more_options=_decode_more_options(spec, redis_object.namespace, objects),
        service_type=decode_part(spec, "publication"),
        resources=decode_part(spec, "ResourceRequirements"),
        env=decode_parts(spec, "EnvVar"),
    )


def _decode_rename(rename: SpecFields) -> str:
    new_name = decode_text(rename, "new-name") or '""'
    return f"rename-command {decode_text(rename, 'old-name')} {new_name}"


def _decode_more_options(
    spec: SpecFields, namespace: str, objects: KubeObjects
) -> MountedKey | None:
    """The file of more options, first of the leaders; the name of a ConfigMap that has none stays unread."""
    more_options = spec.at("leader-options") or spec.at("more-options")
    name = peek_text(more_options) or ""
    config_map = objects.get("ConfigMap", namespace, name)
    if config_map is None or not config_map.at("data", _MORE_KEY):
        return None
    decode_text(more_options)
    return MountedKey("ConfigMap", name, _MORE_KEY, _MORE_FILE)


def decode_sentinel(sentinel: KubeObject) -> SentinelSpec | None:
    """The spec of a RedisSentinel; None for one that watches nothing."""
    spec = decode_spec(sentinel)
    master_host = decode_text(spec, "master-host")
    if master_host is None:
        return None
    secret = decode_text(spec, "EnvVarSource", "secretKeyRef", "name")
    key = decode_text(spec, "EnvVarSource", "secretKeyRef", "key") or "password"
    return SentinelSpec(
        image=decode_text(spec, "image"),
        master_host=master_host,
        master_name=decode_text(spec, "master-name") or "myMaster",
        password=from_secret(secret, key) if secret else None,
        options=tuple(
            f"{option} {text}"
            for option in _SENTINEL_OPTIONS
            if (text := decode_text(spec, option))
        ),
    )


def decode_failover_sentinel(failover: KubeObject) -> tuple[str, ...]:
    """The options of the sentinels of a RedisFailover."""
    return decode_texts(decode_spec(failover), "sentinel-options")


def answer(redis_object: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server and its Services."""
    name = redis_object.name
    match redis_object.title:
        case "RedisFailover":
            spec = decode_redis(redis_object, objects)
            options = decode_failover_sentinel(redis_object)
            yield from _failover_parts(spec, options, name)
        case "RedisSentinel":
            sentinel = decode_sentinel(redis_object)
            if sentinel is not None:
                yield from _watching_parts(sentinel, name)
        case title:
            yield from _redis_parts(decode_redis(redis_object, objects), name, title)


def _redis_parts(spec: RedisSpec, name: str, title: str) -> Iterator[OperatorPart]:
    arguments = ("--cluster-enabled", "yes") if title == "RedisCluster" else ()
    yield from _image_remarks(spec.image)
    if arguments:
        yield from _cluster_remarks(spec)
    server = _redis_server(spec, name, arguments, f"{name}-headless")
    yield server
    for ending in _SERVICES[title]:
        service_type = spec.service_type if ending == "-additional" else None
        yield ServerService(
            f"{name}{ending}", name, server.ports, service_type=service_type
        )


def _cluster_remarks(spec: RedisSpec) -> Iterator[OperatorRemark]:
    """How a cluster of one node comes to hold all slots: with data it takes those of its keys itself.

    https://github.com/redis/redis/blob/7.0/src/cluster.c (verifyClusterConfigWithData)
    """
    yield OperatorRemark(
        "If you copy the data of a pod, delete nodes.conf from the copy before the start. It names the pods, for which "
        "the node would wait"
    )
    command = _FIX_SLOTS
    if spec.password is not None:
        command = f"sh -c 'REDISCLI_AUTH=$REDIS_PASSWORD {_FIX_SLOTS}'"
    yield OperatorRemark(
        "A cluster of one node does not hold all slots by itself. Give it them once, and answer yes",
        command,
    )


def _redis_server(
    spec: RedisSpec, name: str, arguments: tuple[str, ...], governing: str
) -> OperatedServer:
    more_options = [spec.more_options.path] if spec.more_options else []
    command = ["redis-server", *more_options, "--appendonly", "yes", *arguments]
    env: dict[str, Manifest] = {}
    if spec.port != _PORT:
        command += ["--port", str(spec.port)]
    if spec.password is not None:
        env["REDIS_PASSWORD"] = spec.password
        command += ["--requirepass", "$(REDIS_PASSWORD)"]
    return OperatedServer(
        name=name,
        image=_redis_image(spec.image),
        ports=(ServerPort("redis", spec.port),),
        env=env,
        args=tuple(command),
        data_folder="/data",
        resources=spec.resources,
        mounted_key=spec.more_options,
        governing=governing,
        more_env=spec.env,
    )


def _redis_image(image: str | None) -> str:
    """The image that is stated where it is Redis' own; that of an operator needs the operator to start it."""
    if image is None:
        return image_of("redis")
    reference = image_ref(image)
    if reference is not None and reference.name == "redis" and reference.tag:
        return image
    version = _VERSION.match(reference.tag) if reference is not None else None
    return image_of("redis", version[1] if version else None)


def _image_remarks(image: str | None) -> Iterator[OperatorRemark]:
    if image and _redis_image(image) != image:
        yield OperatorRemark(f"{_redis_image(image)} replaces {image}")


def _failover_parts(
    spec: RedisSpec, sentinel_options: tuple[str, ...], failover: str
) -> Iterator[OperatorPart]:
    name, master = f"rfr-{failover}", f"rfrm-{failover}"
    yield from _image_remarks(spec.image)
    arguments = tuple(word for option in spec.options for word in _option_words(option))
    server = _redis_server(spec, name, arguments, name)
    yield server
    for prefix in ("rfr", "rfrm", "rfrs"):
        yield ServerService(f"{prefix}-{failover}", name, server.ports)
    sentinel = SentinelSpec(spec.image, master, "mymaster", spec.password, sentinel_options)
    yield from _sentinel_parts(sentinel, f"rfs-{failover}", spec.port)


def _option_words(option: str) -> tuple[str, ...]:
    """A line of the configuration as arguments: redis-server takes each for one word of it."""
    try:
        option_words = shlex.split(option)
    except ValueError:
        option_words = option.split()
    return (f"--{option_words[0]}", *option_words[1:]) if option_words else ()


def _watching_parts(sentinel: SentinelSpec, name: str) -> Iterator[OperatorPart]:
    yield from _image_remarks(sentinel.image)
    server = f"{name}-sentinel"
    yield from _sentinel_parts(sentinel, server, _PORT)
    for ending in ("-headless", "-additional"):
        yield ServerService(f"{server}{ending}", server, (_SENTINEL,))


def _sentinel_parts(
    sentinel: SentinelSpec, name: str, master_port: int
) -> Iterator[OperatorPart]:
    """A sentinel that tells clients the host name of the one server."""
    host, master = sentinel.master_host, sentinel.master_name
    lines = [
        f"port {_SENTINEL.number}",
        "sentinel resolve-hostnames yes",
        "sentinel announce-hostnames yes",
        f"sentinel monitor {master} {host} {master_port} 1",
    ]
    env: dict[str, Manifest] = {"REDIS_HOST": host}
    if sentinel.password is not None:
        env["REDIS_PASSWORD"] = sentinel.password
        lines.append(f"sentinel auth-pass {master} $REDIS_PASSWORD")
    lines += [_sentinel_line(option, master) for option in sentinel.options]
    quoted_lines = " ".join(f'"{line}"' for line in lines)
    script = f"printf '%s\\n' {quoted_lines} > /data/sentinel.conf && exec redis-sentinel /data/sentinel.conf"
    yield OperatedServer(
        name=name,
        image=_redis_image(sentinel.image),
        ports=(_SENTINEL,),
        env=env,
        command=("sh", "-c", script),
        side_server=True,
    )
    yield ServerService(name, name, (_SENTINEL,))


def _sentinel_line(option: str, master: str) -> str:
    key, _, value = option.partition(" ")
    return f"sentinel {key} {master} {value}"
