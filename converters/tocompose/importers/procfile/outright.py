"""Variables that the app's settings read without a default: unset, the app does not start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.importers.procfile.dockerfiles.demands import of_python, of_ruby
from tocompose.importers.procfile.environment import Entry, is_secret
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.scan import Scan
from tocompose.model import Setting
from tocompose.patterns import regex
from tocompose.source import Span

_SETTINGS = regex(r"(?:^|/)settings(?:/(?!dev|local|test|ci\b)[\w/]+|\w*)\.py$")
# What production does not load, or what loads in the build alone.
_CONFIG = regex(r"^config/(?!deploy|locales/|environments/(?!production)).*\.(?:rb|yml)$")
_KEY = regex(r"(?:\w+_)?SECRET_KEY(?:_BASE)?")
_SET_ELSEWHERE = frozenset(
    {"PORT", "HOME", "PATH", "USER", "PWD", "RAILS_ENV", "RACK_ENV", "DYNO"}
)
_SOURCE = "code"


def outright(repository: Repository, language: str, found: Scan) -> tuple[Entry, ...]:
    """An entry for each: the key that signs cookies is demanded, the others are passed through from `.env`."""
    names = [
        name
        for name in _names(repository, language)
        if name not in _SET_ELSEWHERE and name in found.variables
    ]
    return tuple(_entry(name, found) for name in names)


def _names(repository: Repository, language: str) -> Iterator[str]:
    pattern, read = {
        "python": (_SETTINGS, of_python),
        "ruby": (_CONFIG, lambda texts: of_ruby(texts, "")),
    }.get(language, (None, None))
    if pattern is not None and read is not None:
        paths = (path for path in repository.project.files() if pattern.search(path))
        yield from read(repository.text(path) or "" for path in paths)


def _entry(name: str, found: Scan) -> Entry:
    span = found.variables[name]
    demanded = re.fullmatch(_KEY.pattern, name) is not None
    advice = ". Make one with: openssl rand -hex 64" if demanded else ""
    description = f"Read by {span.file} without a default{advice}"
    setting = Setting(
        name=name,
        secret=is_secret(name),
        required=demanded,
        description=description,
        origin=span,
    )
    return Entry(name, f"${{{name}:?}}" if demanded else None, setting, (), _SOURCE, span)


def _conditional(repository: Repository, span: Span | None) -> bool:
    """Whether a line of a Python module stands below an `if`, a `def` or the like, and not just inside brackets."""
    if span is None or not span.file.endswith(".py"):
        return False
    lines = (repository.text(span.file) or "").splitlines()[: span.line]
    depth = _indent(lines[-1]) if lines else 0
    for line in reversed(lines[:-1]):
        if line.strip() and not line.lstrip().startswith("#") and _indent(line) < depth:
            depth = _indent(line)
            if re.match(
                r"\s*(?:if|elif|else|def|try|except|with|for|class)\b.*:\s*(?:#.*)?$", line
            ):
                return True
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def say(repository: Repository, entries: Iterable[Entry]) -> None:
    """Names those that nothing else sets, and that are read whatever the other settings are."""
    left = [
        entry
        for entry in entries
        if entry.source == _SOURCE and not _conditional(repository, entry.origin)
    ]
    if left:
        names = ", ".join(entry.name for entry in left)
        repository.say("TC386", left[0].origin, subject="services", names=names)
