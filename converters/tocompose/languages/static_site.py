"""nginx.conf for a site of static files, from static.json as the platform's static buildpack reads it.

https://github.com/heroku/heroku-buildpack-static
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.json import read_json
from tocompose.record import NamedTuple
from tocompose.repository import Repository, map_at, value_at
from tocompose.syntax.interpolation import (
    Segment,
    Variable,
    parse,
    variable_names,
    variables,
)
from tocompose.syntax.model_path import ModelPath

FILE = "nginx.conf"
USERS_FILE = "basic-auth.users"
_PLACE = ModelPath.of("files", FILE)
_ROUTE = regex(r"[\w./*@%~+,:=-]+")
_TARGET = regex(r"[\w./@%~+,:=?&#-]+")
# With variables in braces, which the platform and the image's own start script replace.
_ADDRESS = regex(r"[\w./@%~+,:=?&#${}-]+")
_ORIGIN = regex(r"(?:https?:|[$])[\w./:${}-]+")
_HEADER = regex(r"[A-Za-z][A-Za-z0-9-]*")
# nginx has no way to write a dollar sign that begins no variable.
_VALUE = regex(r"[^$\x00-\x1f\x7f]*")
_LEVELS = frozenset({"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"})
_USER_VARIABLES = ("BASIC_AUTH_USERNAME", "BASIC_AUTH_PASSWORD")
_PASSWORD_FILE = ".htpasswd"
# The first of these headers says that a proxy stands in front, as the platform's router did.
_BEHIND_PROXY = "$http_x_forwarded_proto"


class SiteConfig(NamedTuple):
    """nginx.conf, the other files that nginx needs, and whether variables of the container are put into them."""

    text: str
    files: Mapping[str, str] = MappingProxyType({})
    templated: bool = False
    password_file: str = ""


class _Proxy(NamedTuple):
    """A path whose requests go to another server: its origin without a path, and that path."""

    path: str
    server: str
    path_below: str


class SiteRequest(NamedTuple):
    """What is known of a site beside static.json; with `is_single` one page answers every path that is no file.

    `asks_user` says that the environment names the one user who may enter, which switches the question on; `is_whole`
    that the whole repository is served, with the files whose names begin with a dot.
    """

    port: str
    is_single: bool
    asks_user: bool
    is_whole: bool


class _Site(NamedTuple):
    """What static.json says, every value of it checked; falsy where it says nothing."""

    routes: tuple[tuple[str, str], ...] = ()
    redirects: tuple[tuple[str, str, str], ...] = ()
    proxies: tuple[_Proxy, ...] = ()
    headers: tuple[tuple[str, Mapping[str, str]], ...] = ()
    error_page: str = ""
    encoding: str = ""
    canonical_host: str = ""
    error_level: str = ""
    clean_urls: bool = False
    https_only: bool = False
    basic_auth: bool = False
    is_silent: bool = False
    password_file: str = ""


def site_variables(repository: Repository) -> tuple[str, ...]:
    """The variables that static.json puts into addresses, and those of the one user who may enter."""
    data = repository.read_json("static.json")
    addresses = [str(data.get("canonical_host") or "")]
    for key, field in (("proxies", "origin"), ("redirects", "url")):
        addresses += [str(value_at(row, field)) for row in map_at(data, key).values()]
    names = [name for text in addresses for name in variable_names(text)]
    has_file = repository.has_file(str(data.get("basic_auth_htpasswd_path", ".htpasswd")))
    if data.get("basic_auth") is True and not has_file:
        names += _USER_VARIABLES
    return tuple(dict.fromkeys(names))


def make_site_config(repository: Repository, request: SiteRequest) -> SiteConfig:
    """The configuration, with every value of static.json settled."""
    root = repository.open("static.json", read_json, "json")
    site = _read_site(repository, root) if root else _Site()
    if request.asks_user and root:
        site = site._replace(basic_auth=True)
    files = "$uri.html $uri $uri/" if site.clean_urls else "$uri $uri/"
    if not root:
        files = "$uri $uri/ $uri.html"
    body = _server(site, request, files)
    lines = [*_maps(site), "server {", *map(_indented, body), "}"]
    text = "\n".join(lines) + "\n"
    asks_user = site.basic_auth and not site.password_file
    users = "${BASIC_AUTH_USERNAME}:${BASIC_AUTH_PASSWORD}\n"
    return SiteConfig(
        text,
        {USERS_FILE: users} if asks_user else {},
        templated=asks_user or bool(site_variables(repository)),
        password_file=site.password_file,
    )


def _indented(line: str) -> str:
    return f"    {line}" if line else ""


# --- reading ------------------------------------------------------------------------------------------------------


def _read_site(repository: Repository, root: Cursor) -> _Site:
    root.at("root").take(to=_PLACE)
    logging = root.at("logging")
    for cursor in root:
        if cursor.key not in _READ:
            cursor.note("TC562", what=cursor.key)
    for cursor in logging:
        if cursor.key not in ("access", "error"):
            cursor.note("TC562", what=f"logging.{cursor.key}")
    password_file = _take_text(root.at("basic_auth_htpasswd_path"), _TARGET)
    if not password_file and repository.has_file(_PASSWORD_FILE):
        password_file = _PASSWORD_FILE
    site = _Site(
        routes=tuple(_read_routes(root.at("routes"))),
        redirects=tuple(_read_redirects(root.at("redirects"))),
        proxies=tuple(_read_proxies(root.at("proxies"))),
        headers=tuple(_read_headers(root.at("headers"))),
        error_page=_take_text(root.at("error_page"), _TARGET).lstrip("/"),
        encoding=_take_text(root.at("encoding"), _TARGET),
        canonical_host=_take_host(root.at("canonical_host")),
        error_level=_take_level(logging.at("error")),
        clean_urls=_take_truth(root.at("clean_urls")),
        https_only=_take_truth(root.at("https_only")),
        basic_auth=_take_truth(root.at("basic_auth")),
        is_silent=logging.peek("access") == "false",
        password_file=password_file.removeprefix("/app/"),
    )
    _note_other_word(logging.at("access"), logging.at("access").take(to=_PLACE) or "")
    for key in ("https_only", "canonical_host"):
        if getattr(site, key):
            root.at(key).annotate("TC563", subject=_PLACE, what=key)
    return site


_READ = (
    "root",
    "logging",
    "basic_auth_htpasswd_path",
    "routes",
    "redirects",
    "proxies",
    "headers",
    "error_page",
    "encoding",
    "canonical_host",
    "clean_urls",
    "https_only",
    "basic_auth",
)


def _take_text(leaf: Cursor, allowed: re.Pattern[str]) -> str:
    """The text of a leaf; a note for one that nginx could not hold; empty for none, and for `false`."""
    text = leaf.peek() or ""
    if leaf.style in ("null", "bool"):
        leaf.skip("it is switched off")
        return ""
    if leaf and not allowed.fullmatch(text):
        leaf.note("TC562", what=leaf.key)
        return ""
    return leaf.take(to=_PLACE) or ""


def _take_host(leaf: Cursor) -> str:
    if leaf.style not in ("", "null", "bool") and not _is_address(leaf.peek() or ""):
        leaf.note("TC562", what=leaf.key)
        return ""
    return _take_text(leaf, _ADDRESS)


def _take_truth(leaf: Cursor) -> bool:
    text = leaf.take(to=_PLACE) or ""
    _note_other_word(leaf, text)
    return text.lower() not in ("", "false", "null")


def _note_other_word(leaf: Cursor, text: str) -> None:
    """Says of a word that is no truth value, which the buildpack takes for true, what it should be."""
    if text.lower() not in ("", "true", "false", "null"):
        leaf.annotate("TC315", what=leaf.key, wanted="true or false")


def _take_level(leaf: Cursor) -> str:
    if leaf and leaf.peek() not in _LEVELS:
        leaf.note("TC562", what="logging.error")
        return ""
    return leaf.take(to=_PLACE) or ""


def _read_routes(routes: Cursor) -> Iterator[tuple[str, str]]:
    for route in routes:
        if not _ROUTE.fullmatch(route.key):
            route.note("TC562", what=f"routes.{route.key}")
        elif target := _take_text(route, _TARGET):
            yield route.key, target.lstrip("/")


def _read_redirects(redirects: Cursor) -> Iterator[tuple[str, str, str]]:
    for redirect in redirects:
        url = redirect.at("url")
        status = redirect.peek("status") or "301"
        is_usable = _is_address(url.peek() or "") and re.fullmatch(r"\d{3}", status)
        if not is_usable or not _ROUTE.fullmatch(redirect.key):
            redirect.note("TC562", what=f"redirects.{redirect.key}")
            continue
        redirect.at("status").take(to=_PLACE)
        yield redirect.key, url.take(to=_PLACE) or "", status


def _read_proxies(proxies: Cursor) -> Iterator[_Proxy]:
    for proxy in proxies:
        origin = proxy.at("origin")
        text = origin.peek() or ""
        is_usable = _ORIGIN.fullmatch(text) and _is_address(text)
        if not is_usable or not _ROUTE.fullmatch(proxy.key):
            proxy.note("TC562", what=f"proxies.{proxy.key}")
            continue
        origin.take(to=_PLACE)
        scheme, sign, location = text.rpartition("://")
        server, slash, path_below = location.partition("/")
        yield _Proxy(proxy.key, scheme + sign + server, (slash + path_below).rstrip("/"))


def _is_address(text: str) -> bool:
    """Whether a text is an address whose variables all stand in braces."""
    in_braces = [
        variable
        for variable in variables(text)
        if variable.source == "${" + variable.name + "}"
    ]
    has_others = text.count("$") > len(in_braces)
    return not has_others and _ADDRESS.fullmatch(text) is not None


def _read_headers(headers: Cursor) -> Iterator[tuple[str, Mapping[str, str]]]:
    for route in headers:
        values: dict[str, str] = {}
        for header in route:
            text = header.peek() or ""
            is_usable = _HEADER.fullmatch(header.key) and _VALUE.fullmatch(text)
            if header.kind != "leaf" or not is_usable or not _ROUTE.fullmatch(route.key):
                header.note("TC562", what=f"headers.{route.key}.{header.key}")
                continue
            values[header.key] = header.take(to=_PLACE) or ""
        yield route.key, values


# --- writing ------------------------------------------------------------------------------------------------------


def _maps(site: _Site) -> Iterator[str]:
    """Maps from the path that was asked for to each header: of two patterns that fit, the last alone counts."""
    names = dict.fromkeys(name for _, values in site.headers for name in values)
    if names:
        yield "map $request_uri $requested_path {"
        yield '    "~^(?<bare_path>[^?]*)" $bare_path;'
        yield "}"
    for name in names:
        yield f"map $requested_path {_header_variable(name)} {{"
        yield '    default "";'
        for route, values in reversed(site.headers):
            yield f'    "~^{_pattern(route)}$" "{_quoted(values.get(name, ""))}";'
        yield "}"
    if site.canonical_host:
        yield f'map "{_BEHIND_PROXY} $host" $is_other_host {{'
        yield "    default 0;"
        host = "".join(_escaped(segment) for segment in parse(site.canonical_host))
        yield f'    "~^https?[ ](?!{host}$)" 1;'
        yield "}"


def _escaped(segment: Segment) -> str:
    """A part of a text as a regular expression; a variable stays as it is."""
    return segment.source if isinstance(segment, Variable) else re.escape(segment.value)


def _header_variable(name: str) -> str:
    return f"$header_{name.lower().replace('-', '_')}"


def _pattern(route: str) -> str:
    """The regular expression of a route: `**` is any path, `*` one part of it."""
    return re.escape(route).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _server(site: _Site, request: SiteRequest, files: str) -> Iterator[str]:
    yield f"listen {request.port};"
    yield "root /usr/share/nginx/html;"
    yield "index index.html;"
    yield from _settings(site)
    if request.is_whole:
        # A mount of the source holds .env and secrets, which the image does not.
        yield r"location ~ ^/secrets/|/\.(?!well-known/) {"
        yield "    return 404;"
        yield "}"
    for proxy in site.proxies:
        yield from _proxy_locations(site, proxy)
    for path, url, status in site.redirects:
        yield f"location = {path} {{"
        yield f"    return {status} {url};"
        yield "}"
    for route, target in site.routes:
        # nginx asks a pattern before a prefix, so the routes for some paths go before that for all.
        where = "/" if route == "/**" else f"~ ^{_pattern(route)}$"
        yield from _location(where, f"{files} /{target} =404")
    if "/**" not in dict(site.routes):
        yield from _location(
            "/", f"{files} {'/index.html' if request.is_single else ''} =404"
        )


def _location(where: str, files: str) -> Iterator[str]:
    yield f"location {where} {{"
    yield f"    try_files {' '.join(files.split())};"
    yield "}"


def _settings(site: _Site) -> Iterator[str]:
    if site.encoding:
        yield f"charset {site.encoding};"
    if site.is_silent:
        yield "access_log off;"
    if site.error_level:
        yield f"error_log /dev/stderr {site.error_level};"
    if site.error_page:
        yield f"error_page 404 500 /{site.error_page};"
    for name in dict.fromkeys(name for _, values in site.headers for name in values):
        yield f"add_header {name} {_header_variable(name)} always;"
    if site.basic_auth:
        yield 'auth_basic "Restricted";'
        yield f"auth_basic_user_file /etc/nginx/conf.d/{USERS_FILE};"
    if site.https_only:
        yield f'if ({_BEHIND_PROXY} = "http") {{'
        yield "    return 301 https://$host$request_uri;"
        yield "}"
    if site.canonical_host:
        yield "if ($is_other_host) {"
        yield f"    return 301 {_BEHIND_PROXY}://{site.canonical_host}$request_uri;"
        yield "}"


def _proxy_locations(site: _Site, proxy: _Proxy) -> Iterator[str]:
    """A file of the site goes before the other server; its address is looked up at each request, so that nginx starts
    without it."""
    name = f"origin_{site.proxies.index(proxy) + 1}"
    yield f"location ^~ {proxy.path} {{"
    yield f"    try_files $uri @{name};"
    yield "}"
    yield f"location @{name} {{"
    yield "    resolver 127.0.0.11 valid=30s;"
    yield f"    set ${name} {proxy.server};"
    yield f"    rewrite ^{_pattern(proxy.path.rstrip('/'))}/?(.*)$ {proxy.path_below}/$1 break;"
    yield f"    proxy_pass ${name};"
    yield "    proxy_ssl_server_name on;"
    yield "}"
