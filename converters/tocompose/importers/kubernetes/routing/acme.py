"""Certificates that cert-manager would obtain: Traefik obtains them itself, with a resolver for each issuer.

https://cert-manager.io/docs/configuration/acme/, https://doc.traefik.io/traefik/https/acme/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tocompose.importers.kubernetes.certificate_fields import (
    CERT_MANAGER,
    IssuerSpec,
    decode_issuer,
)
from tocompose.importers.kubernetes.objects import KubeObjects
from tocompose.importers.kubernetes.routing.site import RoutingModel
from tocompose.importers.kubernetes.stack_builder import StackPart
from tocompose.model import EnvSetting, Volume
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import AcmeResolver
from tocompose.traefik.proxy_parts import HostResolver, ManagedCertificate
from tocompose.traefik.service import ACME_VOLUME

_EMAIL = "ACME_EMAIL"
# What Traefik asks where no server is named.
_PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory"
# An issuer that is not among the manifests tells by its name what it is.
_ACME_NAME = regex(r"(?i).*(?:lets-?encrypt|acme|zerossl).*|le(?:-.*)?")
# https://letsencrypt.org/docs/challenge-types/#http-01-challenge
_NO_WILDCARD = "a wildcard is only issued after a DNS challenge"


def obtain_certificates(
    managed: Iterable[ManagedCertificate], model: RoutingModel
) -> Iterator[HostResolver]:
    """A resolver for each issuer that speaks ACME; says which hosts that is for, and of the other certificates that
    they are not here."""
    by_issuer: dict[tuple[str, str], list[ManagedCertificate]] = {}
    for certificate in managed:
        issuer = _issuer(certificate, model.cluster.objects)
        if not _speaks_acme(certificate.issuer, issuer):
            if issuer is not None:
                _note_signed(certificate, model)
            else:
                _note_absent(certificate, model, "cert-manager obtained it")
            continue
        wildcards = [host for host in certificate.hosts if _is_wildcard(host)]
        if wildcards:
            _note_absent(certificate, model, _NO_WILDCARD)
        if not wildcards or len(wildcards) < len(certificate.hosts):
            key = (certificate.issuer, certificate.namespace if issuer else "")
            by_issuer.setdefault(key, []).append(certificate)
    for (name, _), certificates in by_issuer.items():
        yield _host_resolver(name, certificates, model)


def certificate_storage(resolver: HostResolver) -> Iterator[StackPart]:
    """What the stack needs for a resolver: an address to write to, and a volume for what it obtains."""
    yield EnvSetting(
        name=_EMAIL,
        value=resolver.email,
        description="E-mail address of your account at the certificate authority (Let's Encrypt)",
        origin=resolver.origin,
    )
    yield Volume(name=ACME_VOLUME, origin=resolver.origin)


def _speaks_acme(name: str, issuer: IssuerSpec | None) -> bool:
    if issuer is None:
        return _ACME_NAME.fullmatch(name) is not None
    return issuer.speaks_acme


def _issuer(certificate: ManagedCertificate, objects: KubeObjects) -> IssuerSpec | None:
    namespace, name = certificate.namespace, certificate.issuer
    own_issuer = objects.get(f"Issuer.{CERT_MANAGER}", namespace, name)
    shared = objects.in_all_namespaces(f"ClusterIssuer.{CERT_MANAGER}", name)
    issuer = own_issuer or next(iter(shared), None)
    return None if issuer is None else decode_issuer(issuer)


def _is_wildcard(host: str) -> bool:
    return host.startswith("*")


def _note_absent(certificate: ManagedCertificate, model: RoutingModel, why: str) -> None:
    certificate.cursor.annotate(
        "TC286", subject=model.proxy_path(), route=certificate.route, why=why
    )


def _note_signed(certificate: ManagedCertificate, model: RoutingModel) -> None:
    """Says of a certificate that an issuer of the cluster signs itself how it can go on."""
    certificate.cursor.annotate(
        "TC883",
        subject=model.proxy_path(),
        route=certificate.route,
        issuer=certificate.issuer,
    )


def _host_resolver(
    name: str, certificates: list[ManagedCertificate], model: RoutingModel
) -> HostResolver:
    command = model.proxy_path("command")
    issuer = _issuer(certificates[0], model.cluster.objects)
    server, email = "", None
    if issuer is not None:
        issuer.kube_object.count_identity_as_mapped(command)
        server, email = issuer.server.take(command) or "", issuer.email.take(command)
        issuer.kube_object.cursor.mark_noted("TC393")
    for certificate in certificates:
        certificate.cursor.take(to=command)
    hosts = tuple(dict.fromkeys(_certificate_hosts(certificates)))
    _settle_certificates(frozenset(hosts), model)
    resolver_name, origin = identifier(name), certificates[0].cursor.span
    model.cluster.ledger.add_note(
        note(
            "TC393",
            origin,
            subject=command,
            name=resolver_name,
            hosts=", ".join(hosts) or "its routes",
            email=_EMAIL,
            server=server or _PRODUCTION,
        )
    )
    own_server = "" if server == _PRODUCTION else server
    resolver = AcmeResolver(resolver_name, f"${{{_EMAIL}:-}}", own_server)
    return HostResolver(resolver, frozenset(hosts), email, origin)


def _settle_certificates(hosts: frozenset[str], model: RoutingModel) -> None:
    """Counts the Certificate objects of hosts as noted: the proxy obtains them."""
    for asked_for in chain.from_iterable(model.certificates.values()):
        if not hosts.isdisjoint(asked_for.hosts):
            asked_for.kube_object.cursor.mark_noted("TC393")


def _certificate_hosts(certificates: list[ManagedCertificate]) -> Iterator[str]:
    """The hosts of which the challenge over http can show that they are ours."""
    for certificate in certificates:
        yield from (host for host in certificate.hosts if not _is_wildcard(host))
