"""The services that stand in for what a platform provides: databases, caches, queues, search engines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tocompose.importers.procfile.environment import Entry, is_secret
from tocompose.importers.procfile.parts import Part
from tocompose.importers.procfile.parts import value as part_value
from tocompose.importers.procfile.repository import Repository
from tocompose.model import (
    Dependency,
    Healthcheck,
    Mount,
    Role,
    Service,
    Setting,
    Stop,
    Variable,
    Volume,
)
from tocompose.source import Span
from tocompose.tables import Row, table
from tocompose.values import identifier, unique, variable_name, whole

# A password that works at once and that nobody takes for a secret; see the note that comes with it.
DEVELOPMENT_PASSWORD = "change-me"
# In the tables: a variable that may stay empty, and one that the user must fill in.
OPTIONAL, REQUIRED = "-", "?"
_OPTIONAL = {
    *(
        "environment",
        "password",
        "volume",
        "volume_from",
        "volume_more",
        "health",
        "start_period",
        "stop",
        "timeout",
    ),
    *("command", "hostname", "profile"),
}


class Request(NamedTuple):
    """A service that is wanted: its kind (a row of backing.yaml) and the variables that programs find it by.

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
        facts = {"<host>": self.service.name, "<password>": self.password}
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


def rows() -> dict[str, Row]:
    """The kinds of service."""
    return dict(
        table(
            "backing",
            required={"title", "image", "tag", "role", "url", "port"},
            optional=_OPTIONAL,
        )
    )


def make(repository: Repository, request: Request, taken: set[str]) -> Backing:
    """The service that a request comes to."""
    row = rows()[request.kind]
    name = unique(_name(request, taken), taken)
    password = f"${{{variable_name(name)}_PASSWORD:?}}"
    facts = {"<host>": name, "<password>": password}
    volumes = tuple(_volumes(row, name, request))
    service = Service(
        name=name,
        image=image(row, request),
        command=tuple(row["command"]) if "command" in row else None,
        environment=tuple(
            _variable(key, value, facts)
            for key, value in row.get("environment", {}).items()
        ),
        mounts=tuple(mount for mount, _ in volumes),
        healthcheck=_health(row),
        stop=Stop(grace_period=row.get("stop")),
        profiles=(row["profile"],) if "profile" in row else (),
        role=Role(row["role"]),
        options={"hostname": name} if row.get("hostname") else {},
        origin=request.origin,
    )
    settings = _settings(repository, row, name, request.origin)
    values = tuple(
        (key, _fill(row["url"] if value == "url" else value, facts))
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
    url = str(rows()[kind]["url"])
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
    number = re.search(r"/(\d{1,2})$", rest) if kind == "redis" else None
    plain = {
        "rediss": "redis",
        "amqps": "amqp",
        "mongodb+srv": "mongodb",
        "https": "http",
    }.get(scheme, scheme)
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


def image(row: Row, request: Request) -> str:
    """The image: of the version that the source names, else the table's."""
    if request.image:
        return request.image
    return (
        row["tag"].replace("<version>", request.version)
        if request.version
        else str(row["image"])
    )


def _volumes(row: Row, name: str, request: Request) -> list[tuple[Mount, Volume]]:
    paths = [path for key in ("volume", "volume_more") if (path := row.get(key))]
    major = (
        image(row, request)
        .partition(":")[2]
        .partition(".")[0]
        .partition("-")[0]
        .removeprefix("pg")
    )
    for since, path in row.get("volume_from", {}).items():
        if whole(major) and int(major) >= int(since):
            paths[0] = path
    found = []
    for path in paths:
        base = name.replace("-", "_")
        volume = f"{base}_data" if path == paths[0] else f"{base}_{path.rsplit('/', 1)[-1]}"
        found.append(
            (
                Mount(kind="volume", source=volume, target=path),
                Volume(name=volume, origin=request.origin),
            )
        )
    return found


def _variable(key: str, value: str, facts: dict[str, str]) -> Variable:
    return Variable(name=key, value=_fill(value, facts))


def _fill(text: str, facts: dict[str, str]) -> str:
    for mark, value in facts.items():
        text = text.replace(mark, value)
    return text


def _health(row: Row) -> Healthcheck | None:
    if "health" not in row:
        return None
    return Healthcheck(
        test=tuple(row["health"]),
        interval="10s",
        timeout=row.get("timeout", "5s"),
        retries="5",
        start_period=row.get("start_period", "10s"),
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
