"""UP: what one `docker compose up` of the stack would come to, as compose-go and the engine have it.

`rehearse` gives everything that would stop it, from all rules; a real engine confirms it in the tests.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from tocompose.compose.shapes import as_map
from tocompose.compose.start_order import awaited_by
from tocompose.model import Build, ComposeFileRole, Dependency, Role, Service, Stack
from tocompose.notes import Note
from tocompose.project import normal_path, project_path
from tocompose.record import NamedTuple
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    judge_services,
    judging_rules,
    remark,
    runs_container,
)
from tocompose.rules.conditions import HEALTHY
from tocompose.rules.endings import waits_in_loop
from tocompose.rules.evidence import Evidence, evidence
from tocompose.rules.host_ports import published_parts, span_of_port
from tocompose.rules.needed_files import note_files
from tocompose.rules.networks import networks_of
from tocompose.rules.service_images import dockerfile_of
from tocompose.rules.unknown_hosts import note_hosts
from tocompose.rules.variables import setting_values
from tocompose.rules.views import (
    annotate_services,
    at_later,
    judge_mount,
    replicas_of,
    sees_files,
    span_of_replicas,
)
from tocompose.syntax.host_paths import is_remote_context
from tocompose.syntax.units import is_whole_number

# The findings with which docker compose refuses the files, or does not start everything.
STOPPING = frozenset(
    """
    TC010 TC046 TC048 TC523 TC524 TC533 TC534 TC535 TC536 TC537 TC538 TC539 TC542 TC543 TC702 TC703 TC721 TC722 TC727
    TC729 TC731 TC732 TC733 TC735 TC743 TC744
    """.split()
)


class Rehearsal(NamedTuple):
    """What an `up` comes to: the findings that stop it, in the order of the rules."""

    troubles: tuple[Note, ...]

    @property
    def starts(self) -> bool:
        """Whether everything starts."""
        return not self.troubles


def rehearse(view: View) -> Rehearsal:
    """What `docker compose up` of the files comes to, with the profiles that `.env` switches on."""
    troubles = [note for note in view.notes if note.code in STOPPING]
    services = view.main.stack.services
    started = {service.name for service in services if _is_on(view.main, service)}
    for rule in judging_rules():
        verdicts = rule.judge(view) if rule.judge else ()
        troubles += (fault for fault in map(_stopping, verdicts) if fault is not None)
    counted = (note for note in troubles if note.subject.service_name in (None, *started))
    return Rehearsal(tuple(dict.fromkeys(counted)))


def _stopping(verdict: Verdict) -> Note | None:
    """The fault of a verdict, if docker compose stumbles over it."""
    fault = verdict.note
    return fault if fault is not None and fault.code in STOPPING else None


def _is_on(startup: Startup, service: Service) -> bool:
    """Whether the service is started without a word about profiles."""
    enabled = _enabled_profiles(startup)
    return (
        not service.profiles or "*" in enabled or not enabled.isdisjoint(service.profiles)
    )


def _enabled_profiles(startup: Startup) -> frozenset[str]:
    """The profiles that COMPOSE_PROFILES of `.env` switches on."""
    names = startup.values.get("COMPOSE_PROFILES", "").split(",")
    return frozenset(name.strip() for name in names) - {""}


def _judge_dependencies(view: View) -> Iterator[Verdict]:
    """Whether what each service waits for is started with it, and comes to what is waited for."""
    startup = view.main
    by_name = {service.name: service for service in startup.stack.services}
    enabled = _enabled_profiles(startup)
    for service in startup.stack.services:
        for edge in service.depends_on:
            target = by_name.get(edge.service)
            if target is not None and runs_container(target):
                yield _judge_profile(startup, service, edge, target, enabled)
                yield _judge_ending(startup, service, edge, target)


def _judge_profile(
    startup: Startup,
    service: Service,
    edge: Dependency,
    target: Service,
    enabled: frozenset[str],
) -> Verdict:
    profiles = set(target.profiles)
    is_on = not profiles or "*" in enabled or not enabled.isdisjoint(profiles)
    together = bool(service.profiles) and set(service.profiles) <= profiles
    holds = is_on or together or not edge.required
    facts = {"target": target.name, "profiles": ", ".join(sorted(profiles))}
    key = ("depends_on", target.name)
    judged = startup.verdict(service, key, "T26", holds, "TC533", **facts)
    # Profiles of the target that a later file adds are what is at fault.
    spans = (startup.span(service, *key), startup.span(target, "profiles"))
    return at_later(judged, startup, spans)


def _judge_ending(
    startup: Startup, service: Service, edge: Dependency, target: Service
) -> Verdict:
    # A job that shows its health and goes on for a while, such as Elastic's `setup`, is healthy before it ends.
    check = target.healthcheck
    shows_health = check is not None and bool(check.test) and waits_in_loop(target)
    waits_in_vain = (
        edge.condition == HEALTHY and target.role is Role.JOB and not shows_health
    )
    key = ("depends_on", target.name)
    holds = not waits_in_vain or not edge.required
    return startup.verdict(service, key, "T8", holds, "TC534", target=target.name)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with notes about what an `up` would stumble over, or what would not reach another."""
    values = setting_values(stack, context)
    made_files = frozenset([".env", *(file.path for file in stack.files)])
    outcome = annotate_services(
        stack,
        lambda service: [
            *_note_replicas(service, values),
            *_note_build(service, stack, context),
            *note_files(service, made_files, values, context),
            *note_hosts(service, stack, values),
        ],
    )
    return outcome._replace(notes=(*outcome.notes, *_note_reach(stack, context)))


