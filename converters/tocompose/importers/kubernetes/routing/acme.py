"""Certificates that cert-manager would obtain: Traefik obtains them itself, with a resolver for each issuer.

https://cert-manager.io/docs/configuration/acme/, https://doc.traefik.io/traefik/https/acme/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from tocompose.importers.kubernetes.certificate_fields import (
    CERT_MANAGER,
    IssuerSpec,
    decode_issuer,
)
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObjects
from tocompose.importers.kubernetes.stack_builder import StackPart
from tocompose.model import EnvSetting, Volume
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import (
    WEB,
    AcmeResolver,
    ManagedCertificate,
    Router,
)
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.service import ACME_VOLUME

_EMAIL = "ACME_EMAIL"
# What Traefik asks where no server is named.
_PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory"
# An issuer that is not among the manifests tells by its name what it is.
_ACME_NAME = regex(r"(?i).*(?:lets-?encrypt|acme|zerossl).*|le(?:-.*)?")
# https://letsencrypt.org/docs/challenge-types/#http-01-challenge
_NO_WILDCARD = "a wildcard is only issued after a DNS challenge"
_HOST = regex(r"Host\(`([^`]+)`\)")


def obtain_certificates(world: ClusterModel, proxy: ProxyBuilder) -> Iterator[StackPart]:
    """Gives the proxy a resolver for each issuer that speaks ACME, and the routers its name; says which hosts that is
    for, and of the other certificates that they are not here."""
    by_issuer: dict[tuple[str, str], list[ManagedCertificate]] = {}
    for certificate in proxy.managed:
        issuer = _issuer(certificate, world.objects)
        if not _speaks_acme(certificate.issuer, issuer):
            _note_absent(certificate, proxy, "cert-manager obtained it")
            continue
        wildcards = [host for host in certificate.hosts if _is_wildcard(host)]
        if wildcards:
            _note_absent(certificate, proxy, _NO_WILDCARD)
        if not wildcards or len(wildcards) < len(certificate.hosts):
            key = (certificate.issuer, certificate.namespace if issuer else "")
            by_issuer.setdefault(key, []).append(certificate)
    for (name, _), certificates in by_issuer.items():
        yield from _add_resolver(name, certificates, world, proxy)


def _speaks_acme(name: str, issuer: IssuerSpec | None) -> bool:
    if issuer is None:
        return _ACME_NAME.fullmatch(name) is not None
    return issuer.speaks_acme


def _issuer(certificate: ManagedCertificate, objects: KubeObjects) -> IssuerSpec | None:
    namespace, name = certificate.namespace, certificate.issuer
    own = objects.get(f"Issuer.{CERT_MANAGER}", namespace, name)
    shared = objects.in_all_namespaces(f"ClusterIssuer.{CERT_MANAGER}", name)
    issuer = own or next(iter(shared), None)
    return None if issuer is None else decode_issuer(issuer)


def _is_wildcard(host: str) -> bool:
    return host.startswith("*")


def _note_absent(certificate: ManagedCertificate, proxy: ProxyBuilder, why: str) -> None:
    certificate.cursor.annotate(
        "TC286",
        subject=ModelPath.service(proxy.name),
        route=certificate.route,
        why=why,
    )


def _add_resolver(
    name: str,
    certificates: list[ManagedCertificate],
    world: ClusterModel,
    proxy: ProxyBuilder,
) -> Iterator[StackPart]:
    issuer, resolver_name = _issuer(certificates[0], world.objects), identifier(name)
    command = ModelPath.service(proxy.name, "command")
    server, email = "", None
    if issuer is not None:
        issuer.kube_object.count_identity_as_mapped(command)
        server, email = issuer.server.take(command) or "", issuer.email.take(command)
        issuer.kube_object.cursor.mark_noted("TC393")
    first_cursor = certificates[0].cursor
    yield EnvSetting(
        name=_EMAIL,
        value=email,
        description="E-mail address of your account at the certificate authority (Let's Encrypt)",
        origin=first_cursor.span,
    )
    proxy.listen_on(WEB, 80)
    yield Volume(name=ACME_VOLUME, origin=first_cursor.span)
    hosts = list(dict.fromkeys(_certificate_hosts(certificates)))
    resolver = AcmeResolver(
        resolver_name, f"${{{_EMAIL}:-}}", "" if server == _PRODUCTION else server
    )
    proxy.add_resolver(
        resolver,
        {
            router.name: _with_resolver(router, resolver_name, hosts)
            for router in proxy.routers
        },
    )
    for certificate in certificates:
        certificate.cursor.take(to=command)
    for asked_for in chain.from_iterable(world.certificates.values()):
        if not set(hosts).isdisjoint(asked_for.hosts):
            asked_for.kube_object.cursor.mark_noted("TC393")
    world.ledger.add_note(
        note(
            "TC393",
            first_cursor.span,
            subject=ModelPath.service(proxy.name, "command"),
            name=resolver_name,
            hosts=", ".join(hosts) or "its routes",
            email=_EMAIL,
            server=server or _PRODUCTION,
        )
    )


def _certificate_hosts(certificates: list[ManagedCertificate]) -> Iterator[str]:
    """The hosts of which the challenge over http can show that they are ours."""
    for certificate in certificates:
        yield from (host for host in certificate.hosts if not _is_wildcard(host))


def _with_resolver(router: Router, resolver_name: str, hosts: list[str]) -> Router:
    """The router with the resolver, where it serves one of the hosts over TLS without a certificate of its own."""
    if router.tls != () or not set(_HOST.findall(router.rule)) & set(hosts):
        return router
    return router._replace(tls=(("certresolver", resolver_name),))
