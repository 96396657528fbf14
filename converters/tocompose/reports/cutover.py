"""The way from what runs now to the stack, and the way back: command lines with the names of the source."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator

from tocompose.knowledge.old_containers import (
    copy_command,
    name_in_shell,
    old_container,
)
from tocompose.model import Network, Role, Runtime, Service, Stack
from tocompose.record import NamedTuple
from tocompose.reports.elsewhere import text_of_elsewhere
from tocompose.reports.leaving_podman import (
    image_copies,
    owners_of_docker,
    owners_of_podman,
    remove_podmans_volumes,
    volume_copies,
)
from tocompose.reports.leaving_swarm import (
    deployment_again,
    removal_of_services,
    removal_of_stack,
    warning_of_new_volumes,
)
from tocompose.reports.next_steps import (
    NextStep,
    base_of,
    checked_start_steps,
    down_command,
)
from tocompose.reports.old_data import (
    copied_data,
    created_and_filled,
    mounts_to_fill,
    old_path,
)
from tocompose.reports.old_networks import creation_options, reconnection
from tocompose.reports.old_starts import (
    UNIT_FOLDER,
    forget_starts,
    start_units,
    steps_before_stop,
    stop_units_of_user,
    switch_timers,
)
from tocompose.reports.removed_containers import (
    copies_before_stop,
    goes_with_unit,
    started_as_before,
    warning_of_stop,
)
from tocompose.reports.report import Report
from tocompose.reports.values_in_use import (
    folders_in_use,
    running_name,
    values_in_use,
)
from tocompose.syntax.model_path import ModelPath

_DELETES = (
    "This deletes data inside the containers that is not in named volumes or host folders."
)
_ASIDE, _RELOAD = "~/units-before", "systemctl --user daemon-reload"


class Cutover(NamedTuple):
    """The steps over, the steps back, the last one when all is well; for a source without containers a text."""

    steps_over: tuple[NextStep, ...] = ()
    steps_back: tuple[NextStep, ...] = ()
    cleaning: tuple[NextStep, ...] = ()
    text: str = ""
    # Whose data the steps over copy: services, or volumes.
    copied: frozenset[ModelPath] = frozenset()

    @property
    def removes_containers(self) -> bool:
        """Whether the last steps remove what the steps back start again."""
        return any(step.line.partition(" ")[2].startswith("rm ") for step in self.cleaning)


def cutover_of(report: Report) -> Cutover:
    """The way over for the stack of a report."""
    stack = report.stack
    base = base_of(report)
    match stack.runs_in:
        case Runtime.DOCKER:
            return _from_docker(report, base)
        case Runtime.PODMAN:
            return _from_podman(report, base)
        case Runtime.UNITS:
            return _from_units(report, base)
        case Runtime.SWARM:
            return _from_swarm(report, base)
        case Runtime.TASKS:
            return _from_tasks(report, base)
        case _:
            return Cutover(text=text_of_elsewhere(report))


def _from_docker(report: Report, base: str) -> Cutover:
    """The containers keep their data and are set aside under other names."""
    stack = report.stack
    old = _old_containers(stack)
    if not old:
        return Cutover()
    lasting, removed = _by_fate(old)
    named = [service for service in lasting if service.container_name]
    networks = [network for network in stack.networks if _is_in_the_way(network)]
    steps_over = (
        *_remember_nameless(old),
        *values_in_use(report, old),
        *folders_in_use(stack, old),
        *copies_before_stop(stack, removed, "docker"),
        *steps_before_stop(report),
        *_stop_old(old, "docker"),
        *_keep_down(old),
        *_rename(named, "Rename them, so that their names are free", set_aside=True),
        *_set_jobs_aside(stack),
        *_remove_networks(networks),
        *created_and_filled(stack, base, _copies(stack, lasting)),
        *checked_start_steps(report),
    )
    steps_back = (
        _stop_stack(stack, base),
        *_make_networks(networks, lasting),
        *_rename(named, "Give the old containers their names back", set_aside=False),
        *_held_up_again(old),
        *_start_again("Start them", lasting),
        *started_as_before(removed),
        *start_units(report),
    )
    cleaning = (
        *forget_starts(report, old),
        *_remove_containers([_aside(service) for service in lasting]),
        *_remove_left_networks(stack),
    )
    return Cutover(steps_over, steps_back, cleaning, copied=copied_data(stack, old))


def _from_podman(report: Report, base: str) -> Cutover:
    """The containers stay beside the new ones under their names, which another engine does not see."""
    stack = report.stack
    old = _old_containers(stack)
    if not old:
        return Cutover()
    lasting, removed = _by_fate(old)
    steps_over = (
        *_remember_nameless(old, "podman"),
        *values_in_use(report, old, "podman"),
        *folders_in_use(stack, old, "podman"),
        *copies_before_stop(stack, removed, "podman"),
        *steps_before_stop(report),
        *_stop_old(old, "podman"),
        *owners_of_docker(report),
        *image_copies(stack),
        *created_and_filled(
            stack, base, (*_copies(stack, lasting, "podman"), *volume_copies(stack))
        ),
        *checked_start_steps(report),
    )
    steps_back = (
        _stop_stack(stack, base),
        *owners_of_podman(report),
        *_start_again("Start the old containers", lasting, "podman"),
        *started_as_before(removed),
        *start_units(report),
    )
    cleaning = (
        *forget_starts(report, old, "podman"),
        *_remove_containers([running_name(service) for service in lasting], "podman"),
        *remove_podmans_volumes(stack),
    )
    return Cutover(steps_over, steps_back, cleaning, copied=copied_data(stack, old))


def _from_units(report: Report, base: str) -> Cutover:
    """The units are taken out of the folder that systemd reads, so that they do not start with the machine."""
    stack = report.stack
    timers = [unit for unit in stack.old_units if unit.service.endswith(".timer")]
    units = [unit for unit in stack.old_units if unit not in timers]
    files = dict.fromkeys(unit.file for unit in units)
    services = " ".join(unit.service for unit in units if unit.service)
    moved = " ".join(map(shlex.quote, files))
    moved_back = " ".join(shlex.quote(posixpath.basename(name)) for name in files)
    steps_over = (
        *stop_units_of_user(timers, services),
        *owners_of_docker(report),
        *image_copies(stack),
        *created_and_filled(stack, base, volume_copies(stack)),
        *checked_start_steps(report),
        NextStep(
            "Keep the old units from starting with the machine",
            f"(cd {UNIT_FOLDER} && mkdir -p {_ASIDE} && mv {moved} {_ASIDE}) && {_RELOAD}",
        ),
    )
    steps_back = (
        _stop_stack(stack, base),
        *owners_of_podman(report),
        NextStep(
            "If the old units were moved aside, put them back",
            f"(cd {_ASIDE} && mv {moved_back} {UNIT_FOLDER}) && {_RELOAD}",
        ),
        NextStep("Start them", f"systemctl --user start {services}"),
        *switch_timers("Let the timers start them again", "enable --now", timers),
    )
    cleaning = (
        NextStep("Delete the old units", f"(cd {_ASIDE} && rm {moved_back})"),
        *remove_podmans_volumes(stack),
    )
    return Cutover(steps_over, steps_back, cleaning, copied=copied_data(stack, ()))


def _from_swarm(report: Report, base: str) -> Cutover:
    """The stack is removed first: nothing keeps its tasks from the volumes and ports that both have."""
    stack = report.stack
    steps_over = (*removal_of_stack(report), *checked_start_steps(report))
    down = NextStep(
        _title_of_down(stack), down_command(stack, base), warning_of_new_volumes(stack)
    )
    return Cutover(steps_over, (down, deployment_again(report)))


def _from_tasks(report: Report, base: str) -> Cutover:
    """The services of the swarm are removed: a task that is stopped, the swarm replaces at once."""
    stack = report.stack
    steps_over = (
        *steps_before_stop(report),
        *removal_of_services(report),
        *checked_start_steps(report),
    )
    down = _stop_stack(stack, base)
    back = f"{down.warning} Then run the old `docker service create` commands again."
    cleaning = (*forget_starts(report, ()), *_remove_left_networks(stack))
    return Cutover(steps_over, (down._replace(warning=back.strip()),), cleaning)


def _stop_stack(stack: Stack, base: str) -> NextStep:
    is_new = any(not (volume.external or volume.engine_name) for volume in stack.volumes)
    warning = "What was written to new volumes since then is not in the old containers."
    return NextStep(
        _title_of_down(stack), down_command(stack, base), warning if is_new else ""
    )


def _title_of_down(stack: Stack) -> str:
    return f"Stop and remove the stack{'; its volumes stay' if stack.volumes else ''}"


def _old_containers(stack: Stack) -> list[Service]:
    """The services whose containers may run now: what ends by itself does not."""
    return [
        service
        for service in stack.services
        if service.role is not Role.JOB
        and (service.container_name or service.image)
        and "$" not in old_container(service).removeprefix("$(docker ps")
    ]


def _is_in_the_way(network: Network) -> bool:
    """Whether the old network has to go first: docker compose takes over none, and no two have one subnet."""
    return not network.external and bool(network.engine_name or "ipam" in network.options)


def _aside(service: Service) -> str:
    name = service.container_name
    return f"{name}-before" if name else running_name(service)


def _by_fate(old: list[Service]) -> tuple[list[Service], list[Service]]:
    """The containers that stay when they stop, and those that are removed then."""
    removed = [service for service in old if service.was_removed]
    return [service for service in old if service not in removed], removed


def _stop_old(old: list[Service], client: str) -> Iterator[NextStep]:
    """The step that stops what no unit has stopped and removed already."""
    running = [service for service in old if not goes_with_unit(service)]
    if running:
        names = " ".join(running_name(service) for service in running)
        warning = warning_of_stop([service for service in running if service.was_removed])
        yield NextStep("Stop the old containers", f"{client} stop {names}", warning)


def _start_again(
    title: str, lasting: list[Service], client: str = "docker"
) -> Iterator[NextStep]:
    names = " ".join(running_name(service) for service in lasting)
    if names:
        yield NextStep(title, f"{client} start {names}")


def _remove_containers(names: list[str], client: str = "docker") -> Iterator[NextStep]:
    if names:
        line = f"{client} rm {' '.join(names)}"
        yield NextStep("Remove the old containers", line, _DELETES)


def _remember_nameless(old: list[Service], client: str = "docker") -> Iterator[NextStep]:
    for service in old:
        if not service.container_name:
            line = f"{running_name(service)[1:]}={old_container(service, client=client)}"
            yield NextStep(f"Remember the container of {service.name}", line)


def _docker(command: str, names: list[str]) -> str:
    return f"docker {command} {' '.join(names)}"


def _keep_down(old: list[Service]) -> Iterator[NextStep]:
    """A container that is always restarted would come back with the engine, beside the new one."""
    return _with_restart(old, "no", "Keep {which} from starting with the engine")


def _held_up_again(old: list[Service]) -> Iterator[NextStep]:
    return _with_restart(old, "always", "Let {which} start with the engine again")


def _with_restart(old: list[Service], policy: str, title: str) -> Iterator[NextStep]:
    names = [running_name(service) for service in old if service.restart == "always"]
    if names:
        which = "those that always restart" if len(names) < len(old) else "them"
        yield NextStep(
            title.format(which=which), _docker(f"update --restart {policy}", names)
        )


def _rename(named: list[Service], title: str, set_aside: bool) -> Iterator[NextStep]:
    pairs = [(service.container_name or "", _aside(service)) for service in named]
    ordered = pairs if set_aside else [(old_name, name) for name, old_name in pairs]
    lines = [f"docker rename {old} {new}" for old, new in ordered]
    if lines:
        yield NextStep(title, " && ".join(lines))


def _set_jobs_aside(stack: Stack) -> Iterator[NextStep]:
    """Containers of jobs are there still, unless they were started with --rm."""
    for service in stack.services:
        name = service.container_name
        if service.role is Role.JOB and name:
            line = f"docker rename {name} {name}-before || true"
            yield NextStep(f"The same for the job {service.name}, if it exists", line)


def _remove_networks(networks: list[Network]) -> Iterator[NextStep]:
    if networks:
        names = [name_in_shell(network) for network in networks]
        those = "networks" if len(names) > 1 else "network"
        title = f"Remove the old {those}, whose name or subnet the new one takes"
        yield NextStep(title, _docker("network rm", names))


def _remove_left_networks(stack: Stack) -> Iterator[NextStep]:
    """The networks of the source that the stack has another one for: nothing uses them any more."""
    left = [
        name_in_shell(network)
        for network in stack.networks
        if network.origin and not network.external and not _is_in_the_way(network)
    ]
    if left:
        those = "networks" if len(left) > 1 else "network"
        yield NextStep(f"Remove the old {those}", _docker("network rm", left))


def _make_networks(networks: list[Network], old: list[Service]) -> Iterator[NextStep]:
    """The networks again; a container remembers the id of the one that it was on, and has to be told the new one."""
    for network in networks:
        name = name_in_shell(network)
        options = creation_options(network)
        title = f"Create the network {name} again"
        yield NextStep(title, f"docker network create {options}{options and ' '}{name}")
        for service in old:
            for attachment in service.networks:
                if attachment.network == network.name:
                    container = _aside(service)
                    line = reconnection(name, container, attachment)
                    yield NextStep(f"Attach {container} to it", line)


def _copies(stack: Stack, old: list[Service], client: str = "docker") -> Iterator[NextStep]:
    """The data that lie in the old containers, or on their volumes without a name, go to the new volumes."""
    for service, mount in mounts_to_fill(stack, old):
        path = old_path(service, mount.target)
        volume = f"{stack.name}_{mount.source}"
        container = _aside(service) if client == "docker" else running_name(service)
        line = copy_command(container, path, volume, client)
        yield NextStep(f"Copy the data of {service.name} in {path}", line)
