"""The services that stand in for what a platform provides: databases, caches, queues, search engines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.procfile.environment import Entry, is_secret
from tocompose.importers.procfile.parts import Part
from tocompose.importers.procfile.parts import value as part_value
from tocompose.knowledge.images import ImageFacts, image_facts, role_of
from tocompose.knowledge.servers import server_facts, server_image, server_port, servers
from tocompose.model import (
    Dependency,
    Healthcheck,
    Mount,
    Service,
    Setting,
    Stop,
    Variable,
    Volume,
)
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.names import identifier, unique, variable_name
from tocompose.tables import Row

# A password that works at once and that nobody takes for a secret; see the note that comes with it.
DEVELOPMENT_PASSWORD = "change-me"
# In the tables: a variable that may stay empty, and one that the user must fill in.
OPTIONAL, REQUIRED = "-", "?"


class Request(NamedTuple):
    """A service that is wanted: its kind (a row of servers.yaml) and the variables that programs find it by.

    `variables` map a name to a template; `image` replaces the table's (an extension that its image lacks).
    """

    kind: str
    prefix: str
    variables: dict[str, str]
    version: str
    origin: Span | None
    image: str = ""


class Backing(NamedTuple):
    """A service, its volumes and its `.env` entries, and the variables (name, value) that the app gets from it."""

    kind: str
    service: Service
    volumes: tuple[Volume, ...]
    settings: tuple[Setting, ...]
    variables: tuple[tuple[str, str], ...]
    password: str = ""
    apart: tuple[str, ...] = ()

    def told(self, parts: Iterable[Part], samples: Mapping[str, str]) -> Backing:
        """The same, told to the app by the parts too; `apart` are their names, with those that stay without a value."""
        facts = {
            "<host>": self.service.name,
            "<password>": self.password,
            "<port>": server_port(self.kind),
        }
        known = {name for name, _ in self.variables}
        own = [part for part in parts if part.name not in known]
        values = [
            (part.name, _fill(part_value(self.kind, part, samples[part.name]), facts))
            for part in own
        ]
        given = tuple((name, text) for name, text in values if text)
        access = tuple(
            part.name
            for part in own
            if part.part in ("host", "port", "user", "password", "name")
        )
        return self._replace(variables=(*self.variables, *given), apart=access)

    def entries(self) -> tuple[Entry, ...]:
        """Its variables as the environment layer that outranks all that points to a local machine."""
        return tuple(self._entry(name, value) for name, value in self.variables)

    def _entry(self, name: str, value: str) -> Entry:
        source, origin = f"service {self.service.name}", self.service.origin
        if value != OPTIONAL:
            return Entry(name, value, None, (), source, origin)
        description = f"Not needed by the service {self.service.name}"
        setting = Setting(
            name=name, secret=is_secret(name), description=description, origin=origin
        )
        return Entry(name, None, setting, (), source, origin)


def make(repository: Repository, request: Request, taken: set[str]) -> Backing:
    """The service that a request comes to."""
    row = servers()[request.kind]
    image = request.image or server_image(request.kind, request.version)
    facts = image_facts(image) or server_facts(request.kind)
    name = unique(_name(request, taken), taken)
    password = f"${{{variable_name(name)}_PASSWORD:?}}"
    fills = {"<host>": name, "<password>": password, "<port>": server_port(request.kind)}
    environment = {
        key: _fill(value, fills) for key, value in row.get("environment", {}).items()
    }
    command = tuple(row["command"]) if "command" in row else None
    text = " ".join(command) if command else None
    paths = facts.data_paths(environment, text)
    volumes = tuple(_volumes(paths, name, request.origin))
    service = Service(
        name=name,
        image=image,
        command=command,
        environment=tuple(
            Variable(name=key, value=value) for key, value in environment.items()
        ),
        mounts=tuple(mount for mount, _ in volumes),
        healthcheck=_health(facts, environment, text),
        stop=Stop(grace_period=facts.grace),
        profiles=("dev",) if facts.tool else (),
        role=role_of(facts),
        options={"hostname": name} if facts.fixed_hostname else {},
        origin=request.origin,
    )
    settings = _settings(repository, row, name, request.origin)
    values = tuple(
        (key, _fill(row["url"] if value == "url" else value, fills))
        for key, value in request.variables.items()
    )
    return Backing(
        request.kind,
        service,
        tuple(volume for _, volume in volumes),
        settings,
        values,
        password,
    )


def address(kind: str, sample: str) -> str:
    """The template of the service's address, in the scheme of a sample (`postgresql+asyncpg://`, `jdbc:mysql://`)."""
    row = servers()[kind]
    url = str(row["url"])
    scheme, sign, rest = sample.strip().partition("://")
    if not sign or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.:-]*", scheme):
        return url
    _, _, place = url.partition("://")
    if scheme.startswith("jdbc:"):
        access, _, server = place.rpartition("@")
        user, _, password = access.partition(":")
        return f"{scheme}://{server}" + (
            f"?user={user}&password={password}" if user else ""
        )
    number = re.search(r"/(\d{1,2})$", rest) if row.get("numbered_databases") else None
    plain = row.get("plain_schemes", {}).get(scheme, scheme)
    return (
        f"{plain}://{place.removesuffix('/0')}/{number[1]}"
        if number
        else f"{plain}://{place}"
    )


