"""From a container of a pod to a compose service."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocompose.importers.kubernetes.claims import Claims
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
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.pods import pod_options
from tocompose.importers.kubernetes.probes import container_healthcheck
from tocompose.importers.kubernetes.references import is_client
from tocompose.importers.kubernetes.resources import container_resources
from tocompose.importers.kubernetes.rewriting import rewrite_text
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
from tocompose.importers.kubernetes.workloads import ContainerRole
from tocompose.ledger import Cursor
from tocompose.model import Role, Service
from tocompose.syntax.interpolation import literal


class ConvertedContainer(NamedTuple):
    """A compose service and the storage that must be prepared before it starts."""

    service: Service
    storage: ContainerStorage


def convert_container(
    place: ContainerContext, claims: Claims, defaults: Cursor | None
) -> ConvertedContainer:
    """The compose service of a container, without what depends on the other services."""
    cursor, workload = place.unit.cursor, place.workload
    found = container_environment(place)
    names = expansion_scope(found, place)
    entrypoint = _command_words(cursor.at("command"), names, place, "entrypoint")
    command = _command_words(cursor.at("args"), names, place, "command")
    disks = container_storage(place, claims, names)
    _add_links(found, place, disks.texts)
    amounts, extra = container_resources(place, defaults)
    guard = container_security(place)
    job = place.unit.role is ContainerRole.INIT or workload.kind in ("Job", "CronJob")
    service = Service(
        name=place.service,
        image=container_image(place),
        entrypoint=entrypoint,
        command=command,
        environment=found.variables(),
        env_files=tuple(found.files.values()),
        mounts=tuple(disks.mounts),
        configs=tuple(disks.configs),
        secrets=tuple(disks.secrets),
        healthcheck=None
        if place.unit.role is ContainerRole.INIT
        else container_healthcheck(place),
        restart=restart_policy(place),
        resources=amounts,
        security=guard if guard.security_opt else _with_beta(guard, place),
        stop=stop_settings(place),
        role=Role.JOB if job else Role.APP,
        options=_service_options(place, extra | disks.options),
        origin=cursor.value_span,
    )
    return ConvertedContainer(service, disks)


def _with_beta(guard: Any, place: ContainerContext) -> Any:
    from dataclasses import replace

    options = beta_apparmor(place)
    return replace(guard, security_opt=options) if options else guard


def _command_words(
    cursor: Cursor, names: dict[str, str], place: ContainerContext, key: str
) -> tuple[str, ...] | None:
    """A command or its arguments; an empty list is none, as in Kubernetes."""
    to = place.path(key)
    words: list[str] = []
    for entry in list_entries(cursor):
        word = take_text(entry, to)
        words.append(rewrite_text(expand_references(word or "", names), entry, place, to))
    _two_words(words, cursor, place, to)
    return tuple(words) or None


def _two_words(words: list[str], cursor: Cursor, place: ContainerContext, to: str) -> None:
    """`["nc", "-z", "db", "5432"]`: host and port as two words of the command."""
    entries = list(list_entries(cursor))
    for number in range(1, len(words)):
        if words[number].isdigit() and is_client(words):
            pair = f"nc {words[number - 1]} {words[number]}"
            changed = rewrite_text(pair, entries[number], place, to)
            words[number] = changed.rpartition(" ")[2]


def _add_links(found: Environment, place: ContainerContext, texts: list[str]) -> None:
    """The variables that Kubernetes sets for each Service, as far as the container's texts mention them."""
    for name, given in mentioned_variables(place, found.values, texts).items():
        if name not in found.values:
            found.put(name, given, place.unit.cursor.span)


def _service_options(place: ContainerContext, extra: dict[str, Any]) -> dict[str, Any]:
    cursor, options = place.unit.cursor, dict(extra)
    for field, key in (("stdin", "stdin_open"), ("tty", "tty")):
        truth = take_bool(cursor.at(field), place.path(key))
        if truth is not None:
            options[key] = truth
    directory = take_text(cursor.at("workingDir"), place.path("working_dir"))
    if directory is not None:
        options["working_dir"] = literal(directory)
    policy = cursor.at("imagePullPolicy")
    given = peek_text(policy)
    if given in ("Always", "Never"):
        policy.take(to=place.path("pull_policy"))
        options["pull_policy"] = given.lower()
    elif given == "IfNotPresent":
        policy.skip("what Compose does anyway")
    elif given is not None:
        policy.note(
            "TC209", field="imagePullPolicy", expected="Always, IfNotPresent or Never"
        )
    if found := kernel_settings(place):
        options["sysctls"] = found
    return options | lifecycle_hooks(place) | pod_options(place)
