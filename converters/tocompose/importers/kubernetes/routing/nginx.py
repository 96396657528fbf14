"""What the annotations of ingress-nginx mean to Traefik.

https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tocompose.importers.kubernetes.references import rewrite_ports
from tocompose.importers.kubernetes.routing.annotations import Annotations
from tocompose.importers.kubernetes.routing.backends import SCHEME
from tocompose.importers.kubernetes.routing.credentials import annotated_users
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.units import BYTE_UNITS, is_whole_number
from tocompose.traefik.proxy_parts import (
    UNCHECKED,
    ServerOptions,
    UncheckedServers,
    WantedMiddleware,
)
from tocompose.traefik.rules import go_replacement

PREFIX = "nginx.ingress.kubernetes.io"

_SCHEMES = {"HTTPS": "https", "GRPC": "h2c", "GRPCS": "https"}
_SIZE = regex(r"(\d{1,18})([kKmMgG]?)")
_METHODS = "GET,PUT,POST,DELETE,PATCH,OPTIONS"
_HEADERS = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"


class AnnotationEffect(NamedTuple):
    """What annotations change: middlewares in order, how servers are spoken to, more hosts, how paths are read."""

    middlewares: tuple[WantedMiddleware, ...] = ()
    servers: ServerOptions = ServerOptions()
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
        regex = annotations.text("use-regex") == "true"
        annotations.stated("use-regex").cursor.skip("it repeats rewrite-target")
    return AnnotationEffect(
        middlewares=tuple(
            middleware for step in _STEPS for middleware in step(annotations, site)
        ),
        servers=_server_options(annotations, site),
        aliases=annotations.take_names("server-alias"),
        regex=regex,
        rewrite=rewrite,
        ssl_redirect=annotations.take_flag("ssl-redirect"),
        force_ssl=bool(force_ssl),
    )


def _app_root(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    # To itself nginx redirects without an end, and Traefik does not redirect at all.
    if annotations.text("app-root") == "/":
        return
    if path := annotations.take("app-root"):
        yield site.middleware(
            "redirectregex", {"regex": "^(https?://[^/]+)/?$", "replacement": "${1}" + path}
        )


def _url_redirect(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    for name, permanent in (("permanent-redirect", True), ("temporal-redirect", False)):
        if url := annotations.take(name):
            options = {"regex": ".*", "replacement": url.replace("$", "$$")}
            yield site.middleware(
                "redirectregex", options | ({"permanent": "true"} if permanent else {})
            )


def _allowed_ranges(
    annotations: Annotations, site: RouteSite
) -> Iterator[WantedMiddleware]:
    ranges = [
        *annotations.take_names("whitelist-source-range"),
        *annotations.take_names("allowlist-source-range"),
    ]
    if ranges:
        yield site.middleware("ipallowlist", {"sourcerange": ",".join(ranges)})


def _basic_auth(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    kind = annotations.text("auth-type")
    if kind not in ("basic", "digest"):
        return
    annotations.take("auth-type")
    users = annotated_users(annotations, site)
    options = {"usersfile": users.path}
    if realm := annotations.take("auth-realm"):
        options["realm"] = realm
    yield site.middleware(f"{kind}auth", options)._replace(needs=users.needs)


def _forward_auth(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    url = annotations.text("auth-url")
    if url is None:
        return
    if "$" in url:
        # Better closed than open to everybody.
        yield WantedMiddleware(f"{site.name}-forwardauth")
        return
    annotations.take("auth-url")
    address, rewritten_hosts = rewrite_ports(
        url, site.namespace, site.model.cluster.kube_services
    )
    for rewritten in rewritten_hosts:
        annotations.stated("auth-url").cursor.annotate(
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


def _client_certificates(
    annotations: Annotations, site: RouteSite
) -> Iterator[WantedMiddleware]:
    is_asked = bool(annotations.stated("auth-tls-secret").cursor)
    if is_asked and annotations.text("auth-tls-verify-client") != "off":
        yield WantedMiddleware(f"{site.name}-client-certificates")


def _rate_limits(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    for name, period in (("limit-rps", "1s"), ("limit-rpm", "1m")):
        rate = annotations.text(name)
        if rate is None or not is_whole_number(rate):
            continue
        annotations.take(name)
        factor = annotations.take("limit-burst-multiplier") or "5"
        burst = int(rate) * int(factor) if is_whole_number(factor) else int(rate) * 5
        yield site.middleware(
            "ratelimit", {"average": rate, "burst": str(burst), "period": period}
        )


def _connection_limit(
    annotations: Annotations, site: RouteSite
) -> Iterator[WantedMiddleware]:
    if amount := annotations.take("limit-connections"):
        yield site.middleware(
            "inflightreq", {"amount": amount, "sourcecriterion.ipstrategy.depth": "0"}
        )


def _body_size(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    size_text = annotations.text("proxy-body-size")
    size = _SIZE.fullmatch(size_text) if size_text else None
    if size is None:
        return
    count = int(size[1]) * BYTE_UNITS[size[2].lower()]
    if count == 0:
        annotations.stated("proxy-body-size").cursor.skip("Traefik has no limit of its own")
        return
    annotations.take("proxy-body-size")
    annotations.stated("proxy-body-size").cursor.annotate(
        "TC289", route=site.name, size=size_text
    )
    yield site.middleware("buffering", {"maxrequestbodybytes": str(count)})


def _cors_headers(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
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


def _extra_headers(annotations: Annotations, site: RouteSite) -> Iterator[WantedMiddleware]:
    """Request headers, and the response headers that a ConfigMap holds."""
    options: dict[str, str] = {}
    if name := annotations.take("upstream-vhost"):
        options["customrequestheaders.Host"] = name
    if prefix := annotations.take("x-forwarded-prefix"):
        options["customrequestheaders.X-Forwarded-Prefix"] = prefix
    if config_name := annotations.text("custom-headers"):
        options |= _config_headers(config_name, annotations, site)
    if options:
        yield site.middleware("headers", options)


def _config_headers(
    config_name: str, annotations: Annotations, site: RouteSite
) -> Iterator[tuple[str, str]]:
    """The response headers that a ConfigMap holds."""
    store = site.model.cluster.config_store
    namespace, _, name = config_name.rpartition("/")
    config = store.find("ConfigMap", namespace or site.namespace, name)
    if config is None:
        return
    for key, config_entry in store.entries(config).items():
        content = config_entry.content(annotations.to) or b""
        yield f"customresponseheaders.{key}", content.decode(errors="replace")
    config.count_identity_as_mapped(annotations.to)
    annotations.take("custom-headers")


_STEPS: tuple[Callable[[Annotations, RouteSite], Iterator[WantedMiddleware]], ...] = (
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


def _server_options(annotations: Annotations, site: RouteSite) -> ServerOptions:
    cookie = tuple(_sticky_cookie(annotations))
    stated_protocol = annotations.stated("backend-protocol")
    protocol = (stated_protocol.text or "HTTP").upper()
    scheme = _SCHEMES.get(protocol)
    if protocol == "HTTP":
        stated_protocol.cursor.skip("plain HTTP is what Traefik speaks to servers")
    if scheme is None:
        return ServerOptions(cookie)
    stated_protocol.take(annotations.to)
    pairs = (*cookie, (SCHEME, scheme))
    if scheme != "https":
        return ServerOptions(pairs)
    unchecked = UncheckedServers(site.name, stated_protocol.cursor)
    return ServerOptions((*pairs, *UNCHECKED), unchecked)


def _sticky_cookie(annotations: Annotations) -> Iterator[tuple[str, str]]:
    if annotations.text("affinity") != "cookie":
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


def rewrite_path(site: RouteSite, pattern: str, target: str) -> WantedMiddleware:
    """The middleware that gives requests another path: nginx replaces the whole path, whatever part matched."""
    whole_pattern = pattern if pattern.endswith(("$", ".*", "(.*)")) else f"{pattern}.*"
    return site.middleware(
        "replacepathregex", {"regex": whole_pattern, "replacement": go_replacement(target)}
    )