def _note_reach(stack: Stack, context: Context) -> Iterator[Note]:
    """A note for each service that shares no network with one that it uses."""
    told_pairs: set[tuple[str, str]] = set()
    for service, target, clue, shared in _uses(stack, context):
        if not shared and (service.name, target.name) not in told_pairs:
            told_pairs.add((service.name, target.name))
            facts = {"target": target.name, "evidence": clue.words}
            yield remark("TC877", service, "networks", clue.span, **facts)


def _note_build(service: Service, stack: Stack, context: Context) -> Iterator[Note]:
    """A note where the Dockerfile of a build is not part of the source, nor made here."""
    build = service.build
    if build is None or context.below is None or _is_elsewhere(build):
        return
    if "dockerfile_inline" in build.options:
        return
    path = normal_path(posixpath.join(build.context, build.dockerfile or "Dockerfile"))
    if path and dockerfile_of(service, stack, context) is None:
        yield remark("TC873", service, "build", build.origin, path=path)


def _is_elsewhere(build: Build) -> bool:
    """Whether a repository, or a folder that only `up` knows, is built."""
    if is_remote_context(build.context):
        return True
    return "$" in f"{build.context}{build.dockerfile or ''}"


def _note_replicas(service: Service, values: Mapping[str, str]) -> list[Note]:
    replicas = _replicas_of(service)
    overlay = service.overlays.get(ComposeFileRole.DEV)
    ports = (*service.ports, *(overlay.ports if overlay else ()))
    published = [(port, published_parts(port, values).published or "") for port in ports]
    return [
        remark("TC541", service, "", port.origin, replicas=replicas, port=number)
        for port, number in published
        if _count_of(number) < replicas
    ]


