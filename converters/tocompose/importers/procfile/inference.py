"""Services that no add-on declares, on double evidence; on a single hint a note with the line to add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from tocompose.importers.procfile.addons import (
    ProvidedAddons,
    addon_rows,
    keeps_remote,
    remote_variable,
    stated_values,
)
from tocompose.importers.procfile.backing import (
    Backing,
    BackingRequest,
    address_template,
    emptied_services,
    make_backing,
    old_address,
    state_of_new,
    when_workers_stop,
)
from tocompose.importers.procfile.database_names import stated_database
from tocompose.importers.procfile.evidence import (
    Clue,
    ServiceEvidence,
    inferable_servers,
    scheme_fits,
)
from tocompose.importers.procfile.host_port_variables import (
    PartialVariable,
    find_partial_variables,
    host_elsewhere,
    remote_host,
)
from tocompose.importers.procfile.scan import CodeScan
from tocompose.knowledge.servers import family_kinds, server_family, server_port
from tocompose.knowledge.versions import default_version
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row

MIGRATES = regex(
    r"\bmigrat|db:(?:prepare|setup|schema)|prisma\s+(?:db push|migrate)|alembic|flyway|liquibase|syncdb|ecto\."
)
# What reads DATABASE_URL, or the variables that the JVM buildpack derives from it, without naming them.
_READ_UNSEEN = frozenset(
    {
        "rails",
        "activerecord",
        "sinatra-activerecord",
        "sidekiq",
        "resque",
        "@prisma/client",
        "spring-boot-starter-data-jpa",
        "spring-boot-starter-jdbc",
    }
)
# What the JVM buildpack makes of DATABASE_URL (languages/java.py).
_DERIVED = ("JDBC_DATABASE_URL", "SPRING_DATASOURCE_URL")
_NOT_IN_USE = ("null", "none", "nil", "false")
_MIGRATING_KINDS = ("release", "postdeploy")


def infer_services(
    repository: Repository,
    evidence: ServiceEvidence,
    provided: ProvidedAddons,
    service_names: set[str],
) -> tuple[Backing, ...]:
    """The services with at least two independent clues; the others are noted."""
    kinds = _provided_kinds(provided)
    set_names = _variable_names(provided.backings)
    cases: dict[_Case, Backing] = {}
    for kind, row in inferable_servers().items():
        if kind in kinds or evidence.rules_out(kind):
            continue
        case = _Case(repository, evidence, kind, row)
        kind_clues = tuple(case.find_clues())
        if keeps_remote(repository) and case.note_remote():
            continue
        if len(kind_clues) > 1:
            cases[case] = case.make_service(kind_clues, set_names, service_names)
            kinds |= server_family(kind) if _is_sql(row) else {kind}
            set_names |= _variable_names([cases[case]])
        elif kind_clues:
            case.note_hint(kind_clues[0])
    if evidence.uses("celery") and kinds.isdisjoint(("redis", "rabbitmq")):
        repository.add_note("TC412")
    backings = tuple(cases.values())
    drained = when_workers_stop(emptied_services((*provided.backings, *backings)))
    for case, backing in cases.items():
        case.note_old_data(backing, drained)
    return backings


def _provided_kinds(provided: ProvidedAddons) -> set[str]:
    """The kinds of server that the add-ons stand for, with those of which the app uses one only."""
    kinds: set[str] = set()
    for kind in (*(backing.kind for backing in provided.backings), *provided.remote_kinds):
        kinds |= server_family(kind)
    return kinds


def _is_sql(row: Row) -> bool:
    return row.get("family") == "sql"


def _variable_names(backings: Iterable[Backing]) -> set[str]:
    return {name for backing in backings for name, _ in backing.variables}


class _Case:
    """The question whether the app needs a service of a kind."""

    def __init__(
        self, repository: Repository, evidence: ServiceEvidence, kind: str, row: Row
    ) -> None:
        self._repository = repository
        self._evidence = evidence
        self._kind = kind
        self._row = row
        self._is_sql = _is_sql(row)
        self._driver = evidence.find_driver(kind)
        self._statements = tuple(evidence.statements(kind))

    def find_clues(self) -> Iterator[Clue]:
        """The independent clues: a driver, a variable, a program that needs it, a configuration file, a migration."""
        statements = self._statements[:1] if self._is_sql else ()
        if self._driver:
            yield Clue(f"{self._driver.file} names {self._driver.name}")
        telling = next(self._telling_names(bool(self._driver or statements)), "")
        if telling:
            yield self._evidence.names[telling]
        for clue in statements:
            if not telling or clue.variable != telling:
                yield clue
        yield from map(Clue, islice(self._needing_programs(), 1))
        yield from self._file_clues()
        if self._is_sql:
            yield from self._sql_clues()
        if self._is_reviewed():
            yield Clue(f"app.json asks for {self._row['title']} for review apps")

    def _file_clues(self) -> Iterator[Clue]:
        for path, pattern in self._row.get("files", {}).items():
            if re.search(pattern, self._evidence.files.get(path, "")):
                yield Clue(f"{path} names its adapter")

    def _telling_names(self, is_sure: bool) -> Iterator[str]:
        """The names by which the app is told where the service is; `is_sure` says that something else points to it."""
        yield from self._address_names(is_sure)
        for variable in self._partial_variables() if is_sure else ():
            # A host alone counts beside a driver only; one whose sample is null is not in use.
            sample = self._evidence.samples.get(variable.name, "")
            if variable.role == "host" and sample.lower() not in _NOT_IN_USE:
                yield variable.name

    def _address_names(self, is_sure: bool) -> Iterator[str]:
        """The names that hold the whole address, unless their sample is the address of another kind of service."""
        for name in self._evidence.names:
            sample = self._evidence.samples.get(name, "")
            is_own = self._fits_column("variables", name) and (is_sure or not self._is_sql)
            is_shared = "://" in sample and self._fits_column("shared_variables", name)
            if (is_own or is_shared) and scheme_fits(self._row, sample):
                yield name

    def _fits_column(self, column: str, name: str) -> bool:
        return any(re.fullmatch(pattern, name) for pattern in self._row.get(column, ()))

    def _partial_variables(self) -> tuple[PartialVariable, ...]:
        samples = self._evidence.all_samples
        return find_partial_variables(self._kind, samples, self._is_sql)

    def _needing_programs(self) -> Iterator[str]:
        """The programs that need the service, in words."""
        programs = self._row.get("processes", ())
        for program in programs:
            if "[" in program:
                yield from self._broker_of(program)
        yield from self._processes_running(
            program for program in programs if "[" not in program
        )
        if self._driver and not self._evidence.find_driver("rabbitmq"):
            yield from self._processes_running(self._row.get("workers", ()))

    def _broker_of(self, library_name: str) -> Iterator[str]:
        """The library of a program with the extra that names the service as its broker: `celery[redis]`."""
        program = library_name.partition("[")[0]
        for library in self._evidence.libraries:
            if library.name != library_name:
                continue
            for process in self._evidence.processes:
                if re.search(rf"\b{program}\b", process.text):
                    yield f"{process.type} runs {program}"
            yield f"{library.file} names it as the broker"

    def _processes_running(self, programs: Iterable[str]) -> Iterator[str]:
        for program in programs:
            # The program itself, or a script that is named after it: `bin/sidekiq`, `./rq-run.sh`.
            name = re.escape(program)
            called = rf"(?:^|[\s/:]){name}(?![\w.-])|(?:^|[\s/_-]){name}[\w-]*\.sh\b"
            for process in self._evidence.processes:
                if re.search(called, process.text):
                    yield f"{process.type} runs {program}"

    def _sql_clues(self) -> Iterator[Clue]:
        """A migration, or a library that keeps the app's data in a server, beside the one driver."""
        other_kinds = server_family(self._kind) - {self._kind}
        if self._driver is None or any(
            self._evidence.find_driver(kind) for kind in other_kinds
        ):
            return
        yield from map(self._evidence.names.__getitem__, self._derived_names()[:1])
        for process in self._evidence.processes:
            if process.kind in _MIGRATING_KINDS and MIGRATES.search(process.text):
                yield Clue(f"{process.type} runs migrations", process.span)
                break
        orm = self._evidence.find_orm(self._driver.language)
        # The code that is there may say that its data lies in a file.
        keeps_file = self._evidence.has_sqlite and not self._statements
        if orm and not keeps_file:
            yield Clue(f"{orm.file} names {orm.name}, a program with a database")

    def _derived_names(self) -> list[str]:
        """What the code reads of the variables that a buildpack makes of the address."""
        return [name for name in _DERIVED if name in self._evidence.names]

    def _is_reviewed(self) -> bool:
        """Whether app.json's review environment has an add-on of the kind."""
        known_addons = addon_rows()
        return any(
            known_addons.get(name, {}).get("service") == self._kind
            for name in self._evidence.review_addons
        )

    def make_service(
        self, kind_clues: tuple[Clue, ...], set_names: set[str], service_names: set[str]
    ) -> Backing:
        """The service, told by the names that nothing else sets; a note says by what it was found."""
        names = [name for name in self._sure_names() if name not in set_names]
        partial = self._partial_variables()
        telling_names = names or ([] if partial else [self._row["sets"]])
        span = next((clue.span for clue in kind_clues if clue.span), None)
        backing = self._make_backing(telling_names, span, service_names)
        hosts = [variable.name for variable in partial if variable.role == "host"]
        variable = (telling_names or hosts)[0]
        self._note_service(backing, kind_clues, variable)
        if not any((names, partial, self._derived_names(), self._is_read_unseen())):
            self._note_unseen(backing, variable)
        return backing

    def _is_read_unseen(self) -> bool:
        return self._evidence.uses(*_READ_UNSEEN)

    def _note_service(
        self, backing: Backing, kind_clues: tuple[Clue, ...], variable: str
    ) -> None:
        service = backing.service
        self._repository.add_note(
            "TC401",
            backing.service.origin,
            subject=ModelPath.service(service.name),
            image=service.image,
            evidence="; ".join(clue.description for clue in kind_clues[:3]),
            service=service.name,
            variable=variable,
        )

    def note_old_data(self, backing: Backing, drained: str) -> None:
        """Says how data of the running app comes into the service, where there is a command for that."""
        # A server that `.env` names is told of with what it says: environment.without_served.
        if not backing.volumes or "move" not in self._row or self._remote_name():
            return
        service = backing.service
        address = next((name for name, value in backing.variables if "://" in value), "")
        self._repository.add_note(
            "TC819",
            service.origin,
            subject=ModelPath.service(service.name),
            service=service.name,
            state=state_of_new(self._kind, self._kind in self._evidence.encrypted),
            drained=drained,
            step=backing.moving_step(old_address(address)),
        )

    def _note_unseen(self, backing: Backing, variable: str) -> None:
        """Says that nothing shows by which name the app finds the service."""
        self._repository.add_note(
            "TC415",
            subject=ModelPath.service(backing.service.name),
            port=server_port(self._kind),
            service=backing.service.name,
            variable=variable,
        )

    def note_remote(self) -> bool:
        """Says that `.env` names a server elsewhere, which the app uses; False where it names none."""
        variable = self._remote_name()
        if variable:
            subject = ModelPath.of("settings", variable)
            self._repository.add_note(
                "TC853", subject=subject, name=self._row["title"], variable=variable
            )
        return bool(variable)

    def _remote_name(self) -> str:
        """The variable by which `.env` names a server elsewhere; empty where none does."""
        values = stated_values(self._repository)
        whole = remote_variable(self._repository, self._sure_names())
        return whole or remote_host(self._kind, values)

    def _sure_names(self) -> Iterator[str]:
        return self._address_names(bool(self._driver or self._statements))

    def _make_backing(
        self, names: list[str], span: Span | None, service_names: set[str]
    ) -> Backing:
        samples = self._evidence.samples
        scheme = self._driver_scheme()
        templates = {
            name: address_template(self._kind, samples.get(name) or scheme)
            for name in names
        }
        prefix = self._kind.upper()
        encrypted = self._kind in self._evidence.encrypted
        request = BackingRequest(self._kind, prefix, templates, "", span, encrypted)
        backing = make_backing(self._repository, request, service_names)
        return backing._replace(is_assumed=True)

    def _driver_scheme(self) -> str:
        """The scheme that the driver alone answers to, such as `mysql2://` for the gem; empty for the usual one."""
        if self._driver is None:
            return ""
        schemes = self._row.get("driver_schemes", {}).get(self._driver.language, {})
        scheme = schemes.get(self._driver.name, "")
        return f"{scheme}://" if scheme else ""

    def note_hint(self, clue: Clue) -> None:
        """Says that one clue alone points to the service, and which add-on would declare it."""
        server = host_elsewhere(self._kind, self._evidence.all_samples)
        evidence_text = clue.description
        if server:
            evidence_text = f"{evidence_text}, and {server} names a server elsewhere"
        self._repository.add_note(
            "TC402",
            clue.span,
            variable=clue.variable or self._row["sets"],
            title=self._row["title"],
            evidence=evidence_text,
            addon=self._row["addon"],
        )


