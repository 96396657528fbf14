"""The compose service of each container of a pod, and the one-shots that prepare the pod's volumes.

When a container starts again, how it is stopped and what runs beside its start and stop is decided here too. The
one-shot makes volumes what Kubernetes would: open to the users of the pod, with the sub-paths in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ClusterModel, ContainerContext
from tocompose.importers.kubernetes.environment import (
    Environment,
    container_environment,
    expansion_scope,
)
from tocompose.importers.kubernetes.image import container_image
from tocompose.importers.kubernetes.links import expand_references, mentioned_variables
from tocompose.importers.kubernetes.pods import pod_options
from tocompose.importers.kubernetes.probes import container_healthcheck
from tocompose.importers.kubernetes.references import is_client, rewrite_text
from tocompose.importers.kubernetes.resources import container_resources
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_bool,
    take_integer,
    take_text,
)
from tocompose.importers.kubernetes.security import (
    beta_apparmor,
    container_security,
    fs_group,
    kernel_settings,
)
from tocompose.importers.kubernetes.storage import ContainerStorage, container_storage
from tocompose.importers.kubernetes.workloads import RUN_ONCE, ContainerRole, Pod, Workload
from tocompose.knowledge.versions import default_version
from tocompose.ledger import Cursor
from tocompose.model import Mount, Role, Service, Stop
from tocompose.notes import note
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name


class ConvertedContainer(NamedTuple):
    """A compose service and the storage that must be prepared before it starts."""

    service: Service
    storage: ContainerStorage


def convert_container(
    container: ContainerContext, claims: Claims, defaults: Cursor | None
) -> ConvertedContainer:
    """The compose service of a container, without what depends on the other services."""
    cursor, workload = container.cursor, container.workload
    environment = container_environment(container)
    names = expansion_scope(environment, container)
    entrypoint = _command_words(cursor.at("command"), names, container, "entrypoint")
    command = _command_words(cursor.at("args"), names, container, "command")
    disks = container_storage(container, claims, names)
    _add_links(environment, container, disks.texts)
    amounts, extra = container_resources(container, defaults)
    guard = container_security(container)
    job = container.role is ContainerRole.INIT or workload.kind in RUN_ONCE
    service = Service(
        name=container.service,
        image=container_image(container),
        entrypoint=entrypoint,
        command=command,
        environment=environment.variables(),
        env_files=tuple(environment.files.values()),
        mounts=tuple(disks.mounts),
        configs=tuple(disks.configs),
        secrets=tuple(disks.secrets),
        healthcheck=None
        if container.role is ContainerRole.INIT
        else container_healthcheck(container),
        restart=restart_policy(container),
        resources=amounts,
        security=guard if guard.security_opt else _with_beta(guard, container),
        stop=stop_settings(container),
        role=Role.JOB if job else Role.APP,
        options=_service_options(container, extra | disks.options),
        origin=cursor.value_span,
    )
    return ConvertedContainer(service, disks)


def _with_beta(guard: Any, container: ContainerContext) -> Any:
    from dataclasses import replace

    options = beta_apparmor(container)
    return replace(guard, security_opt=options) if options else guard


def _command_words(
    cursor: Cursor, names: dict[str, str], container: ContainerContext, key: str
) -> tuple[str, ...] | None:
    """A command or its arguments; an empty list is none, as in Kubernetes."""
    to = container.path(key)
    arguments: list[str] = []
    for argument in list_entries(cursor):
        text = take_text(argument, to)
        arguments.append(
            rewrite_text(expand_references(text or "", names), argument, container, to)
        )
    _two_words(arguments, cursor, container, to)
    return tuple(arguments) or None


def _two_words(
    arguments: list[str], cursor: Cursor, container: ContainerContext, to: ModelPath
) -> None:
    """`["nc", "-z", "db", "5432"]`: host and port as two words of the command."""
    argument_cursors = list(list_entries(cursor))
    for number in range(1, len(arguments)):
        if arguments[number].isdigit() and is_client(arguments):
            pair = f"nc {arguments[number - 1]} {arguments[number]}"
            changed = rewrite_text(pair, argument_cursors[number], container, to)
            arguments[number] = changed.rpartition(" ")[2]


def _add_links(
    environment: Environment, container: ContainerContext, texts: list[str]
) -> None:
    """The variables that Kubernetes sets for each Service, as far as the container's texts mention them."""
    for name, text in mentioned_variables(container, environment.values, texts).items():
        if name not in environment.values:
            environment.put(name, text, container.cursor.span)