def _judge_replicas(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether each replica has ports of its own."""
    replicas = replicas_of(startup, service)
    for port in service.ports if replicas > 1 else ():
        published = published_parts(port, startup.values).published or ""
        holds = _count_of(published) >= replicas
        facts = {"replicas": str(replicas), "port": published}
        judged = startup.verdict(service, "ports", "A-06", holds, "TC535", **facts)
        spans = (
            span_of_port(startup, service, port),
            span_of_replicas(startup, service),
        )
        yield at_later(judged, startup, spans)


def _replicas_of(service: Service) -> int:
    scale = service.options.get("scale")
    return service.replicas or (scale if isinstance(scale, int) else 1)


def _count_of(published: str) -> int:
    """How many ports of the host there are for it; without end where the engine chooses, or nobody knows."""
    begin, _, last = published.partition("-")
    if not is_whole_number(begin) or int(begin) == 0:
        return 1 << 16
    return int(last) - int(begin) + 1 if is_whole_number(last) else 1


def _judge_builds(view: View) -> Iterator[Verdict]:
    """Whether what is built has its folder and its Dockerfile."""
    for service in view.main.stack.services if sees_files(view) else ():
        path = _missing_of_build(view, service)
        if service.build is not None and path is not None:
            key = "build" if path else ""
            yield view.main.verdict(service, key, "T7", not path, "TC536", path=path)


def _missing_of_build(view: View, service: Service) -> str | None:
    """What the build lacks, empty where it is all there; None where that cannot be seen."""
    build = service.build
    if build is None or _is_elsewhere(build):
        return None
    dockerfile = build.dockerfile or "Dockerfile"
    context = project_path(build.context)
    if context is None:
        return None
    if context and not view.project.exists(context):
        return build.context
    path = normal_path(posixpath.join(context, dockerfile))
    is_inline = view.main.document["services"][service.name]["build"]
    if path is None or "dockerfile_inline" in as_map(is_inline):
        return None
    return "" if view.project.exists(path) else path


def _judge_mounts(view: View) -> Iterator[Verdict]:
    """Whether what must be there to be mounted is there."""
    for service in view.main.stack.services if sees_files(view) else ():
        for mount in service.mounts:
            options = as_map(mount.options.get("bind"))
            path = project_path(mount.source or "/")
            if options.get("create_host_path") is not False or path is None:
                continue
            holds = not path or view.project.exists(path)
            facts = {"path": mount.source or ""}
            yield judge_mount(view.main, service, mount, "T18", holds, "TC537", **facts)


def _judge_names(view: View) -> Iterator[Verdict]:
    """Whether no two containers that run together have one name."""
    owners: dict[str, Service] = {}
    for service in view.main.stack.services:
        name = service.container_name
        if not name or "$" in name:
            continue
        owner = owners.setdefault(name, service)
        apart = bool(owner.profiles and service.profiles)
        apart = apart and set(owner.profiles).isdisjoint(service.profiles)
        holds = owner is service or apart
        facts = {"other": owner.name, "name": name}
        yield view.main.verdict(service, "container_name", "T12", holds, "TC538", **facts)


def _judge_circles(view: View) -> Iterator[Verdict]:
    """Whether no service waits for itself, however long the way."""
    waits = {
        service.name: tuple(awaited_by(service)) for service in view.main.stack.services
    }
    told_names: set[str] = set()
    for service in view.main.stack.services:
        circle = () if service.name in told_names else _circle_from(service.name, waits)
        told_names.update(circle)
        facts = {"circle": " → ".join(circle)}
        key = "depends_on" if circle and service.depends_on else ""
        yield view.main.verdict(service, key, "T26", not circle, "TC539", **facts)


def _circle_from(name: str, waits: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way from a service back to itself; empty where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    visited: set[str] = set()
    while ways:
        way_so_far = ways.pop(0)
        for target in waits.get(way_so_far[-1], ()):
            if target == name:
                return (*way_so_far, name)
            if target not in visited:
                visited.add(target)
                ways.append((*way_so_far, target))
    return ()


def _judge_reach(view: View) -> Iterator[Verdict]:
    """Whether each service shares a network with those that it uses."""
    startup = view.main
    for service, target, clue, shared in _uses(startup.stack, startup.context):
        facts = {"target": target.name, "evidence": clue.words}
        key = "networks" if service.networks else ""
        yield startup.verdict(service, key, "T2", shared, "TC540", **facts)


def _uses(
    stack: Stack, context: Context
) -> Iterator[tuple[Service, Service, Evidence, bool]]:
    """Each service with one that it uses, what shows it, and whether they share a network."""
    by_name = {service.name: service for service in stack.services}
    for service, clue in evidence(stack, context):
        target = by_name.get(clue.target)
        if target is None or not (_has_own_networks(service) and _has_own_networks(target)):
            continue
        shared = not networks_of(service).isdisjoint(networks_of(target))
        yield service, target, clue, shared


def _has_own_networks(service: Service) -> bool:
    return service.network_mode is None and runs_container(service)


RULE = Rule(
    id="UP",
    title="Report what would stop docker compose up",
    summary=(
        "Works out what `docker compose up` would do with the stack, and reports what would "
        "stop it or leave a service unreachable. Nothing is changed."
    ),
    tells=("TC533", "TC534", "TC535", "TC536", "TC537", "TC538", "TC539", "TC540"),
    severity="must",
    judge=judge_all(
        _judge_dependencies,
        judge_services(_judge_replicas),
        _judge_builds,
        _judge_mounts,
        _judge_names,
        _judge_circles,
        _judge_reach,
    ),
    url="https://docs.docker.com/compose/how-tos/startup-order/",
    mend=apply,
    covers=("A-06",),
    said_by={
        "TC535": ("TC541",),
        "TC536": ("TC873",),
        "TC523": ("TC609",),
        "TC537": ("TC681",),
        "TC540": ("TC877",),
    },
    stated=frozenset(("TC540",)),
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1', ports: ['80:80'], scale: 2}}",
            "services: {web: {image: 'corp/web:1', ports: ['80:80'], scale: 2}}",
        ),
    ),
    excuses=(
        Excuse("TC536", "a Dockerfile that cannot be seen is not made up"),
        Excuse("TC537", "a file that the source lacks is not made up"),
    ),
)
