"""Where the settings of one service name another: the evidence for a dependency, never with a value in its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from tocompose.knowledge.secrets.names import words_of
from tocompose.model import Service, Stack
from tocompose.rules import Context
from tocompose.rules.given_files import GivenFiles
from tocompose.rules.services import command_text, environment
from tocompose.source import Span

# The strength of a piece of evidence, 1 the strongest.
_ADDRESS, _HOST, _COMMAND, _FILE = 1, 2, 3, 4
# Patterns are compiled when they are used first: a run that only reads one command needs few of them.
_NAME = r"[A-Za-z0-9][\w.-]*"
_URL_HOST = (
    rf"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://(?:[^\s/@'\"]*@)?({_NAME}(?:(?::\d+)?,{_NAME})*)"
)
_HOST_PORT = rf"(?<![\w./@-])({_NAME}):\d{{2,5}}(?![\w.])"
_AT_HOST = rf"@(?:tcp\()?({_NAME})(?=[:/)]|$)"
# A name that only a cluster knows is an address wherever it stands.
_IN_CLUSTER = (
    r"(?<![\w.-])([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){1,2}\.svc(?:\.[\w.-]*\w)?)(?![\w-])"
)
_WAIT = (
    rf"\bnc\s+(?:-\S+\s+)*({_NAME})\s+\d+|\s(?:-h[= ]?|--host[= ])({_NAME})(?=[\s;&|]|$)"
)
# A line of a configuration file that says where something is: `host db`, `"db.host": "db",`, `server = db`.
_HOST_KEY = (
    r"""(?im)^[ \t]*(?:-[ \t])?["']?(?:[\w.-]*[_.-])?(?:host|server|addr|address)["']?"""
    r"""(?:[ \t]*[:=][ \t]*|[ \t]+)"""
)
_HOST_LINE = rf"""{_HOST_KEY}["']?({_NAME})["']?[,;]?$"""
# The last word of variables that hold the name of a host.
_HOST_WORDS = frozenset(
    {
        "HOST",
        "HOSTS",
        "HOSTNAME",
        "SERVER",
        "SERVERS",
        "ADDR",
        "ADDRESS",
        "ADDRESSES",
        "ENDPOINT",
        "ENDPOINTS",
        "BROKER",
    }
    | {
        "BROKERS",
        "NODE",
        "NODES",
        "UPSTREAM",
        "BACKEND",
        "URL",
        "URI",
        "POINT",
        "POINTS",
        "SEED",
        "SEEDS",
        "LINK",
    }
    | {"PGHOST", "CONTACTPOINTS", "MYSQLHOST", "REDISHOST", "DBHOST", "MONGOHOST"}
)
# Variables that say how the service itself is reached, not what it reaches.
_ABOUT_ITSELF = (
    *(
        "CORS",
        "ORIGIN",
        "ALLOWED",
        "CALLBACK",
        "REDIRECT",
        "PUBLIC",
        "ADVERTISED",
        "EXTERNAL",
        "NO_PROXY",
        "SITE_URL",
    ),
    *("_BASE_URL", "CSRF", "TRUSTED", "VIRTUAL_HOST", "LISTEN"),
)
_VARIABLE = r"\$(?:\$|\{([A-Za-z_]\w*)(?::?-([^{}]*))?(?::?[?][^{}]*)?\}|([A-Za-z_]\w*))"


Names: TypeAlias = Mapping[str, tuple[str, ...]]


class Evidence(NamedTuple):
    """What shows that a service needs `target`; `words` say it without any value."""

    target: str
    rank: int
    words: str
    span: Span | None


def evidence(stack: Stack, context: Context) -> Iterator[tuple[Service, Evidence]]:
    """Every piece of evidence of the stack, by service in the stack's order; a single service needs no other."""
    names = host_names(stack)
    settings = {setting.name: setting.value or "" for setting in stack.settings}
    files = GivenFiles(stack, context)
    for service in stack.services if len(stack.services) > 1 else ():
        for found in _of_service(service, names, settings, files):
            if found.target != service.name:
                yield service, found