def _service_options(container: ContainerContext, extra: dict[str, Any]) -> dict[str, Any]:
    cursor, options = container.cursor, dict(extra)
    for field, key in (("stdin", "stdin_open"), ("tty", "tty")):
        truth = take_bool(cursor.at(field), container.path(key))
        if truth is not None:
            options[key] = truth
    directory = take_text(cursor.at("workingDir"), container.path("working_dir"))
    if directory is not None:
        options["working_dir"] = literal(directory)
    policy = cursor.at("imagePullPolicy")
    pull_policy = peek_text(policy)
    if pull_policy in ("Always", "Never"):
        policy.take(to=container.path("pull_policy"))
        options["pull_policy"] = pull_policy.lower()
    elif pull_policy == "IfNotPresent":
        policy.skip("what Compose does anyway")
    elif pull_policy is not None:
        policy.note(
            "TC209", field="imagePullPolicy", expected="Always, IfNotPresent or Never"
        )
    if sysctls := kernel_settings(container):
        options["sysctls"] = sysctls
    return options | lifecycle_hooks(container) | pod_options(container)


def build_services(model: ClusterModel) -> dict[str, str]:
    """Adds every service to the draft; gives the one-shot that must come before a pod, by the pod's name."""
    claims = Claims(model.objects)
    ranges = _limit_ranges(model)
    prepared: dict[str, str] = {}
    for workload in model.workloads:
        for pod in workload.pods:
            one_shot = _build_pod(
                workload, pod, model, claims, ranges.get(workload.namespace)
            )
            if one_shot is not None:
                prepared[pod.base] = one_shot
            workload.kube_object.count_identity_as_mapped(
                ModelPath.service(pod.main_container.service)
            )
    return prepared


def _build_pod(
    workload: Workload,
    pod: Pod,
    model: ClusterModel,
    claims: Claims,
    defaults: Cursor | None,
) -> str | None:
    containers: list[ContainerContext] = []
    storages: list[ContainerStorage] = []
    for pod_container in pod.containers:
        container = ContainerContext(model, workload, pod, pod_container)
        converted = convert_container(container, claims, defaults)
        model.builder.add_service(converted.service)
        containers.append(container)
        storages.append(converted.storage)
    _move_hosts(containers, model)
    one_shot = volume_preparation(containers, storages)
    if one_shot is None:
        return None
    model.builder.add_service(one_shot)
    return one_shot.name


def _move_hosts(containers: list[ContainerContext], model: ClusterModel) -> None:
    """Extra hosts that a container's texts need belong to the owner of its network namespace."""
    for container in containers:
        owner = container.pod.network_owner if container.joins_owner else container.service
        for name, address in container.extra_hosts.items():
            model.builder.add_extra_host(owner, name, address)


def _limit_ranges(model: ClusterModel) -> dict[str, Cursor]:
    """The default amounts of each namespace, from its LimitRange."""
    limits: dict[str, Cursor] = {}
    for kube_object in model.objects.of_kind("LimitRange"):
        for limit in list_entries(kube_object.at("spec", "limits")):
            if peek_text(limit.at("type")) == "Container":
                kube_object.count_identity_as_mapped(ModelPath.of("services"))
                limit.at("type").take(to=ModelPath.of("services"))
                limits[kube_object.namespace] = limit
    return limits


_POLICIES = {"Always": "unless-stopped", "OnFailure": "on-failure", "Never": "no"}
# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_BACKOFF = 6
_GRACE = 30


def restart_policy(container: ContainerContext) -> str:
    """Compose's restart policy of a container, from its pod's policy and its workload's kind."""
    workload, to = container.workload, container.path("restart")
    policy_cursor = workload.pod_spec.at("restartPolicy")
    policy = peek_text(policy_cursor) or "Always"
    policy_cursor.take(to=to)
    if policy not in _POLICIES:
        expected = " or ".join(_POLICIES)
        policy_cursor.annotate("TC209", field="restartPolicy", expected=expected)
    if container.role is ContainerRole.SIDECAR:
        return "unless-stopped"
    if container.role is ContainerRole.INIT:
        return "no" if policy == "Never" else "on-failure"
    if workload.kind == "CronJob":
        _note_backoff(workload.job_spec.at("backoffLimit"))
        return "no"
    if workload.kind == "Job":
        limit = take_integer(workload.job_spec.at("backoffLimit"), to)
        limit = _BACKOFF if limit is None else limit
        return f"on-failure:{limit}" if limit > 0 else "no"
    return _POLICIES.get(policy, "unless-stopped")


def _note_backoff(cursor: Cursor) -> None:
    if cursor:
        cursor.note("TC239", what=f"backoffLimit: {peek_text(cursor)}")


