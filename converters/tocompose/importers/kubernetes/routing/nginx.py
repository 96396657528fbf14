"""What the annotations of ingress-nginx mean to Traefik.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.references import rewrite
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.credentials import users_file
from tocompose.importers.kubernetes.routing.proxy import Middleware, Proxy
from tocompose.importers.kubernetes.routing.rules import replacement
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.routing.traefik import INSECURE
from tocompose.ledger import Cursor
from tocompose.values import whole

PREFIX = "nginx.ingress.kubernetes.io"

_SIZE = re.compile(r"(\d{1,18})([kKmMgG]?)")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_METHODS = "GET,PUT,POST,DELETE,PATCH,OPTIONS"
_HEADERS = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"


class Effect(NamedTuple):
    """What annotations change: middlewares in order, options of the target, more hosts, how paths are read."""

    middlewares: tuple[Middleware, ...] = ()
    target: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    regex: bool = False
    rewrite: str | None = None
    ssl_redirect: bool | None = None
    force_ssl: bool = False


def effect(said: Annotations, site: Site) -> Effect:
    """What the annotations of an Ingress mean, in the order in which nginx does things to a request."""
    rewrite = said.take("rewrite-target")
    force = said.flag("force-ssl-redirect")
    if rewrite is not None:
        said.at("use-regex").skip("rewrite-target says it as well")
    return Effect(
        middlewares=tuple(item for step in _STEPS for item in step(said, site)),
        target=tuple(_target(said, site)),
        aliases=said.names("server-alias"),
        regex=rewrite is not None or bool(said.flag("use-regex")),
        rewrite=rewrite,
        ssl_redirect=said.flag("ssl-redirect"),
        force_ssl=bool(force),
    )


def _app_root(said: Annotations, site: Site) -> Iterator[Middleware]:
    if path := said.take("app-root"):
        yield site.middleware(
            "redirectregex", {"regex": "^(https?://[^/]+)/?$", "replacement": "${1}" + path}
        )


def _redirect(said: Annotations, site: Site) -> Iterator[Middleware]:
    for name, permanent in (("permanent-redirect", True), ("temporal-redirect", False)):
        if url := said.take(name):
            options = {"regex": ".*", "replacement": url.replace("$", "$$")}
            yield site.middleware(
                "redirectregex", options | ({"permanent": "true"} if permanent else {})
            )


def _allowed(said: Annotations, site: Site) -> Iterator[Middleware]:
    ranges = [*said.names("whitelist-source-range"), *said.names("allowlist-source-range")]
    if ranges:
        yield site.middleware("ipallowlist", {"sourcerange": ",".join(ranges)})


def _basic_auth(said: Annotations, site: Site) -> Iterator[Middleware]:
    kind = said.peek("auth-type")
    if kind not in ("basic", "digest"):
        return
    said.take("auth-type")
    options = {"usersfile": users_file(said, site)}
    if realm := said.take("auth-realm"):
        options["realm"] = realm
    yield site.middleware(f"{kind}auth", options)


def _forward_auth(said: Annotations, site: Site) -> Iterator[Middleware]:
    url = said.peek("auth-url")
    if url is None:
        return
    if "$" in url:
        # Better closed than open to everybody.
        yield site.proxy.absent(f"{site.name}-forwardauth")
        return
    said.take("auth-url")
    address, done = rewrite(url, site.namespace, site.world.backends)
    for each in done:
        said.at("auth-url").remark(
            "TC221", subject=said.to, old=each.old, new=each.new, service=each.backend.name
        )
    options = {"address": address}
    if headers := said.names("auth-response-headers"):
        options["authresponseheaders"] = ",".join(headers)
    yield site.middleware("forwardauth", options)


def _client_certificates(said: Annotations, site: Site) -> Iterator[Middleware]:
    if said.at("auth-tls-secret") and said.peek("auth-tls-verify-client") != "off":
        yield site.proxy.absent(f"{site.name}-client-certificates")


def _rates(said: Annotations, site: Site) -> Iterator[Middleware]:
    for name, period in (("limit-rps", "1s"), ("limit-rpm", "1m")):
        rate = said.peek(name)
        if rate is None or not whole(rate):
            continue
        said.take(name)
        factor = said.take("limit-burst-multiplier") or "5"
        burst = int(rate) * int(factor) if whole(factor) else int(rate) * 5
        yield site.middleware(
            "ratelimit", {"average": rate, "burst": str(burst), "period": period}
        )


def _connections(said: Annotations, site: Site) -> Iterator[Middleware]:
    if amount := said.take("limit-connections"):
        yield site.middleware(
            "inflightreq", {"amount": amount, "sourcecriterion.ipstrategy.depth": "0"}
        )


def _body_size(said: Annotations, site: Site) -> Iterator[Middleware]:
    given = said.peek("proxy-body-size")
    size = _SIZE.fullmatch(given) if given else None
    if size is None:
        return
    count = int(size[1]) * _UNITS[size[2].lower()]
    if count == 0:
        said.at("proxy-body-size").skip("Traefik has no limit of its own")
        return
    said.take("proxy-body-size")
    said.at("proxy-body-size").remark("TC289", route=site.name, size=given)
    yield site.middleware("buffering", {"maxrequestbodybytes": str(count)})


def _cors(said: Annotations, site: Site) -> Iterator[Middleware]:
    if not said.flag("enable-cors"):
        return
    credentials = said.flag("cors-allow-credentials")
    options = {
        "accesscontrolalloworiginlist": said.take("cors-allow-origin") or "*",
        "accesscontrolallowmethods": (said.take("cors-allow-methods") or _METHODS).replace(
            " ", ""
        ),
        "accesscontrolallowheaders": (said.take("cors-allow-headers") or _HEADERS).replace(
            " ", ""
        ),
        "accesscontrolallowcredentials": "false" if credentials is False else "true",
        "accesscontrolmaxage": said.take("cors-max-age") or "1728000",
        "addvaryheader": "true",
    }
    if exposed := said.names("cors-expose-headers"):
        options["accesscontrolexposeheaders"] = ",".join(exposed)
    yield site.middleware("headers", options)


def _headers(said: Annotations, site: Site) -> Iterator[Middleware]:
    """Request headers, and the response headers that a ConfigMap holds."""
    options: dict[str, str] = {}
    if name := said.take("upstream-vhost"):
        options["customrequestheaders.Host"] = name
    if prefix := said.take("x-forwarded-prefix"):
        options["customrequestheaders.X-Forwarded-Prefix"] = prefix
    if place := said.peek("custom-headers"):
        namespace, _, name = place.rpartition("/")
        config = site.world.store.find("ConfigMap", namespace or site.namespace, name)
        for key, entry in (site.world.store.entries(config) if config else {}).items():
            content = entry.content(said.to)
            options[f"customresponseheaders.{key}"] = (content or b"").decode(
                errors="replace"
            )
        if config:
            config.took(said.to)
            said.take("custom-headers")
    if options:
        yield site.middleware("headers", options)


_STEPS: tuple[Callable[[Annotations, Site], Iterator[Middleware]], ...] = (
    *(_redirect, _app_root, _allowed, _client_certificates, _connections, _rates),
    *(_cors, _basic_auth, _forward_auth, _body_size, _headers),
)


def _target(said: Annotations, site: Site) -> Iterator[tuple[str, str]]:
    yield from _sticky(said)
    protocol = (said.peek("backend-protocol") or "HTTP").upper()
    scheme = {"HTTPS": "https", "GRPC": "h2c", "GRPCS": "https"}.get(protocol)
    if protocol == "HTTP":
        said.at("backend-protocol").skip("plain HTTP is what Traefik speaks to servers")
    elif scheme:
        said.take("backend-protocol")
        yield "loadbalancer.server.scheme", scheme
        if scheme == "https":
            yield from unchecked(site.proxy, said.at("backend-protocol"), site.name)


def unchecked(proxy: Proxy, cursor: Cursor, route: str) -> Iterator[tuple[str, str]]:
    """The option of a target whose servers have certificates that nobody signed, as nginx takes them."""
    if route not in proxy.insecure:
        cursor.remark("TC298", route=route)
    proxy.insecure[route] = None
    yield "loadbalancer.serverstransport", f"{INSECURE}@file"


def _sticky(said: Annotations) -> Iterator[tuple[str, str]]:
    if said.peek("affinity") != "cookie":
        return
    said.take("affinity")
    base = "loadbalancer.sticky.cookie"
    yield f"{base}.name", said.take("session-cookie-name") or "INGRESSCOOKIE"
    yield f"{base}.httponly", "true"
    for name, option in (
        ("secure", "secure"),
        ("samesite", "samesite"),
        ("path", "path"),
        ("domain", "domain"),
    ):
        if text := said.take(f"session-cookie-{name}"):
            yield f"{base}.{option}", text.lower()
    if age := said.take("session-cookie-max-age") or said.take("session-cookie-expires"):
        yield f"{base}.maxage", age


def rewriting(site: Site, pattern: str, target: str) -> Middleware:
    """The middleware that gives requests another path: nginx replaces the whole path, whatever part matched."""
    whole = pattern if pattern.endswith(("$", ".*", "(.*)")) else f"{pattern}.*"
    return site.middleware(
        "replacepathregex", {"regex": whole, "replacement": replacement(target)}
    )
