"""A model of the Traefik of a written stack: what answers a request, by the labels and the file that it reads.

Middlewares as pkg/middlewares of github.com/traefik/traefik has them: stripprefix, addprefix, replacepath,
replacepathregex, redirect; the others change neither the path nor who answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tocompose.patterns import regex
from tocompose.prove.answers import NOBODY, Answer
from tocompose.prove.marked_yaml import load_documents
from tocompose.prove.recording import RecordedContainer
from tocompose.prove.traefik_rules import Request, chosen, go_pattern, service_of

_ENTRYPOINT = regex(r"--entrypoints\.([^.]+)\.address=[^:]*:(\d+)(/udp)?")
_ROUTER_RULE = regex(r"traefik\.http\.routers\.([\w-]+)\.rule")
_REFERENCE = regex(r"\$(?:\$|\{(\w+)\}|(\w+))")
_DYNAMIC_FILE = Path("config/traefik/dynamic.yml")
_SCHEMES = {80: "http", 443: "https"}
_Options = Mapping[str, str]


class TraefikModel:
    """The proxy of a stack, and the containers that ask to be routed to."""

    def __init__(self, containers: Mapping[str, RecordedContainer], folder: Path) -> None:
        self._labels = {
            service: {
                key: str(text)
                for key, text in (container.config.get("Labels") or {}).items()
            }
            for service, container in containers.items()
        }
        self._all_labels = {
            key: text for labels in self._labels.values() for key, text in labels.items()
        }
        self._file = _read_file(folder / _DYNAMIC_FILE)
        self.entrypoints = dict(_entrypoints(containers))
        self._published = dict(_published_ports(containers))

    def wrong_redirects(self) -> Iterator[tuple[str, int, int]]:
        """Redirects to https that name another port than the host has: the middleware, that port and the right one."""
        secure = self._published.get(443)
        for key, scheme in self._all_labels.items():
            base, _, option = key.rpartition(".")
            if base.endswith(".redirectscheme") and (option, scheme) == ("scheme", "https"):
                port = int(self._all_labels.get(f"{base}.port", 443))
                if secure is not None and port != secure:
                    yield base.split(".")[3], port, secure

    def entrypoint(self, port: int) -> str | None:
        """The entry point that listens on a port."""
        return next((name for name, at in self.entrypoints.items() if at == port), None)

    def answer(self, request: Request, entrypoint: str) -> Answer | None:
        """What answers a request that came in at an entry point; None for a route that is closed on purpose."""
        labels = self._labels_for(request)
        router = chosen(labels, request, entrypoint)
        if router is None:
            return NOBODY
        base = f"traefik.http.routers.{router}"
        names = labels.get(f"{base}.middlewares", "")
        for name in filter(None, names.split(",")):
            options = self._middleware(name.partition("@")[0])
            if options is None:
                return None
            location, request = _passed(options, request)
            if location:
                return Answer(location=self._as_usual(location))
        return self._reached(router, request)

    def _as_usual(self, location: str) -> str:
        """An address with the port of the host left out at which this proxy has https."""
        secure = self._published.get(443, 443)
        if secure != 443 and location.startswith("https://"):
            return location.replace(f":{secure}/", "/", 1)
        return location

    def _labels_for(self, request: Request) -> Mapping[str, str]:
        """The labels without the routers of the other scheme: one with TLS takes nothing else."""
        is_secure = request.scheme == "https"
        other_routers = {
            match[1]
            for key in self._all_labels
            if (match := _ROUTER_RULE.fullmatch(key))
            and (f"traefik.http.routers.{match[1]}.tls" in self._all_labels) != is_secure
        }
        dropped = {f"traefik.http.routers.{name}.rule" for name in other_routers}
        return {key: text for key, text in self._all_labels.items() if key not in dropped}

    def _middleware(self, name: str) -> Mapping[str, _Options] | None:
        """The options of a middleware by its kind; None for one that nobody defines."""
        start = f"traefik.http.middlewares.{name}."
        kinds: dict[str, dict[str, str]] = {}
        for key, text in self._all_labels.items():
            if key.startswith(start):
                kind, _, option = key.removeprefix(start).partition(".")
                kinds.setdefault(kind.lower(), {})[option.lower()] = text
        return kinds or None

    def _reached(self, router: str, request: Request) -> Answer:
        rule = f"traefik.http.routers.{router}.rule"
        owner = next(name for name, labels in self._labels.items() if rule in labels)
        service = service_of(self._labels[owner], router)
        if service.endswith("@internal"):
            return NOBODY
        return Answer(frozenset(self._targets(service)), request.path)

    def _targets(self, service: str) -> Iterator[tuple[str, int]]:
        name, _, provider = service.partition("@")
        if provider == "file":
            section = self._file.get(name) or {}
            for weighted_part in (section.get("weighted") or {}).get("services") or ():
                if weighted_part.get("weight"):
                    yield from self._targets(_within_file(str(weighted_part.get("name"))))
            return
        key = f"traefik.http.services.{name}.loadbalancer.server.port"
        for owner, labels in self._labels.items():
            if key in labels:
                yield owner, int(labels[key])


def _within_file(name: str) -> str:
    """The name of a service as its file means it: without a provider that of the file itself."""
    return name if "@" in name else f"{name}@file"


def _read_file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    documents = list(load_documents(path.read_bytes()))
    http = (documents[0] if documents else {}).get("http") or {}
    return http.get("services") or {}


def _entrypoints(
    containers: Mapping[str, RecordedContainer],
) -> Iterator[tuple[str, int]]:
    for container in containers.values():
        for argument in container.config.get("Cmd") or ():
            match = _ENTRYPOINT.fullmatch(str(argument))
            if match and not match[3]:
                yield match[1], int(match[2])


def _published_ports(
    containers: Mapping[str, RecordedContainer],
) -> Iterator[tuple[int, int]]:
    """The ports of the proxy's container, each with that of the host."""
    for container in containers.values():
        arguments = [str(argument) for argument in container.config.get("Cmd") or ()]
        bindings_by_port = container.host.get("PortBindings") or {}
        for target, bindings in (
            bindings_by_port.items() if any(map(_ENTRYPOINT.fullmatch, arguments)) else ()
        ):
            for binding in bindings or ():
                yield int(target.partition("/")[0]), int(binding.get("HostPort") or 0)