def stop_settings(container: ContainerContext) -> Stop:
    """How the container is stopped; Kubernetes waits 30 s where Docker waits 10 s."""
    signal = take_text(
        container.cursor.at("lifecycle", "stopSignal"), container.path("stop_signal")
    )
    if container.role is ContainerRole.INIT:
        return Stop(signal=literal(signal) if signal else None)
    seconds = take_integer(
        container.pod_spec.at("terminationGracePeriodSeconds"),
        container.path("stop_grace_period"),
    )
    period = f"{_GRACE if seconds is None else seconds}s"
    return Stop(signal=literal(signal) if signal else None, grace_period=period)


def lifecycle_hooks(container: ContainerContext) -> dict[str, Any]:
    """`post_start` and `pre_stop`, which Compose itself runs."""
    hooks: dict[str, Any] = {}
    if not container.cursor.at("lifecycle"):
        return hooks
    for name, key in (("postStart", "post_start"), ("preStop", "pre_stop")):
        handler = container.cursor.at("lifecycle", name)
        command = _hook_command(handler, container.path(key))
        if command:
            hooks[key] = [{"command": command}]
            handler.annotate("TC235", hook=name, subject=container.path(key))
    return hooks


def _hook_command(handler: Cursor, to: ModelPath) -> list[str]:
    command = [
        literal(text)
        for argument in list_entries(handler.at("exec", "command"))
        if (text := take_text(argument, to)) is not None
    ]
    seconds = take_integer(handler.at("sleep", "seconds"), to)
    return command or ([] if seconds is None else ["sleep", str(seconds)])


def volume_preparation(
    containers: list[ContainerContext], storages: list[ContainerStorage]
) -> Service | None:
    """The one-shot for one pod; None where its volumes need nothing."""
    container = containers[0]
    group = fs_group(container)
    steps = list(_folder_steps(storages))
    if not all(member.run_as.is_root for member in containers):
        for name in _without_repeats(storage.empty_dirs for storage in storages):
            steps.append((name, f"chmod 0777 /volumes/{name}"))
    if group is not None:
        for name in _without_repeats(storage.owned for storage in storages):
            steps.append((name, _change_group(name, group, container)))
    return _preparing_service(container, steps) if steps else None


def _without_repeats(names: Iterable[list[str]]) -> Iterable[str]:
    return dict.fromkeys(chain.from_iterable(names))


def _folder_steps(storages: list[ContainerStorage]) -> Iterator[tuple[str, str]]:
    """The commands that make the sub-paths, volume by volume."""
    paths: dict[str, dict[str, None]] = {}
    for storage in storages:
        for name, sub_paths in storage.sub_paths.items():
            paths.setdefault(name, {}).update(dict.fromkeys(sub_paths))
    for name, sub_paths_of_volume in paths.items():
        for path in sub_paths_of_volume:
            yield name, f"mkdir -p {_quote_path(f'/volumes/{name}/{path}')}"


def _change_group(name: str, group: str, container: ContainerContext) -> str:
    """What the kubelet does for fsGroup, at each start or only while the top folder belongs to another group."""
    folder = f"/volumes/{name}"
    change = f"chgrp -R {group} {folder} && chmod -R g+rwX {folder} && find {folder} -type d -exec chmod g+s {{}} +"
    policy = container.pod_spec.at("securityContext", "fsGroupChangePolicy")
    if (
        policy.take(to=ModelPath.service(f"{container.pod.base}-volumes", "command"))
        == "OnRootMismatch"
    ):
        return f'[ "$$(stat -c %g {folder})" = {group} ] || {{ {change}; }}'
    return change


def _quote_path(path: str) -> str:
    return "'" + path.replace("'", "'\\''").replace("$", "$$") + "'"


def _preparing_service(
    container: ContainerContext, steps: list[tuple[str, str]]
) -> Service:
    """The one-shot that runs the steps, each on a volume."""
    name = unique_name(f"{container.pod.base}-volumes", set(container.builder.services))
    message = note(
        "TC249",
        container.workload.kube_object.span,
        subject=ModelPath.service(name),
        name=name,
        object=container.workload_title,
    )
    container.model.ledger.add_note(message)
    return Service(
        name=name,
        image=f"busybox:{default_version('busybox')}",
        command=("sh", "-c", "; ".join(["set -e", *(command for _, command in steps)])),
        mounts=tuple(
            Mount(kind="volume", source=volume, target=f"/volumes/{volume}")
            for volume in dict.fromkeys(volume for volume, _ in steps)
        ),
        network_mode="none",
        restart="no",
        role=Role.JOB,
        origin=container.workload.kube_object.span,
    )
