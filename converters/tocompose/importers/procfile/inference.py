"""Services that no add-on declares, on double evidence; on a single hint a note with the line to add."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile import addons
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.backing import Backing, Request, make, rows
from tocompose.importers.procfile.dependencies import Dependency
from tocompose.importers.procfile.environment import EXAMPLES
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.scan import Scan
from tocompose.patterns import regex
from tocompose.readers.dotenv import read_dotenv
from tocompose.record import replace
from tocompose.source import Span
from tocompose.tables import Row, load, table

_MIGRATES = regex(
    r"\bmigrat|db:(?:prepare|setup|schema)|prisma\s+(?:db push|migrate)|alembic|flyway|liquibase|syncdb|ecto\."
)
_SQL = ("postgres", "mysql", "mariadb")
_ADDON = {"postgres": "heroku-postgresql", "redis": "heroku-redis", "mysql": "jawsdb", "mariadb": "jawsdb-maria"} | {
    "mongo": "ormongo",
    "rabbitmq": "cloudamqp",
    "elasticsearch": "bonsai",
    "opensearch": "opensearch",
    "memcached": "memcachier",
    "kafka": "heroku-kafka",
}


class Clue(NamedTuple):
    """One piece of evidence in words; `variable` is the name it gives, where it gives one."""

    words: str
    span: Span | None = None
    variable: str = ""


class Clues(NamedTuple):
    """Everything that may point to a service."""

    names: dict[str, Clue]
    libraries: tuple[Dependency, ...]
    processes: tuple[Process, ...]
    review: tuple[str, ...]
    files: dict[str, str]

    @classmethod
    def of(
        cls,
        repository: Repository,
        processes: tuple[Process, ...],
        libraries: tuple[Dependency, ...],
        found: Scan,
        app: AppJson,
    ) -> Clues:
        """The clues of a repository."""
        names = {name: Clue(f"the code reads {name}", span, name) for name, span in found.variables.items()}
        names |= {name: Clue(f"{path} sets {name}", span, name) for name, path, span in _declared(repository, app)}
        review = tuple(item.name for item in addons.wanted(app.review.at("addons")))
        files = {path: repository.text(path) or "" for row in _evidence().values() for path in row.get("files", {})}
        return cls(names, libraries, processes, review, files)

    @property
    def search(self) -> str:
        """The search engine whose client the app uses; empty when none, or both."""
        kinds = {kind for kind in ("elasticsearch", "opensearch") if self.driver(kind)}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def smtp(self) -> bool:
        """Whether a variable of the app names an SMTP server."""
        return any("SMTP" in name or name in ("MAIL_HOST", "EMAIL_HOST", "MAILER_URL") for name in self.names)

    def driver(self, kind: str) -> Dependency | None:
        """The library by which the app speaks to a service of that kind."""
        wanted = {(language, name) for language, names in load("drivers")[kind].items() for name in names}
        return next((item for item in self.libraries if (item.language, item.name) in wanted), None)


def _evidence() -> dict[str, Row]:
    optional = {"sql", "processes", "files"}
    return dict(table("evidence", required={"variables", "sets"}, optional=optional))


def _declared(repository: Repository, app: AppJson) -> Iterator[tuple[str, str, Span]]:
    """The names in `.env`, its examples and app.json: what the app is told from outside."""
    for path in (".env", *EXAMPLES):
        content = repository.project.read(path)
        if content is not None:
            for child in read_dotenv(content, path).tree.children:
                yield str(child.key), path, child.span
    for item in app.at("env"):
        yield item.key, "app.json", item.span


def infer(repository: Repository, clues: Clues, provided: addons.Provided, taken: set[str]) -> tuple[Backing, ...]:
    """The services with at least two independent clues; the others are noted."""
    present = {item.kind for item in provided.backings}
    if present & set(_SQL):
        present |= set(_SQL)
    if present & {"elasticsearch", "opensearch"}:
        present |= {"elasticsearch", "opensearch"}
    given = {name for item in provided.backings for name, _ in item.variables}
    found = []
    for kind, row in _evidence().items():
        if kind in present:
            continue
        evidence = list(_clues(clues, kind, row))
        if len(evidence) > 1:
            found.append(_add(repository, clues, kind, row, evidence, given, taken))
            present |= set(_SQL) if row.get("sql") else {kind}
        elif evidence:
            _hint(repository, kind, row, evidence[0])
    _celery(repository, clues, present | {item.kind for item in found})
    return tuple(found)


def _clues(clues: Clues, kind: str, row: Row) -> Iterator[Clue]:
    """The independent clues: a driver, a variable, a program that needs it, a configuration file, a migration."""
    driver = clues.driver(kind)
    if driver:
        yield Clue(f"{driver.file} names {driver.name}")
    named = [clue for name, clue in clues.names.items() if any(re.fullmatch(item, name) for item in row["variables"])]
    only_sql = not row.get("sql") or driver is not None
    if named and only_sql:
        yield named[0]
    for words in _needed_by(clues, row):
        yield Clue(words)
        break
    for path, pattern in row.get("files", {}).items():
        if re.search(pattern, clues.files.get(path, "")):
            yield Clue(f"{path} names its adapter")
    if driver and row.get("sql") and not _other_sql(clues, kind):
        yield from _migrations(clues)
    if kind in {
        str(addons.rows()[name]["service"]) for name in clues.review if "service" in addons.rows().get(name, {})
    }:
        yield Clue("app.json asks for it in its review environment")


def _needed_by(clues: Clues, row: Row) -> Iterator[str]:
    for word in row.get("processes", ()):
        library = next((item for item in clues.libraries if item.name == word), None)
        if "[" in word and library:
            program = word.partition("[")[0]
            user = next((item.type for item in clues.processes if re.search(rf"\b{program}\b", item.text)), "")
            yield f"{user} runs {program}" if user else f"{library.file} names it as the broker"
        for process in clues.processes:
            if "[" not in word and re.search(rf"(?:^|[\s/:]){re.escape(word)}(?![\w.-])", process.text):
                yield f"{process.type} runs {word}"


def _other_sql(clues: Clues, kind: str) -> bool:
    return any(clues.driver(other) for other in ("postgres", "mysql") if other != kind)


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
    evidence: list[Clue],
    given: set[str],
    taken: set[str],
) -> Backing:
    named = [name for name in clues.names if any(re.fullmatch(item, name) for item in row["variables"])]
    variables = [name for name in named if name not in given] or [row["sets"]]
    span = next((clue.span for clue in evidence if clue.span), None)
    backing = make(repository, Request(kind, kind.upper(), dict.fromkeys(variables, "url"), "", span), taken)
    words = " and ".join(clue.words for clue in evidence[:3])
    facts = {"service": backing.service.name, "image": backing.service.image, "variable": variables[0]}
    repository.say("TC401", span, subject=f"services.{backing.service.name}", evidence=words, **facts)
    return backing


def _hint(repository: Repository, kind: str, row: Row, clue: Clue) -> None:
    facts = {"title": rows()[kind]["title"], "evidence": clue.words, "addon": _ADDON[kind]}
    repository.say("TC402", clue.span, variable=clue.variable or row["sets"], **facts)


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
    image = template.replace("<major>", major[1] if major else "17")
    facts = {"service": item.service.name, "image": image, "extension": name}
    repository.say("TC413", span, subject=f"services.{item.service.name}.image", **facts)
    return item._replace(service=replace(item.service, image=image))
