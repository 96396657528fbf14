"""The stack model: what every source is turned into and every compose file is written from.

Records are frozen and hold the long form only; change them with `record.replace`. A text that Compose interpolates is
stored as it reads it, with `$$` and `${NAME}`. `origin` is the place in the source and takes no part in comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

from tocompose.record import field, record
from tocompose.source import Span

# A value as YAML has it: str, int, float, bool, None, and lists and maps of these.
Plain: TypeAlias = Any


class NumberText(str):
    """A number that is only carried on, as its text: secrets are looked for in it as in any other."""

    __slots__ = ()


class Role(Enum):
    """What a service is for."""

    APP = "app"
    DATA = "data"
    CACHE = "cache"
    QUEUE = "queue"
    PROXY = "proxy"
    INFRA = "infra"
    JOB = "job"
    TOOL = "tool"


class ComposeFileRole(Enum):
    """The file that a part of the stack is written to."""

    BASE = "base"
    DEV = "override"
    PROD = "prod"


@record
class EnvVariable:
    """An environment variable; `value` None passes the host's value through at `up`.

    `remove` takes a variable of the base file out again; it stands in overlays only.
    """

    name: str
    value: str | None
    remove: bool = False
    origin: Span | None = field(default=None, compare=False)


@record
class EnvFile:
    """A file of variables; `format` is `raw` (nothing interpreted) or None (Compose's own dialect)."""

    path: str
    required: bool = True
    format: str | None = None
    origin: Span | None = field(default=None, compare=False)


@record
class Port:
    """A published port or range (`8000-8010`); `published` None is the engine's choice, `listener` who answers."""

    target: str
    published: str | None = None
    host_ip: str | None = None
    protocol: str = "tcp"
    listener: str | None = field(default=None, compare=False)
    origin: Span | None = field(default=None, compare=False)


@record
class Mount:
    """A mount; `kind` is bind, volume, tmpfs, image, npipe or cluster; `source` None is an anonymous volume.

    `options` are the rest of Compose's long form (`bind: {…}` …). `mode` keeps what only the short form can say (`Z`).
    """

    kind: str
    target: str
    source: str | None = None
    read_only: bool = False
    mode: str = ""
    options: Mapping[str, Plain] = field(default_factory=dict)
    is_long: bool = False
    origin: Span | None = field(default=None, compare=False)


@record
class NetworkAttachment:
    """A service's place on a network; `options` are the rest of the long form (`ipv4_address` …)."""

    network: str
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Plain] = field(default_factory=dict)
    origin: Span | None = field(default=None, compare=False)


@record
class Dependency:
    """A service that must come first; `condition` is service_started, service_healthy or …_completed_successfully.

    `evidence` says in words why it is assumed; empty when the source states it.
    """

    service: str
    condition: str = "service_started"
    required: bool = True
    restart: bool = False
    evidence: str = ""
    origin: Span | None = field(default=None, compare=False)


@record
class Healthcheck:
    """A health command; `test` starts with CMD, CMD-SHELL or NONE; durations are Compose's (`30s`)."""

    test: tuple[str, ...] | None = None
    interval: str | None = None
    timeout: str | None = None
    retries: str | None = None
    start_period: str | None = None
    start_interval: str | None = None
    disable: bool = False
    origin: Span | None = field(default=None, compare=False)

    @property
    def is_off(self) -> bool:
        """Whether no check runs, not even the image's own."""
        return self.disable or (self.test or ())[:1] == ("NONE",)


@record
class Limits:
    """CPU (a decimal number), memory (Compose's bytes, `512M`), number of processes."""

    cpus: str | None = None
    memory: str | None = None
    pids: str | None = None


@record
class ResourceLimits:
    """What a service may use at most, and what is kept for it."""

    limits: Limits = Limits()
    reservations: Limits = Limits()
    origin: Span | None = field(default=None, compare=False)


@record
class Security:
    """Who the service runs as, and what it may do; `old_namespace` is the one of podman that its files belong to."""

    user: str | None = None
    old_namespace: str | None = None
    group_add: tuple[str, ...] = ()
    privileged: bool | None = None
    read_only: bool | None = None
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()


@record
class Logging:
    """The log driver and its options."""

    driver: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    origin: Span | None = field(default=None, compare=False)


@record
class Build:
    """How the image is built; `options` are the rest of Compose's build section."""

    context: str = "."
    dockerfile: str | None = None
    target: str | None = None
    args: Mapping[str, str | None] = field(default_factory=dict)
    options: Mapping[str, Plain] = field(default_factory=dict)
    origin: Span | None = field(default=None, compare=False)


@record
class ConfigMount:
    """A config or secret given to a service; `target` None is Compose's default place."""

    source: str
    target: str | None = None
    mode: str | None = None
    uid: str | None = None
    gid: str | None = None
    origin: Span | None = field(default=None, compare=False)


@record
class Stop:
    """How the service is told to stop, and how long it may take."""

    signal: str | None = None
    grace_period: str | None = None


