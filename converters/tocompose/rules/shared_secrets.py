"""Who is given the password of a service that keeps data: it logs in there, though no setting says where that is."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.secrets.names import names_password
from tocompose.model import Service, Stack
from tocompose.rules.endings import stays_idle
from tocompose.rules.evidence import SHARED, Evidence
from tocompose.rules.roles import is_data
from tocompose.syntax.interpolation import variable_names, variables


def shared_secrets(stack: Stack) -> Iterator[tuple[Service, Evidence]]:
    """The evidence that services need the data of which they get a password, by the service that gets it."""
    owners = _owners_of_passwords(stack)
    for service in stack.services if owners else ():
        if stays_idle(service):
            continue
        for variable in service.environment:
            for password in variable_names(variable.value or ""):
                owner = owners.get(password, service)
                if owner is not service:
                    evidence_text = f"{variable.name} is the password of {owner.name}"
                    yield (
                        service,
                        Evidence(owner.name, SHARED, evidence_text, variable.origin),
                    )


def _owners_of_passwords(stack: Stack) -> dict[str, Service]:
    """The service that keeps data by each variable that is its password, and that of no other such service."""
    owners: dict[str, Service] = {}
    disputed: set[str] = set()
    for service in filter(is_data, stack.services):
        for password in _passwords_of(service):
            if owners.setdefault(password, service) is not service:
                disputed.add(password)
    return {name: owner for name, owner in owners.items() if name not in disputed}


def _passwords_of(service: Service) -> Iterator[str]:
    """The variables of `.env` that are whole values of settings for a password."""
    for variable in service.environment:
        outermost = variables(variable.value or "")
        is_whole = len(outermost) == 1 and outermost[0].source == variable.value
        if is_whole and names_password(variable.name):
            yield outermost[0].name
