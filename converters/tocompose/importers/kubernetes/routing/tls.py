"""Certificates of routes: from the manifests' own Secrets, or to be obtained anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.credentials import give_certificate
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath


class SecuredHosts(NamedTuple):
    """The hosts that are served over TLS; `everything` when an entry names none."""

    hosts: frozenset[str] = frozenset()
    everything: bool = False

    def covers(self, host: str) -> bool:
        """Whether the host is served over TLS, by its own name or by that of its parent's wildcard."""
        wildcard = "*." + host.partition(".")[2]
        return self.everything or host in self.hosts or wildcard in self.hosts


def secured_hosts(
    tls_entries: Iterable[Cursor],
    site: RouteSite,
    labels: ModelPath,
    *,
    managed: Cursor | None,
) -> SecuredHosts:
    """The hosts of an Ingress' `tls`, their certificates given to the proxy where the manifests hold them."""
    hosts: list[str] = []
    everything = False
    for tls_entry in tls_entries:
        named_hosts = [
            host
            for cursor in list_entries(tls_entry.at("hosts"))
            if (host := take_scalar(cursor, labels))
        ]
        hosts += named_hosts
        everything = everything or not named_hosts
        settle_certificate(tls_entry.at("secretName"), site, labels, managed)
    return SecuredHosts(frozenset(hosts), everything)


def settle_certificate(
    cursor: Cursor, site: RouteSite, labels: ModelPath, managed: Cursor | None
) -> None:
    """Gives the proxy the certificate of a Secret; a note says where it is to come from when it is not there."""
    name = peek_text(cursor)
    if name is None:
        return
    namespace, _, secret_name = name.rpartition("/")
    if give_certificate(
        site.model, site.proxy, namespace or site.namespace, secret_name, cursor
    ):
        cursor.take(to=ModelPath.service(site.proxy.name, "secrets"))
        return
    cursor.take(to=labels)
    if managed:
        managed.take(to=labels)
    why = (
        "cert-manager obtained it"
        if managed
        else f"the manifests do not hold Secret {secret_name}"
    )
    (managed or cursor).remark(
        "TC286", subject=ModelPath.service(site.proxy.name), route=site.name, why=why
    )
