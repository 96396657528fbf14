"""The compose service of each container of a pod, and the jobs that prepare the pod's volumes.

When a container starts again, how it is stopped and what runs beside its start and stop is decided here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ClusterModel, ContainerContext
from tocompose.importers.kubernetes.container_fields import (
    LifecycleHook,
    Resources,
    decode_default_resources,
)
from tocompose.importers.kubernetes.environment import (
    Environment,
    container_environment,
    expansion_scope,
)
from tocompose.importers.kubernetes.image import container_image
from tocompose.importers.kubernetes.job_fields import retries_of
from tocompose.importers.kubernetes.links import expand_references, mentioned_variables
from tocompose.importers.kubernetes.pods import pod_options
from tocompose.importers.kubernetes.probes import container_healthcheck
from tocompose.importers.kubernetes.references import is_client, rewrite_text
from tocompose.importers.kubernetes.resources import container_resources
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
)
from tocompose.importers.kubernetes.security import (
    beta_apparmor,
    container_security,
    kernel_settings,
)
from tocompose.importers.kubernetes.stack_builder import Contribution, StackPart
from tocompose.importers.kubernetes.storage import ContainerStorage, container_storage
from tocompose.importers.kubernetes.volume_jobs import VolumeJobs, volume_jobs
from tocompose.importers.kubernetes.workloads import RUN_ONCE, ContainerRole, Pod, Workload
from tocompose.model import Role, Service, Stop
from tocompose.record import NamedTuple, replace
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


class ConvertedContainer(NamedTuple):
    """A compose service, the storage that must be prepared before it starts, and what it adds to the stack beside."""

    service: Service
    storage: ContainerStorage
    parts: tuple[StackPart, ...]


class ConvertedPod(NamedTuple):
    """What the pod of that base adds to the stack; `jobs` are those that prepare its volumes."""

    base: str
    parts: tuple[StackPart, ...]
    jobs: VolumeJobs


def convert_container(
    container: ContainerContext, defaults: Resources | None
) -> ConvertedContainer:
    """The compose service of a container, without what depends on the other services."""
    fields, workload = container.fields, container.workload
    environment = container_environment(container)
    if any("PROTOCOL" in name.upper() for name in environment.values):
        from tocompose.importers.kubernetes.kafka_clients import follow_listeners

        follow_listeners(container, environment)
    names = expansion_scope(environment, container)
    entrypoint = _command_words(fields.command, names, container, "entrypoint")
    command = _command_words(fields.arguments, names, container, "command")
    disks = container_storage(container, names)
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
        env_files=environment.files,
        mounts=disks.mounts,
        configs=disks.configs,
        secrets=disks.secrets,
        healthcheck=None
        if container.role is ContainerRole.INIT
        else container_healthcheck(container),
        restart=restart_policy(container),
        resources=amounts,
        security=guard if guard.security_opt else _with_beta(guard, container),
        stop=stop_settings(container),
        role=Role.JOB if job else Role.APP,
        options=_service_options(container, extra | dict(disks.options)),
        origin=fields.cursor.value_span,
    )
    return ConvertedContainer(service, disks, container.parts)


def _with_beta(guard: Any, container: ContainerContext) -> Any:
    options = beta_apparmor(container)
    return replace(guard, security_opt=options) if options else guard


def _command_words(
    words: tuple[Stated, ...],
    names: dict[str, str],
    container: ContainerContext,
    key: str,
) -> tuple[str, ...] | None:
    """A command or its arguments; an empty list is none, as in Kubernetes."""
    to = container.path(key)
    arguments: list[str] = []
    for word in words:
        text = expand_references(word.take_text(to) or "", names)
        arguments.append(rewrite_text(text, word.cursor, container, to))
    _two_words(arguments, words, container, to)
    return tuple(arguments) or None


def _two_words(
    arguments: list[str],
    words: tuple[Stated, ...],
    container: ContainerContext,
    to: ModelPath,
) -> None:
    """`["nc", "-z", "db", "5432"]`: host and port as two words of the command."""
    for number in range(1, len(arguments)):
        if arguments[number].isdigit() and is_client(arguments):
            pair = f"nc {arguments[number - 1]} {arguments[number]}"
            changed = rewrite_text(pair, words[number].cursor, container, to)
            arguments[number] = changed.rpartition(" ")[2]


def _add_links(
    environment: Environment, container: ContainerContext, texts: tuple[str, ...]
) -> None:
    """The variables that Kubernetes sets for each Service, as far as the container's texts mention them."""
    for name, text in mentioned_variables(container, environment.values, texts).items():
        if name not in environment.values:
            environment.put(name, text, container.fields.cursor.span)


def _service_options(container: ContainerContext, extra: dict[str, Any]) -> dict[str, Any]:
    fields, options = container.fields, dict(extra)
    for flag, key in ((fields.stdin, "stdin_open"), (fields.tty, "tty")):
        truth = flag.take_bool(container.path(key))
        if truth is not None:
            options[key] = truth
    directory = fields.working_directory.take_text(container.path("working_dir"))
    if directory is not None:
        options["working_dir"] = literal(directory)
    options |= _pull_options(fields.pull_policy, container.path("pull_policy"))
    if sysctls := kernel_settings(container):
        options["sysctls"] = sysctls
    return options | lifecycle_hooks(container) | pod_options(container)


