"""One container of a `docker run`, as a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.docker_run.facts import Facts, FlagFact
from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.podman_values import KeptUser
from tocompose.model import (
    EnvVariable,
    Healthcheck,
    Limits,
    Logging,
    Mount,
    NetworkAttachment,
    ResourceLimits,
    Security,
    Service,
    Stop,
)
from tocompose.record import NamedTuple, replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

HEALTH_KEYS = ("interval", "timeout", "retries", "start_period", "start_interval")


class ContainerRefs(NamedTuple):
    """What a container says about other containers, resolved when all of them are known."""

    links: tuple[tuple[str, Argument], ...] = ()
    volumes_from: tuple[tuple[str, Argument], ...] = ()
    requires: tuple[tuple[str, Argument], ...] = ()


def describe_service(
    name: str, facts: Facts, image: str | None, command: tuple[str, ...], origin: Span
) -> tuple[Service, ContainerRefs]:
    """The service that the facts describe, and what it says about other containers."""
    refs = ContainerRefs(
        links=tuple((fact.fact.value, fact.argument) for fact in facts.pop("links")),
        volumes_from=tuple(
            (fact.fact.value, fact.argument) for fact in facts.pop("volumes_from")
        ),
        requires=tuple(
            (fact.fact.value, fact.argument) for fact in facts.pop("depends_on")
        ),
    )
    facts.pop("pod")
    entrypoint = facts.last("entrypoint")
    logging = Logging(
        driver=facts.last("logging.driver"), options=facts.entries("logging.options")
    )
    service = Service(
        name=name,
        image=image,
        container_name=facts.last("container_name"),
        command=command or None,
        entrypoint=(entrypoint,) if isinstance(entrypoint, str) else entrypoint,
        environment=_read_environment(facts),
        env_files=facts.values("env_file"),
        # Docker refuses the same twice; what is meant is plain.
        ports=tuple(dict.fromkeys(facts.values("ports"))),
        expose=tuple(dict.fromkeys(facts.values("expose"))),
        mounts=_read_mounts(facts, name),
        networks=_read_networks(facts),
        network_mode=facts.last("network_mode"),
        healthcheck=_read_healthcheck(facts),
        restart=facts.last("restart"),
        resources=_read_resources(facts),
        security=_read_security(facts, name),
        labels=facts.entries("labels"),
        logging=logging if logging != Logging() else None,
        secrets=facts.values("secrets"),
        stop=Stop(
            signal=facts.last("stop_signal"), grace_period=facts.last("stop_grace_period")
        ),
        init=facts.last("init"),
        options=_other_keys(facts),
        origin=origin,
    )
    return service, refs


def _read_environment(facts: Facts) -> tuple[EnvVariable, ...]:
    zone = facts.last("environment.TZ")
    variables: dict[str, EnvVariable] = (
        {} if zone is None else {"TZ": EnvVariable(name="TZ", value=zone)}
    )
    return tuple((variables | facts.entries("environment")).values())


def _read_mounts(facts: Facts, name: str) -> tuple[Mount, ...]:
    """The mounts by their targets; docker refuses a second one at the same place."""
    driver_arguments = [flag_fact.argument for flag_fact in facts.peek("volume_driver")]
    driver = facts.last("volume_driver")
    mounts: dict[str, Mount] = {}
    arguments: dict[str, Argument] = {}
    flag_facts = [*facts.pop("volumes"), *facts.pop("tmpfs")]
    for flag_fact in sorted(flag_facts, key=_place_of):
        mount = _mount_of(flag_fact.fact.value, driver)
        target = mount.target.rstrip("/")
        if target in arguments:
            _note_second_mount(arguments[target], name, mount.target)
        mounts[target], arguments[target] = mount, flag_fact.argument
    if driver_arguments:
        _note_unused_driver(driver_arguments[-1], name, tuple(mounts.values()))
    return tuple(mounts.values())


def _note_unused_driver(
    driver_argument: Argument, name: str, mounts: tuple[Mount, ...]
) -> None:
    """Says where the driver makes no volume of the compose file: Compose declares those with a name."""
    volumes = [mount for mount in mounts if mount.kind == "volume"]
    unnamed = [mount.target for mount in volumes if not mount.source]
    if volumes and not unnamed:
        return
    if len(unnamed) == len(volumes):
        _move_to_service(driver_argument, name)
    unnamed_volumes = ", ".join(unnamed) or "the image's own volumes"
    subject = ModelPath.service(name, "volumes")
    driver_argument.annotate("TC195", subject=subject, volumes=unnamed_volumes)


def _place_of(flag_fact: FlagFact) -> tuple[int, int]:
    span = flag_fact.argument.span
    return span.line, span.column


def _mount_of(value: Mount | str, driver: str | None) -> Mount:
    """The mount of `-v` and `--mount`, or that of `--tmpfs`."""
    if isinstance(value, Mount):
        return _with_driver(value, driver)
    target, _, mode = value.partition(":")
    return Mount(kind="tmpfs", target=target, mode=mode)


def _note_second_mount(argument: Argument, name: str, target: str) -> None:
    _move_to_service(argument, name)
    subject = ModelPath.service(name, "volumes")
    argument.annotate("TC049", subject=subject, service=name, target=target)


def _move_to_service(argument: Argument, name: str) -> None:
    """Counts what was said of mounts as said of the service, where nothing of it is written."""
    path = ModelPath.service(name)
    for source in argument.sources:
        for key in ("volumes", "tmpfs"):
            source.ledger.move(path.child(key), path)


def _with_driver(mount: Mount, driver: str | None) -> Mount:
    """`--volume-driver` makes the volumes of `-v`, named or not."""
    if driver is None or mount.kind != "volume" or mount.options:
        return mount
    return replace(mount, options={"x-driver": {"driver": driver}})


def _read_networks(facts: Facts) -> tuple[NetworkAttachment, ...]:
    """The networks, with the address flags on the first of them, or on the default network."""
    attachments: list[NetworkAttachment] = list(facts.values("networks"))
    aliases = facts.values("networks.aliases")
    options = facts.section("networks.")
    if aliases or options:
        main = attachments[0] if attachments else NetworkAttachment(network="default")
        merged = {**main.options, **options}
        attachments[:1] = [replace(main, aliases=main.aliases + aliases, options=merged)]
    return tuple({attachment.network: attachment for attachment in attachments}.values())


def _read_healthcheck(facts: Facts) -> Healthcheck | None:
    disable = bool(facts.last("healthcheck.disable"))
    test = facts.last("healthcheck.test")
    times = {key: facts.last(f"healthcheck.{key}") for key in HEALTH_KEYS}
    if disable:
        return Healthcheck(disable=True)
    if times["start_interval"] is not None and times["start_period"] is None:
        # Docker's default, without which Compose refuses the interval.
        times["start_period"] = "0s"
    timing = {key: value for key, value in times.items() if value is not None}
    return Healthcheck(test=test, **timing) if timing or test else None


def _read_resources(facts: Facts) -> ResourceLimits:
    limits = {
        key: facts.last(f"deploy.resources.limits.{key}")
        for key in ("cpus", "memory", "pids")
    }
    reserved = facts.last("deploy.resources.reservations.memory")
    return ResourceLimits(limits=Limits(**limits), reservations=Limits(memory=reserved))


def _read_user(facts: Facts, name: str) -> tuple[str | None, str | None]:
    """The user of `--user` and podman's namespace; `keep-id` without `--user` runs as the user that it maps.

    https://github.com/containers/podman/blob/main/pkg/specgen/generate/namespaces.go, specgen.KeepID
    """
    kept_users = facts.pop("kept_user")
    user: str | None = facts.last("user")
    if not kept_users:
        return user, None
    kept_user: KeptUser = kept_users[-1].fact.value
    subject = ModelPath.service(name, "user")
    is_assumed = user is None and kept_user.uid is None
    user = user or kept_user.user
    code = "TC198" if is_assumed else "TC197"
    kept_users[-1].argument.annotate(code, subject=subject, mode=kept_user.mode, user=user)
    return user, kept_user.mode


def _read_security(facts: Facts, name: str) -> Security:
    user, old_namespace = _read_user(facts, name)
    return Security(
        user=user,
        old_namespace=old_namespace,
        group_add=facts.values("group_add"),
        privileged=facts.last("privileged"),
        read_only=facts.last("read_only"),
        cap_add=facts.values("cap_add"),
        cap_drop=facts.values("cap_drop"),
        security_opt=facts.values("security_opt"),
    )


def _other_keys(facts: Facts) -> Mapping[str, Any]:
    """Compose keys without a field of their own."""
    options = facts.remaining()
    platform = options.get("platform")
    if isinstance(platform, dict):
        platform_parts = [
            platform.get("os", "linux"),
            platform.get("arch"),
            platform.get("variant"),
        ]
        options["platform"] = "/".join(name for name in platform_parts if name)
    return options