def _name(request: Request, taken: set[str]) -> str:
    """The kind's own name for the first; for others the prefix that tells them apart."""
    if request.kind not in taken:
        return request.kind
    prefix = (
        identifier(request.prefix)
        .replace("_", "-")
        .removeprefix("heroku-")
        .replace("postgresql", "postgres")
    )
    return prefix if request.kind in prefix else f"{request.kind}-{prefix}"


def _volumes(
    paths: list[str], name: str, origin: Span | None
) -> Iterator[tuple[Mount, Volume]]:
    base = name.replace("-", "_")
    for path in paths:
        ending = "data" if path == paths[0] else path.rsplit("/", 1)[-1]
        volume = f"{base}_{ending}"
        yield (
            Mount(kind="volume", source=volume, target=path),
            Volume(name=volume, origin=origin),
        )


def _fill(text: str, facts: dict[str, str]) -> str:
    for mark, value in facts.items():
        text = text.replace(mark, value)
    return text


def _health(
    facts: ImageFacts, environment: Mapping[str, str], command: str | None
) -> Healthcheck | None:
    """The image's health command; None where none is known, or the image brings its own."""
    check = next(facts.usable_checks(environment, command), None)
    if check is None:
        return None
    numbers = facts.check_numbers(role_of(facts))
    return Healthcheck(
        test=check.test,
        start_period=check.start_period,
        interval=numbers["interval"],
        timeout=numbers["timeout"],
        retries=numbers["retries"],
    )


def _settings(
    repository: Repository, row: Row, name: str, origin: Span | None
) -> tuple[Setting, ...]:
    if "password" not in row:
        return ()
    variable = f"{variable_name(name)}_PASSWORD"
    repository.say(
        "TC411", origin, subject=f"settings.{variable}", name=variable, service=name
    )
    description = (
        f"Password of {row['title']} (service {name}). "
        "A default for development: change it before others can reach it."
    )
    # It has no origin: the source names the add-on there and no secret, and reports quote the line.
    return (
        Setting(
            name=variable,
            value=DEVELOPMENT_PASSWORD,
            secret=True,
            required=True,
            description=description,
        ),
    )


def dependencies(backings: tuple[Backing, ...]) -> tuple[Dependency, ...]:
    """What the app's services wait for: each service that has a healthcheck and is always there."""
    return tuple(
        Dependency(
            service=item.service.name,
            condition="service_healthy",
            origin=item.service.origin,
        )
        for item in backings
        if item.service.healthcheck and not item.service.profiles
    )
