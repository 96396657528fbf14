"""Filters of Gateway API routes as Traefik's middlewares.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tocompose.importers.kubernetes.routing.middlewares import named_middlewares
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import Middleware
from tocompose.traefik.rules import PathMatch


def filter_middlewares(
    filters: Cursor, match: PathMatch, site: RouteSite, labels: ModelPath
) -> tuple[Middleware, ...]:
    """The middlewares of the filters of a rule, for one of its paths; those without one are noted."""
    made: list[Middleware] = []
    for route_filter in list_entries(filters):
        kind = peek_text(route_filter.at("type")) or ""
        make_middlewares = _FILTERS.get(kind)
        if make_middlewares is None:
            route_filter.note("TC293", route=site.name, filter=kind or "without a type")
            continue
        route_filter.at("type").take(to=labels)
        made += make_middlewares(route_filter, match, site, labels)
    return tuple(made)


def has_redirect(filters: Cursor) -> bool:
    """Whether the rule answers with a redirect itself, so that it needs no backend."""
    return any(
        peek_text(route_filter.at("type")) == "RequestRedirect"
        for route_filter in list_entries(filters)
    )


def _header_filter(
    section: str, option: str
) -> Callable[[Cursor, PathMatch, RouteSite, ModelPath], Iterator[Middleware]]:
    def make(
        route_filter: Cursor, match: PathMatch, site: RouteSite, labels: ModelPath
    ) -> Iterator[Middleware]:
        options: dict[str, str] = {}
        for action in ("set", "add"):
            for header in list_entries(route_filter.at(section, action)):
                name = take_scalar(header.at("name"), labels) or ""
                options[f"{option}.{name}"] = take_scalar(header.at("value"), labels) or ""
        if route_filter.at(section, "add"):
            route_filter.at(section, "add").annotate("TC294", route=site.name)
        for removed in list_entries(route_filter.at(section, "remove")):
            # An empty value takes the header away.
            options[f"{option}.{take_scalar(removed, labels) or ''}"] = ""
        if options:
            yield site.middleware("headers", options)

    return make


def _redirect_filter(
    route_filter: Cursor, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[Middleware]:
    redirect = route_filter.at("requestRedirect")
    scheme = take_scalar(redirect.at("scheme"), labels)
    host = take_scalar(redirect.at("hostname"), labels)
    port = take_scalar(redirect.at("port"), labels)
    permanent = _permanence(redirect.at("statusCode"), site, labels)
    path = _path_modifier(redirect.at("path"), labels)
    if scheme and not host and path is None:
        options = {"scheme": scheme} | ({"port": port} if port else {})
        yield site.middleware("redirectscheme", options | permanent)
        return
    address = f"{scheme or '${1}'}://{host or '${2}'}{_address_port(port, scheme)}"
    path_pattern, new_path = _redirect_path(path or ("", ""), match)
    options = {
        "regex": f"^(https?)://([^/:]+)(:[0-9]+)?{path_pattern}",
        "replacement": f"{address}{new_path}${{4}}",
    }
    yield site.middleware("redirectregex", options | permanent)


def _permanence(status_code: Cursor, site: RouteSite, labels: ModelPath) -> dict[str, str]:
    """The option of a permanent redirect; Traefik answers 301 or 302, so any other code is noted."""
    code = take_scalar(status_code, labels) or "302"
    is_permanent = code in ("301", "308")
    if code not in ("301", "302"):
        answered = "301" if is_permanent else "302"
        status_code.annotate("TC278", route=site.name, status=code, given=answered)
    return {"permanent": "true"} if is_permanent else {}


def _redirect_path(modifier: tuple[str, str], match: PathMatch) -> tuple[str, str]:
    """The pattern of what is replaced of the path, and what stands in its place before what is kept."""
    kind, new_path = modifier
    if kind == "ReplacePrefixMatch":
        stem, new_prefix = re.escape(match.path.rstrip("/")), new_path.rstrip("/")
        return (f"{stem}(.*)", new_prefix) if new_prefix else (f"{stem}/?(.*)", "/")
    if kind == "ReplaceFullPath":
        return "[^?]*(.*)", new_path
    return "(.*)", ""


def _address_port(port: str | None, scheme: str | None) -> str:
    """The port of the address: the one said, the usual one of a scheme, else the one that was asked."""
    if port:
        return "" if (scheme, port) in (("http", "80"), ("https", "443")) else f":{port}"
    return "" if scheme else "${3}"


def _rewrite_filter(
    route_filter: Cursor, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[Middleware]:
    rewrite = route_filter.at("urlRewrite")
    if host := take_scalar(rewrite.at("hostname"), labels):
        yield site.middleware("headers", {"customrequestheaders.Host": host})
    kind, new_path = _path_modifier(rewrite.at("path"), labels) or ("", "")
    if kind == "ReplaceFullPath":
        yield site.middleware("replacepath", {"path": new_path})
    elif kind == "ReplacePrefixMatch":
        stem, new_prefix = match.path.rstrip("/"), new_path.rstrip("/")
        if stem and new_prefix:
            # One step: of two the first leaves `/` of the prefix alone, which gets a slash behind it.
            options = {
                "regex": f"^{re.escape(stem)}",
                "replacement": new_prefix.replace("$", "$$"),
            }
            yield site.middleware("replacepathregex", options)
        elif stem:
            yield site.middleware("stripprefix", {"prefixes": stem})
        elif new_prefix:
            yield site.middleware("addprefix", {"prefix": new_prefix})


def _path_modifier(cursor: Cursor, labels: ModelPath) -> tuple[str, str] | None:
    """How a path is changed, and what takes its place."""
    kind = take_scalar(cursor.at("type"), labels)
    full, prefix = (
        take_scalar(cursor.at("replaceFullPath"), labels),
        take_scalar(cursor.at("replacePrefixMatch"), labels),
    )
    if kind is None:
        return None
    return kind, (full if kind == "ReplaceFullPath" else prefix) or "/"


def _extension_filter(
    route_filter: Cursor, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[Middleware]:
    reference = route_filter.at("extensionRef")
    name = peek_text(reference.at("name")) or ""
    extension = (
        named_middlewares(site, site.namespace, name, labels)
        if peek_text(reference.at("kind")) == "Middleware"
        else None
    )
    if extension is None:
        route_filter.at("extensionRef").note(
            "TC293", route=site.name, filter=f"ExtensionRef {name}"
        )
        return
    reference.map(to=labels)
    yield from extension


_FILTERS: dict[
    str, Callable[[Cursor, PathMatch, RouteSite, ModelPath], Iterator[Middleware]]
] = {
    "RequestHeaderModifier": _header_filter(
        "requestHeaderModifier", "customrequestheaders"
    ),
    "ResponseHeaderModifier": _header_filter(
        "responseHeaderModifier", "customresponseheaders"
    ),
    "RequestRedirect": _redirect_filter,
    "URLRewrite": _rewrite_filter,
    "ExtensionRef": _extension_filter,
}
