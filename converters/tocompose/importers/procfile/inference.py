"""Services that no add-on declares, on double evidence; on a single hint a note with the line to add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.importers.procfile import addons
from tocompose.importers.procfile.backing import Backing, Request, address, make
from tocompose.importers.procfile.clues import Clue, Clues, evidence, scheme_fits
from tocompose.importers.procfile.parts import elsewhere, parts
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.scan import Scan
from tocompose.knowledge.servers import family_kinds, server_family, server_port
from tocompose.knowledge.versions import default_version
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.tables import Row

_MIGRATES = regex(
    r"\bmigrat|db:(?:prepare|setup|schema)|prisma\s+(?:db push|migrate)|alembic|flyway|liquibase|syncdb|ecto\."
)
# What reads DATABASE_URL, or the variables that the JVM buildpack derives from it, without naming them.
_READ_UNSEEN = frozenset(
    {"rails", "activerecord", "sinatra-activerecord", "sidekiq", "resque", "@prisma/client"}
    | {"spring-boot-starter-data-jpa", "spring-boot-starter-jdbc"}
)


def infer(
    repository: Repository, clues: Clues, provided: addons.Provided, taken: set[str]
) -> tuple[Backing, ...]:
    """The services with at least two independent clues; the others are noted."""
    present: set[str] = set()
    for item in provided.backings:
        present |= server_family(item.kind)
    given = {name for item in provided.backings for name, _ in item.variables}
    found: list[Backing] = []
    for kind, row in evidence().items():
        if kind in present or clues.ruled_out(kind):
            continue
        said = list(_clues(clues, kind, row))
        if len(said) > 1:
            found.append(_add(repository, clues, kind, row, said, given, taken))
            present |= server_family(kind) if _is_sql(row) else {kind}
            given |= {name for name, _ in found[-1].variables}
        elif said:
            _hint(repository, clues, kind, row, said[0])
    _celery(repository, clues, present)
    return tuple(found)


def _is_sql(row: Row) -> bool:
    return row.get("family") == "sql"


def _clues(clues: Clues, kind: str, row: Row) -> Iterator[Clue]:
    """The independent clues: a driver, a variable, a program that needs it, a configuration file, a migration."""
    driver = clues.driver(kind)
    chosen = list(clues.chosen(kind)) if _is_sql(row) else []
    if driver:
        yield Clue(f"{driver.file} names {driver.name}")
    told = _told(clues, kind, row, driver is not None or bool(chosen))
    if told:
        yield clues.names[told[0]]
    yield from (clue for clue in chosen[:1] if clue.variable not in told[:1])
    brokered = row.get("workers", ()) if driver and not clues.driver("rabbitmq") else ()
    for words in (*_needed_by(clues, row), *_runs(clues, brokered)):
        yield Clue(words)
        break
    for path, pattern in row.get("files", {}).items():
        if re.search(pattern, clues.files.get(path, "")):
            yield Clue(f"{path} names its adapter")
    if driver and _is_sql(row) and not _other_sql(clues, kind):
        yield from _migrations(clues)
        orm = clues.orm(driver.language)
        # The code that is there says that its data lies in a file.
        if orm and not (clues.sqlite and not chosen):
            yield Clue(f"{orm.file} names {orm.name}, which keeps its data there")
    if kind in {
        str(addons.rows()[name]["service"])
        for name in clues.review
        if "service" in addons.rows().get(name, {})
    }:
        yield Clue("app.json asks for it in its review environment")


def _told(clues: Clues, kind: str, row: Row, sure: bool) -> list[str]:
    """The names by which the app is told where the service is; `sure` says that something else points to the kind."""
    return [*_addresses(clues, row, sure), *_hosts(clues, kind, row, sure)]


def _addresses(clues: Clues, row: Row, sure: bool) -> Iterator[str]:
    """The names that hold the whole address, unless their sample is the address of another kind of service."""
    for name in clues.names:
        sample = clues.samples.get(name, "")
        own = any(re.fullmatch(item, name) for item in row["variables"]) and (
            sure or not _is_sql(row)
        )
        shared = any(
            re.fullmatch(item, name) for item in row.get("shared_variables", ())
        ) and (sure or "://" in sample)
        if (own or (shared and "://" in sample)) and scheme_fits(row, sample):
            yield name


def _hosts(clues: Clues, kind: str, row: Row, sure: bool) -> Iterator[str]:
    """The names that hold a host alone, which count beside a driver only; one whose sample is null is not in use."""
    for item in parts(kind, clues.shown, _is_sql(row)) if sure else ():
        if item.part == "host" and clues.samples.get(item.name, "").lower() not in (
            "null",
            "none",
            "nil",
            "false",
        ):
            yield item.name


def _needed_by(clues: Clues, row: Row) -> Iterator[str]:
    for word in row.get("processes", ()):
        library = next((item for item in clues.libraries if item.name == word), None)
        if "[" in word and library:
            program = word.partition("[")[0]
            user = next(
                (
                    item.type
                    for item in clues.processes
                    if re.search(rf"\b{program}\b", item.text)
                ),
                "",
            )
            yield (
                f"{user} runs {program}"
                if user
                else f"{library.file} names it as the broker"
            )
    yield from _runs(clues, [word for word in row.get("processes", ()) if "[" not in word])


def _runs(clues: Clues, words: Iterable[str]) -> Iterator[str]:
    for word in words:
        # The program itself, or a script that is named after it: `bin/sidekiq`, `./rq-run.sh`.
        called = rf"(?:^|[\s/:]){re.escape(word)}(?![\w.-])|(?:^|[\s/_-]){re.escape(word)}[\w-]*\.sh\b"
        yield from (
            f"{item.type} runs {word}"
            for item in clues.processes
            if re.search(called, item.text)
        )


def _other_sql(clues: Clues, kind: str) -> bool:
    return any(clues.driver(other) for other in server_family(kind) - {kind})


def _migrations(clues: Clues) -> Iterator[Clue]:
    for process in clues.processes:
        if process.kind in ("release", "postdeploy") and _MIGRATES.search(process.text):
            yield Clue(f"{process.type} runs migrations", process.span)
            return


def _add(
    repository: Repository,
    clues: Clues,
    kind: str,
    row: Row,
    said: list[Clue],
    given: set[str],
    taken: set[str],
) -> Backing:
    sure = clues.driver(kind) is not None or any(clues.chosen(kind))
    named = [name for name in _addresses(clues, row, sure) if name not in given]
    apart = parts(kind, clues.shown, _is_sql(row))
    variables = named or ([] if apart else [row["sets"]])
    span = next((clue.span for clue in said if clue.span), None)
    templates = {name: address(kind, clues.samples.get(name, "")) for name in variables}
    backing = make(repository, Request(kind, kind.upper(), templates, "", span), taken)
    words = " and ".join(clue.words for clue in said[:3])
    subject = f"services.{backing.service.name}"
    facts = {"service": backing.service.name, "image": backing.service.image}
    told = (
        variables[0]
        if variables
        else next(item.name for item in apart if item.part == "host")
    )
    repository.say("TC401", span, subject=subject, evidence=words, variable=told, **facts)
    unseen = any(item.name in _READ_UNSEEN for item in clues.libraries)
    if not named and not apart and not unseen:
        repository.say(
            "TC415",
            None,
            subject=subject,
            variable=told,
            port=server_port(kind),
            service=facts["service"],
        )
    return backing


def _hint(repository: Repository, clues: Clues, kind: str, row: Row, clue: Clue) -> None:
    far = elsewhere(kind, clues.shown)
    words = f"{clue.words}, and {far} names a server elsewhere" if far else clue.words
    facts = {"title": row["title"], "evidence": words, "addon": row["addon"]}
    repository.say("TC402", clue.span, variable=clue.variable or row["sets"], **facts)


def in_parts(clues: Clues, backings: tuple[Backing, ...]) -> tuple[Backing, ...]:
    """The services, each told to the app also by the variables for its parts that the app shows: DB_HOST, DB_USER."""
    sole = len({item.kind for item in backings} & set(family_kinds("sql"))) < 2
    seen: set[str] = set()
    found = []
    for item in backings:
        told = parts(item.kind, clues.shown, sole) if item.kind not in seen else ()
        seen.add(item.kind)
        found.append(item.told(told, clues.shown))
    return tuple(found)


def _celery(repository: Repository, clues: Clues, present: set[str]) -> None:
    uses = any(item.name == "celery" for item in clues.libraries)
    if uses and not present & {"redis", "rabbitmq"}:
        repository.say("TC412", None)


def with_extensions(repository: Repository, item: Backing, found: Scan) -> Backing:
    """A PostgreSQL service in the image that has the extension which the code names."""
    if item.kind != "postgres" or not found.extensions:
        return item
    name, template, span = found.extensions[0]
    major = re.search(r":(\d+)", item.service.image or "")
    version = major[1] if major else default_version("postgres")
    image = template.replace("<major>", version)
    facts = {"service": item.service.name, "image": image, "extension": name}
    repository.say("TC413", span, subject=f"services.{item.service.name}.image", **facts)
    return item._replace(service=replace(item.service, image=image))
