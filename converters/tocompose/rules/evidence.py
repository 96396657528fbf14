"""Where the settings of one service name another: the evidence for a dependency, never with a value in its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath
from typing import NamedTuple, TypeAlias

from tocompose.knowledge.secrets.names import words_of
from tocompose.model import Service, Stack
from tocompose.rules import Context
from tocompose.rules.bind_mounts import CONFIGURATION_ENDINGS
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import environment_of
from tocompose.source import Span
from tocompose.syntax.interpolation import substitute

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
_IN_TEXT = (_URL_HOST, _HOST_PORT, _IN_CLUSTER)
# The last word of variables that hold the name of a host.
_HOST_WORDS = frozenset(
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
# Files without an ending that name other services in what they set.
_NAMED_CONFIGURATION = ("caddyfile", "corefile", "nginx")
_LONGEST_FILE, _MOST_FILES = 200_000, 40

# Every name under which services are reached, with the services' names.
HostNames: TypeAlias = Mapping[str, tuple[str, ...]]


class Evidence(NamedTuple):
    """What shows that a service needs `target`; `words` say it without any value."""

    target: str
    rank: int
    words: str
    span: Span | None


class MountedFiles:
    """Looks at the files of a stack by their paths, and at those of the source beside it."""

    def __init__(self, stack: Stack, context: Context) -> None:
        self._contents = {file.path: file.content for file in stack.files}
        self._names_below = _names_below(self._contents)
        self._configs = {config.name: config for config in stack.configs}
        self._inline = {
            config.name: config.content for config in stack.configs if config.content
        }
        self._context = context

    def env_settings(self, service: Service) -> Iterator[tuple[str, str]]:
        """The variables in the service's env files, by name."""
        for file in service.env_files:
            for line in self._text_of(normpath(file.path)).splitlines():
                name, equals, value = line.removeprefix("export ").partition("=")
                if equals and not name.startswith("#"):
                    yield name.strip(), value.strip().strip("\"'")

    def configuration(self, service: Service) -> Iterator[tuple[str, str]]:
        """The path (a config's name) and the text of each configuration file, without lines that are a comment."""
        for path, text in self._whole_files(service):
            lines = [
                line
                for line in text.splitlines()
                if not line.lstrip().startswith(("#", "//", ";"))
            ]
            yield path, "\n".join(lines)

    def mounted_at(
        self, service: Service, path: str, command: Iterable[str] = ()
    ) -> Iterator[tuple[str, str | None]]:
        """What is mounted as the file, or in the folder, of that path, with the text; None where it cannot be read.

        `*` stands for every file that a word of the command names.
        """
        inner_path = path.rstrip("/")
        for target, source in self._mounted_sources(service):
            is_inside = path.endswith("/") and target.startswith(path)
            is_named = path == "*" and any(
                word == target or word.endswith(f"={target}") for word in command
            )
            if is_inside or target == inner_path or is_named:
                yield target, self._texts_of(source)
            elif inner_path.startswith(f"{target.rstrip('/')}/"):
                relative_path = inner_path[len(target.rstrip("/")) :]
                text = self._texts_of(f"{source}{relative_path}")
                # Data lie around some configurations: only what is the folder of the file itself may say something.
                if text is not None or relative_path.count("/") == 1:
                    yield inner_path, text

    def _texts_of(self, source: str) -> str | None:
        """The text of a file, or of the files in a folder; None where nothing can be read."""
        if source in self._inline:
            return self._inline[source]
        path = normpath(source)
        text = self._text_of(path)
        if not text:
            in_source = self._context.below is not None and not _leads_out(path)
            paths = self._context.below(path) if in_source and self._context.below else ()
            names = (*self._names_below.get(path, ()), *paths)[:_MOST_FILES]
            text = "\n".join(filter(None, map(self._text_of, names)))
        return text or None

    def _mounted_sources(self, service: Service) -> Iterator[tuple[str, str]]:
        """Every file or folder of the machine that the container sees, by its path there."""
        for mount in service.mounts:
            if mount.kind == "bind" and mount.source:
                yield mount.target, mount.source
        for grant in service.configs:
            config = self._configs.get(grant.source)
            if config is not None:
                source = config.file or grant.source
                yield grant.target or f"/{grant.source}", source

    def _whole_files(self, service: Service) -> Iterator[tuple[str, str]]:
        binds = (mount.source for mount in service.mounts if mount.kind == "bind")
        paths = list(filter(None, binds))
        for grant in service.configs:
            config = self._configs.get(grant.source)
            if config is not None and config.content is not None:
                yield config.name, config.content
            elif config is not None and config.file:
                paths.append(config.file)
        for path in paths:
            for name in self._names_at(normpath(path)):
                yield name, self._text_of(name)

    def _names_at(self, path: str) -> list[str]:
        """The files that a mounted path stands for: itself, or those of the folder."""
        names = self._names_below.get(path, [])
        if names or _leads_out(path) or path == "." or self._context.below is None:
            return names
        below = () if _is_configuration(path) else self._context.below(path)
        return [name for name in (path, *below) if _is_configuration(name)][:_MOST_FILES]

    def _text_of(self, path: str) -> str:
        content = self._contents.get(path)
        if content is None and self._context.read is not None and not _leads_out(path):
            content = self._context.read(path)
        if not content or len(content) > _LONGEST_FILE:
            return ""
        return content.decode("utf-8", "replace")


