"""Where the settings of one service name another: the evidence for a dependency, never with a value in its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename
from typing import TypeAlias

from tocompose.knowledge.secrets.names import words_of
from tocompose.knowledge.servers import scheme_ports
from tocompose.model import Service, Stack
from tocompose.record import NamedTuple
from tocompose.rules import Context
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import environment_of
from tocompose.source import Span
from tocompose.syntax.interpolation import substitute

# The strength of a piece of evidence, 1 the strongest.
_ADDRESS, _HOST, _COMMAND, _FILE, SHARED, FALLBACK = 1, 2, 3, 4, 5, 6
# Patterns are compiled when they are used first: a run that only reads one command needs few of them.
_NAME = r"[A-Za-z0-9][\w.-]*"
_URL_HOST = (
    rf"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://(?:[^\s/@'\"]*@)?({_NAME}(?:(?::\d+)?,{_NAME})*)"
)
_SCHEME_HOST = rf"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*)://(?:[^\s/@'\"]*@)?({_NAME})"
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
# The same in a setting that is code: `'WP_REDIS_HOST', 'cache'`, `db_host => "db"`, `gitlab_rails['db_host'] = 'db'`.
_QUOTED_HOST = (
    r"""(?i)(?:host|hostname|server|addr|address)["']?\]?[ \t]*(?:=>|[=:,])[ \t]*"""
    rf"""["']({_NAME})["']"""
)
# What a proxy asks when the others do not answer, or not at all: in nginx and in HAProxy.
_SPARE = (
    r"(?m)(?:^|(?<=[\s;{]))server\s[^;{}\n]*\s(?:backup|down|disabled)(?=[\s;]|$)[^;{}\n]*"
)
_IN_TEXT = (_URL_HOST, _HOST_PORT, _IN_CLUSTER)
# The last word of variables that hold the name of a host.
HOST_WORDS = frozenset(
    (
        "HOST HOSTS HOSTNAME SERVER SERVERS ADDR ADDRESS ADDRESSES ENDPOINT ENDPOINTS BROKER "
        "BROKERS NODE NODES UPSTREAM BACKEND URL URI POINT POINTS SEED SEEDS LINK "
        "PGHOST CONTACTPOINTS MYSQLHOST REDISHOST DBHOST MONGOHOST"
    ).split()
)
# Variables that say how the service itself is reached, not what it reaches.
_ABOUT_ITSELF = tuple(
    (
        "CORS ORIGIN ALLOWED CALLBACK REDIRECT PUBLIC ADVERTISED EXTERNAL NO_PROXY SITE_URL "
        "_BASE_URL CSRF TRUSTED VIRTUAL_HOST LISTEN"
    ).split()
)

# Every name under which services are reached, with the services' names.
HostNames: TypeAlias = Mapping[str, tuple[str, ...]]


class Evidence(NamedTuple):
    """What shows that a service needs `target`; `words` say it without any value."""

    target: str
    rank: int
    words: str
    span: Span | None


def evidence(stack: Stack, context: Context) -> Iterator[tuple[Service, Evidence]]:
    """Every piece of evidence of the stack, by service in the stack's order; a single service needs no other."""
    if len(stack.services) < 2:
        return
    names = host_names(stack)
    settings = {setting.name: setting.value or "" for setting in stack.settings}
    files = MountedFiles(stack, context)
    for service in stack.services:
        for clue in _clues_of(service, names, settings, files):
            if clue.target != service.name:
                yield service, clue


def data_addresses(stack: Stack) -> dict[str, str]:
    """The services that others reach by an address of a server of data (`mongodb://store`), with words that say so."""
    if len(stack.services) < 2:
        return {}
    names = host_names(stack)
    settings = {setting.name: setting.value or "" for setting in stack.settings}
    reached: dict[str, str] = {}
    for service in stack.services:
        for name, scheme, host in _addresses_in(service, settings):
            if scheme in scheme_ports():
                evidence_text = f"{name} of {service.name} is a {scheme} address of it"
                reached = dict.fromkeys(services_of(host, names), evidence_text) | reached
    return reached


