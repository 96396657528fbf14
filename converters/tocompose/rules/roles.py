"""SVC-CLASS: what each service is for, from its image, then its command, then its ports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.knowledge.images import role_of, similar_facts
from tocompose.knowledge.servers import data_ports
from tocompose.model import Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import command_text, facts, idles, remark, runs_client

# Commands that set something up and end: a schema migration, a fixture load.
_ONE_SHOT = (
    r"(?:manage\.py|django-admin)\s+(?:migrate|collectstatic|createsuperuser|loaddata)\b"
    r"|\b(?:rails|rake)\s+(?:db:\w+|assets:precompile)|\balembic\s+upgrade\b|\bflask\s+db\s+upgrade\b"
    r"|\b(?:prisma|knex|sequelize|typeorm|drizzle-kit|node-pg-migrate)\s+\S*migrat|\bsequelize\s+db:"
    r"|\b(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:db:|db-)?(?:migrate|seed)\b|\bartisan\s+(?:migrate|db:seed)\b"
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the role of each service told from what is known about it; a role given by the source stays."""
    return each(stack, _classify)


def _classify(service: Service) -> tuple[Service, Iterable[Note]]:
    if service.role is not Role.APP:
        return service, ()
    role, evidence = _role(service)
    said: list[Note] = []
    if evidence:
        said = [remark("TC600", service, role=_WORDS[role], evidence=evidence)]
    elif (
        role is Role.APP
        and service.image
        and facts(service) is None
        and service.build is None
    ):
        said = [remark("TC601", service, image=service.image)]
    return replace(service, role=role), said


_WORDS = {
    Role.APP: "an application",
    Role.DATA: "a database",
    Role.CACHE: "a cache",
    Role.QUEUE: "a message queue",
    Role.PROXY: "a reverse proxy",
    Role.INFRA: "infrastructure",
    Role.JOB: "a job that ends",
    Role.TOOL: "a tool for developers",
}


def _role(service: Service) -> tuple[Role, str]:
    """The role, and the evidence where it is a guess."""
    if runs_client(service):
        return Role.JOB, "it runs a client program, which ends"
    if _ends(service):
        return Role.JOB, "its command sets something up and ends"
    if idles(service):
        return Role.APP, ""
    if known := facts(service):
        return role_of(known), ""
    named = similar_facts(service.image) if service.image else None
    if named is not None and named.category == "data":
        return role_of(named), f"its image is named after {named.id}"
    targets = {port.target for port in service.ports} | set(service.expose)
    roles = {data_ports().get(port) for port in targets}
    if len(roles) == 1 and (role := roles.pop()):
        return role, f"it listens on port {sorted(targets)[0]}"
    return Role.APP, ""


def _ends(service: Service) -> bool:
    command = command_text(service)
    if command is None or service.ports or service.restart in ("always", "unless-stopped"):
        return False
    return (
        re.search(_ONE_SHOT, re.split(r"&&|;|\|\|", command.rstrip("; "))[-1]) is not None
    )


PRACTICE = Practice(
    id="SVC-CLASS",
    title="Know what each service is for",
    severity="must",
    apply=apply,
    covers=("M-01",),
    examples=(
        Example(
            "services: {db: {image: 'postgres:16'}}",
            "services: {db: {image: 'postgres:16'}}",
        ),
    ),
)