def _passed(kinds: Mapping[str, _Options], request: Request) -> tuple[str, Request]:
    """Where a middleware sends the client, and the request as it goes on."""
    for kind, options in kinds.items():
        if kind in _REDIRECTS:
            location = _REDIRECTS[kind](options, request)
            if location:
                return location, request
        elif kind in _REWRITES:
            path = _REWRITES[kind](options, request.path)
            request = request._replace(path=path)
    return "", request


def _redirect_scheme(options: _Options, request: Request) -> str:
    scheme, port = options.get("scheme", "https"), options.get("port", "")
    if scheme == request.scheme:
        return ""
    usual = {"https": "443", "http": "80"}.get(scheme)
    address = f":{port}" if port not in ("", usual) else ""
    return f"{scheme}://{request.host}{address}{request.path}"


def _redirect_pattern(options: _Options, request: Request) -> str:
    asked = f"{request.scheme}://{request.host}{request.path}"
    pattern = go_pattern(options.get("regex", ""))
    named = expand(pattern, asked, options.get("replacement", ""))
    return named if named != asked else ""


def _strip_prefix(options: _Options, path: str) -> str:
    for prefix in options.get("prefixes", "").split(","):
        if prefix and path.startswith(prefix):
            return "/" + path.removeprefix(prefix).removeprefix("/")
    return path


def _replace_pattern(options: _Options, path: str) -> str:
    pattern = go_pattern(options.get("regex", ""))
    return expand(pattern, path, options.get("replacement", ""))


def expand(pattern: re.Pattern[str], text: str, template: str) -> str:
    """The text with each match replaced, as ReplaceAllString of Go does: no empty match directly behind another."""
    end = -1

    def replaced(match: re.Match[str]) -> str:
        nonlocal end
        is_empty_rest = match.start() == match.end() == end
        end = match.end()
        if is_empty_rest:
            return ""
        return _REFERENCE.sub(lambda reference: _group(match, reference), template)

    return pattern.sub(replaced, text)


def _group(match: re.Match[str], reference: re.Match[str]) -> str:
    name = reference[1] or reference[2]
    if name is None:
        return "$"
    if name.isdigit():
        return (match[int(name)] or "") if int(name) <= match.re.groups else ""
    return match.groupdict().get(name) or ""


_REDIRECTS: Mapping[str, Callable[[_Options, Request], str]] = {
    "redirectscheme": _redirect_scheme,
    "redirectregex": _redirect_pattern,
}
_REWRITES: Mapping[str, Callable[[_Options, str], str]] = {
    "stripprefix": _strip_prefix,
    "addprefix": lambda options, path: options.get("prefix", "") + path,
    "replacepath": lambda options, path: options.get("path", ""),
    "replacepathregex": _replace_pattern,
}


def proxy_of(
    containers: Mapping[str, RecordedContainer], folder: Path
) -> TraefikModel | None:
    """The Traefik of a stack; None when there is none."""
    model = TraefikModel(containers, folder)
    return model if model.entrypoints else None
