"""One pass over the app's own source code: the variables that it reads, and what would break outside the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tocompose.importers.procfile.repository import Repository
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.tables import load

_CODE = (
    ".rb",
    ".py",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".jsx",
    ".tsx",
    ".php",
    ".ex",
    ".exs",
    ".go",
    ".java",
    ".kt",
)
_CONFIG = (
    ".rs",
    ".scala",
    ".rake",
    ".ru",
    ".yml",
    ".yaml",
    ".properties",
    ".conf",
    ".ini",
    ".sql",
    ".erb",
    ".toml",
    ".prisma",
)
_TESTS = regex(
    r"(?:^|/)(?:tests?|specs?|__tests__|features|fixtures|docs?|examples?|locales?)/|[._]test\.|_spec\."
)
_COMPOSE = regex(r"(?:docker-)?compose[\w.-]*\.ya?ml$")
# Beyond these a scan would cost more than it tells; what lies beyond is not searched, and a note says so.
_FILES, _BYTES, _FILE_BYTES = 3000, 16_000_000, 400_000
_VARIABLE = regex(
    rb"(?:ENV(?:\.fetch\(|\[)|environ(?:\.get\(|\[)|getenv\(|get_env[!(]*\(?|fetch_env!?\(|process\.env\.|process\.env\[|"
    rb"\b[eE]nv(?:\.\w{1,20})?\(|import\.meta\.env\.|System\.getenv\(|os\.(?:Getenv|LookupEnv)\(|config\(|"
    rb"[cC]onfigService\.get(?:OrThrow)?(?:<\w{1,20}>)?\(|\benv::var\(|\$_ENV\[)\s*[\"']?([A-Z][A-Z0-9_]{2,60})"
)
# What stands in for it: `, "x"`, `default="x"`, `|| 'x'`, `?? 'x'`, `?: 'x'`, `or "x"`, `{ "x" }`, `${NAME:x}`.
_DEFAULT = regex(
    rb"[\"']?(?:\)|\])?\s*(?:,\s*(?:default\s*=\s*)?|\|\||\?\?|\?:|or\b|\{)\s*[\"']([^\"'\n]{1,200})[\"']|:-?([^}\n]{1,200})\}"
)
# https://docs.spring.io/spring-boot/reference/features/external-config.html: ${NAME}, ${NAME:default}.
_SPRING = (
    "application.properties",
    "application.yml",
    "application.yaml",
    "-prod.properties",
    "-prod.yml",
)
_PLACEHOLDER = re.compile(rb"\$\{([A-Z][A-Z0-9_]{2,60})[:}]")


class Place(NamedTuple):
    """Something found in the code: what, and where."""

    what: str
    span: Span


class Scan(NamedTuple):
    """What one pass found; `variables` map a name to the first place that reads it, `defaults` to what stands in for
    it; `adapters` are the kinds of SQL server that a configuration names, and where.
    """

    variables: dict[str, Span]
    defaults: dict[str, str]
    adapters: dict[str, Span]
    tls: tuple[tuple[str, Place], ...]
    redirects: tuple[Place, ...]
    extensions: tuple[tuple[str, str, Span], ...]
    sqlite: tuple[Place, ...]
    disk: tuple[tuple[str, str, Span], ...]
    skipped: int


class _Rule(NamedTuple):
    kind: str
    name: str
    pattern: re.Pattern[bytes]
    value: str = ""


@cache
def _rules() -> tuple[_Rule, ...]:
    rows = load("code")
    found = [
        ("tls", name, pattern, "")
        for name, patterns in rows["tls"].items()
        for pattern in patterns
    ]
    found += [
        ("redirect", name, pattern, "")
        for name, patterns in rows["redirect"].items()
        for pattern in patterns
    ]
    found += [
        ("adapter", name, pattern, "")
        for name, patterns in rows["adapter"].items()
        for pattern in patterns
    ]
    for kind, column in (("extension", "image"), ("disk", "where")):
        for name, row in rows[kind].items():
            found += [(kind, name, pattern, row[column]) for pattern in row["match"]]
    found += [("sqlite", "SQLite", pattern, "") for pattern in rows["sqlite"]]
    return tuple(
        _Rule(kind, name, _compiled(pattern), value) for kind, name, pattern, value in found
    )


def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


def scan(repository: Repository) -> Scan:
    """What the code gives away; tests, examples and what others wrote (node_modules, vendor) are not read."""
    variables: dict[str, Span] = {}
    defaults: dict[str, str] = {}
    hits: list[tuple[_Rule, Place]] = []
    budget, count = _BYTES, 0
    skipped = 0
    for path in _sources(repository):
        if count >= _FILES or budget <= 0:
            skipped += 1
            continue
        content = repository.project.read(path) or b""
        if len(content) > _FILE_BYTES:
            continue
        count, budget = count + 1, budget - len(content)
        for match in _named(path, content):
            name = match[1].decode()
            variables.setdefault(name, _span(path, content, match.start(1), match.end(1)))
            if default := _default(content, match.end(1)):
                defaults.setdefault(name, default)
        for name, start, end in _implied(content):
            variables.setdefault(name, _span(path, content, start, end))
        hits.extend(_hits(path, content))
    return _sorted(variables, defaults, hits, skipped)


def _named(path: str, content: bytes) -> Iterator[re.Match[bytes]]:
    """Where a variable is read by its name."""
    if _names_environment(content):
        yield from _VARIABLE.finditer(content)
    if path.endswith(_SPRING):
        yield from _PLACEHOLDER.finditer(content)


def _default(content: bytes, place: int) -> str:
    """What the code takes when the variable is not set, where it says so behind the name."""
    match = _DEFAULT.match(content, place)
    return (match[1] or match[2]).decode("utf-8", "replace") if match else ""


def _implied(content: bytes) -> Iterator[tuple[str, int, int]]:
    """The variables that a helper of a framework reads without naming them."""
    for name, words in load("code")["implied"].items():
        for word in words:
            place = content.find(word.encode())
            if place >= 0 and not _commented(content, place):
                yield name, place, place + len(word)


def _names_environment(content: bytes) -> bool:
    """A quick look before the slow search: whether any of its forms can be there."""
    return any(word in content for word in (b"env", b"ENV", b"config("))


def _sources(repository: Repository) -> Iterator[str]:
    for path in repository.project.files():
        if (
            path.endswith((*_CODE, *_CONFIG, ".prisma"))
            and not _TESTS.search(path)
            and not _COMPOSE.search(path)
        ):
            yield path


def _hits(path: str, content: bytes) -> Iterator[tuple[_Rule, Place]]:
    for rule in _rules():
        match = rule.pattern.search(content)
        if match and not _commented(content, match.start()):
            what = " ".join(match[0].decode("utf-8", "replace").split())[:60]
            yield rule, Place(what, _span(path, content, match.start(), match.end()))


def _commented(content: bytes, place: int) -> bool:
    line = content[content.rfind(b"\n", 0, place) + 1 : place + 1].lstrip()
    return line.startswith((b"#", b"//", b"*", b"--"))


def _span(path: str, content: bytes, start: int, end: int) -> Span:
    line = content.count(b"\n", 0, start) + 1
    column = start - (content.rfind(b"\n", 0, start) + 1) + 1
    return Span(path, line, column, line, column + end - start)


def _sorted(
    variables: dict[str, Span],
    defaults: dict[str, str],
    hits: list[tuple[_Rule, Place]],
    skipped: int,
) -> Scan:
    def of(kind: str) -> Iterator[tuple[_Rule, Place]]:
        return ((rule, place) for rule, place in hits if rule.kind == kind)

    adapters: dict[str, Span] = {}
    for rule, place in of("adapter"):
        adapters.setdefault(rule.name, place.span)
    return Scan(
        variables,
        defaults,
        adapters,
        tuple((rule.name, place) for rule, place in of("tls")),
        tuple(place._replace(what=rule.name) for rule, place in of("redirect")),
        tuple((rule.name, rule.value, place.span) for rule, place in of("extension")),
        tuple(place for _, place in of("sqlite")),
        tuple((rule.name, rule.value, place.span) for rule, place in of("disk")),
        skipped,
    )
