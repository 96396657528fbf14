"""Filters of routes of Gateway API, each decoded once.

https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
"""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    stated,
    stated_entries,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple


class HeaderValue(NamedTuple):
    """A header that a filter sets or adds."""

    name: Stated
    value: Stated


class HeaderModifier(NamedTuple):
    """What happens to the headers of requests or responses; `added_at` is the place of those that are added."""

    set: tuple[HeaderValue, ...]
    added: tuple[HeaderValue, ...]
    added_at: Cursor
    removed: tuple[Stated, ...]


class PathModifier(NamedTuple):
    """How a path is changed, and what takes the place of the whole or of the prefix that matched."""

    kind: Stated
    full_path: Stated
    prefix: Stated


class RequestRedirect(NamedTuple):
    """Where a filter sends clients."""

    scheme: Stated
    host: Stated
    port: Stated
    status_code: Stated
    path: PathModifier


class UrlRewrite(NamedTuple):
    """What a filter makes of the host and the path of a request."""

    host: Stated
    path: PathModifier


class ExtensionReference(NamedTuple):
    """The object that says what a filter does."""

    cursor: Cursor
    kind: Stated
    name: Stated


class RouteFilter(NamedTuple):
    """What happens to a request on its way; the section that `kind` names says what."""

    cursor: Cursor
    kind: Stated
    request_headers: HeaderModifier
    response_headers: HeaderModifier
    redirect: RequestRedirect
    rewrite: UrlRewrite
    extension: ExtensionReference


def decode_filters(cursor: Cursor) -> tuple[RouteFilter, ...]:
    """The filters of a list."""
    return tuple(map(_decode_filter, list_entries(cursor)))


def _decode_filter(cursor: Cursor) -> RouteFilter:
    redirect, rewrite = cursor.at("requestRedirect"), cursor.at("urlRewrite")
    extension = cursor.at("extensionRef")
    return RouteFilter(
        cursor,
        kind=stated(cursor, "type"),
        request_headers=_decode_headers(cursor.at("requestHeaderModifier")),
        response_headers=_decode_headers(cursor.at("responseHeaderModifier")),
        redirect=RequestRedirect(
            scheme=stated(redirect, "scheme"),
            host=stated(redirect, "hostname"),
            port=stated(redirect, "port"),
            status_code=stated(redirect, "statusCode"),
            path=_decode_path(redirect.at("path")),
        ),
        rewrite=UrlRewrite(
            host=stated(rewrite, "hostname"), path=_decode_path(rewrite.at("path"))
        ),
        extension=ExtensionReference(
            extension, kind=stated(extension, "kind"), name=stated(extension, "name")
        ),
    )


def _decode_headers(modifier: Cursor) -> HeaderModifier:
    return HeaderModifier(
        set=_decode_values(modifier.at("set")),
        added=_decode_values(modifier.at("add")),
        added_at=modifier.at("add"),
        removed=stated_entries(modifier, "remove"),
    )


def _decode_values(cursor: Cursor) -> tuple[HeaderValue, ...]:
    return tuple(
        HeaderValue(stated(header, "name"), stated(header, "value"))
        for header in list_entries(cursor)
    )


def _decode_path(modifier: Cursor) -> PathModifier:
    return PathModifier(
        kind=stated(modifier, "type"),
        full_path=stated(modifier, "replaceFullPath"),
        prefix=stated(modifier, "replacePrefixMatch"),
    )