def tell_in_parts(
    repository: Repository, evidence: ServiceEvidence, backings: tuple[Backing, ...]
) -> tuple[Backing, ...]:
    """The services, each told to the app also by the variables for its parts that the app shows: DB_HOST, DB_USER."""
    database = stated_database(repository)
    kinds = [backing.kind for backing in backings]
    is_sole = len(set(kinds).intersection(family_kinds("sql"))) < 2
    samples = evidence.all_samples
    result = []
    for index, backing in enumerate(backings):
        is_first = backing.kind not in kinds[:index]
        partial = find_partial_variables(backing.kind, samples, is_sole) if is_first else ()
        told = backing.tell_in_parts(partial, samples)
        if database and backing.kind in family_kinds("sql"):
            names = [variable.name for variable in partial if variable.role == "name"]
            told = told.with_database(database, names)
        result.append(told)
    return tuple(result)


def add_extension(repository: Repository, backing: Backing, code: CodeScan) -> Backing:
    """A PostgreSQL service in the image that has the extension which the code names."""
    if backing.kind != "postgres" or not code.extensions:
        return backing
    extension = code.extensions[0]
    service = backing.service
    major = re.search(r":(\d+)", service.image or "")
    version = major[1] if major else default_version("postgres")
    image = extension.value.replace("<major>", version)
    if "-alpine" not in (service.image or ""):
        image = image.removesuffix("-alpine")
    repository.add_note(
        "TC413",
        extension.span,
        subject=ModelPath.service(service.name, "image"),
        service=service.name,
        image=image,
        extension=extension.name,
    )
    return backing._replace(service=replace(service, image=image))
