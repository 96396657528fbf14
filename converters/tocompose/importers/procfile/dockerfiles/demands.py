"""Variables without which the app's settings cannot be loaded, with values that do for a build step."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.patterns import regex

# os.environ["X"], env("X"), env.int("X"), config("X", cast=bool): read outright, with nothing that stands in for them.
_PYTHON = regex(
    r"(\bint\(\s*|\bfloat\(\s*)?(?:os\.)?(?:environ\[|\benv(?:\.(\w{1,12}))?\(|\bconfig\()\s*[\"']([A-Z][A-Z0-9_]{1,60})[\"']"
    r"\s*(?:,\s*cast\s*=\s*(\w{1,12})\s*(?:\(\s*\))?)?\s*[\])]"
)
_WRITTEN = regex(r"environ\[[\"'][A-Z0-9_]+[\"']\]\s*=(?!=)")
# ENV.fetch("X") without a default or a block.
_RUBY = regex(r"ENV\.fetch\(\s*[\"']([A-Z][A-Z0-9_]{1,60})[\"']\s*\)(?!\s*(?:\{|do\b))")
_BY_CALL = (
    {"int": "1", "float": "1", "json": "1", "bool": "False", "url": "http://localhost"}
    | {
        "cache": "locmemcache://",
        "cache_url": "locmemcache://",
        "email_url": "consolemail://",
    }
    | {"db": "sqlite:////tmp/build.sqlite3"}
)
_SERVERS = {
    "REDIS": "redis://localhost:6379/0",
    "MONGO": "mongodb://localhost/build",
    "AMQP": "amqp://localhost",
}


def of_python(texts: Iterable[str]) -> dict[str, str]:
    """What settings modules read outright, by name, each with a dummy value of the type that it is cast to."""
    found: dict[str, str] = {}
    for text in texts:
        for match in _PYTHON.finditer(_WRITTEN.sub("", text)):
            number, call, name, cast = match.groups()
            kind = "int" if number else (call or cast or "")
            found.setdefault(name, _BY_CALL.get(kind, "") or _address(name) or "build")
    return found


def of_ruby(texts: Iterable[str], database: str) -> dict[str, str]:
    """What the configuration of a Rails app fetches without a default; `database` is the scheme of its driver."""
    names = (match[1] for text in texts for match in _RUBY.finditer(text))
    return {name: _server(name, database) or _address(name) or "1" for name in names}


def _server(name: str, database: str) -> str:
    return (
        f"{database}://build@localhost/build"
        if re.search(r"DATABASE\w*_URL$", name)
        else ""
    )


def _address(name: str) -> str:
    if not re.search(r"_UR[LI]$|^BROKER_URL$", name):
        return ""
    return next(
        (value for word, value in _SERVERS.items() if word in name), "http://localhost"
    )
