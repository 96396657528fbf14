"""Objects of cert-manager, each decoded once.

https://cert-manager.io/docs/reference/api-docs/
"""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import Stated, stated, stated_entries
from tocompose.record import NamedTuple

CERT_MANAGER = "cert-manager.io"


class CertificateSpec(NamedTuple):
    """What a Certificate asks for: for which hosts, from whom, and the Secret that it is kept in."""

    kube_object: KubeObject
    secret: Stated
    issuer: Stated
    host_names: tuple[Stated, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its hosts."""
        return tuple(host.text for host in self.host_names if host.text)


class IssuerSpec(NamedTuple):
    """An Issuer or ClusterIssuer: whether it speaks ACME, with which server, and who answers for it."""

    kube_object: KubeObject
    speaks_acme: bool
    server: Stated
    email: Stated


def decode_certificates(
    objects: KubeObjects,
) -> Mapping[tuple[str, str], tuple[CertificateSpec, ...]]:
    """All Certificates, by the namespace and name of the Secret that they are written into."""
    by_secret: dict[tuple[str, str], tuple[CertificateSpec, ...]] = {}
    for kube_object in objects.of_kind(f"Certificate.{CERT_MANAGER}"):
        certificate = decode_certificate(kube_object)
        key = (kube_object.namespace, certificate.secret.text or "")
        by_secret[key] = (*by_secret.get(key, ()), certificate)
    return by_secret


def decode_certificate(certificate: KubeObject) -> CertificateSpec:
    """The spec of a Certificate."""
    spec = certificate.at("spec")
    return CertificateSpec(
        certificate,
        secret=stated(spec, "secretName"),
        issuer=stated(spec.at("issuerRef"), "name"),
        host_names=stated_entries(spec, "dnsNames"),
    )


def decode_issuer(issuer: KubeObject) -> IssuerSpec:
    """The spec of an Issuer or a ClusterIssuer."""
    acme = issuer.at("spec", "acme")
    return IssuerSpec(
        issuer,
        speaks_acme=bool(acme),
        server=stated(acme, "server"),
        email=stated(acme, "email"),
    )
