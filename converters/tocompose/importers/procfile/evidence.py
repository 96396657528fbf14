"""What a repository gives away of the services that its app needs: libraries, variables, commands, configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from tocompose.importers.procfile.addons import read_requests
from tocompose.importers.procfile.app_json import AppJson, required_names
from tocompose.importers.procfile.encryption import encrypts
from tocompose.importers.procfile.environment import EXAMPLES
from tocompose.importers.procfile.host_port_variables import engine_variable
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.scan import CodeScan
from tocompose.knowledge.servers import family_kinds, server_family, servers
from tocompose.languages import language_rows, read_libraries, read_libraries_of
from tocompose.languages.language import Library
from tocompose.readers.dotenv import read_dotenv
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Leaf, Span
from tocompose.tables import Row

# Files that developers keep beside `.env`: they show which variables the app reads, and nothing is taken from them.
_FILES_BESIDE = (
    ".env.development",
    ".env.docker",
    ".env.production",
    ".env.local.example",
    ".env.production.example",
)
_SMTP_VARIABLES = ("MAIL_HOST", "EMAIL_HOST", "MAILER_URL")


class Clue(NamedTuple):
    """One piece of evidence in words; `variable` is the name it gives, where it gives one."""

    description: str
    span: Span | None = None
    variable: str = ""


class _Declaration(NamedTuple):
    """A variable that a file outside the code names; `sample` is its value there, empty for none."""

    name: str
    span: Span
    sample: str


class ServiceEvidence(NamedTuple):
    """Everything that may point to a service; `samples` are the values that names have in examples or in the code.

    `encrypted` are the kinds of server that speak TLS, since the code demands it.
    """

    names: dict[str, Clue]
    samples: dict[str, str]
    libraries: tuple[Library, ...]
    processes: tuple[Process, ...]
    review_addons: tuple[str, ...]
    files: dict[str, str]
    adapters: dict[str, Span]
    has_sqlite: bool
    encrypted: frozenset[str]

    @property
    def search_engine(self) -> str:
        """The search engine whose client the app uses; empty when none, or both."""
        kinds = [kind for kind in family_kinds("search") if self.find_driver(kind)]
        return kinds[0] if len(kinds) == 1 else ""

    @property
    def sends_by_smtp(self) -> bool:
        """Whether a variable of the app names an SMTP server."""
        return any("SMTP" in name or name in _SMTP_VARIABLES for name in self.names)

    @property
    def all_samples(self) -> dict[str, str]:
        """Every name with its sample value, or an empty one."""
        return {name: self.samples.get(name, "") for name in self.names}

    def uses(self, *names: str) -> bool:
        """Whether the app declares one of the libraries, of whatever language."""
        return any(library.name in names for library in self.libraries)

    def find_driver(self, kind: str) -> Library | None:
        """The library by which the app speaks to a service of that kind."""
        drivers = servers()[kind].get("drivers", {})
        for library in self.libraries:
            if library.name in drivers.get(library.language, ()):
                return library
        return None

    def find_orm(self, language: str) -> Library | None:
        """The library of a language that keeps the app's data in an SQL server."""
        names = language_rows()[language].get("orms", ())
        for library in self.libraries:
            if library.language == language and library.name in names:
                return library
        return None

    def statements(self, kind: str) -> Iterator[Clue]:
        """Where the repository says outright that its SQL server is of a kind: a variable, an address, an adapter."""
        name = engine_variable(kind, self.all_samples) or self._name_with_address(kind)
        if name:
            span = self.names[name].span
            file = span.file if span else "the environment"
            yield Clue(f"{name} names {kind} in {file}", span, name)
        if kind in self.adapters:
            span = self.adapters[kind]
            yield Clue(f"{span.file} names its adapter", span)

    def _name_with_address(self, kind: str) -> str:
        """The first name whose sample is an address that means this kind and no other."""
        schemes = servers()[kind].get("schemes", ())
        for name, sample in self.samples.items():
            has_address = "://" in sample and _bare_scheme(sample) in schemes
            if has_address and name in self.names:
                return name
        return ""

    def rules_out(self, kind: str) -> bool:
        """Whether the repository says outright that its SQL server is of another kind, and nothing of this one."""
        if kind not in family_kinds("sql") or any(self.statements(kind)):
            return False
        other_kinds = server_family(kind) & inferable_servers().keys() - {kind}
        return any(any(self.statements(other_kind)) for other_kind in other_kinds)