@record
class Service:
    """One service of the stack.

    Durations and sizes are texts as in Compose. `options` holds keys without a field here, `overlays` what the other
    files add. `was_removed`: its old container goes when it stops. `image_check`: HEALTHCHECK of the image, if told.
    `has_local_image`: no registry has its image.
    """

    name: str
    image: str | None = None
    build: Build | None = None
    container_name: str | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: tuple[EnvVariable, ...] = ()
    env_files: tuple[EnvFile, ...] = ()
    ports: tuple[Port, ...] = ()
    expose: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[NetworkAttachment, ...] = ()
    network_mode: str | None = None
    depends_on: tuple[Dependency, ...] = ()
    healthcheck: Healthcheck | None = None
    restart: str | None = None
    resources: ResourceLimits = ResourceLimits()
    security: Security = Security()
    labels: Mapping[str, str] = field(default_factory=dict)
    logging: Logging | None = None
    configs: tuple[ConfigMount, ...] = ()
    secrets: tuple[ConfigMount, ...] = ()
    profiles: tuple[str, ...] = ()
    stop: Stop = Stop()
    init: bool | None = None
    replicas: int | None = None
    role: Role = Role.APP
    options: Mapping[str, Plain] = field(default_factory=dict)
    overlays: Mapping[ComposeFileRole, Service] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    was_removed: bool = field(default=False, compare=False)
    image_check: Healthcheck | None = field(default=None, compare=False)
    has_local_image: bool = field(default=False, compare=False)
    origin: Span | None = field(default=None, compare=False)


@record
class Network:
    """A top-level network; `engine_name` is its name without the project prefix."""

    name: str
    external: bool = False
    internal: bool = False
    driver: str | None = None
    engine_name: str | None = None
    options: Mapping[str, Plain] = field(default_factory=dict)
    origin: Span | None = field(default=None, compare=False)


@record
class Volume:
    """A top-level volume; `engine_name` keeps existing data reachable without the project prefix.

    `filled_from` is the volume of another engine to copy the data from, in the user namespace `filled_in`.
    """

    name: str
    external: bool = False
    driver: str | None = None
    engine_name: str | None = None
    options: Mapping[str, Plain] = field(default_factory=dict)
    filled_from: str | None = None
    filled_in: str | None = None
    origin: Span | None = field(default=None, compare=False)

    def name_in_engine(self, project: str) -> str:
        """How the engine calls it in that project."""
        return self.engine_name or f"{project}_{self.name}"


@record
class FileResource:
    """A top-level config or secret: exactly one of a file, inline content (configs only), a variable, or external."""

    name: str
    file: str | None = None
    content: str | None = None
    environment: str | None = None
    external: bool = False
    origin: Span | None = field(default=None, compare=False)


@record
class EnvSetting:
    """A variable of the `.env` file: `value` is raw text (no escaping), None when the user must fill it in.

    A secret's value is written to `.env` only and never printed. `reading` says how it is read where it is kept now.
    """

    name: str
    value: str | None = None
    secret: bool = False
    description: str = ""
    example: str = ""
    required: bool = False
    reading: str = ""
    origin: Span | None = field(default=None, compare=False)


@record
class File:
    """A file to be written beside the compose files, by its relative path with `/`; `mode` in octal digits."""

    path: str
    content: bytes
    mode: int = 0o644
    secret: bool = False
    origin: Span | None = field(default=None, compare=False)


class Runtime(Enum):
    """What runs the source now, and so where its containers and their data are."""

    ELSEWHERE = "elsewhere"
    DOCKER = "docker"
    PODMAN = "podman"
    PROJECT = "compose project"
    SWARM = "stack of a swarm"
    TASKS = "services of a swarm"
    UNITS = "systemd units of podman"
    CLUSTER = "cluster"
    PLATFORM = "platform"


@record
class OldUnit:
    """A unit of systemd that is part of the source; `service` is what it starts, empty where others use it only."""

    file: str
    service: str = ""


@record
class Stack:
    """Everything that one set of compose files describes.

    `settings` are the variables of `.env`, `files` those written beside the compose files. `extensions` are top-level
    sections of a compose source that are only copied (`x-…`, `models`), by the file that they stand in, with numbers as
    texts; `file_names` are the project names that the development or production file states for itself.
    """

    name: str
    services: tuple[Service, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()
    configs: tuple[FileResource, ...] = ()
    secrets: tuple[FileResource, ...] = ()
    settings: tuple[EnvSetting, ...] = ()
    files: tuple[File, ...] = ()
    development: tuple[Service, ...] = ()
    runs_in: Runtime = Runtime.ELSEWHERE
    old_units: tuple[OldUnit, ...] = ()
    extensions: Mapping[ComposeFileRole, Mapping[str, Plain]] = field(default_factory=dict)
    file_names: Mapping[ComposeFileRole, str] = field(default_factory=dict)
    origin: Span | None = field(default=None, compare=False)

    @property
    def models(self) -> Mapping[str, Plain]:
        """The models that services are given, by name: the base declares them for all files."""
        declared = self.extensions.get(ComposeFileRole.BASE, {}).get("models")
        return declared if isinstance(declared, Mapping) else {}

    def service(self, name: str) -> Service | None:
        """The service of that name; None if there is none."""
        return next((service for service in self.services if service.name == name), None)
