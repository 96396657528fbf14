"""The compose service of each container of a pod, and the one-shots that prepare the pod's volumes."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ClusterModel, ContainerContext
from tocompose.importers.kubernetes.environment import (
    Environment,
    container_environment,
    expansion_scope,
)
from tocompose.importers.kubernetes.expansion import expand_references
from tocompose.importers.kubernetes.image import container_image
from tocompose.importers.kubernetes.lifecycle import (
    lifecycle_hooks,
    restart_policy,
    stop_settings,
)
from tocompose.importers.kubernetes.links import mentioned_variables
from tocompose.importers.kubernetes.pods import pod_options
from tocompose.importers.kubernetes.preparation import volume_preparation
from tocompose.importers.kubernetes.probes import container_healthcheck
from tocompose.importers.kubernetes.references import is_client, rewrite_text
from tocompose.importers.kubernetes.resources import container_resources
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_bool,
    take_text,
)
from tocompose.importers.kubernetes.security import (
    beta_apparmor,
    container_security,
    kernel_settings,
)
from tocompose.importers.kubernetes.storage import ContainerStorage, container_storage
from tocompose.importers.kubernetes.workloads import RUN_ONCE, ContainerRole, Pod, Workload
from tocompose.ledger import Cursor
from tocompose.model import Role, Service
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


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
    _move_hosts(containers, pod, model)
    one_shot = volume_preparation(containers, storages)
    if one_shot is None:
        return None
    model.builder.add_service(one_shot)
    return one_shot.name


def _move_hosts(containers: list[ContainerContext], pod: Pod, model: ClusterModel) -> None:
    """Extra hosts that a container's texts need belong to the owner of its network namespace."""
    for container in containers:
        for name, address in container.extra_hosts.items():
            model.builder.add_extra_host(pod.network_owner, name, address)


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