def _addresses_in(
    service: Service, settings: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """The addresses in the variables of a service: the variable, the scheme and the host."""
    for name, value in environment_of(service).items():
        text = substitute(value or "", settings)
        if "://" in text and not is_about_itself(name):
            for match in re.finditer(_SCHEME_HOST, text):
                yield name, match[1], match[2]


def is_called(service: Service, port: str, stack: Stack, files: MountedFiles) -> bool:
    """Whether another service's settings or command name that port of the service (`db:5432`)."""
    names = host_names(stack)
    own_names = [name for name, owners in names.items() if service.name in owners]
    address = rf"(?<![\w.-])(?:{'|'.join(map(re.escape, own_names))}):{port}\b"
    for caller in stack.services:
        environment = environment_of(files.with_env_files(caller))
        values = [value or "" for value in environment.values()]
        text = "\n".join((*values, command_text(caller) or ""))
        if caller.name != service.name and re.search(address, text, re.IGNORECASE):
            return True
    return False


def host_names(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Every name under which services are reached, with the services' names: several may share an alias. A service's
    own name counts most."""
    names = {name: tuple(owners) for name, owners in _aliases(stack).items()}
    service_names = {service.name for service in stack.services}
    for alias, target in _link_aliases(stack):
        names.setdefault(alias, (target,))
    reached = {name: owners for name, owners in names.items() if service_names >= {*owners}}
    return reached | {service.name.lower(): (service.name,) for service in stack.services}


def _link_aliases(stack: Stack) -> Iterator[tuple[str, str]]:
    for service in stack.services:
        for link in service.options.get("links") or ():
            target, _, alias = str(link).partition(":")
            if alias:
                yield alias.lower(), target


def _aliases(stack: Stack) -> dict[str, dict[str, None]]:
    """The aliases, container names and host names, each with its services in order."""
    owners: dict[str, dict[str, None]] = {}
    for service in stack.services:
        for attachment in service.networks:
            for alias in attachment.aliases:
                owners.setdefault(alias.lower(), {})[service.name] = None
        for name in (service.container_name, service.options.get("hostname")):
            if isinstance(name, str):
                owners[name.lower()] = {service.name: None}
    return owners


def _clues_of(
    service: Service, names: HostNames, settings: Mapping[str, str], files: MountedFiles
) -> Iterator[Evidence]:
    spans = {variable.name: variable.origin for variable in service.environment}
    values = environment_of(files.with_env_files(service))
    for name, value in values.items():
        if value and not is_about_itself(name) and not _is_file(name, value):
            text = substitute(value, settings)
            yield from _clues_in_variable(name, text, names, spans.get(name))
    line = substitute(command_text(service) or "", settings)
    for target in _find_targets(line, names, (*_IN_TEXT, _WAIT)):
        yield Evidence(target, _COMMAND, f"its command names {target}", service.origin)
    for path, text in files.configuration(service):
        needed = re.sub(_SPARE, "", text)
        targets = _find_targets(needed, names, (*_IN_TEXT, _HOST_LINE, _QUOTED_HOST))
        spare = _find_targets(text, names, _IN_TEXT) if needed != text else []
        ranks = dict.fromkeys(spare, FALLBACK) | dict.fromkeys(targets, _FILE)
        for target, rank in ranks.items():
            evidence_text = f"its file {basename(path)} names {target}"
            yield Evidence(target, rank, evidence_text, service.origin)


def label_evidence(
    service: Service, names: HostNames, settings: Mapping[str, str]
) -> Iterator[Evidence]:
    """What the addresses in the labels of a service name; a proxy asks there, the service itself needs none of it."""
    for label, value in service.labels.items():
        for target in _find_targets(substitute(value, settings), names, _IN_TEXT):
            yield Evidence(target, FALLBACK, f"{label} names {target}", service.origin)


def _is_file(name: str, value: str) -> bool:
    """Whether it is a file that became a variable that nobody reads: `nginx.conf` by `envFrom` of a ConfigMap."""
    return "." in name and "\n" in value.strip()


def is_about_itself(name: str) -> bool:
    """Whether a variable says how its own service is reached, not what that reaches."""
    text = f"_{name.upper()}"
    return any(word in text for word in _ABOUT_ITSELF)


def _clues_in_variable(
    name: str, value: str, names: HostNames, span: Span | None
) -> Iterator[Evidence]:
    patterns = (_URL_HOST, _HOST_PORT, _AT_HOST, _IN_CLUSTER, _QUOTED_HOST)
    for target in _find_targets(value, names, patterns):
        yield Evidence(target, _ADDRESS, f"{name} names {target}", span)
    if HOST_WORDS.isdisjoint(words_of(name)[-1:]):
        return
    for host in re.split(r"[,;\s]+", value.strip()):
        if "://" not in host:
            for target in services_of(host.partition(":")[0], names):
                yield Evidence(target, _HOST, f"{name} names {target}", span)


def _find_targets(text: str, names: HostNames, patterns: tuple[str, ...]) -> list[str]:
    """The services whose names stand in the text where an address stands, each once."""
    targets: dict[str, None] = {}
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            hosts = next(filter(None, match.groups()))
            for host in hosts.split(","):
                targets |= dict.fromkeys(services_of(host.partition(":")[0], names))
    return list(targets)


def services_of(host: str, names: HostNames) -> tuple[str, ...]:
    """The services that a host name means; a name inside a Kubernetes cluster counts by its first parts."""
    name = host.lower().rstrip(".")
    if name in names:
        return names[name]
    head, dot, _ = name.partition(".svc")
    if not dot or not head:
        return ()
    labels = head.split(".")
    candidates = (head, labels[0], *labels[1:2])
    return next((names[label] for label in candidates if label in names), ())
