"""Traefik's own Middleware objects as labels, option for option.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.credentials import secret_users
from tocompose.importers.kubernetes.routing.middleware_fields import (
    AUTHENTICATION,
    MiddlewareObject,
    MiddlewareOption,
    MiddlewareReference,
)
from tocompose.importers.kubernetes.routing.site import (
    RouteSite,
    RoutingModel,
    route_site,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy_parts import WantedMiddleware

# What labels cannot say, or what needs a part of the proxy's own start-up.
_UNSAID = ("plugin", "errors")


class NamedMiddlewares(NamedTuple):
    """What a route calls by a name; `middlewares` is None where there is no such object or labels cannot say it."""

    name: str
    middlewares: tuple[WantedMiddleware, ...] | None


def named_middlewares(
    model: RoutingModel, namespace: str, name: str, labels: ModelPath
) -> tuple[WantedMiddleware, ...] | None:
    """The middlewares of an object (several for a chain), mapped to `labels`; None when there is no such object or
    labels cannot say it."""
    middleware = model.middlewares_by_name.get((namespace, name))
    if middleware is None or not _can_be_said(middleware, model):
        return None
    return tuple(_object_middlewares(middleware, model, labels))


def referenced_middlewares(
    reference: MiddlewareReference, site: RouteSite, labels: ModelPath
) -> NamedMiddlewares:
    """The middlewares that a reference names."""
    name = reference.name.text or ""
    namespace = reference.namespace.text or site.namespace
    return NamedMiddlewares(name, named_middlewares(site.model, namespace, name, labels))


def listed_middlewares(
    references: Iterable[NamedMiddlewares], cursor: Cursor, route: str
) -> Iterator[WantedMiddleware]:
    """The middlewares of references; one that is not there closes the route, noted at `cursor`."""
    missing: list[str] = []
    for name, middlewares in references:
        if middlewares is None:
            missing.append(name)
            yield WantedMiddleware(name.partition("@")[0])
        else:
            yield from middlewares
    if missing:
        cursor.annotate("TC292", route=route, names=", ".join(missing))


def note_unused_middlewares(model: RoutingModel) -> None:
    """Says which Middlewares no route uses."""
    for middleware in model.middlewares:
        if middleware.spec.unread():
            middleware.kube_object.cursor.note(
                "TC282",
                route=str(middleware.kube_object),
                why="no route of the manifests could use it",
            )


def _can_be_said(
    middleware: MiddlewareObject,
    model: RoutingModel,
    chains_above: tuple[KubeObject, ...] = (),
) -> bool:
    """Whether labels can say all that it stands for; `chains_above` are the chains that lead to it."""
    if middleware.kube_object in chains_above:
        return False
    chain_above = (*chains_above, middleware.kube_object)
    for option in middleware.options:
        if option.kind in _UNSAID:
            title = str(middleware.kube_object)
            option.cursor.note("TC291", object=title, what=option.cursor.key)
            return False
        for reference in option.chain:
            chained = _chained_middleware(reference, middleware, model)
            if chained is None or not _can_be_said(chained, model, chain_above):
                return False
    return True


def _chained_middleware(
    reference: MiddlewareReference, chain: MiddlewareObject, model: RoutingModel
) -> MiddlewareObject | None:
    namespace = reference.namespace.text or chain.kube_object.namespace
    return model.middlewares_by_name.get((namespace, reference.name.text or ""))


def _object_middlewares(
    middleware: MiddlewareObject, model: RoutingModel, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    site = route_site(model, middleware.kube_object)
    for option in middleware.options:
        if option.kind != "chain":
            yield _option_middleware(option, site, labels)
            continue
        for reference in option.chain:
            chained = _chained_middleware(reference, middleware, model)
            assert chained is not None, "what can be said is there"
            yield from _object_middlewares(chained, model, labels)
            reference.cursor.map(to=labels)
    middleware.kube_object.count_identity_as_mapped(labels)


def _option_middleware(
    option: MiddlewareOption, site: RouteSite, labels: ModelPath
) -> WantedMiddleware:
    if option.cursor.style == "{}":
        option.cursor.take(to=labels)
    for setting in option.settings:
        setting.cursor.map(to=labels)
    options = {setting.path: setting.text for setting in option.settings}
    if option.kind not in AUTHENTICATION or not option.secret.cursor:
        return site.middleware(option.kind, options)
    users = secret_users(option.secret.text or "", "auth-file", option.secret, site)
    option.secret.take(labels)
    options["usersfile"] = users.path
    return site.middleware(option.kind, options)._replace(needs=users.needs)
