"""What the annotations of ingress-nginx mean to Traefik.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tocompose.importers.kubernetes.references import rewrite_ports
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.credentials import users_file
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.units import BYTE_UNITS, is_whole_number
from tocompose.traefik.proxy import Middleware
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.rules import go_replacement
from tocompose.traefik.service import INSECURE

PREFIX = "nginx.ingress.kubernetes.io"

_SIZE = regex(r"(\d{1,18})([kKmMgG]?)")
_METHODS = "GET,PUT,POST,DELETE,PATCH,OPTIONS"
_HEADERS = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"


class AnnotationEffect(NamedTuple):
    """What annotations change: middlewares in order, options of the target, more hosts, how paths are read."""

    middlewares: tuple[Middleware, ...] = ()
    target: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    regex: bool = False
    rewrite: str | None = None
    ssl_redirect: bool | None = None
    force_ssl: bool = False


def read_effect(annotations: Annotations, site: RouteSite) -> AnnotationEffect:
    """What the annotations of an Ingress mean, in the order in which nginx does things to a request."""
    rewrite = annotations.take("rewrite-target")
    force_ssl = annotations.take_flag("force-ssl-redirect")
    if rewrite is None:
        regex = bool(annotations.take_flag("use-regex"))
    else:
        # It counts only where a path equals its rewrite-target.
        regex = annotations.peek("use-regex") == "true"
        annotations.at("use-regex").skip("it repeats rewrite-target")
    return AnnotationEffect(
        middlewares=tuple(
            middleware for step in _STEPS for middleware in step(annotations, site)
        ),
        target=tuple(_target_options(annotations, site)),
        aliases=annotations.take_names("server-alias"),
        regex=regex,
        rewrite=rewrite,
        ssl_redirect=annotations.take_flag("ssl-redirect"),
        force_ssl=bool(force_ssl),
    )


def _app_root(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    # To itself nginx redirects without an end, and Traefik does not redirect at all.
    if annotations.peek("app-root") == "/":
        return
    if path := annotations.take("app-root"):
        yield site.middleware(
            "redirectregex", {"regex": "^(https?://[^/]+)/?$", "replacement": "${1}" + path}
        )


def _url_redirect(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    for name, permanent in (("permanent-redirect", True), ("temporal-redirect", False)):
        if url := annotations.take(name):
            options = {"regex": ".*", "replacement": url.replace("$", "$$")}
            yield site.middleware(
                "redirectregex", options | ({"permanent": "true"} if permanent else {})
            )


def _allowed_ranges(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    ranges = [
        *annotations.take_names("whitelist-source-range"),
        *annotations.take_names("allowlist-source-range"),
    ]
    if ranges:
        yield site.middleware("ipallowlist", {"sourcerange": ",".join(ranges)})


def _basic_auth(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    kind = annotations.peek("auth-type")
    if kind not in ("basic", "digest"):
        return
    annotations.take("auth-type")
    options = {"usersfile": users_file(annotations, site)}
    if realm := annotations.take("auth-realm"):
        options["realm"] = realm
    yield site.middleware(f"{kind}auth", options)


def _forward_auth(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    url = annotations.peek("auth-url")
    if url is None:
        return
    if "$" in url:
        # Better closed than open to everybody.
        yield site.proxy.absent_middleware(f"{site.name}-forwardauth")
        return
    annotations.take("auth-url")
    address, rewritten_hosts = rewrite_ports(url, site.namespace, site.model.kube_services)
    for rewritten in rewritten_hosts:
        annotations.at("auth-url").annotate(
            "TC221",
            subject=annotations.to,
            old=rewritten.old,
            new=rewritten.new,
            service=rewritten.kube_service.name,
        )
    options = {"address": address}
    if headers := annotations.take_names("auth-response-headers"):
        options["authresponseheaders"] = ",".join(headers)
    yield site.middleware("forwardauth", options)


def _client_certificates(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    if (
        annotations.at("auth-tls-secret")
        and annotations.peek("auth-tls-verify-client") != "off"
    ):
        yield site.proxy.absent_middleware(f"{site.name}-client-certificates")


def _rate_limits(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    for name, period in (("limit-rps", "1s"), ("limit-rpm", "1m")):
        rate = annotations.peek(name)
        if rate is None or not is_whole_number(rate):
            continue
        annotations.take(name)
        factor = annotations.take("limit-burst-multiplier") or "5"
        burst = int(rate) * int(factor) if is_whole_number(factor) else int(rate) * 5
        yield site.middleware(
            "ratelimit", {"average": rate, "burst": str(burst), "period": period}
        )


def _connection_limit(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    if amount := annotations.take("limit-connections"):
        yield site.middleware(
            "inflightreq", {"amount": amount, "sourcecriterion.ipstrategy.depth": "0"}
        )


def _body_size(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    size_text = annotations.peek("proxy-body-size")
    size = _SIZE.fullmatch(size_text) if size_text else None
    if size is None:
        return
    count = int(size[1]) * BYTE_UNITS[size[2].lower()]
    if count == 0:
        annotations.at("proxy-body-size").skip("Traefik has no limit of its own")
        return
    annotations.take("proxy-body-size")
    annotations.at("proxy-body-size").annotate("TC289", route=site.name, size=size_text)
    yield site.middleware("buffering", {"maxrequestbodybytes": str(count)})


def _cors_headers(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    if not annotations.take_flag("enable-cors"):
        return
    credentials = annotations.take_flag("cors-allow-credentials")
    options = {
        "accesscontrolalloworiginlist": annotations.take("cors-allow-origin") or "*",
        "accesscontrolallowmethods": (
            annotations.take("cors-allow-methods") or _METHODS
        ).replace(" ", ""),
        "accesscontrolallowheaders": (
            annotations.take("cors-allow-headers") or _HEADERS
        ).replace(" ", ""),
        "accesscontrolallowcredentials": "false" if credentials is False else "true",
        "accesscontrolmaxage": annotations.take("cors-max-age") or "1728000",
        "addvaryheader": "true",
    }
    if exposed := annotations.take_names("cors-expose-headers"):
        options["accesscontrolexposeheaders"] = ",".join(exposed)
    yield site.middleware("headers", options)


def _extra_headers(annotations: Annotations, site: RouteSite) -> Iterator[Middleware]:
    """Request headers, and the response headers that a ConfigMap holds."""
    options: dict[str, str] = {}
    if name := annotations.take("upstream-vhost"):
        options["customrequestheaders.Host"] = name
    if prefix := annotations.take("x-forwarded-prefix"):
        options["customrequestheaders.X-Forwarded-Prefix"] = prefix
    if config_name := annotations.peek("custom-headers"):
        namespace, _, name = config_name.rpartition("/")
        config = site.model.config_store.find(
            "ConfigMap", namespace or site.namespace, name
        )
        for key, config_entry in (
            site.model.config_store.entries(config) if config else {}
        ).items():
            content = config_entry.content(annotations.to)
            options[f"customresponseheaders.{key}"] = (content or b"").decode(
                errors="replace"
            )
        if config:
            config.count_identity_as_mapped(annotations.to)
            annotations.take("custom-headers")
    if options:
        yield site.middleware("headers", options)


_STEPS: tuple[Callable[[Annotations, RouteSite], Iterator[Middleware]], ...] = (
    *(
        _url_redirect,
        _app_root,
        _allowed_ranges,
        _client_certificates,
        _connection_limit,
        _rate_limits,
    ),
    *(_cors_headers, _basic_auth, _forward_auth, _body_size, _extra_headers),
)


def _target_options(annotations: Annotations, site: RouteSite) -> Iterator[tuple[str, str]]:
    yield from _sticky_cookie(annotations)
    protocol = (annotations.peek("backend-protocol") or "HTTP").upper()
    scheme = {"HTTPS": "https", "GRPC": "h2c", "GRPCS": "https"}.get(protocol)
    if protocol == "HTTP":
        annotations.at("backend-protocol").skip(
            "plain HTTP is what Traefik speaks to servers"
        )
    elif scheme:
        annotations.take("backend-protocol")
        yield "loadbalancer.server.scheme", scheme
        if scheme == "https":
            yield from skip_verification(
                site.proxy, annotations.at("backend-protocol"), site.name
            )


def skip_verification(
    proxy: ProxyBuilder, cursor: Cursor, route: str
) -> Iterator[tuple[str, str]]:
    """The option of a target whose servers have certificates that nobody signed, as nginx takes them."""
    if proxy.is_newly_unverified(route):
        cursor.annotate("TC298", route=route)
    yield "loadbalancer.serverstransport", f"{INSECURE}@file"


def _sticky_cookie(annotations: Annotations) -> Iterator[tuple[str, str]]:
    if annotations.peek("affinity") != "cookie":
        return
    annotations.take("affinity")
    base = "loadbalancer.sticky.cookie"
    yield f"{base}.name", annotations.take("session-cookie-name") or "INGRESSCOOKIE"
    yield f"{base}.httponly", "true"
    for name, option in (
        ("secure", "secure"),
        ("samesite", "samesite"),
        ("path", "path"),
        ("domain", "domain"),
    ):
        if text := annotations.take(f"session-cookie-{name}"):
            yield f"{base}.{option}", text.lower()
    if age := annotations.take("session-cookie-max-age") or annotations.take(
        "session-cookie-expires"
    ):
        yield f"{base}.maxage", age


def needs_rewrite(path: str, target: str | None) -> bool:
    """Whether nginx gives requests of the path another one, for which it takes the paths for regular expressions.

    needsRewrite, https://github.com/kubernetes/ingress-nginx/blob/main/internal/ingress/controller/template/template.go
    """
    return bool(target) and target != path


def rewrite_path(site: RouteSite, pattern: str, target: str) -> Middleware:
    """The middleware that gives requests another path: nginx replaces the whole path, whatever part matched."""
    whole_pattern = pattern if pattern.endswith(("$", ".*", "(.*)")) else f"{pattern}.*"
    return site.middleware(
        "replacepathregex", {"regex": whole_pattern, "replacement": go_replacement(target)}
    )
