"""The libraries that an app declares for itself, by language: direct ones, without those for development and test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tocompose.importers.procfile.repository import Repository, inside, maps
from tocompose.patterns import regex

_REQUIREMENT = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^#]*)")
_GEM = regex(r"""^\s*gem\s+["']([^"']+)["'](.*)""")
_GEM_GROUP = regex(r"^\s*group\s+(.*?)\s+do\b")
_LOCKED_GEM = regex(r"^  ([A-Za-z0-9._-]+)!?(?: \(.*\))?$")
_DEVELOPMENT = frozenset({"development", "test", "dev", "ci", "cucumber"})


class Dependency(NamedTuple):
    """A library, lower case; an extra is a name of its own (`celery[redis]`); `file` is where it is declared."""

    language: str
    name: str
    file: str


def dependencies(repository: Repository) -> tuple[Dependency, ...]:
    """Every direct dependency for production, of every language in the repository."""
    found: dict[tuple[str, str], Dependency] = {}
    for language, reader in _READERS:
        for name, file in reader(repository):
            found.setdefault(
                (language, name.lower()), Dependency(language, name.lower(), file)
            )
    return tuple(found.values())


def _node(repository: Repository) -> Iterator[tuple[str, str]]:
    package = repository.json("package.json")
    for key in ("dependencies", "optionalDependencies"):
        part = package.get(key) if isinstance(package, dict) else None
        yield from (
            (name, "package.json") for name in (part if isinstance(part, dict) else ())
        )


def _python(repository: Repository) -> Iterator[tuple[str, str]]:
    for path in (
        "requirements.txt",
        "requirements/production.txt",
        "requirements/base.txt",
        "requirements/prod.txt",
    ):
        lines = (repository.text(path) or "").splitlines()
        yield from _requirements(
            (line for line in lines if not line.lstrip().startswith(("#", "-"))), path
        )
    yield from _with_extras(maps(repository.toml("Pipfile"), "packages"), "Pipfile")
    project = repository.toml("pyproject.toml")
    listed = inside(project, "project", "dependencies")
    names = (
        (item for item in listed if isinstance(item, str))
        if isinstance(listed, list)
        else ()
    )
    yield from _requirements(names, "pyproject.toml")
    yield from _with_extras(
        maps(project, "tool", "poetry", "dependencies"), "pyproject.toml"
    )


def _requirements(lines: Iterable[str], file: str) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match:
            yield match[1].replace("_", "-"), file
            for extra in (match[2] or "[]")[1:-1].split(","):
                if extra.strip():
                    yield f"{match[1]}[{extra.strip()}]", file


def _with_extras(packages: dict[str, Any], file: str) -> Iterator[tuple[str, str]]:
    for name, value in packages.items():
        yield name.replace("_", "-"), file
        extras = value.get("extras", ()) if isinstance(value, dict) else ()
        yield from (
            (f"{name}[{extra}]", file) for extra in extras if isinstance(extra, str)
        )


def _ruby(repository: Repository) -> Iterator[tuple[str, str]]:
    text = repository.text("Gemfile")
    if text is None:
        yield from _locked(repository)
        return
    depth: list[bool] = []
    for line in text.splitlines():
        if group := _GEM_GROUP.match(line):
            names = re.findall(r":(\w+)|[\"'](\w+)[\"']", group[1])
            depth.append(all((a or b) in _DEVELOPMENT for a, b in names))
        elif re.match(r"^\s*(platforms?|source|path|git|install_if)\b.*\bdo\b", line):
            depth.append(False)
        elif re.match(r"^\s*end\b", line) and depth:
            depth.pop()
        elif (gem := _GEM.match(line)) and not any(depth):
            groups = re.search(r"groups?(?::|\s*=>)\s*(\[[^\]]*\]|:\w+)", gem[2])
            names_of = re.findall(r"\w+", groups[1]) if groups else []
            if not names_of or any(name not in _DEVELOPMENT for name in names_of):
                yield gem[1], "Gemfile"


def _locked(repository: Repository) -> Iterator[tuple[str, str]]:
    """The direct dependencies that Gemfile.lock lists, where there is no Gemfile; it does not tell the groups."""
    inside = False
    for line in (repository.text("Gemfile.lock") or "").splitlines():
        inside = line == "DEPENDENCIES" or (inside and line.startswith("  "))
        if inside and (match := _LOCKED_GEM.match(line)):
            yield match[1], "Gemfile.lock"


def _go(repository: Repository) -> Iterator[tuple[str, str]]:
    for line in (repository.text("go.mod") or "").splitlines():
        match = re.match(r"^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+v", line)
        if match and "// indirect" not in line:
            yield re.sub(r"/v\d+$", "", match[1]), "go.mod"


def _java(repository: Repository) -> Iterator[tuple[str, str]]:
    pom = re.sub(r"<!--.*?-->", "", repository.text("pom.xml") or "", flags=re.DOTALL)
    for block in re.findall(r"<dependency>(.*?)</dependency>", pom, re.DOTALL):
        name = re.search(r"<artifactId>\s*([^<\s]+)\s*</artifactId>", block)
        if name and not re.search(r"<scope>\s*test\s*</scope>", block):
            yield name[1], "pom.xml"
    for path in ("build.gradle", "build.gradle.kts", "build.sbt"):
        for line in (repository.text(path) or "").splitlines():
            gradle = re.search(
                r"\b(?:implementation|runtimeOnly|compile|api)\b.*?[\"'][\w.-]+:([\w.-]+)",
                line,
            )
            sbt = re.search(r"%%?\s*\"([\w.-]+)\"\s*%\s*\"", line)
            if gradle or (sbt and "Test" not in line):
                yield (gradle or sbt)[1], path  # type: ignore[index]


def _php(repository: Repository) -> Iterator[tuple[str, str]]:
    package = repository.json("composer.json")
    required = package.get("require") if isinstance(package, dict) else None
    yield from (
        (name, "composer.json") for name in (required if isinstance(required, dict) else ())
    )


def _elixir(repository: Repository) -> Iterator[tuple[str, str]]:
    for line in (repository.text("mix.exs") or "").splitlines():
        match = re.match(r"^\s*\{:(\w+),(.*)", line)
        if match and not re.search(r"only:\s*\[?\s*:(dev|test)\b", match[2]):
            yield match[1], "mix.exs"


def _rust(repository: Repository) -> Iterator[tuple[str, str]]:
    for name, value in maps(repository.toml("Cargo.toml"), "dependencies").items():
        yield name, "Cargo.toml"
        features = value.get("features", ()) if isinstance(value, dict) else ()
        yield from (
            (f"{name}-{feature}", "Cargo.toml")
            for feature in features
            if isinstance(feature, str)
        )


_READERS = (
    ("ruby", _ruby),
    ("python", _python),
    ("php", _php),
    ("elixir", _elixir),
    ("go", _go),
    ("java", _java),
    ("rust", _rust),
    ("node", _node),
)