def host_names(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Every name under which services are reached, with the services' names: several may share an alias. A service's
    own name counts most."""
    found: dict[str, dict[str, None]] = {}
    for service in stack.services:
        for item in (*service.networks,):
            for alias in item.aliases:
                found.setdefault(alias.lower(), {})[service.name] = None
        for name in (service.container_name, service.options.get("hostname")):
            if isinstance(name, str):
                found[name.lower()] = {service.name: None}
    names = {name: tuple(services) for name, services in found.items()}
    for service in stack.services:
        for link in service.options.get("links") or ():
            target, _, alias = str(link).partition(":")
            if alias:
                names.setdefault(alias.lower(), (target,))
    known = {service.name for service in stack.services}
    given = {name: targets for name, targets in names.items() if known.issuperset(targets)}
    return given | {service.name.lower(): (service.name,) for service in stack.services}


def _of_service(
    service: Service, names: Names, settings: Mapping[str, str], files: GivenFiles
) -> Iterator[Evidence]:
    spans = {item.name: item.origin for item in service.environment}
    values = dict(files.env_files(service)) | environment(service)
    for name, value in values.items():
        if value and not _about_itself(name):
            yield from _in_variable(name, resolved(value, settings), names, spans.get(name))
    line = resolved(command_text(service) or "", settings)
    for target in _addresses(line, names, (*_IN_TEXT, _WAIT)):
        yield Evidence(target, _COMMAND, f"its command names {target}", service.origin)
    for path, text in files.configuration(service):
        for target in _addresses(text, names, (*_IN_TEXT, _HOST_LINE)):
            yield Evidence(target, _FILE, f"its file {path} names {target}", service.origin)


_IN_TEXT = (_URL_HOST, _HOST_PORT, _IN_CLUSTER)


def _about_itself(name: str) -> bool:
    text = f"_{name.upper()}"
    return any(word in text for word in _ABOUT_ITSELF)


def _in_variable(
    name: str, value: str, names: Names, span: Span | None
) -> Iterator[Evidence]:
    for target in _addresses(value, names, (_URL_HOST, _HOST_PORT, _AT_HOST, _IN_CLUSTER)):
        yield Evidence(target, _ADDRESS, f"{name} names {target}", span)
    if _HOST_WORDS & set(words_of(name)[-1:]):
        for word in re.split(r"[,;\s]+", value.strip()):
            for meant in (
                services_of(word.partition(":")[0], names) if "://" not in word else ()
            ):
                yield Evidence(meant, _HOST, f"{name} names {meant}", span)


def _addresses(text: str, names: Names, patterns: tuple[str, ...]) -> list[str]:
    """The services whose names stand in the text where an address stands, each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            for host in (next(group for group in match.groups() if group)).split(","):
                for target in services_of(host.partition(":")[0], names):
                    found[target] = None
    return list(found)


def services_of(host: str, names: Names) -> tuple[str, ...]:
    """The services that a host name means; a name inside a Kubernetes cluster counts by its first parts."""
    name = host.lower().rstrip(".")
    if name in names:
        return names[name]
    head, dot, _ = name.partition(".svc")
    if dot and head:
        parts = head.split(".")
        return next(
            (names[part] for part in (head, parts[0], *parts[1:2]) if part in names), ()
        )
    return ()


def resolved(text: str, settings: Mapping[str, str]) -> str:
    """The text as Compose would read it with these settings."""
    return (
        re.sub(_VARIABLE, lambda match: _value(match, settings), text)
        if "$" in text
        else text
    )


def _value(match: re.Match[str], settings: Mapping[str, str]) -> str:
    name = match[1] or match[3]
    return "$" if name is None else settings.get(name) or match[2] or ""
