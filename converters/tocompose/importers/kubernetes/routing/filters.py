"""Filters of Gateway API routes as Traefik's middlewares.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tocompose.importers.kubernetes.routing.middlewares import named
from tocompose.importers.kubernetes.routing.proxy import Middleware
from tocompose.importers.kubernetes.routing.rules import Match
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.ledger import Cursor


def middlewares(
    filters: Cursor, match: Match, site: Site, labels: str
) -> tuple[Middleware, ...]:
    """The middlewares of the filters of a rule, for one of its paths; those without one are noted."""
    found: list[Middleware] = []
    for each in items(filters):
        kind = value(each.at("type")) or ""
        make = _FILTERS.get(kind)
        if make is None:
            each.note("TC293", route=site.name, filter=kind or "without a type")
            continue
        each.at("type").take(to=labels)
        found += make(each, match, site, labels)
    return tuple(found)


def redirects(filters: Cursor) -> bool:
    """Whether the rule answers with a redirect itself, so that it needs no backend."""
    return any(value(each.at("type")) == "RequestRedirect" for each in items(filters))


def _headers(
    section: str, option: str
) -> Callable[[Cursor, Match, Site, str], Iterator[Middleware]]:
    def make(each: Cursor, match: Match, site: Site, labels: str) -> Iterator[Middleware]:
        options: dict[str, str] = {}
        for action in ("set", "add"):
            for header in items(each.at(section, action)):
                name = take(header.at("name"), labels) or ""
                options[f"{option}.{name}"] = take(header.at("value"), labels) or ""
        if each.at(section, "add"):
            each.at(section, "add").remark("TC294", route=site.name)
        for removed in items(each.at(section, "remove")):
            # An empty value takes the header away.
            options[f"{option}.{take(removed, labels) or ''}"] = ""
        if options:
            yield site.middleware("headers", options)

    return make


def _redirect(each: Cursor, match: Match, site: Site, labels: str) -> Iterator[Middleware]:
    said = each.at("requestRedirect")
    scheme, host = take(said.at("scheme"), labels), take(said.at("hostname"), labels)
    port, code = take(said.at("port"), labels), take(said.at("statusCode"), labels) or "302"
    permanent = {"permanent": "true"} if code in ("301", "308") else {}
    if code not in ("301", "302"):
        said.at("statusCode").remark(
            "TC278", route=site.name, status=code, given="301" if permanent else "302"
        )
    path = _modifier(said.at("path"), labels)
    if scheme and not host and path is None:
        options = {"scheme": scheme} | ({"port": port} if port else {})
        yield site.middleware("redirectscheme", options | permanent)
        return
    start = "^(https?)://([^/:]+)(:[0-9]+)?"
    address = f"{scheme or '${1}'}://{host or '${2}'}"
    address += _port(port, scheme)
    kind, text = path or ("", "")
    if kind == "ReplacePrefixMatch":
        stem = re.escape(match.path.rstrip("/"))
        options = {
            "regex": f"{start}{stem}/?(.*)",
            "replacement": f"{address}{text.rstrip('/')}/${{4}}",
        }
    elif kind == "ReplaceFullPath":
        options = {"regex": f"{start}[^?]*(.*)", "replacement": f"{address}{text}${{4}}"}
    else:
        options = {"regex": f"{start}(.*)", "replacement": f"{address}${{4}}"}
    yield site.middleware("redirectregex", options | permanent)


def _port(port: str | None, scheme: str | None) -> str:
    """The port of the address: the one said, the usual one of a scheme, else the one that was asked."""
    if port:
        return "" if (scheme, port) in (("http", "80"), ("https", "443")) else f":{port}"
    return "" if scheme else "${3}"


def _rewrite(each: Cursor, match: Match, site: Site, labels: str) -> Iterator[Middleware]:
    said = each.at("urlRewrite")
    if host := take(said.at("hostname"), labels):
        yield site.middleware("headers", {"customrequestheaders.Host": host})
    kind, text = _modifier(said.at("path"), labels) or ("", "")
    if kind == "ReplaceFullPath":
        yield site.middleware("replacepath", {"path": text})
    elif kind == "ReplacePrefixMatch":
        stem, new = match.path.rstrip("/"), text.rstrip("/")
        if stem:
            yield site.middleware("stripprefix", {"prefixes": stem})
        if new:
            yield site.middleware("addprefix", {"prefix": new})


def _modifier(cursor: Cursor, labels: str) -> tuple[str, str] | None:
    """How a path is changed, and what takes its place."""
    kind = take(cursor.at("type"), labels)
    full, prefix = (
        take(cursor.at("replaceFullPath"), labels),
        take(cursor.at("replacePrefixMatch"), labels),
    )
    if kind is None:
        return None
    return kind, (full if kind == "ReplaceFullPath" else prefix) or "/"


def _extension(each: Cursor, match: Match, site: Site, labels: str) -> Iterator[Middleware]:
    reference = each.at("extensionRef")
    name = value(reference.at("name")) or ""
    found = (
        named(site, site.namespace, name, labels)
        if value(reference.at("kind")) == "Middleware"
        else None
    )
    if found is None:
        each.at("extensionRef").note(
            "TC293", route=site.name, filter=f"ExtensionRef {name}"
        )
        return
    reference.map(to=labels)
    yield from found


_FILTERS: dict[str, Callable[[Cursor, Match, Site, str], Iterator[Middleware]]] = {
    "RequestHeaderModifier": _headers("requestHeaderModifier", "customrequestheaders"),
    "ResponseHeaderModifier": _headers("responseHeaderModifier", "customresponseheaders"),
    "RequestRedirect": _redirect,
    "URLRewrite": _rewrite,
    "ExtensionRef": _extension,
}