def _names_below(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by each path that they stand at or below."""
    below: dict[str, list[str]] = {}
    for name in names:
        below.setdefault(name, []).append(name)
        for slash in re.finditer("/", name):
            below.setdefault(name[: slash.start()], []).append(name)
    return below


def _is_configuration(path: str) -> bool:
    """Whether the file may name other services in what it sets; what a database is filled with does not."""
    return path.lower().endswith((*CONFIGURATION_ENDINGS, *_NAMED_CONFIGURATION))


def _leads_out(path: str) -> bool:
    """Whether it is no path of the source: elsewhere on the machine, or known when the stack starts only."""
    return path.startswith(("/", "~", "../")) or "$" in path or path == ".."


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


def is_called(service: Service, port: str, stack: Stack) -> bool:
    """Whether another service's settings or command name that port of the service (`db:5432`)."""
    names = host_names(stack)
    own_names = [name for name, owners in names.items() if service.name in owners]
    address = rf"(?<![\w.-])(?:{'|'.join(map(re.escape, own_names))}):{port}\b"
    for caller in stack.services:
        values = [value or "" for value in environment_of(caller).values()]
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
    values = dict(files.env_settings(service)) | environment_of(service)
    for name, value in values.items():
        if value and not _is_about_itself(name):
            text = substitute(value, settings)
            yield from _clues_in_variable(name, text, names, spans.get(name))
    line = substitute(command_text(service) or "", settings)
    for target in _find_targets(line, names, (*_IN_TEXT, _WAIT)):
        yield Evidence(target, _COMMAND, f"its command names {target}", service.origin)
    for path, text in files.configuration(service):
        for target in _find_targets(text, names, (*_IN_TEXT, _HOST_LINE)):
            yield Evidence(target, _FILE, f"its file {path} names {target}", service.origin)


def _is_about_itself(name: str) -> bool:
    text = f"_{name.upper()}"
    return any(word in text for word in _ABOUT_ITSELF)


def _clues_in_variable(
    name: str, value: str, names: HostNames, span: Span | None
) -> Iterator[Evidence]:
    for target in _find_targets(
        value, names, (_URL_HOST, _HOST_PORT, _AT_HOST, _IN_CLUSTER)
    ):
        yield Evidence(target, _ADDRESS, f"{name} names {target}", span)
    if _HOST_WORDS.isdisjoint(words_of(name)[-1:]):
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
