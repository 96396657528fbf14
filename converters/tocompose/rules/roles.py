"""SVC-CLASS: what each service is for, from its image, then its command, then its ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tocompose.knowledge.images import DATA_ROLES, ImageFacts, role_of, similar_facts
from tocompose.knowledge.servers import data_ports
from tocompose.model import Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    map_services,
    remark,
)
from tocompose.rules.endings import does_nothing, finishes, loops_forever, stays_idle
from tocompose.rules.programs import command_text, runs_client
from tocompose.rules.service_images import SameServices, facts_of

# Commands that set something up and end: a schema migration, a fixture load.
_ONE_SHOT = (
    r"(?:manage\.py|django-admin)\s+(?:migrate|collectstatic|createsuperuser|loaddata)\b"
    r"|\b(?:rails|rake)\s+(?:db:\w+|assets:precompile)|\balembic\s+upgrade\b|\bflask\s+db\s+upgrade\b"
    r"|\b(?:prisma|knex|sequelize|typeorm|drizzle-kit|node-pg-migrate)\s+\S*migrat|\bsequelize\s+db:"
    r"|\b(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:db:|db-)?(?:migrate|seed)\b|\bartisan\s+(?:migrate|db:seed)\b"
)
ROLE_TITLES = {
    Role.APP: "an application",
    Role.DATA: "a database",
    Role.CACHE: "a cache",
    Role.QUEUE: "a message queue",
    Role.PROXY: "a reverse proxy",
    Role.INFRA: "infrastructure",
    Role.JOB: "a job that ends",
    Role.TOOL: "a tool for developers",
}


def is_data(service: Service) -> bool:
    """Whether the service keeps data for others: a database, a cache, a queue."""
    return service.role in DATA_ROLES


def holds_only_data(service: Service, stack: Stack) -> bool:
    """Whether what is reached at the service keeps data: it does, and nothing else shares its network."""
    if not is_data(service):
        return False
    guest_modes = _modes_of_others(SameServices(stack.services))
    return f"service:{service.name}" not in guest_modes


# It is asked of each service in turn.
@lru_cache(maxsize=4)
def _modes_of_others(same: SameServices) -> frozenset[str | None]:
    """The network modes of the services that keep no data."""
    return frozenset(one.network_mode for one in same.services if not is_data(one))


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the role of each service told from what is known about it; a role given by the source stays."""
    return map_services(stack, _classify_service)


def _classify_service(service: Service) -> tuple[Service, Iterable[Note]]:
    if service.role is not Role.APP:
        return service, ()
    role, evidence = _tell_role(service)
    notes: list[Note] = []
    if evidence:
        notes = [remark("TC600", service, role=ROLE_TITLES[role], evidence=evidence)]
    elif role is Role.APP and _is_unknown(service):
        notes = [
            remark(
                "TC601", service, image=service.image, advice_text=_check_by_hand(service)
            )
        ]
    return replace(service, role=role), notes


def _check_by_hand(service: Service) -> str:
    """What to look at in a service of which nothing is known."""
    has_check = service.healthcheck is not None and not service.healthcheck.is_off
    stated = {"its volumes": bool(service.mounts), "its health check": has_check}
    stated_parts = [part for part, is_stated in stated.items() if is_stated]
    checked = f"Check {' and '.join(stated_parts)} by hand." if stated_parts else ""
    storing = "" if service.mounts else "If it stores data, give it a volume."
    return " ".join(filter(None, (checked, storing)))


def _is_unknown(service: Service) -> bool:
    """Whether nothing tells what the image is for: it is pulled, and not in the table."""
    pulled = bool(service.image) and service.build is None
    return pulled and facts_of(service) is None


def _tell_role(service: Service) -> tuple[Role, str]:
    """The role, and the evidence where it is a guess."""
    if runs_client(service):
        return Role.JOB, "it runs a client program, which ends"
    if loops_forever(service):
        return Role.APP, ""
    if _sets_up(service):
        return Role.JOB, "its command sets something up and ends"
    if _does_its_work(service):
        return Role.JOB, "its command ends by itself"
    if stays_idle(service):
        return Role.APP, ""
    if image := facts_of(service):
        goes_on = image.kind == "job" and _goes_on_by_image(service, image)
        return (Role.APP if goes_on else role_of(image)), ""
    similar = similar_facts(service.image) if service.image else None
    if similar is not None and similar.category == "data":
        return role_of(similar), f"its image is named after {similar.id}"
    return _role_by_ports(service)


def _role_by_ports(service: Service) -> tuple[Role, str]:
    targets = {port.target for port in service.ports} | set(service.expose)
    roles = {data_ports()[port] for port in targets & data_ports().keys()}
    if len(roles) == 1 and targets <= data_ports().keys():
        return roles.pop(), f"it listens on port {min(targets)}"
    return Role.APP, ""


def _sets_up(service: Service) -> bool:
    """Whether the last of its commands sets something up and ends."""
    command = command_text(service)
    if command is None or service.ports or service.restart in ("always", "unless-stopped"):
        return False
    last_command = re.split(r"&&|;|\|\|", command.rstrip("; "))[-1]
    return re.search(_ONE_SHOT, last_command) is not None


def _does_its_work(service: Service) -> bool:
    if service.ports or service.restart in ("always", "unless-stopped"):
        return False
    is_done = finishes(service) or _ends_by_image(service)
    return does_nothing(service) or (is_done and not stays_idle(service))


def _ends_by_image(service: Service) -> bool:
    """Whether the command is one that the image is known to end after, as `generate` of Synapse."""
    image = facts_of(service)
    if image is None or not image.ends or service.entrypoint:
        return False
    return re.fullmatch(image.ends, " ".join(service.command or ())) is not None


def _goes_on_by_image(service: Service, image: ImageFacts) -> bool:
    """Whether the tool of an image is told what it does not end after, as `mirror --watch` of mc."""
    if not image.ends or service.entrypoint or not service.command:
        return False
    return not _ends_by_image(service)


def _judge_role(startup: Startup, service: Service) -> Iterator[Verdict]:
    if not service.image or service.build is not None or not _keeps_something(service):
        return
    has_known_role = (
        service.role is not Role.APP or similar_facts(service.image) is not None
    )
    yield startup.verdict(
        service,
        "image",
        "M-01",
        has_known_role or not _is_unknown(service),
        "TC747",
        what="nothing is known about its image, and it has volumes",
        how=f"If it keeps data for other services, {_needed_of_data(service)}.",
    )


def _needed_of_data(service: Service) -> str:
    """What a service would need that it has not, if it kept data for others."""
    needs = ["keep its ports off the network"] if service.ports else []
    if service.healthcheck is None:
        needs.append("give it a health check")
    return " and ".join(needs) or "put it on a network with those services only"


def _keeps_something(service: Service) -> bool:
    return any(mount.kind == "volume" for mount in service.mounts)


RULE = Rule(
    id="SVC-CLASS",
    title="Recognize what each service is for",
    summary=(
        "Recognizes databases, caches, proxies, workers and jobs by their image, command and "
        "ports. The role decides which networks, limits and health checks a service gets."
    ),
    tells=("TC747",),
    severity="must",
    mend=apply,
    covers=("M-01",),
    examples=(
        Example(
            "services: {db: {image: 'postgres:16'}}",
            "services: {db: {image: 'postgres:16'}}",
        ),
    ),
    judge=judge_services(_judge_role),
    said_by={"TC747": ("TC600", "TC601")},
)
