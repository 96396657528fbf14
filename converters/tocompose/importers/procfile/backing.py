"""The services that stand in for what a platform provides: databases, caches, queues, search engines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from tocompose.importers.procfile.environment import (
    AppVariable,
    demand_value,
    is_secret,
)
from tocompose.importers.procfile.host_port_variables import PartialVariable, value_template
from tocompose.knowledge.images import ImageFacts, image_facts, role_of
from tocompose.knowledge.servers import (
    DEVELOPMENT_PASSWORD,
    moving_step,
    server_facts,
    server_image,
    server_port,
    servers,
)
from tocompose.model import (
    Dependency,
    EnvSetting,
    EnvVariable,
    Healthcheck,
    Mount,
    Role,
    Service,
    Stop,
    Volume,
)
from tocompose.patterns import regex
from tocompose.record import NamedTuple, replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name, variable_name
from tocompose.tables import load
from tocompose.wording import enumerated

# In the tables: a variable that may stay empty, and one that the user must fill in.
OPTIONAL, REQUIRED = "-", "?"
_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.:-]*")
# How images of SQL servers call the database that they make.
_NAMES_DATABASE = regex(r"_(?:DB|DATABASE)$")
_DATABASE_NUMBER = regex(r"/(\d{1,2})$")


class BackingRequest(NamedTuple):
    """A service that is wanted: its kind (a row of servers.yaml) and the variables that programs find it by.

    `variables` map a name to a template; `encrypted` says that it is to speak TLS.
    """

    kind: str
    prefix: str
    variables: Mapping[str, str]
    version: str
    origin: Span | None
    encrypted: bool = False


class Backing(NamedTuple):
    """A service, its volumes and its `.env` entries, and the variables (name, value) that the app gets from it.

    `partial_variables` tell the app in parts where it is, those that stay without a value too. One that `is_assumed`
    was added on evidence: the source names no such server.
    """

    kind: str
    service: Service
    volumes: tuple[Volume, ...]
    settings: tuple[EnvSetting, ...]
    variables: tuple[tuple[str, str], ...]
    partial_variables: tuple[str, ...] = ()
    is_assumed: bool = False

    @property
    def source(self) -> str:
        """What states the variables that the app gets from it."""
        return f"service {self.service.name}"

    @property
    def is_emptied_first(self) -> bool:
        """Whether it is a queue whose messages nothing moves."""
        return self.service.role is Role.QUEUE and "unmoved" in servers()[self.kind]

    def moving_step(self, address: str) -> str:
        """What brings the data of a server elsewhere, whose address OLD_URL is to hold, into this one."""
        return moving_step(self.kind, self.service, address)

    def tell_in_parts(
        self, partial: Iterable[PartialVariable], samples: Mapping[str, str]
    ) -> Backing:
        """The same, told to the app by the partial variables too."""
        names = {name for name, _ in self.variables}
        added = [variable for variable in partial if variable.name not in names]
        values = []
        for variable in added:
            template = value_template(self.kind, variable, samples[variable.name])
            value = _fill_marks(template, _table_marks(self.kind, self.service.name))
            if value:
                values.append((variable.name, value))
        return self._replace(
            variables=(*self.variables, *values),
            partial_variables=tuple(
                variable.name for variable in added if variable.gives_access
            ),
        )

    def with_database(self, name: str, told_by: Collection[str]) -> Backing:
        """The same with a database of another name, where the app is told of it in parts alone, by some variables."""
        is_told_whole = any("://" in value for _, value in self.variables)
        if is_told_whole or not self.partial_variables:
            return self
        environment = tuple(
            replace(variable, value=name)
            if _NAMES_DATABASE.search(variable.name)
            else variable
            for variable in self.service.environment
        )
        variables = tuple(
            (variable, name if variable in told_by else value)
            for variable, value in self.variables
        )
        service = replace(self.service, environment=environment)
        return self._replace(service=service, variables=variables)

    def also_found_by(self, templates: Mapping[str, str]) -> Backing:
        """The same, found by further variables, whose values are made of templates."""
        values = _fill_values(templates, _table_marks(self.kind, self.service.name))
        return self._replace(variables=(*self.variables, *values.items()))

    def app_variables(self) -> Iterator[AppVariable]:
        """Its variables as the environment layer that outranks all that points to a local machine."""
        source, origin = self.source, self.service.origin
        for name, value in self.variables:
            if value != OPTIONAL:
                yield AppVariable(name, value, source, origin)
                continue
            setting = EnvSetting(
                name=name,
                secret=is_secret(name),
                description=f"Not needed by the service {self.service.name}",
                origin=origin,
            )
            yield AppVariable(name, None, source, origin, setting)


def state_of_new(kind: str, encrypted: bool) -> str:
    """What a server of the stack lacks that the platform's has: data, and TLS where apps are known to demand it."""
    rows = load("local")["tls"].values()
    demanded_of = {service for row in rows for service in row["services"]}
    is_plain = kind in demanded_of and not encrypted
    return "starts empty and speaks no TLS" if is_plain else "starts empty"


