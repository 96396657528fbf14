"""Filters of Gateway API routes as Traefik's middlewares.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tocompose.importers.kubernetes.routing.filter_fields import (
    HeaderModifier,
    PathModifier,
    RouteFilter,
)
from tocompose.importers.kubernetes.routing.middlewares import named_middlewares
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy_parts import WantedMiddleware
from tocompose.traefik.rules import EXACT, REGEX, TEXT_PREFIX, PathMatch

_MakeMiddlewares: TypeAlias = Callable[
    [RouteFilter, PathMatch, RouteSite, ModelPath], Iterator[WantedMiddleware]
]


def filter_middlewares(
    filters: tuple[RouteFilter, ...], match: PathMatch, site: RouteSite, labels: ModelPath
) -> tuple[WantedMiddleware, ...]:
    """The middlewares of the filters of a rule, for one of its paths; those without one are noted."""
    middlewares: list[WantedMiddleware] = []
    for route_filter in filters:
        kind = route_filter.kind.text or ""
        make_middlewares = _FILTERS.get(kind)
        if make_middlewares is None:
            route_filter.cursor.note(
                "TC293", route=site.name, filter=kind or "without a type"
            )
            continue
        route_filter.kind.cursor.take(to=labels)
        middlewares += make_middlewares(route_filter, match, site, labels)
    return tuple(middlewares)


def has_redirect(filters: tuple[RouteFilter, ...]) -> bool:
    """Whether the rule answers with a redirect itself, so that it needs no backend."""
    return any(route_filter.kind.text == "RequestRedirect" for route_filter in filters)


def _request_header_filter(
    route_filter: RouteFilter, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    modifier, option = route_filter.request_headers, "customrequestheaders"
    yield from _header_middleware(modifier, option, site, labels)


def _response_header_filter(
    route_filter: RouteFilter, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    modifier, option = route_filter.response_headers, "customresponseheaders"
    yield from _header_middleware(modifier, option, site, labels)


def _header_middleware(
    modifier: HeaderModifier, option: str, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    options: dict[str, str] = {}
    for header in (*modifier.set, *modifier.added):
        name = header.name.take(labels) or ""
        options[f"{option}.{name}"] = header.value.take(labels) or ""
    if modifier.added_at:
        modifier.added_at.annotate("TC294", route=site.name)
    for removed in modifier.removed:
        # An empty value takes the header away.
        options[f"{option}.{removed.take(labels) or ''}"] = ""
    if options:
        yield site.middleware("headers", options)


def _redirect_filter(
    route_filter: RouteFilter, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    redirect = route_filter.redirect
    scheme, host = redirect.scheme.take(labels), redirect.host.take(labels)
    port = redirect.port.take(labels)
    permanent = _permanence(redirect.status_code, site, labels)
    path = _changed_path(redirect.path, labels)
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


def _permanence(status_code: Stated, site: RouteSite, labels: ModelPath) -> dict[str, str]:
    """The option of a permanent redirect; Traefik answers 301 or 302, so any other code is noted."""
    code = status_code.take(labels) or "302"
    is_permanent = code in ("301", "308")
    if code not in ("301", "302"):
        answered = "301" if is_permanent else "302"
        status_code.cursor.annotate("TC278", route=site.name, status=code, given=answered)
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
    route_filter: RouteFilter, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    rewrite = route_filter.rewrite
    if host := rewrite.host.take(labels):
        yield site.middleware("headers", {"customrequestheaders.Host": host})
    kind, new_path = _changed_path(rewrite.path, labels) or ("", "")
    if kind == "ReplaceFullPath" or (kind and match.kind in (EXACT, REGEX)):
        # What matches the whole path has no prefix to keep the rest of.
        yield site.middleware("replacepath", {"path": new_path})
    elif kind == "ReplacePrefixMatch" and match.kind == TEXT_PREFIX:
        if match.path != new_path:
            yield _text_replacement(match.path, new_path, site)
    elif kind == "ReplacePrefixMatch":
        yield from _prefix_replacement(match.path.rstrip("/"), new_path.rstrip("/"), site)


def _prefix_replacement(
    stem: str, new_prefix: str, site: RouteSite
) -> Iterator[WantedMiddleware]:
    """What replaces a prefix of whole path elements."""
    if stem and new_prefix:
        # One step: of two the first leaves `/` of the prefix alone, which gets a slash behind it.
        yield _text_replacement(stem, new_prefix, site)
    elif stem:
        yield site.middleware("stripprefix", {"prefixes": stem})
    elif new_prefix:
        yield site.middleware("addprefix", {"prefix": new_prefix})


def _text_replacement(prefix: str, new_prefix: str, site: RouteSite) -> WantedMiddleware:
    """What replaces letters at the beginning of a path, and keeps all that follows."""
    replacement = new_prefix.replace("$", "$$")
    options = {"regex": f"^{re.escape(prefix)}", "replacement": replacement}
    return site.middleware("replacepathregex", options)


def _changed_path(modifier: PathModifier, labels: ModelPath) -> tuple[str, str] | None:
    """How a path is changed, and what takes its place."""
    kind = modifier.kind.take(labels)
    full_path, prefix = modifier.full_path.take(labels), modifier.prefix.take(labels)
    if kind is None:
        return None
    return kind, (full_path if kind == "ReplaceFullPath" else prefix) or "/"


def _extension_filter(
    route_filter: RouteFilter, match: PathMatch, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    reference = route_filter.extension
    name = reference.name.text or ""
    extension = (
        named_middlewares(site.model, site.namespace, name, labels)
        if reference.kind.text == "Middleware"
        else None
    )
    if extension is None:
        reference.cursor.note("TC293", route=site.name, filter=f"ExtensionRef {name}")
        return
    reference.cursor.map(to=labels)
    yield from extension


_FILTERS: dict[str, _MakeMiddlewares] = {
    "RequestHeaderModifier": _request_header_filter,
    "ResponseHeaderModifier": _response_header_filter,
    "RequestRedirect": _redirect_filter,
    "URLRewrite": _rewrite_filter,
    "ExtensionRef": _extension_filter,
}
