"""The servers that the compose files of a folder start, and the variables that set them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tocompose.compose.documents import Places
from tocompose.compose.loading import find_compose_files, load_files
from tocompose.compose.read import stack_of
from tocompose.exporters.address_variables import AddressUse
from tocompose.knowledge.images import DATA_ROLES, ImageFacts, image_facts, role_of
from tocompose.knowledge.secrets.commands import (
    command_setting_name,
    service_command_secrets,
)
from tocompose.knowledge.secrets.names import names_password
from tocompose.model import Service, Stack
from tocompose.project import Folder
from tocompose.rules.programs import runs_client
from tocompose.rules.service_images import facts_of
from tocompose.stack_texts import services_by_variable
from tocompose.syntax.interpolation import apply_defaults, variables

# The kinds of images that keep their users in their data, from the first start on.
_KEEPING_KINDS = frozenset({"db", "queue", "search"})


def server_variables(folder: Path) -> frozenset[str]:
    """The variables from which a database, cache or queue of this folder's stack is set up."""
    return _variables_of(folder, lambda facts: role_of(facts) in DATA_ROLES)


def server_passwords(folder: Path) -> frozenset[str]:
    """The variables, whatever they are called, from which servers of this folder's stack take their passwords."""
    names: set[str] = set()
    for service in _stack_in(folder).services:
        if _is_server(service, lambda facts: role_of(facts) in DATA_ROLES):
            names.update(_own_passwords(service))
    return frozenset(names)


def _own_passwords(service: Service) -> Iterator[str]:
    """The variables that the server reads as a password: one of its image's, or an option of its command."""
    for text in (*_image_passwords(service), *_optional_passwords(service)):
        outermost = variables(text)
        if len(outermost) == 1 and outermost[0].source == text:
            yield outermost[0].name


def _image_passwords(service: Service) -> Iterator[str]:
    image = facts_of(service)
    if image is None:
        return
    for variable in service.environment:
        if image.is_secret(variable.name) and names_password(variable.name):
            yield variable.value or ""


def _optional_passwords(service: Service) -> Iterator[str]:
    for keys, secret in service_command_secrets(service):
        option = command_setting_name(service.name, secret.option)
        if keys == ("command",) and names_password(option):
            yield (service.command or ())[secret.word][secret.start : secret.end]


def database_variables(folder: Path) -> frozenset[str]:
    """The variables of the databases of this folder's stack, which take a password on their first start alone.

    RabbitMQ too keeps its users in a database: https://www.rabbitmq.com/docs/access-control#default-state
    """
    return _variables_of(folder, lambda facts: facts.kind in _KEEPING_KINDS)


def address_use(folder: Path) -> AddressUse:
    """The passwords of this folder's stack that are parts of addresses."""
    return AddressUse(_stack_in(folder))


def _stack_in(folder: Path) -> Stack:
    """What the compose files of a folder describe; nothing where there are none."""
    project = Folder(folder)
    compose_files = find_compose_files(project)
    if compose_files is None:
        return Stack(name="")
    loaded = load_files(project, compose_files.loaded)
    return stack_of(loaded.document, Places(loaded.files))


def _variables_of(folder: Path, is_wanted: Callable[[ImageFacts], bool]) -> frozenset[str]:
    """The variables that servers of such images use."""
    stack = _stack_in(folder)
    servers = {service.name for service in stack.services if _is_server(service, is_wanted)}
    users = services_by_variable(stack)
    return frozenset(name for name in users if not servers.isdisjoint(users[name]))


def _is_server(service: Service, is_wanted: Callable[[ImageFacts], bool]) -> bool:
    facts = image_facts(apply_defaults(service.image)) if service.image else None
    is_of_server = facts is not None and is_wanted(facts)
    # A job in the image of a database, as one with psql, needs the password of a server that runs elsewhere.
    return is_of_server and not runs_client(service)
