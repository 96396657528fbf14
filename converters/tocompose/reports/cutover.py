"""The way from what runs now to the stack, and the way back: command lines with the names of the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.knowledge.image_conditions import conditions_hold
from tocompose.knowledge.images import image_facts
from tocompose.knowledge.old_containers import copy_command, old_container
from tocompose.model import Network, Role, Service, Stack
from tocompose.reports.inventory import data_stores_of
from tocompose.reports.json import NextStep, compose_command, start_steps
from tocompose.reports.report import Report
from tocompose.syntax.names import variable_name

_OF_CONTAINERS = ("docker_run", "engine")
# What is said where containers of the source do not run on this machine: what happens, how data move, the way back.
_ELSEWHERE = {
    "compose": (
        "`docker compose up -d` replaces the containers of this project; named volumes and folders of the host stay.",
        "If a note above says that data must be copied, copy it first, while the old containers still exist.",
        "To go back, start the old file with the Compose that it was written for.",
    ),
    "kubernetes": (
        "The cluster is not changed.",
        "The data on its volumes is not copied: stop what writes to them (`kubectl scale --replicas=0`), copy the data"
        " with `kubectl cp` to the volumes and folders in the table above, then start the stack.",
        "To go back, stop the stack and scale up again.",
    ),
    "procfile": (
        "The app on the platform keeps running until its domain points to this stack.",
        "The data of its add-ons is not copied: dump it there and restore it here before the domain is switched.",
        "To go back, point the domain at the platform again.",
    ),
}
_DATA_STAY = "Data written to the stack in the meantime stays in the stack."


class Cutover(NamedTuple):
    """The steps over, the steps back, the last one when all is well; for a source without containers a text."""

    steps_over: tuple[NextStep, ...] = ()
    steps_back: tuple[NextStep, ...] = ()
    cleaning: tuple[NextStep, ...] = ()
    text: str = ""


def cutover_of(report: Report) -> Cutover:
    """The way over for the stack of a report."""
    if report.importer not in _OF_CONTAINERS:
        return Cutover(text=_text_of_elsewhere(report))
    stack = report.stack
    old = _old_containers(stack)
    if not old:
        return Cutover()
    named = [service for service in old if service.container_name]
    networks = [network for network in stack.networks if _is_in_the_way(network)]
    base = report.files[0].path if report.files else "docker-compose.yml"
    running = [_running(service) for service in old]
    steps_over = (
        *_remember_nameless(old),
        NextStep("Stop the old containers", _docker("stop", running)),
        *_keep_down(old),
        *_rename(named, "Rename them, so that their names are free", set_aside=True),
        *_set_jobs_aside(stack),
        *_remove_networks(networks),
        NextStep(
            "Create the new containers and volumes without starting them",
            compose_command(base, "up --no-start"),
        ),
        *_copies(stack, old),
        *start_steps(stack, base),
        NextStep("Check that all services are running", compose_command(base, "ps --all")),
    )
    steps_back = (
        NextStep(
            "Stop and remove the stack; its volumes stay",
            compose_command(base, "down"),
            "What was written to new volumes since then is not in the old containers.",
        ),
        *_make_networks(networks, old),
        *_rename(named, "Give the old containers their names back", set_aside=False),
        *_held_up_again(old),
        NextStep("Start them", _docker("start", running)),
    )
    aside = [_aside(service) for service in old]
    warning = "This deletes data inside the containers that is not in named volumes or host folders."
    cleaning = (NextStep("Remove the old containers", _docker("rm", aside), warning),)
    return Cutover(steps_over, steps_back, cleaning)


def _text_of_elsewhere(report: Report) -> str:
    """The way over and back where the source runs elsewhere; of data only where the stack keeps some."""
    if report.importer not in _ELSEWHERE:
        return ""
    what_happens, how_data_move, way_back = _ELSEWHERE[report.importer]
    keeps_data = any(
        data_store.kind == "volume" or data_store.name.startswith("/")
        for data_store in data_stores_of(report.stack)
    )
    data_sentences = (how_data_move, way_back, _DATA_STAY) if keeps_data else (way_back,)
    return " ".join((what_happens, *data_sentences))


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
    """Whether a network of that name is there already, which docker compose refuses to take over."""
    return bool(network.engine_name) and not network.external


def _running(service: Service) -> str:
    """The old container in a command line: its name, or the variable that holds its id."""
    return service.container_name or f"$OLD_{variable_name(service.name).upper()}"


def _aside(service: Service) -> str:
    name = service.container_name
    return f"{name}-before" if name else _running(service)


def _remember_nameless(old: list[Service]) -> Iterator[NextStep]:
    for service in old:
        if not service.container_name:
            line = f"{_running(service)[1:]}={old_container(service)}"
            yield NextStep(f"Remember the container of {service.name}", line)


def _docker(command: str, names: list[str]) -> str:
    return f"docker {command} {' '.join(names)}"


def _keep_down(old: list[Service]) -> Iterator[NextStep]:
    """A container that is always restarted would come back with the engine, beside the new one."""
    names = [_running(service) for service in old if service.restart == "always"]
    if names:
        line = _docker("update --restart no", names)
        yield NextStep("Keep them from starting with the engine", line)


def _held_up_again(old: list[Service]) -> Iterator[NextStep]:
    names = [_running(service) for service in old if service.restart == "always"]
    if names:
        line = _docker("update --restart always", names)
        yield NextStep("Let them start with the engine again", line)


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
        names = [network.engine_name or network.name for network in networks]
        title = "Remove the old network; docker compose creates it again under this name"
        yield NextStep(title, _docker("network rm", names))


def _make_networks(networks: list[Network], old: list[Service]) -> Iterator[NextStep]:
    """The networks again; a container remembers the id of the one that it was on, and has to be told the new one."""
    for network in networks:
        name = network.engine_name or network.name
        title = f"Create the network {name} again, with its old options"
        yield NextStep(title, f"docker network create {name}")
        for service in old:
            for attachment in service.networks:
                if attachment.network == network.name:
                    container = _aside(service)
                    aliases = "".join(f"--alias {word} " for word in attachment.aliases)
                    line = (
                        f"docker network disconnect {name} {container}"
                        f" && docker network connect {aliases}{name} {container}"
                    )
                    yield NextStep(f"Attach {container} to it", line)


def _copies(stack: Stack, old: list[Service]) -> Iterator[NextStep]:
    """The data that lie in the old containers, or on their volumes without a name, go to the new volumes."""
    new_volumes = {
        volume.name
        for volume in stack.volumes
        if not volume.external and not volume.engine_name
    }
    for service in old:
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source in new_volumes:
                path = _old_path(service, mount.target)
                volume = f"{stack.name}_{mount.source}"
                line = copy_command(_aside(service), path, volume)
                yield NextStep(f"Copy the data of {service.name} in {path}", line)


def _old_path(service: Service, target: str) -> str:
    """Where the container kept what lies at the target now: the volume of some images is elsewhere."""
    facts = image_facts(service.image) if service.image else None
    for data in facts.data if facts else ():
        added = dict(data.settings)
        environment = {
            variable.name: variable.value
            for variable in service.environment
            if added.get(variable.name) != variable.value
        }
        command = " ".join(service.command or ()) or None
        if data.home == target and conditions_hold(data.when, environment, command):
            return data.path
    return target
