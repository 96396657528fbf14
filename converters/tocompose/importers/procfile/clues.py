"""What a repository gives away of the services that its app needs: libraries, variables, commands, configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile import addons
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.environment import EXAMPLES
from tocompose.importers.procfile.parts import engine
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.scan import Scan
from tocompose.knowledge.servers import family_kinds, server_family, servers
from tocompose.languages import language_rows
from tocompose.languages.language import Library
from tocompose.readers.dotenv import read_dotenv
from tocompose.repository import Repository
from tocompose.source import Leaf, Span
from tocompose.tables import Row

# Files that developers keep beside `.env`: they show which variables the app reads, and nothing is taken from them.
_ASIDE = (
    ".env.development",
    ".env.docker",
    ".env.production",
    ".env.local.example",
    ".env.production.example",
)


class Clue(NamedTuple):
    """One piece of evidence in words; `variable` is the name it gives, where it gives one."""

    words: str
    span: Span | None = None
    variable: str = ""


class Clues(NamedTuple):
    """Everything that may point to a service; `samples` are the values that names have in examples or in the code."""

    names: dict[str, Clue]
    samples: dict[str, str]
    libraries: tuple[Library, ...]
    processes: tuple[Process, ...]
    review: tuple[str, ...]
    files: dict[str, str]
    adapters: dict[str, Span]
    sqlite: bool

    @classmethod
    def of(
        cls,
        repository: Repository,
        processes: tuple[Process, ...],
        libraries: tuple[Library, ...],
        found: Scan,
        app: AppJson,
    ) -> Clues:
        """The clues of a repository."""
        names = {
            name: Clue(f"the code reads {name}", span, name)
            for name, span in found.variables.items()
        }
        samples: dict[str, str] = {}
        for name, path, span, sample in _declared(repository, app):
            names[name] = Clue(f"{path} sets {name}", span, name)
            if sample:
                samples.setdefault(name, sample)
        review = tuple(item.name for item in addons.wanted(app.review.at("addons")))
        files = {
            path: repository.text(path) or ""
            for row in servers().values()
            for path in row.get("files", {})
        }
        values = {**found.defaults, **samples}
        return cls(
            names,
            values,
            libraries,
            processes,
            review,
            files,
            found.adapters,
            bool(found.sqlite),
        )

    @property
    def search(self) -> str:
        """The search engine whose client the app uses; empty when none, or both."""
        kinds = {kind for kind in family_kinds("search") if self.driver(kind)}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def smtp(self) -> bool:
        """Whether a variable of the app names an SMTP server."""
        return any(
            "SMTP" in name or name in ("MAIL_HOST", "EMAIL_HOST", "MAILER_URL")
            for name in self.names
        )

    @property
    def shown(self) -> dict[str, str]:
        """Every name with its sample value, or an empty one."""
        return {name: self.samples.get(name, "") for name in self.names}

    def driver(self, kind: str) -> Library | None:
        """The library by which the app speaks to a service of that kind."""
        wanted = {
            (language, name)
            for language, names in servers()[kind].get("drivers", {}).items()
            for name in names
        }
        return next(
            (item for item in self.libraries if (item.language, item.name) in wanted), None
        )

    def orm(self, language: str) -> Library | None:
        """The library of a language that keeps the app's data in an SQL server."""
        names = language_rows()[language].get("orms", ())
        return next(
            (
                item
                for item in self.libraries
                if item.language == language and item.name in names
            ),
            None,
        )

    def chosen(self, kind: str) -> Iterator[Clue]:
        """Where the repository says outright that its SQL server is of a kind: a variable, an address, an adapter."""
        name = engine(kind, self.shown) or next(
            (
                name
                for name, sample in self.samples.items()
                if name in self.names and _means(kind, sample)
            ),
            "",
        )
        if name and name in self.names:
            yield Clue(
                f"{name} names {kind} in {_file(self.names[name])}",
                self.names[name].span,
                name,
            )
        if kind in self.adapters:
            span = self.adapters[kind]
            yield Clue(f"{span.file} names its adapter", span)

    def ruled_out(self, kind: str) -> bool:
        """Whether the repository says outright that its SQL server is of another kind, and nothing of this one."""
        if kind not in family_kinds("sql") or any(self.chosen(kind)):
            return False
        others = server_family(kind) & evidence().keys() - {kind}
        return any(any(self.chosen(other)) for other in others)


def evidence() -> dict[str, Row]:
    """The kinds of server that an app can be seen to need, without being told."""
    return {kind: row for kind, row in servers().items() if "variables" in row}


def scheme_fits(row: Row, sample: str) -> bool:
    """Whether a sample value is no address, or one of this kind of service."""
    sign, bare = "://" in sample, _bare_scheme(sample)
    schemes = (*row.get("schemes", ()), *row.get("shared_schemes", ()))
    return not sign or not schemes or bare in schemes


def _bare_scheme(sample: str) -> str:
    """The scheme of an address without the driver that it names: `postgresql` of `jdbc:postgresql+asyncpg://`."""
    scheme = sample.partition("://")[0]
    return scheme.removeprefix("jdbc:").partition("+")[0].lower()


def _means(kind: str, sample: str) -> bool:
    """Whether a sample value is an address that means this kind and no other."""
    return "://" in sample and _bare_scheme(sample) in servers()[kind].get("schemes", ())


def _file(clue: Clue) -> str:
    return clue.span.file if clue.span else "the environment"


def _declared(repository: Repository, app: AppJson) -> Iterator[tuple[str, str, Span, str]]:
    """The names in `.env`, app.json, and the examples, with their values: what the app is told from outside."""
    for path in (".env", *EXAMPLES, *_ASIDE):
        content = repository.project.read(path)
        if content is not None and not content.lstrip().startswith(b"{"):
            for child in read_dotenv(content, path).tree.children:
                yield (
                    str(child.key),
                    path,
                    child.span,
                    child.node.text if isinstance(child.node, Leaf) else "",
                )
    for item in app.at("env"):
        sample = item.peek() if item.kind == "leaf" else item.peek("value")
        yield item.key, "app.json", item.span, sample or ""