def used_libraries(repository: Repository, language: str) -> tuple[Library, ...]:
    """The libraries that are declared for the app's language, or for one of which the repository holds code."""
    endings = {PurePosixPath(path).suffix for path in repository.project.files()}
    libraries = read_libraries(repository)
    # Code may import by address, with no file that declares anything.
    if language and language_rows()[language].get("without_manifest"):
        libraries = (*libraries, *read_libraries_of(repository, language))
    return tuple(
        library
        for library in dict.fromkeys(libraries)
        if library.language == language
        or not endings.isdisjoint(language_rows()[library.language].get("sources", ()))
    )


def collect_evidence(
    repository: Repository,
    processes: tuple[Process, ...],
    libraries: tuple[Library, ...],
    code: CodeScan,
    app: AppJson,
) -> ServiceEvidence:
    """The evidence of a repository."""
    names = {
        name: Clue(f"the code reads {name}", span, name)
        for name, span in code.variables.items()
    }
    samples: dict[str, str] = {}
    required = required_names(app)
    for name, span, sample in _read_declarations(repository, app):
        verb = "sets" if sample else "requires" if name in required else "names"
        names[name] = Clue(f"{span.file} {verb} {name}", span, name)
        if sample:
            samples.setdefault(name, sample)
    return ServiceEvidence(
        names=names,
        samples={**code.defaults, **samples},
        libraries=libraries,
        processes=processes,
        review_addons=tuple(
            request.name for request in read_requests(app.review.at("addons"))
        ),
        files={
            path: repository.read_text(path) or ""
            for row in servers().values()
            for path in row.get("files", {})
        },
        adapters=code.adapters,
        has_sqlite=any(occurrence.name == "settings" for occurrence in code.sqlite),
        encrypted=frozenset(kind for kind in servers() if encrypts(kind, code.tls)),
    )


def inferable_servers() -> dict[str, Row]:
    """The kinds of server that an app can be seen to need, without being told."""
    return {kind: row for kind, row in servers().items() if "variables" in row}


def scheme_fits(row: Row, sample: str) -> bool:
    """Whether a sample value is no address, or one of this kind of service."""
    schemes = (*row.get("schemes", ()), *row.get("shared_schemes", ()))
    return not schemes or "://" not in sample or _bare_scheme(sample) in schemes


def _bare_scheme(sample: str) -> str:
    """The scheme of an address without the driver that it names: `postgresql` of `jdbc:postgresql+asyncpg://`."""
    scheme = sample.partition("://")[0]
    return scheme.removeprefix("jdbc:").partition("+")[0].lower()


def _read_declarations(repository: Repository, app: AppJson) -> Iterator[_Declaration]:
    """The names in `.env`, app.json, and the examples, with their values: what the app is told from outside."""
    for path in (".env", *EXAMPLES, *_FILES_BESIDE):
        content = repository.project.read(path) or b""
        if content.lstrip().startswith(b"{"):
            continue
        for child in read_dotenv(content, path).tree.children:
            sample = child.node.text if isinstance(child.node, Leaf) else ""
            yield _Declaration(str(child.key), child.span, sample)
    for variable in app.at("env"):
        is_leaf = variable.kind == "leaf"
        value = variable.peek() if is_leaf else variable.peek("value")
        yield _Declaration(variable.key, variable.span, value or "")
