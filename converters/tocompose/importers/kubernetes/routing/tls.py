"""Certificates of routes: from the manifests' own Secrets, or to be obtained anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.credentials import certificate
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.ledger import Cursor


class Secured(NamedTuple):
    """The hosts that are served over TLS; `everything` when an entry names none."""

    hosts: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, host: str) -> bool:
        """Whether the host is served over TLS, by its own name or by that of its parent's wildcard."""
        wildcard = "*." + host.partition(".")[2]
        return self.everything or host in self.hosts or wildcard in self.hosts


def secured(
    entries: Iterable[Cursor], site: Site, labels: str, *, managed: Cursor | None
) -> Secured:
    """The hosts of an Ingress' `tls`, their certificates given to the proxy where the manifests hold them."""
    hosts: list[str] = []
    everything = False
    for entry in entries:
        named = [
            host for cursor in items(entry.at("hosts")) if (host := take(cursor, labels))
        ]
        hosts += named
        everything = everything or not named
        _certificate(entry.at("secretName"), site, labels, managed)
    return Secured(frozenset(hosts), everything)


def _certificate(cursor: Cursor, site: Site, labels: str, managed: Cursor | None) -> None:
    name = value(cursor)
    if name is None:
        return
    namespace, _, short = name.rpartition("/")
    if certificate(site.world, site.proxy, namespace or site.namespace, short, cursor):
        cursor.take(to=f"services.{site.proxy.name}.secrets")
        return
    cursor.take(to=labels)
    if managed:
        managed.take(to=labels)
    why = (
        "cert-manager obtained it"
        if managed
        else f"the manifests do not hold Secret {short}"
    )
    (managed or cursor).remark(
        "TC286", subject=f"services.{site.proxy.name}", route=site.name, why=why
    )
