"""Certificates that cert-manager would obtain: Traefik obtains them itself, with a resolver for each issuer.

https://cert-manager.io/docs/configuration/acme/, https://doc.traefik.io/traefik/https/acme/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.model import EnvSetting, Volume
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import (
    WEB,
    AcmeResolver,
    ManagedCertificate,
    Proxy,
    Router,
)
from tocompose.traefik.service import ACME_VOLUME

_GROUP = "cert-manager.io"
_EMAIL = "ACME_EMAIL"
# What Traefik asks where no server is named.
_PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory"
# An issuer that is not among the manifests tells by its name what it is.
_ACME_NAME = regex(r"(?i).*(?:lets-?encrypt|acme|zerossl).*|le(?:-.*)?")
_HOST = regex(r"Host\(`([^`]+)`\)")


def certificate_of(objects: KubeObjects, namespace: str, secret: str) -> KubeObject | None:
    """The Certificate that cert-manager would write into that Secret."""
    for certificate in objects.of_kind(f"Certificate.{_GROUP}"):
        name = peek_text(certificate.at("spec", "secretName"))
        if certificate.namespace == namespace and name == secret:
            return certificate
    return None


def certificate_hosts(certificate: KubeObject) -> tuple[str, ...]:
    """The hosts of a Certificate."""
    names = map(peek_text, list_entries(certificate.at("spec", "dnsNames")))
    return tuple(name for name in names if name)


def obtain_certificates(world: ClusterModel, proxy: Proxy) -> None:
    """Gives the proxy a resolver for each issuer that speaks ACME, and the routers its name; says which hosts that is
    for, and of the other certificates that they are not here."""
    by_issuer: dict[tuple[str, str], list[ManagedCertificate]] = {}
    for certificate in proxy.managed:
        issuer = _issuer(certificate, world.objects)
        if _speaks_acme(certificate.issuer, issuer):
            key = (certificate.issuer, certificate.namespace if issuer else "")
            by_issuer.setdefault(key, []).append(certificate)
        else:
            _note_absent(certificate, proxy)
    for (name, _), certificates in by_issuer.items():
        _add_resolver(name, certificates, world, proxy)


def _speaks_acme(name: str, issuer: KubeObject | None) -> bool:
    if issuer is None:
        return _ACME_NAME.fullmatch(name) is not None
    return bool(issuer.at("spec", "acme"))


def _issuer(certificate: ManagedCertificate, objects: KubeObjects) -> KubeObject | None:
    namespace, name = certificate.namespace, certificate.issuer
    own = objects.get(f"Issuer.{_GROUP}", namespace, name)
    shared = objects.in_all_namespaces(f"ClusterIssuer.{_GROUP}", name)
    return own or next(iter(shared), None)


def _note_absent(certificate: ManagedCertificate, proxy: Proxy) -> None:
    certificate.cursor.annotate(
        "TC286",
        subject=ModelPath.service(proxy.name),
        route=certificate.route,
        why="cert-manager obtained it",
    )


def _add_resolver(
    name: str, certificates: list[ManagedCertificate], world: ClusterModel, proxy: Proxy
) -> None:
    issuer, resolver_name = _issuer(certificates[0], world.objects), identifier(name)
    command = ModelPath.service(proxy.name, "command")
    server, email = "", None
    if issuer is not None:
        issuer.count_identity_as_mapped(command)
        server = take_scalar(issuer.at("spec", "acme", "server"), command) or ""
        email = take_scalar(issuer.at("spec", "acme", "email"), command)
        issuer.cursor.mark_noted("TC393")
    first_cursor = certificates[0].cursor
    world.builder.settings.setdefault(
        _EMAIL,
        EnvSetting(
            name=_EMAIL,
            value=email,
            description="where the authority of the certificates writes to",
            origin=first_cursor.span,
        ),
    )
    proxy.acme[resolver_name] = AcmeResolver(
        resolver_name, f"${{{_EMAIL}:-}}", "" if server == _PRODUCTION else server
    )
    proxy.listen_on(WEB, 80)
    world.builder.add_volume(Volume(name=ACME_VOLUME, origin=first_cursor.span))
    hosts = list(dict.fromkeys(_certificate_hosts(certificates)))
    proxy.routers = [_with_resolver(each, resolver_name, hosts) for each in proxy.routers]
    for certificate in certificates:
        certificate.cursor.take(to=command)
        for kube_object in world.objects.of_kind(f"Certificate.{_GROUP}"):
            if set(certificate_hosts(kube_object)) & set(certificate.hosts):
                kube_object.cursor.mark_noted("TC393")
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
    for certificate in certificates:
        yield from certificate.hosts


def _with_resolver(router: Router, resolver_name: str, hosts: list[str]) -> Router:
    """The router with the resolver, where it serves one of the hosts over TLS without a certificate of its own."""
    if router.tls != () or not set(_HOST.findall(router.rule)) & set(hosts):
        return router
    return router._replace(tls=(("certresolver", resolver_name),))
