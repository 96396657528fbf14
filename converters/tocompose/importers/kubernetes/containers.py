"""From a container of a pod to a compose service."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.environment import Environment, environment, scope
from tocompose.importers.kubernetes.expansion import expand
from tocompose.importers.kubernetes.image import image
from tocompose.importers.kubernetes.lifecycle import hooks, restart, stop
from tocompose.importers.kubernetes.links import mentioned
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.pods import pod_options
from tocompose.importers.kubernetes.probes import healthcheck
from tocompose.importers.kubernetes.references import is_client
from tocompose.importers.kubernetes.resources import resources
from tocompose.importers.kubernetes.rewriting import rewritten
from tocompose.importers.kubernetes.scalars import flag, items, text, value
from tocompose.importers.kubernetes.security import beta_apparmor, security, sysctls
from tocompose.importers.kubernetes.storage import Storage, storage
from tocompose.importers.kubernetes.workloads import Part
from tocompose.ledger import Cursor
from tocompose.model import Role, Service
from tocompose.syntax.interpolation import literal


class Converted(NamedTuple):
    """A compose service and the storage that must be prepared before it starts."""

    service: Service
    storage: Storage


def convert(place: Place, claims: Claims, defaults: Cursor | None) -> Converted:
    """The compose service of a container, without what depends on the other services."""
    cursor, workload = place.unit.cursor, place.workload
    found = environment(place)
    names = scope(found, place)
    entrypoint = _words(cursor.at("command"), names, place, "entrypoint")
    command = _words(cursor.at("args"), names, place, "command")
    disks = storage(place, claims, names)
    _add_links(found, place, disks.texts)
    amounts, extra = resources(place, defaults)
    guard = security(place)
    job = place.unit.part is Part.INIT or workload.kind in ("Job", "CronJob")
    service = Service(
        name=place.service,
        image=image(place),
        entrypoint=entrypoint,
        command=command,
        environment=found.variables(),
        env_files=tuple(found.files.values()),
        mounts=tuple(disks.mounts),
        configs=tuple(disks.configs),
        secrets=tuple(disks.secrets),
        healthcheck=None if place.unit.part is Part.INIT else healthcheck(place),
        restart=restart(place),
        resources=amounts,
        security=guard if guard.security_opt else _with_beta(guard, place),
        stop=stop(place),
        role=Role.JOB if job else Role.APP,
        options=_options(place, extra | disks.options),
        origin=cursor.value_span,
    )
    return Converted(service, disks)


def _with_beta(guard: Any, place: Place) -> Any:
    from dataclasses import replace

    options = beta_apparmor(place)
    return replace(guard, security_opt=options) if options else guard


def _words(
    cursor: Cursor, names: dict[str, str], place: Place, key: str
) -> tuple[str, ...] | None:
    """A command or its arguments; an empty list is none, as in Kubernetes."""
    to = place.path(key)
    words: list[str] = []
    for entry in items(cursor):
        word = text(entry, to)
        words.append(rewritten(expand(word or "", names), entry, place, to))
    _two_words(words, cursor, place, to)
    return tuple(words) or None


def _two_words(words: list[str], cursor: Cursor, place: Place, to: str) -> None:
    """`["nc", "-z", "db", "5432"]`: host and port as two words of the command."""
    entries = list(items(cursor))
    for number in range(1, len(words)):
        if words[number].isdigit() and is_client(words):
            pair = f"nc {words[number - 1]} {words[number]}"
            changed = rewritten(pair, entries[number], place, to)
            words[number] = changed.rpartition(" ")[2]


def _add_links(found: Environment, place: Place, texts: list[str]) -> None:
    """The variables that Kubernetes sets for each Service, as far as the container's texts mention them."""
    for name, given in mentioned(place, found.values, texts).items():
        if name not in found.values:
            found.put(name, given, place.unit.cursor.span)


def _options(place: Place, extra: dict[str, Any]) -> dict[str, Any]:
    cursor, options = place.unit.cursor, dict(extra)
    for field, key in (("stdin", "stdin_open"), ("tty", "tty")):
        truth = flag(cursor.at(field), place.path(key))
        if truth is not None:
            options[key] = truth
    directory = text(cursor.at("workingDir"), place.path("working_dir"))
    if directory is not None:
        options["working_dir"] = literal(directory)
    policy = cursor.at("imagePullPolicy")
    given = value(policy)
    if given in ("Always", "Never"):
        policy.take(to=place.path("pull_policy"))
        options["pull_policy"] = given.lower()
    elif given == "IfNotPresent":
        policy.skip("what Compose does anyway")
    elif given is not None:
        policy.note(
            "TC209", field="imagePullPolicy", expected="Always, IfNotPresent or Never"
        )
    if found := sysctls(place):
        options["sysctls"] = found
    return options | hooks(place) | pod_options(place)