def _pull_options(policy: Stated, to: ModelPath) -> dict[str, str]:
    if policy.text in ("Always", "Never"):
        policy.cursor.take(to=to)
        return {"pull_policy": policy.text.lower()}
    if policy.text == "IfNotPresent":
        policy.cursor.skip("the default of Compose")
    elif policy.text is not None:
        expected = "Always, IfNotPresent or Never"
        policy.cursor.note("TC209", field="imagePullPolicy", expected=expected)
    return {}


def convert_pods(model: ClusterModel) -> tuple[ConvertedPod, ...]:
    """Every pod with the services of its containers."""
    ranges = _limit_ranges(model)
    converted_pods: list[ConvertedPod] = []
    for workload, pod in model.pods():
        defaults = ranges.get(workload.namespace)
        converted_pods.append(_convert_pod(workload, pod, model, defaults))
        workload.kube_object.count_identity_as_mapped(
            ModelPath.service(pod.main_container.service)
        )
    return tuple(converted_pods)


def _convert_pod(
    workload: Workload,
    pod: Pod,
    model: ClusterModel,
    defaults: Resources | None,
) -> ConvertedPod:
    stack_parts: list[StackPart] = []
    containers: list[ContainerContext] = []
    storages: list[ContainerStorage] = []
    for pod_container in pod.containers:
        container = ContainerContext(model, workload, pod, pod_container)
        converted = convert_container(container, defaults)
        stack_parts.extend((*converted.parts, converted.service))
        containers.append(container)
        storages.append(converted.storage)
    stack_parts.extend(_moved_hosts(containers))
    jobs = volume_jobs(containers, storages)
    stack_parts.extend(job for job in jobs if job is not None)
    return ConvertedPod(pod.base, tuple(stack_parts), jobs)


def _moved_hosts(containers: list[ContainerContext]) -> Iterator[Contribution]:
    """Extra hosts that a container's texts need belong to the owner of its network namespace."""
    for container in containers:
        owner = container.pod.network_owner if container.joins_owner else container.service
        lines = tuple(
            f"{name}={address}" for name, address in container.extra_hosts.items()
        )
        if lines:
            yield Contribution(service=owner, extra_hosts=lines)


def _limit_ranges(model: ClusterModel) -> dict[str, Resources]:
    """The default amounts of each namespace, from its LimitRange."""
    limits: dict[str, Resources] = {}
    for kube_object in model.objects.of_kind("LimitRange"):
        for limit in list_entries(kube_object.at("spec", "limits")):
            if peek_text(limit.at("type")) == "Container":
                kube_object.count_identity_as_mapped(ModelPath.of("services"))
                limit.at("type").take(to=ModelPath.of("services"))
                limits[kube_object.namespace] = decode_default_resources(limit)
    return limits


_POLICIES = {"Always": "unless-stopped", "OnFailure": "on-failure", "Never": "no"}
_GRACE = 30
_HOOK_KEYS = {"postStart": "post_start", "preStop": "pre_stop"}


def restart_policy(container: ContainerContext) -> str:
    """Compose's restart policy of a container, from its pod's policy and its workload's kind."""
    workload, to = container.workload, container.path("restart")
    policy_cursor = workload.pod_spec.restart_policy.cursor
    policy = workload.pod_spec.restart_policy.text or "Always"
    policy_cursor.take(to=to)
    if policy not in _POLICIES:
        expected = " or ".join(_POLICIES)
        policy_cursor.annotate("TC209", field="restartPolicy", expected=expected)
    if container.role is ContainerRole.SIDECAR:
        return "unless-stopped"
    if container.role is ContainerRole.INIT:
        return "no" if policy == "Never" else "on-failure"
    if workload.kind == "CronJob":
        return "no"
    if workload.kind == "Job":
        retries = retries_of(workload.job.backoff_limit.take_integer(to))
        return f"on-failure:{retries}" if retries else "no"
    return _POLICIES.get(policy, "unless-stopped")


def stop_settings(container: ContainerContext) -> Stop:
    """How the container is stopped; Kubernetes waits 30 s where Docker waits 10 s."""
    signal = container.fields.stop_signal.take_text(container.path("stop_signal"))
    if container.role is ContainerRole.INIT:
        return Stop(signal=literal(signal) if signal else None)
    grace_seconds = container.pod_spec.grace_seconds
    seconds = grace_seconds.take_integer(container.path("stop_grace_period"))
    period = f"{_GRACE if seconds is None else seconds}s"
    return Stop(signal=literal(signal) if signal else None, grace_period=period)


def lifecycle_hooks(container: ContainerContext) -> dict[str, Any]:
    """`post_start` and `pre_stop`, which Compose itself runs."""
    hooks: dict[str, Any] = {}
    for hook in container.fields.hooks:
        key = _HOOK_KEYS[hook.key]
        command = _hook_command(hook, container.path(key))
        if command:
            hooks[key] = [{"command": command}]
            hook.cursor.annotate("TC235", hook=hook.key, subject=container.path(key))
    return hooks


def _hook_command(hook: LifecycleHook, to: ModelPath) -> list[str]:
    command = [
        literal(text)
        for argument in hook.command
        if (text := argument.take_text(to)) is not None
    ]
    seconds = hook.sleep_seconds.take_integer(to)
    return command or ([] if seconds is None else ["sleep", str(seconds)])