def make_backing(
    repository: Repository, request: BackingRequest, service_names: set[str]
) -> Backing:
    """The service that a request comes to."""
    row = servers()[request.kind]
    image = server_image(request.kind, request.version)
    command: tuple[str, ...] = tuple(row.get("command", ()))
    if request.encrypted:
        # The image on Debian has a certificate and a key of its own, that on Alpine has none.
        image = image.removesuffix(row["tls"]["without"])
        command = tuple(row["tls"]["command"])
    facts = image_facts(image) or server_facts(request.kind)
    name = unique_name(_choose_name(request, service_names), service_names)
    fills = _table_marks(request.kind, name)
    environment = _fill_values(row.get("environment", {}), fills)
    text = " ".join(command) or None
    paths = [data.path for data in facts.kept_data(environment, text, environment)]
    mounts = tuple(_data_mounts(paths, name))
    service = Service(
        name=name,
        image=image,
        command=command or None,
        environment=tuple(
            EnvVariable(name=key, value=value) for key, value in environment.items()
        ),
        mounts=mounts,
        healthcheck=_image_healthcheck(facts, environment, text),
        stop=Stop(grace_period=facts.grace),
        profiles=("dev",) if facts.tool else (),
        role=role_of(facts),
        options={"hostname": name} if facts.fixed_hostname else {},
        origin=request.origin,
    )
    return Backing(
        request.kind,
        service,
        tuple(Volume(name=mount.source or "", origin=request.origin) for mount in mounts),
        tuple(_password_settings(repository, request, name)),
        tuple(_fill_values(request.variables, fills).items()),
    )


def _table_marks(kind: str, name: str) -> dict[str, str]:
    """What stands for the marks of a table."""
    return {
        "<host>": name,
        "<password>": demand_value(_password_variable(name)),
        "<port>": server_port(kind),
    }


def _fill_marks(text: str, fills: Mapping[str, str]) -> str:
    for mark, value in fills.items():
        text = text.replace(mark, value)
    return text


def _fill_values(templates: Mapping[str, str], fills: Mapping[str, str]) -> dict[str, str]:
    return {name: _fill_marks(text, fills) for name, text in templates.items()}


def _password_variable(name: str) -> str:
    return f"{variable_name(name)}_PASSWORD"


def address_template(kind: str, sample: str = "") -> str:
    """The template of the service's address, in the scheme of a sample (`postgresql+asyncpg://`, `jdbc:mysql://`)."""
    row = servers()[kind]
    url = str(row["url"])
    scheme, sign, path = sample.strip().partition("://")
    if not sign or not _SCHEME.fullmatch(scheme):
        return url
    location = url.partition("://")[2]
    if scheme.startswith("jdbc:"):
        access, _, server = location.rpartition("@")
        user, _, password = access.partition(":")
        query = f"?user={user}&password={password}" if user else ""
        return f"{scheme}://{server}{query}"
    plain_scheme = row.get("plain_schemes", {}).get(scheme, scheme)
    number = _DATABASE_NUMBER.search(path)
    if number and row.get("numbered_databases"):
        return f"{plain_scheme}://{location.removesuffix('/0')}/{number[1]}"
    return f"{plain_scheme}://{location}"


def _choose_name(request: BackingRequest, service_names: set[str]) -> str:
    """The kind's own name for the first; for others the prefix that tells them apart."""
    if request.kind not in service_names:
        return request.kind
    prefix = identifier(request.prefix).replace("_", "-").removeprefix("heroku-")
    prefix = prefix.replace("postgresql", "postgres")
    return prefix if request.kind in prefix else f"{request.kind}-{prefix}"


def _data_mounts(paths: list[str], name: str) -> Iterator[Mount]:
    base = name.replace("-", "_")
    for path in paths:
        ending = "data" if path == paths[0] else path.rsplit("/", 1)[-1]
        yield Mount(kind="volume", source=f"{base}_{ending}", target=path)


def _image_healthcheck(
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


def _password_settings(
    repository: Repository, request: BackingRequest, name: str
) -> Iterator[EnvSetting]:
    row, variable = servers()[request.kind], _password_variable(name)
    if "password" not in row:
        return
    repository.add_note(
        "TC411",
        request.origin,
        subject=ModelPath.of("settings", variable),
        name=variable,
        service=name,
    )
    # It has no origin: the source names the add-on there and no secret, and reports quote the line.
    yield EnvSetting(
        name=variable,
        value=DEVELOPMENT_PASSWORD,
        secret=True,
        required=True,
        description=f"Password of {row['title']} (service {name}).",
    )


def dependencies_on(backings: Iterable[Backing]) -> Iterator[Dependency]:
    """What the app's services wait for: each service that has a healthcheck and is always there."""
    for backing in backings:
        service = backing.service
        if service.healthcheck and not service.profiles:
            yield Dependency(
                service=service.name,
                condition="service_healthy",
                evidence=_why_awaited(backing),
                origin=service.origin,
            )


def _why_awaited(backing: Backing) -> str:
    """Why the app waits for a service, in words: no source of a platform states an order."""
    names = list(dict.fromkeys(name for name, _ in backing.variables))
    if not names:
        return "it is the app's server"
    others = f" and {len(names) - 1} more" if names[1:] else ""
    return f"it is told where {backing.service.name} is by {names[0]}{others}"


def emptied_services(backings: Iterable[Backing]) -> Iterator[str]:
    """The names of the queues among them whose messages nothing moves."""
    return (backing.service.name for backing in backings if backing.is_emptied_first)


def when_workers_stop(queues: Iterable[str]) -> str:
    """When the workers may be stopped, where messages of these queues are not moved: they work on until then, and
    change the data that is copied next.
    """
    names = list(queues)
    if not names:
        return ""
    return f", for workers only when they have emptied the queues of {enumerated(names)}"


def old_address(variable: str) -> str:
    """What puts the address of the running app's server into OLD_URL; `variable` is empty where none holds it whole."""
    if not variable:
        return "set OLD_URL in your shell to the address of the running app's server"
    return f"set OLD_URL (`OLD_URL=$(heroku config:get {variable} -a APP)`)"
